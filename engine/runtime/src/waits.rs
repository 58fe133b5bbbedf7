//! Executions that wait for a notification (proposal *threads*, `memory.atomic.wait` and `memory.atomic.notify`).
//!
//! Only the queues are state. The tier and the scheduler decide what waits and when it resumes.

use crate::MemoryAddr;
use serde::{Deserialize, Serialize};

/// A waiting execution, by a number that its tier assigns.
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
    /// The timeout in nanoseconds; negative for none.
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

    /// Ends at most `count` waits at an address, the oldest first; gives how many it ended.
    pub fn notify(&mut self, memory: MemoryAddr, address: u64, count: u32) -> u32 {
        let mut woken = 0;
        self.0.retain(|wait| {
            let wakes = woken < count && (wait.memory, wait.address) == (memory, address);
            woken += u32::from(wakes);
            !wakes
        });
        woken
    }

    /// The wait of a waiter; `None` if it is not waiting.
    pub fn of(&self, waiter: WaiterId) -> Option<Wait> {
        self.0.iter().find(|wait| wait.waiter == waiter).copied()
    }

    /// Ends the wait of a waiter; tells whether there was one.
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
