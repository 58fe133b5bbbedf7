//! A suite.

use std::fmt;

/// A set of scripts that run with the same features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its name: `wasm-v1`, `proposals/gc`, `local`…
    pub name: String,
    /// Where its scripts come from.
    pub origin: Origin,
    /// The version of the specification that it builds on: `1.0`, `2.0` or `3.0`.
    pub base: String,
    /// The features that it needs and may use, by name; no other feature may be enabled.
    pub features: Vec<String>,
}

/// Where a suite's scripts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The official suite of a version of the specification.
    Version,
    /// The official suite of a proposal, as it was at its time.
    Proposal,
    /// This project.
    Local,
}

impl Origin {
    /// The origin of a suite, from its name.
    pub(crate) fn of(name: &str) -> Self {
        if name == "local" {
            Origin::Local
        } else if name.starts_with("proposals/") {
            Origin::Proposal
        } else {
            Origin::Version
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
