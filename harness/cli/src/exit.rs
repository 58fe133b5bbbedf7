//! Exit statuses: a stable contract for scripts.

use signal_hook::consts::{SIGHUP, SIGTERM};
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// All is as it should be.
    Fine = 0,
    /// A finding: a failed assertion, a divergence, a trap.
    Finding = 1,
    /// Wrong usage, or input that cannot be used.
    Unusable = 2,
    /// An engine crashed or timed out.
    EngineFailed = 3,
    /// SIGHUP ended it, and nothing was found until then.
    HungUp = 129,
    /// SIGINT ended it, and nothing was found until then.
    Interrupted = 130,
    /// SIGTERM ended it, and nothing was found until then.
    Terminated = 143,
}

impl Status {
    /// What stands for a signal that ended a run.
    pub(crate) fn of_signal(signal: i32) -> Status {
        match signal {
            SIGHUP => Status::HungUp,
            SIGTERM => Status::Terminated,
            _ => Status::Interrupted,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}
