//! The record of `etalon diff`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::row::{is_false, is_zero};
use crate::{
    EngineInfo, Fault, Format, Gas, Kind, LawCoverage, OutcomeKind, RuleCoverage, Tool, Value,
};

/// The same modules on several engines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiffRecord {
    /// Always [`Kind::Diff`].
    pub record: Kind,
    /// The version of the document.
    pub format: Format,
    /// The program that wrote it.
    pub tool: Tool,
    /// The architecture that the engines ran on.
    pub arch: String,
    /// The engines that ran.
    #[serde(default)]
    pub engines: Vec<EngineInfo>,
    /// The id of the gas schedule; absent if nothing was metered.
    #[serde(default)]
    pub schedule: Option<String>,
    /// How many cases were compared.
    pub cases: u64,
    /// How many calls they made.
    #[serde(default)]
    pub calls: u64,
    /// How many calls were not made, because the case ended before them: the module was refused, or a call ran out of something or did
    /// not end. Nothing is said of those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_made: u64,
    /// How many files were not run because a signal ended the run before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_run: u64,
    /// Whether a signal ended it; the record is then of what was done until then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// How the actions of the first engine ended: `returned`, `trapped: unreachable`, `loading: returned`…
    #[serde(default)]
    pub outcomes: BTreeMap<String, u64>,
    /// The cases in which no call was compared, and why.
    #[serde(default)]
    pub idle: Vec<Idle>,
    /// The exported functions that were not called, for there is no value that a caller from outside could give them.
    /// Nothing is said of those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_callable: Vec<Uncallable>,
    /// The cases in which outcomes differ outside the policy.
    #[serde(default)]
    pub divergences: Vec<Divergence>,
    /// The cases in which an engine did not end within the limit, and no two that did differ: nothing is said of what
    /// comes after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timed_out: Vec<Divergence>,
    /// How long each action could take; absent if there was no limit. Whether one timed out depends on the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<String>,
    /// How many cases could not be compared, by the nondeterminism that the specification allows: `nan-bits`, `grow`…
    #[serde(default)]
    pub poisoned: BTreeMap<String, u64>,
    /// By engine, what it refused because it lacks it or has a limit, where others went on, and in how many cases; at most 16 reasons.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<String, BTreeMap<String, u64>>,
    /// By engine, how many values of exported globals and sums of exported memories it did not tell, of those that the first told: nothing
    /// is said of these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub untold: BTreeMap<String, u64>,
    /// By engine, how many functions did not run where the engine was asked to run them: the compiler left them to the
    /// interpreter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_compiled: BTreeMap<String, u64>,
    /// Files that could not be run at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// What the laws of gas-1 were checked on; absent if they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub laws: Option<LawCoverage>,
    /// Which rules of the specification the cases reached on the oracle; absent if they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<RuleCoverage>,
}

impl DiffRecord {
    /// A record without cases.
    #[must_use]
    pub fn new(tool: Tool, arch: impl Into<String>) -> Self {
        Self {
            record: Kind::Diff,
            format: Format::default(),
            tool,
            arch: arch.into(),
            engines: Vec::new(),
            schedule: None,
            cases: 0,
            calls: 0,
            not_made: 0,
            not_run: 0,
            interrupted: false,
            outcomes: BTreeMap::new(),
            idle: Vec::new(),
            not_callable: Vec::new(),
            divergences: Vec::new(),
            timed_out: Vec::new(),
            time_limit: None,
            poisoned: BTreeMap::new(),
            refused: BTreeMap::new(),
            untold: BTreeMap::new(),
            not_compiled: BTreeMap::new(),
            errors: Vec::new(),
            laws: None,
            coverage: None,
        }
    }
}

/// A case in which no call was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Idle {
    /// The module.
    pub file: String,
    /// Why nothing was called.
    pub reason: String,
}

/// An exported function that was not called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncallable {
    /// The module.
    pub file: String,
    /// The export.
    pub export: String,
    /// Its type, as in the text format: `[(ref 0)] -> [i32]`.
    #[serde(rename = "type")]
    pub ty: String,
}

/// One case in which engines differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// The module.
    pub file: String,
    /// The export that was invoked; absent if they differ before any call.
    #[serde(default)]
    pub invoke: Option<String>,
    /// The arguments.
    #[serde(default)]
    pub args: Vec<Value>,
    /// How many calls were made before, which what is seen may depend on.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub calls_before: u64,
    /// The first aspect in which they differ.
    pub what: Aspect,
    /// What each engine did.
    #[serde(default)]
    pub by_engine: BTreeMap<String, Observation>,
}

/// The aspects in which two engines can differ, in the order in which they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// One engine crashed.
    Crash,
    /// One engine accepts the module and another rejects it.
    Loading,
    /// How execution ended: for example, one returned and another trapped.
    Outcome,
    /// Which trap.
    Trap,
    /// Which exception.
    Exception,
    /// The results.
    Results,
    /// The calls to host functions and their arguments.
    HostCalls,
    /// What a program wrote to its standard output or error.
    Output,
    /// What is in a program's folders.
    Files,
    /// The contents or size of a memory.
    Memory,
    /// A global.
    Globals,
    /// The contents or size of a table.
    Tables,
    /// The gas consumed.
    Gas,
    /// The greatest depth of the stack.
    Depth,
    /// The greatest number of pages that the memories had together.
    Pages,
    /// The law of the ledger: what a call that returns is charged is what it executed.
    LedgerLaw,
    /// The law of traps: what is charged and not executed is the rest of a segment.
    TrapLaw,
    /// The law of the knife edge: with what a run consumes it does the same, and with less it is out of gas.
    KnifeEdgeLaw,
    /// The law of transparency: without a limit, and without a meter, a run does the same.
    TransparencyLaw,
    /// The law of freshness: compiled again, in a fresh store, a run does the same.
    FreshnessLaw,
    /// The law of additivity: what a run consumes is the sum over its stretches.
    AdditivityLaw,
    /// Whether it ended in time: no divergence, but one engine ended within the limit and another did not.
    Time,
}

impl Aspect {
    /// The name as it stands in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Loading => "loading",
            Self::Outcome => "outcome",
            Self::Trap => "trap",
            Self::Exception => "exception",
            Self::Results => "results",
            Self::HostCalls => "host-calls",
            Self::Output => "output",
            Self::Files => "files",
            Self::Memory => "memory",
            Self::Globals => "globals",
            Self::Tables => "tables",
            Self::Gas => "gas",
            Self::Depth => "depth",
            Self::Pages => "pages",
            Self::LedgerLaw => "ledger-law",
            Self::TrapLaw => "trap-law",
            Self::KnifeEdgeLaw => "knife-edge-law",
            Self::TransparencyLaw => "transparency-law",
            Self::FreshnessLaw => "freshness-law",
            Self::AdditivityLaw => "additivity-law",
            Self::Time => "time",
        }
    }

    /// Whether it is a law of gas-1, which one engine breaks by itself.
    #[must_use]
    pub fn is_law(self) -> bool {
        use Aspect::{
            AdditivityLaw, FreshnessLaw, KnifeEdgeLaw, LedgerLaw, TransparencyLaw, TrapLaw,
        };
        let laws = [LedgerLaw, TrapLaw, KnifeEdgeLaw, TransparencyLaw, FreshnessLaw, AdditivityLaw];
        laws.contains(&self)
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one engine did in one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// How it ended.
    pub outcome: OutcomeKind,
    /// The results, if it returned.
    #[serde(default)]
    pub results: Vec<Value>,
    /// The text of the trap, if it trapped.
    #[serde(default)]
    pub trap: Option<String>,
    /// Details: the reason of a rejection, the missing feature, how it crashed.
    #[serde(default)]
    pub message: Option<String>,
    /// The gas, if it was metered.
    #[serde(default)]
    pub gas: Option<Gas>,
    /// Digests of the store afterwards, by name: `memory 0`, `globals`…
    #[serde(default)]
    pub digests: BTreeMap<String, String>,
}

impl Observation {
    /// An observation that says only how it ended.
    #[must_use]
    pub fn new(outcome: OutcomeKind) -> Self {
        Self {
            outcome,
            results: Vec::new(),
            trap: None,
            message: None,
            gas: None,
            digests: BTreeMap::new(),
        }
    }
}

/// On one line, for people: values are as the text format writes them.
impl Observation {
    /// What an engine did, without the digests of what does not differ.
    #[must_use]
    pub fn relevant(&self, what: Aspect) -> Observation {
        let mut seen = self.clone();
        seen.digests.retain(|name, _| match what {
            Aspect::Memory => name == "memories" || name.starts_with("memory "),
            Aspect::Globals => true,
            Aspect::Tables => name == "tables",
            Aspect::Output => name == "stdout" || name == "stderr",
            Aspect::Files => name.starts_with("file "),
            _ => false,
        });
        seen
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome)?;
        for result in &self.results {
            write!(f, " {}", result.as_word())?;
        }
        if let Some(trap) = &self.trap {
            write!(f, ": {trap}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(gas) = &self.gas {
            write!(f, ", gas {}", gas.consumed)?;
        }
        for (name, digest) in &self.digests {
            // Of a global it is the value, with its type.
            let value = digest.split_once(':').filter(|_| name.starts_with("global "));
            match value {
                Some((ty, value)) => write!(f, ", {name} {}", Value::new(ty, value).as_word())?,
                None => write!(f, ", {name} {digest}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Aspect, Observation};
    use crate::{OutcomeKind, Value};

    #[test]
    fn aspects_are_named_as_serde_writes_them() -> Result<(), serde_json::Error> {
        use Aspect::{Crash, Gas, HostCalls, KnifeEdgeLaw, LedgerLaw, Results, Time};
        for aspect in [Crash, HostCalls, Results, Gas, Time, LedgerLaw, KnifeEdgeLaw] {
            assert_eq!(serde_json::to_string(&aspect)?, format!("\"{aspect}\""));
        }
        Ok(())
    }

    #[test]
    fn an_observation_reads_as_one_line() {
        let mut seen = Observation::new(OutcomeKind::Returned);
        seen.results = vec![Value::i32(7), Value::f32_bits(0x3dcc_cccd)];
        seen.digests.insert("global g".into(), Value::f64_bits(1 << 63).to_string());
        seen.digests.insert("host call 0".into(), "env.f(1), gas left 7".into());
        seen.digests.insert("memory 0".into(), "ab12".into());
        assert_eq!(
            seen.to_string(),
            "returned i32:7 f32:0.1, global g f64:-0, host call 0 env.f(1), gas left 7, memory 0 ab12"
        );
    }
}
