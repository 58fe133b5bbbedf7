//! Exit statuses: a stable contract for scripts.

use signal_hook::consts::{SIGHUP, SIGTERM};
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// All is as it should be.
    Fine,
    /// A finding: a failed assertion, a divergence, a trap.
    Finding,
    /// Wrong usage, or input that cannot be used.
    Unusable,
    /// An engine crashed or timed out.
    EngineFailed,
    /// SIGHUP ended it, and nothing was found until then.
    HungUp,
    /// SIGINT ended it, and nothing was found until then.
    Interrupted,
    /// SIGTERM ended it, and nothing was found until then.
    Terminated,
    /// A program of WASI ran, and this is its own status, or that of a program that was aborted.
    Program(u8),
}

/// The status of a program that trapped, or that could not go on for another reason: that of a process that SIGABRT ended.
const ABORTED: u8 = 134;

impl Status {
    /// What stands for a program that did not end by itself.
    pub(crate) fn aborted() -> Status {
        Status::Program(ABORTED)
    }

    /// What stands for a program that ended itself. Statuses above 255 are 1, as a system would lose the rest of them.
    pub(crate) fn exited(status: u32) -> Status {
        Status::Program(u8::try_from(status).unwrap_or(1))
    }

    /// The number for the system.
    pub(crate) fn code(self) -> u8 {
        match self {
            Status::Fine => 0,
            Status::Finding => 1,
            Status::Unusable => 2,
            Status::EngineFailed => 3,
            Status::HungUp => 129,
            Status::Interrupted => 130,
            Status::Terminated => 143,
            Status::Program(status) => status,
        }
    }

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
        ExitCode::from(status.code())
    }
}
