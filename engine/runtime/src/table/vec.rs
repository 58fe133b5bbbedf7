//! Stands in for pages where none can be mapped (Miri).

use std::io;
use std::ops::Deref;
use std::sync::atomic::AtomicU64;

/// Words that are zero until they are written.
#[derive(Debug, Default)]
pub(super) struct Words(Vec<AtomicU64>);

impl Words {
    pub(super) fn new() -> Words {
        Words::default()
    }

    pub(super) fn make_room(&mut self, len: usize) -> io::Result<()> {
        let more = len.saturating_sub(self.0.len());
        self.0.try_reserve_exact(more).map_err(io::Error::other)
    }

    pub(super) fn extend_to(&mut self, len: usize) -> Option<()> {
        (self.0.len()..=self.0.capacity())
            .contains(&len)
            .then(|| self.0.resize_with(len, AtomicU64::default))
    }
}

impl Deref for Words {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        &self.0
    }
}
