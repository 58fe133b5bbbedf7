//! Exit statuses: a stable contract for scripts.

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
    /// SIGINT ended it, and nothing was found until then.
    Interrupted = 130,
    /// SIGTERM ended it, and nothing was found until then.
    Terminated = 143,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}
