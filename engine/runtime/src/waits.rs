//! Who waits to be notified (proposal *threads*, `memory.atomic.wait` and `memory.atomic.notify`).
//!
//! The queues are state; what waits, and when it is resumed, is the business of the tier that runs it
//! and of whoever schedules.

use crate::MemoryAddr;
use serde::{Deserialize, Serialize};

/// Something that waits, by a number that its tier gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WaiterId(pub u64);

/// A wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Who waits.
    pub waiter: WaiterId,
    /// The memory.
    pub memory: MemoryAddr,
    /// The address in it.
    pub address: u64,
    /// How long at most, in nanoseconds; for ever if negative.
    pub timeout: i64,
}

/// All waits of a store, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits(Vec<Wait>);

impl Waits {
    /// Begins a wait.
    pub fn push(&mut self, wait: Wait) {
        self.0.push(wait);
    }

    /// Ends the waits at an address that began first, at most `count`; gives how many there were.
    pub fn notify(&mut self, memory: MemoryAddr, address: u64, count: u32) -> u32 {
        let mut woken = 0;
        self.0.retain(|wait| {
            let wakes = woken < count && (wait.memory, wait.address) == (memory, address);
            woken += u32::from(wakes);
            !wakes
        });
        woken
    }

    /// The wait of a waiter; `None` if it does not wait, or no longer.
    pub fn of(&self, waiter: WaiterId) -> Option<Wait> {
        self.0.iter().find(|wait| wait.waiter == waiter).copied()
    }

    /// Ends the wait of a waiter; whether there was one.
    pub fn remove(&mut self, waiter: WaiterId) -> bool {
        let before = self.0.len();
        self.0.retain(|wait| wait.waiter != waiter);
        self.0.len() < before
    }

    /// The waits in the order in which they began.
    pub fn iter(&self) -> impl Iterator<Item = &Wait> {
        self.0.iter()
    }
}
