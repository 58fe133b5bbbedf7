//! Address space that one memory has left and the next one takes.

use super::{Image, Reservation};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

/// Reservations that no memory has. To reserve address space and to give it back takes most of the time of a short life of an
/// instance; from here a memory has it for the price of clearing what the last one touched.
///
/// Stores of any threads can share one. No byte of one memory is ever seen by another: a reservation is cleared before it comes
/// here, and one that the system does not clear is given back to it.
pub struct MemoryPool {
    /// The one that was left last is at the end: its pages are the likeliest to be in caches.
    spare: Mutex<Vec<Reservation>>,
    /// How many are kept.
    most: usize,
    /// How many of the first bytes are written with zeros instead of given back.
    resident: usize,
}

impl MemoryPool {
    /// A pool that keeps up to `most` reservations, and the first `resident` bytes of each in the host's memory: they are
    /// overwritten with zeros, which for few of them takes less time than to give pages back and to get them again.
    pub fn new(most: usize, resident: usize) -> Arc<MemoryPool> {
        Arc::new(MemoryPool { spare: Mutex::default(), most, resident })
    }

    /// How many reservations wait for a memory.
    pub fn spare(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Reservation>> {
        // Nothing that is done while it is held can panic half-way.
        self.spare.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// One of exactly so many bytes of address space, of which none is usable: one that shows the image, if there is one, or else
    /// one that shows none, or any.
    pub(super) fn take(&self, reserved: usize, image: Option<&Arc<Image>>) -> Option<Reservation> {
        let mut spare = self.lock();
        let last = |fits: &dyn Fn(&Reservation) -> bool| {
            spare.iter().rposition(|spare| spare.is_of(reserved) && fits(spare))
        };
        let at = image
            .and_then(|image| last(&|spare| spare.shows(image)))
            .or_else(|| last(&|spare| spare.shown().is_empty()))
            .or_else(|| last(&|_| true))?;
        Some(spare.remove(at))
    }

    /// Takes what a memory leaves; drops it if there are enough, or if it cannot be cleared.
    pub(super) fn give(&self, mut reservation: Reservation) {
        if self.most == 0 || reservation.vacate(self.resident).is_err() {
            return;
        }
        let mut spare = self.lock();
        // Those of sizes that nobody asks for any more are the oldest.
        let oldest = (spare.len() >= self.most).then(|| spare.remove(0));
        if spare.try_reserve(1).is_ok() {
            spare.push(reservation);
        }
        // What is given back to the system is given back when others may go on.
        drop(spare);
        drop(oldest);
    }
}

impl fmt::Debug for MemoryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (most, resident) = (self.most, self.resident);
        f.debug_struct("MemoryPool").field("most", &most).field("resident", &resident).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 4 << 20;

    /// What a memory leaves that has written to all that it could.
    fn written(bytes: usize) -> Reservation {
        let mut reservation = Reservation::new(SIZE).unwrap();
        reservation.grow(bytes).unwrap();
        reservation.bytes_mut().fill(7);
        reservation
    }

    #[test]
    fn the_next_memory_sees_zeros_whatever_the_last_one_left() {
        for resident in [0, 1, 5_000, 65_536, SIZE, usize::MAX] {
            let pool = MemoryPool::new(1, resident);
            for bytes in [0, 1, 65_536, 100_000, 2 << 20, SIZE] {
                pool.give(written(bytes));
                let mut next = pool.take(SIZE, None).unwrap();
                assert!(next.bytes().is_empty());
                for more in [1, 65_536, SIZE] {
                    next.grow(more).unwrap();
                    assert!(
                        next.bytes().iter().all(|byte| *byte == 0),
                        "{resident} {bytes} {more}"
                    );
                }
            }
        }
    }

    #[test]
    fn it_keeps_so_many_and_gives_only_what_fits() {
        let pool = MemoryPool::new(2, 0);
        for bytes in [1, 2, 3] {
            pool.give(written(bytes));
        }
        assert_eq!(pool.spare(), 2);
        assert!(pool.take(2 * SIZE, None).is_none());
        assert!(pool.take(SIZE, None).is_some() && pool.take(SIZE, None).is_some());
        assert!(pool.take(SIZE, None).is_none());
        let none = MemoryPool::new(0, 0);
        none.give(written(1));
        assert_eq!(none.spare(), 0);
    }
}
