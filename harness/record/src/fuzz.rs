//! The record of `etalon fuzz`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::row::{is_false, is_zero};
use crate::{Aspect, EngineInfo, Format, Kind, LawCoverage, RuleCoverage, Tool};

/// Generated modules on several engines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FuzzRecord {
    /// Always [`Kind::Fuzz`].
    pub record: Kind,
    /// The version of the document.
    pub format: Format,
    /// The program that wrote it.
    pub tool: Tool,
    /// The architecture that the engines ran on.
    pub arch: String,
    /// The seed; together with the number of modules it determines every case.
    pub seed: u64,
    /// The name of the profile that shaped the modules.
    #[serde(default)]
    pub profile: Option<String>,
    /// The other options that decide what the campaign does, in words; records with different ones are not parts of one campaign.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Which shards of a campaign it holds; absent if it holds a whole one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shards: Option<Shards>,
    /// How many modules were generated.
    #[serde(default)]
    pub modules: u64,
    /// How many cases were compared: calls of generated functions with their arguments.
    pub cases: u64,
    /// How the actions of the first engine ended: `returned`, `trapped: unreachable`, `loading: returned`…
    pub outcomes: BTreeMap<String, u64>,
    /// Whether a signal ended it; the record is then of what was done until then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub interrupted: bool,
    /// The engines that ran.
    #[serde(default)]
    pub engines: Vec<EngineInfo>,
    /// The engines with other settings, which must not show: a list for each that the modules went through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rotation: Vec<Vec<String>>,
    /// The findings, each kind of divergence once, and each kind of difference in time.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// How many modules timed out: an engine did not end within the limit, and no two that did differ. Where another engine did
    /// end, that is a finding too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub timed_out: u64,
    /// How long each action could take; absent if there was no limit. Whether one timed out depends on the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<String>,
    /// How many modules could not be compared to the end, by the nondeterminism that the specification allows.
    #[serde(default)]
    pub poisoned: BTreeMap<String, u64>,
    /// By engine, how many values of exported globals and sums of exported memories it did not tell, of those that the first told: nothing
    /// is said of these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub untold: BTreeMap<String, u64>,
    /// What the cases reached.
    #[serde(default)]
    pub coverage: Coverage,
    /// What the laws of gas-1 were checked on; absent if they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub laws: Option<LawCoverage>,
    /// What came of comparing each case with what another machine made of it; absent if that was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<SameAs>,
    /// What each generator did, by the name of its profile.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub generators: BTreeMap<String, Generator>,
}

/// Cases of a campaign, compared with what another machine made of the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SameAs {
    /// The architecture of the other machine.
    pub arch: String,
    /// How many modules both ran.
    pub modules: u64,
    /// How many cases these had, without what timed out.
    pub cases: u64,
    /// How many modules only this machine ran.
    pub absent: u64,
    /// How many modules were others, or did otherwise.
    pub different: u64,
    /// What the first of these did here, by the number of the module: twenty at most.
    pub first: BTreeMap<u64, String>,
}

impl SameAs {
    /// Adds what came of other cases of the same campaign.
    pub(crate) fn merge(&mut self, other: Self) {
        self.modules += other.modules;
        self.cases += other.cases;
        self.absent += other.absent;
        self.different += other.different;
        self.first.extend(other.first);
    }
}

/// Some of the equal parts of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shards {
    /// How many parts the campaign has.
    pub of: u64,
    /// Which of them are here, from 1, in order.
    pub these: Vec<u64>,
}

/// What one generator did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Generator {
    /// How many modules it made.
    pub modules: u64,
    /// How many cases these had.
    pub cases: u64,
    /// How many operators its cells have.
    pub operators: u64,
    /// How often functions with an operator and a kind of operand ended how: `i32.add constant returned`. Where the
    /// generator does not know the kinds of operands, they are read off the text of its modules.
    pub cells: BTreeMap<String, u64>,
}

impl FuzzRecord {
    /// A record without cases.
    #[must_use]
    pub fn new(tool: Tool, arch: impl Into<String>, seed: u64) -> Self {
        Self {
            record: Kind::Fuzz,
            format: Format::default(),
            tool,
            arch: arch.into(),
            seed,
            profile: None,
            settings: BTreeMap::new(),
            shards: None,
            modules: 0,
            cases: 0,
            outcomes: BTreeMap::new(),
            interrupted: false,
            engines: Vec::new(),
            rotation: Vec::new(),
            findings: Vec::new(),
            timed_out: 0,
            time_limit: None,
            poisoned: BTreeMap::new(),
            untold: BTreeMap::new(),
            coverage: Coverage::default(),
            laws: None,
            same_as: None,
            generators: BTreeMap::new(),
        }
    }
}

/// A divergence that was found, reduced and saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its name, derived from what it is; the same finding gets the same name.
    pub id: String,
    /// The aspect in which the engines differ.
    pub what: Aspect,
    /// Where it was saved, relative to the folder of findings.
    pub folder: String,
    /// The operator at which they begin to differ, if it could be found.
    #[serde(default)]
    pub operator: Option<String>,
    /// The engines that differ.
    #[serde(default)]
    pub engines: Vec<String>,
    /// One line on what each did.
    #[serde(default)]
    pub summary: Option<String>,
    /// In how many modules it showed.
    #[serde(default)]
    pub cases: u64,
    /// In a record that was merged, the shard in whose folder of findings it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<u64>,
    /// Since which version it is, in a sentence, if engines of several were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// What the cases of a fuzz run reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// How many operators the profile allows.
    #[serde(default)]
    pub operators_total: u64,
    /// How many of them at least one module contained.
    #[serde(default)]
    pub operators_reached: u64,
    /// Those that none contained, sorted.
    #[serde(default)]
    pub missing: Vec<String>,
    /// How often each operator was contained.
    #[serde(default)]
    pub operators: BTreeMap<String, u64>,
    /// Which rules of the specification the cases reached on the oracle; absent if they were not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<RuleCoverage>,
}
