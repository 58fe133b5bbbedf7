//! Since which of several versions an engine differs.

use crate::diff::{Case, Differ, Verdict};
use etalon_adapters::{Adapter, AdapterError, Outcome};
use etalon_module::Module;
use etalon_record::Aspect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How an engine is had by its name.
type Start = fn(&str) -> Result<Arc<dyn Adapter>, AdapterError>;

/// An engine that was started, or why it was not.
type Started = Result<Arc<dyn Adapter>, String>;

/// Engines of several versions, oldest first. Each is started when it is asked for the first time.
pub struct Versions {
    names: Vec<String>,
    start: Start,
    started: Mutex<BTreeMap<usize, Started>>,
}

/// What a version was seen to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AskedVersion {
    /// The engine's name.
    pub name: String,
    /// Its version, if it could be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether it differs from the first engine; absent if it could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<bool>,
    /// Why it could not be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
}

/// Since which version engines differ, as far as those that were asked tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Since {
    /// It in a sentence.
    pub said: String,
    /// The last version before the first that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_good: Option<String>,
    /// The first version that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<String>,
    /// Whether the oldest that could be asked agrees and the newest differs, so that there is one version since which it is.
    pub monotone: bool,
    /// Those that were asked, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<AskedVersion>,
}

impl AskedVersion {
    /// What was seen.
    pub fn in_words(&self) -> &str {
        match (self.differs, &self.skipped) {
            (Some(true), _) => "differs",
            (Some(false), _) => "agrees",
            (None, Some(reason)) => reason,
            (None, None) => "not asked",
        }
    }
}

impl std::fmt::Debug for Versions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Versions").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Versions {
    /// Engines by their names, oldest first, and how one is started.
    pub fn new(names: Vec<String>, start: Start) -> Versions {
        Versions { names, start, started: Mutex::default() }
    }

    /// Since which of them a case differs from the first engine of `differ`, in an aspect. They are asked by bisection: both ends,
    /// then about as many as the list can be halved.
    pub fn since(&self, differ: &Differ, case: &Case, aspect: Aspect) -> Since {
        let mut search = Search { versions: self, differ, case, aspect, asked: BTreeMap::new() };
        let (oldest, newest) = search.ends();
        let (mut last, mut next) = match (oldest, newest) {
            (Some(oldest), Some(newest)) => (oldest, newest),
            _ => return search.ended(None),
        };
        if last.1 == next.1 {
            return search.ended(Some((last, next)));
        }
        while let Some(between) = search.between(last.0, next.0) {
            if between.1 == last.1 {
                last = between;
            } else {
                next = between;
            }
        }
        search.ended(Some((last, next)))
    }

    fn engine(&self, number: usize) -> Started {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || (self.start)(&self.names[number]).map_err(|error| error.reason);
        started.entry(number).or_insert_with(start).clone()
    }
}

/// The place of a version, and whether it differs.
type End = (usize, bool);

struct Search<'a> {
    versions: &'a Versions,
    differ: &'a Differ,
    case: &'a Case,
    aspect: Aspect,
    asked: BTreeMap<usize, AskedVersion>,
}

impl Search<'_> {
    /// Whether a version differs; `None` if it cannot be asked.
    fn asks(&mut self, number: usize) -> Option<End> {
        let asked = self.asked.entry(number).or_insert_with(|| {
            let name = self.versions.names[number].clone();
            let (version, differs) = match self.versions.engine(number) {
                Ok(engine) => {
                    let version = engine.info().version;
                    (Some(version), differs(self.differ, engine, self.case, self.aspect))
                }
                Err(reason) => (None, Err(format!("it cannot be started: {reason}"))),
            };
            let (differs, skipped) = match differs {
                Ok(differs) => (Some(differs), None),
                Err(reason) => (None, Some(reason)),
            };
            AskedVersion { name, version, differs, skipped }
        });
        asked.differs.map(|differs| (number, differs))
    }

    /// The oldest and the newest version that can be asked.
    fn ends(&mut self) -> (Option<End>, Option<End>) {
        let count = self.versions.names.len();
        let oldest = (0..count).find_map(|number| self.asks(number));
        let first = oldest.map_or(count, |(number, _)| number);
        (oldest, (first..count).rev().find_map(|number| self.asks(number)))
    }

    /// A version between two, the nearest to the middle that can be asked.
    fn between(&mut self, last: usize, next: usize) -> Option<End> {
        let middle = last + (next - last) / 2;
        let mut places: Vec<usize> = (last + 1..next).collect();
        places.sort_by_key(|place| place.abs_diff(middle));
        places.into_iter().find_map(|place| self.asks(place))
    }

    fn ended(self, ends: Option<(End, End)>) -> Since {
        let names = &self.versions.names;
        let skipped = |from: usize, to: usize| {
            let all = self.asked.range(from..to).filter(|(_, asked)| asked.skipped.is_some());
            match all.count() {
                0 => String::new(),
                1 => "; 1 between them could not be asked".to_owned(),
                n => format!("; {n} between them could not be asked"),
            }
        };
        let (mut last_good, mut first_bad, mut monotone) = (None, None, false);
        let answered = self.asked.iter().find(|(_, asked)| asked.differs.is_some());
        let oldest = match answered {
            Some((0, _)) | None => "the oldest",
            Some(_) => "the oldest that could be asked",
        };
        let said = match ends {
            None => "no version could be asked".to_owned(),
            Some(((old, false), (new, true))) => {
                (last_good, first_bad) = (Some(names[old].clone()), Some(names[new].clone()));
                monotone = true;
                let skipped = skipped(old + 1, new);
                format!("since {}; {} agrees{skipped}", names[new], names[old])
            }
            Some(((old, true), (new, false))) => {
                let skipped = skipped(old + 1, new);
                format!(
                    "not since a version of the list: {oldest} differs and the newest agrees; {} is the last found to \
                     differ, {} the next to agree{skipped}",
                    names[old], names[new]
                )
            }
            Some(((old, true), _)) => {
                first_bad = Some(names[old].clone());
                format!("since {} or before: {oldest} differs, and so does the newest", names[old])
            }
            Some(_) => {
                "not since a version of the list: neither the oldest nor the newest differs, and those between were not asked"
                    .to_owned()
            }
        };
        Since { said, last_good, first_bad, monotone, asked: self.asked.into_values().collect() }
    }
}

/// Whether an engine differs from the first in an aspect.
///
/// # Errors
/// Why that cannot be told.
fn differs(
    differ: &Differ,
    engine: Arc<dyn Adapter>,
    case: &Case,
    aspect: Aspect,
) -> Result<bool, String> {
    let pair = differ.against(engine);
    // Without it, the first engine would refuse the module too, and they would agree.
    let loads = |differ: &Differ| Module::new(&case.wasm, differ.options().run.features).is_ok();
    if loads(differ) && !loads(&pair) {
        return Err("it lacks a feature that the module needs".to_owned());
    }
    let judged = pair.judge(case).map_err(|error| error.to_string())?;
    let loaded = judged.traces.last().and_then(|trace| trace.steps.first());
    if let Some(Outcome::Rejected(why)) = loaded.map(|step| &step.outcome)
        && aspect != Aspect::Loading
    {
        return Err(format!("it refuses the module: {}: {}", why.word(), why.message()));
    }
    match judged.verdict {
        Verdict::Agree | Verdict::Poisoned(_) => Ok(false),
        Verdict::TimedOut { .. } => Err("it does not end within the limit of time".to_owned()),
        Verdict::Diverged { difference, .. } if difference.aspect == aspect => Ok(true),
        Verdict::Diverged { difference, .. } => {
            Err(format!("it differs in something else: {}", difference.aspect))
        }
    }
}
