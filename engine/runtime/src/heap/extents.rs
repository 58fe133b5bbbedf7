//! Blocks without an object, as ranges of neighbours.

use crate::room;
use crate::stop::Stop;

/// Neighbouring free blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) start: u32,
    /// At least 1.
    pub(super) len: u32,
    /// Whether all their bytes are zero.
    pub(super) clean: bool,
}

/// Free ranges by the logarithm of their length, so that one that is long enough is found at once.
#[derive(Debug, Default)]
pub(super) struct Extents {
    by_log: Vec<Vec<Extent>>,
}

impl Extents {
    /// Makes a list for each length.
    pub(super) fn prepare(&mut self) -> Result<(), Stop> {
        room::extend_to(&mut self.by_log, u32::BITS as usize, Vec::new())
    }

    pub(super) fn clear(&mut self) {
        self.by_log.iter_mut().for_each(Vec::clear);
    }

    /// Adds a range. If the host has no memory to note it, it is lost until ranges are looked for again.
    pub(super) fn add(&mut self, extent: Extent) {
        let log = extent.len.checked_ilog2();
        if let Some(extents) = log.and_then(|log| self.by_log.get_mut(log as usize)) {
            _ = room::push(extents, extent);
        }
    }

    /// Takes so many neighbours, the first of their range. A range that is long enough may be missed if it is less than twice as long.
    pub(super) fn take(&mut self, len: u32) -> Option<Extent> {
        let log = len.checked_ilog2()? as usize;
        let fits = |extents: &Vec<Extent>| extents.last().is_some_and(|e| e.len >= len);
        let found = (log..self.by_log.len()).find(|log| fits(&self.by_log[*log]))?;
        let Extent { start, len: all, clean } = self.by_log[found].pop()?;
        if all > len {
            self.add(Extent { start: start + len, len: all - len, clean });
        }
        Some(Extent { start, len, clean })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_taken_from_their_start() {
        let mut extents = Extents::default();
        extents.prepare().unwrap();
        assert_eq!(extents.take(1), None);
        extents.add(Extent { start: 10, len: 5, clean: false });
        extents.add(Extent { start: 100, len: 100, clean: true });
        let extent = |start, len, clean| Some(Extent { start, len, clean });
        assert_eq!(extents.take(1), extent(10, 1, false));
        assert_eq!(extents.take(3), extent(11, 3, false));
        assert_eq!(extents.take(101), None);
        assert_eq!(extents.take(64), extent(100, 64, true));
        assert_eq!(extents.take(37), None);
        assert_eq!(extents.take(36), extent(164, 36, true));
        assert_eq!(extents.take(1), extent(14, 1, false));
        assert_eq!(extents.take(1), None);
    }
}
