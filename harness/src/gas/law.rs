//! A law of gas-1.

use etalon_record::Aspect;
use std::fmt;

/// A law (see `engine/gas/SPEC.md`, *What must be equal*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// When a call ends at the end of a segment, what it was charged is what it executed.
    Ledger,
    /// What is charged and not executed when a call traps is the rest of one segment, and nothing under `fine`.
    Trap,
    /// With a limit of exactly what it consumes, a run does the same; with less, it runs out of gas.
    KnifeEdge,
    /// Without a limit, and without a meter, a run does the same.
    Transparency,
    /// The same module compiled again, in another session, does the same and costs the same.
    Freshness,
    /// What a run consumes is the sum over its calls and over the stretches between its host calls; what is left at each of
    /// these is exact.
    Additivity,
}

/// A law that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The law.
    pub law: Law,
    /// The step in which it is broken: 0 is loading, n is the nth call.
    pub step: usize,
    /// What was observed.
    pub text: String,
}

impl Law {
    /// Every law.
    pub const ALL: &[Law] = &[
        Law::Ledger,
        Law::Trap,
        Law::KnifeEdge,
        Law::Transparency,
        Law::Freshness,
        Law::Additivity,
    ];

    /// Whether the module is compiled once more to check it.
    pub(crate) fn compiles(self) -> bool {
        matches!(self, Law::Transparency | Law::Freshness)
    }

    /// What records say of a breach.
    pub fn aspect(self) -> Aspect {
        match self {
            Law::Ledger => Aspect::LedgerLaw,
            Law::Trap => Aspect::TrapLaw,
            Law::KnifeEdge => Aspect::KnifeEdgeLaw,
            Law::Transparency => Aspect::TransparencyLaw,
            Law::Freshness => Aspect::FreshnessLaw,
            Law::Additivity => Aspect::AdditivityLaw,
        }
    }

    /// A breach of it, with what was observed.
    pub fn breach(self, step: usize, text: impl Into<String>) -> Breach {
        Breach { law: self, step, text: text.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, step {}: {}", self.law, self.step, self.text)
    }
}
