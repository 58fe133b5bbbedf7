//! How an execution ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an engine did with one invocation or one module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// It returned results.
    Returned,
    /// A trap (specification, *Execution: Instructions*).
    Trapped,
    /// An exception left the invocation uncaught.
    Threw,
    /// A program of WASI ended itself with a status.
    Exited,
    /// Gas, stack or a declared limit ran out.
    Exhausted,
    /// A host function reported an error of its own.
    HostError,
    /// The module was malformed, invalid or could not be linked.
    Rejected,
    /// The engine lacks a feature that the module needs.
    Unsupported,
    /// The engine ended in a way that no module may cause: always a bug of the engine.
    Crashed,
    /// The engine did not end within the harness's limit.
    TimedOut,
}

impl OutcomeKind {
    /// Every outcome, in the order of the declaration.
    pub const ALL: [Self; 10] = [
        Self::Returned,
        Self::Trapped,
        Self::Threw,
        Self::Exited,
        Self::Exhausted,
        Self::HostError,
        Self::Rejected,
        Self::Unsupported,
        Self::Crashed,
        Self::TimedOut,
    ];

    /// The name as it stands in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Trapped => "trapped",
            Self::Threw => "threw",
            Self::Exited => "exited",
            Self::Exhausted => "exhausted",
            Self::HostError => "host-error",
            Self::Rejected => "rejected",
            Self::Unsupported => "unsupported",
            Self::Crashed => "crashed",
            Self::TimedOut => "timed-out",
        }
    }

    /// Whether the engine itself is at fault, whatever the module was: exit status 3 of the command line.
    #[must_use]
    pub fn is_engine_fault(self) -> bool {
        matches!(self, Self::Crashed | Self::TimedOut)
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::OutcomeKind;

    #[test]
    fn each_name_is_what_serde_writes() -> Result<(), serde_json::Error> {
        for kind in OutcomeKind::ALL {
            assert_eq!(serde_json::to_string(&kind)?, format!("\"{kind}\""));
        }
        Ok(())
    }
}
