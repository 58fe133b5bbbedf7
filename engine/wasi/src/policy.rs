//! Where time and chance come from: the real ones, or ones that are the same in each run.

use crate::Errno;
use crate::abi::Clock;
use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};
use serde::{Deserialize, Serialize};

/// How far a deterministic clock goes on with each question, in nanoseconds.
const STEP: u64 = 1_000_000;
/// What a deterministic clock of real time begins with: the year 2000, in nanoseconds since 1970.
const EPOCH: u64 = 946_684_800_000_000_000;

/// Where a guest's clocks, random numbers, times of files, numbers of files and order of folders come from, and whether it sleeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    Real,
    Deterministic {
        /// Nanoseconds since the program began.
        now: u64,
        step: u64,
        random: u64,
    },
}

impl Policy {
    /// The host's clocks, its source of random numbers, and what its file systems say.
    pub fn real() -> Policy {
        Policy(Kind::Real)
    }

    /// The same in each run: a clock that goes on by a millisecond with each question, random numbers from a seed, sorted folders, and
    /// numbers of files in the order in which the guest sees them. A guest that sleeps wakes at once, and the clock has gone on by so much.
    ///
    /// Files in memory have times by that clock. Files of the host have the time with which it begins, the beginning of the year 2000,
    /// until the guest sets another; to write one changes none, and what the host says is not told.
    ///
    /// A number is a file's until the guest removes it. If somebody else puts another file in its place while the guest runs, the host
    /// may give that the same number, and it counts as the same file.
    pub fn deterministic(seed: u64) -> Policy {
        Policy(Kind::Deterministic { now: 0, step: STEP, random: seed })
    }

    /// Another step for the clock that counts, in nanoseconds; real clocks have none.
    #[must_use]
    pub fn with_step(mut self, nanoseconds: u64) -> Policy {
        if let Kind::Deterministic { step, .. } = &mut self.0 {
            *step = nanoseconds;
        }
        self
    }

    /// Whether each run is the same.
    pub fn is_deterministic(&self) -> bool {
        matches!(self.0, Kind::Deterministic { .. })
    }

    /// What a clock says, in nanoseconds.
    pub(crate) fn now(&mut self, clock: Clock) -> Result<u64, Errno> {
        match &mut self.0 {
            Kind::Real => nanoseconds(clock_gettime(id(clock))),
            Kind::Deterministic { now, step, .. } => {
                *now = now.saturating_add(*step);
                Ok(base(clock).saturating_add(*now))
            }
        }
    }

    /// What a clock that counts would say if it were not asked.
    pub(crate) fn counted(&self, clock: Clock) -> Result<u64, Errno> {
        match &self.0 {
            Kind::Real => nanoseconds(clock_gettime(id(clock))),
            Kind::Deterministic { now, .. } => Ok(base(clock).saturating_add(*now)),
        }
    }

    /// Lets a clock that counts go on until it says so much at least.
    pub(crate) fn advance(&mut self, clock: Clock, to: u64) {
        if let Kind::Deterministic { now, .. } = &mut self.0 {
            *now = (*now).max(to.saturating_sub(base(clock)));
        }
    }

    /// The step of a clock, in nanoseconds.
    pub(crate) fn resolution(&self, clock: Clock) -> Result<u64, Errno> {
        match &self.0 {
            Kind::Real => Ok(nanoseconds(clock_getres(id(clock)))?.max(1)),
            Kind::Deterministic { step, .. } => Ok((*step).max(1)),
        }
    }

    /// The time that files have which were there before the program began, where each run is the same.
    pub(crate) fn first(&self) -> u64 {
        EPOCH
    }

    /// The time that a file is given which is written now.
    pub(crate) fn stamp(&self) -> u64 {
        self.counted(Clock::Realtime).unwrap_or(0)
    }

    /// Fills a buffer with random bytes.
    pub(crate) fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), Errno> {
        match &mut self.0 {
            Kind::Real => {
                while !buffer.is_empty() {
                    let flags = rustix::rand::GetRandomFlags::empty();
                    match rustix::rand::getrandom(&mut *buffer, flags) {
                        Ok(n) => buffer = &mut buffer[n..],
                        Err(rustix::io::Errno::INTR) => {}
                        Err(_) => return Err(Errno::Io),
                    }
                }
            }
            Kind::Deterministic { random, .. } => {
                for chunk in buffer.chunks_mut(8) {
                    chunk.copy_from_slice(&next(random).to_le_bytes()[..chunk.len()]);
                }
            }
        }
        Ok(())
    }
}

/// SplitMix64, written out: what a seed gives must not change with a library's version.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn base(clock: Clock) -> u64 {
    if clock == Clock::Realtime { EPOCH } else { 0 }
}

fn id(clock: Clock) -> ClockId {
    match clock {
        Clock::Realtime => ClockId::Realtime,
        Clock::Monotonic => ClockId::Monotonic,
        Clock::ProcessCpu => ClockId::ProcessCPUTime,
        Clock::ThreadCpu => ClockId::ThreadCPUTime,
    }
}

fn nanoseconds(time: Timespec) -> Result<u64, Errno> {
    let total = i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec);
    u64::try_from(total).map_err(|_| Errno::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deterministic_is_the_same_each_time() {
        let run = || {
            let mut policy = Policy::deterministic(7);
            let mut bytes = [0; 13];
            policy.fill(&mut bytes).unwrap();
            (bytes, policy.now(Clock::Realtime).unwrap(), policy.now(Clock::Monotonic).unwrap())
        };
        assert_eq!(run(), run());
        assert_eq!((run().1, run().2), (EPOCH + STEP, 2 * STEP));
        assert_ne!(run().0, [0; 13]);
    }
}
