//! Bytes that several things share and nobody changes.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Part of some bytes that are kept as long as anything refers to them: of a vector, or of whatever else has bytes, as a file that is
/// mapped. To clone it counts a reference.
#[derive(Clone)]
pub struct Bytes {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl Bytes {
    /// All bytes of an owner, which gives the same at all times.
    pub fn of(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Bytes {
        let range = 0..owner.as_ref().len();
        Bytes { owner: Arc::new(owner), range }
    }

    /// A part of these bytes; `None` if the range is not in them.
    pub fn part(&self, range: Range<usize>) -> Option<Bytes> {
        self.get(range.clone())?;
        let start = self.range.start;
        Some(Bytes {
            owner: Arc::clone(&self.owner),
            range: start + range.start..start + range.end,
        })
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &(*self.owner).as_ref()[self.range.clone()]
    }
}

impl Default for Bytes {
    fn default() -> Bytes {
        Bytes::of([])
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes::of(bytes)
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Bytes) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bytes").field("len", &self.range.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_of_parts() {
        let all = Bytes::from(vec![0, 1, 2, 3, 4, 5]);
        let some = all.part(1..5).unwrap();
        assert_eq!(*some, [1, 2, 3, 4]);
        assert_eq!(*some.part(2..4).unwrap(), [3, 4]);
        assert!(some.part(2..5).is_none() && some.part(usize::MAX - 1..usize::MAX).is_none());
        assert_eq!(some.part(4..4), Some(Bytes::default()));
    }
}
