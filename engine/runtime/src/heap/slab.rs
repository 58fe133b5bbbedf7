//! Numbered cells whose numbers are reused.

use crate::room;
use crate::stop::Stop;
use serde::{Deserialize, Serialize};

/// Values that keep their number as long as they live.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Slab<T> {
    cells: Vec<Option<T>>,
    /// Numbers of the free cells, the next one to use last.
    free: Vec<u32>,
}

impl<T> Slab<T> {
    /// No cells.
    pub(crate) fn new() -> Slab<T> {
        Slab { cells: Vec::new(), free: Vec::new() }
    }

    /// Whether there is a number left.
    pub(crate) fn has_room(&self) -> bool {
        !self.free.is_empty() || self.cells.len() < u32::MAX as usize
    }

    /// Puts a value into a free cell; an error if the host has no memory left.
    pub(crate) fn insert(&mut self, value: T) -> Result<u32, Stop> {
        if let Some(n) = self.free.pop() {
            self.cells[n as usize] = Some(value);
            return Ok(n);
        }
        room::push(&mut self.cells, Some(value))?;
        Ok((self.cells.len() - 1) as u32)
    }

    /// Whether the free list holds exactly the numbers without a value, each once.
    pub(crate) fn is_consistent(&self) -> bool {
        let mut free = vec![false; self.cells.len()];
        let once = self
            .free
            .iter()
            .all(|n| free.get_mut(*n as usize).is_some_and(|seen| !std::mem::replace(seen, true)));
        once && self.cells.iter().zip(&free).all(|(cell, free)| cell.is_none() == *free)
    }

    /// All values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.cells.iter().flatten()
    }

    /// The value of a number.
    #[inline]
    pub(crate) fn get(&self, n: usize) -> Option<&T> {
        self.cells.get(n)?.as_ref()
    }

    /// How many values there are.
    pub(crate) fn count(&self) -> usize {
        self.cells.len() - self.free.len()
    }

    /// How many numbers are in use or free.
    pub(crate) fn cells(&self) -> usize {
        self.cells.len()
    }

    /// Makes room for what a sweep notes, so that it cannot fail.
    pub(crate) fn reserve_sweep(&mut self) -> Result<(), Stop> {
        let live = self.count();
        room::reserve(&mut self.free, live)
    }

    /// Frees every value whose number `keep` rejects.
    pub(crate) fn sweep(&mut self, keep: impl Fn(usize) -> bool) {
        self.free.clear();
        // From the top, so that the lowest free number is the next one to be used.
        for n in (0..self.cells.len()).rev() {
            if keep(n) && self.cells[n].is_some() {
                continue;
            }
            self.cells[n] = None;
            if n + 1 == self.cells.len() {
                self.cells.pop();
            } else {
                self.free.push(n as u32);
            }
        }
    }
}
