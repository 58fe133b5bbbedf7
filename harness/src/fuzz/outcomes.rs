//! What each case of a campaign came to, in a file with which machines are compared case by case.
//!
//! The first line holds what decides the cases. Each further one is a module: sums of its bytes and of what the first engine did in each
//! step. The other engines of a campaign are compared with that one on the machine itself.

use super::options::{FuzzError, FuzzOptions, changed};
use crate::diff::{Case, Differ, Judged, observation};
use crate::script::book::outcome_text;
use crate::value::show_all;
use etalon_adapters::Outcome;
use etalon_record::SameAs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Bytes of a line at most: a module has at most some thousand calls.
const LONGEST: u64 = 1 << 20;

/// Differences that are told in words.
const TOLD: usize = 20;

/// What decides the cases of a campaign, and where they ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// The version of the file.
    outcomes: u32,
    arch: String,
    /// The version of the program, whose generators may be others in another one.
    version: String,
    seed: u64,
    profiles: Vec<String>,
    /// The outcomes are the first one's; the others decide which settings modules go through.
    engines: Vec<String>,
    features: Vec<String>,
    rotates: bool,
    rounds: usize,
    gas: Option<u64>,
    schedules: Vec<String>,
}

/// A module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    module: u64,
    /// The sum of its bytes.
    wasm: String,
    /// The sum of each step: loading, then the calls; up to one that timed out.
    steps: Vec<String>,
    /// Whether one did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    late: bool,
}

/// What the same campaign came to on another machine.
#[derive(Debug)]
struct Other {
    arch: String,
    lines: BTreeMap<u64, Line>,
    /// Bytes of all lines that were written to their end.
    whole: u64,
}

/// Writes what each case came to, and compares it with what another machine wrote.
#[derive(Debug)]
pub struct Outcomes {
    file: Option<(PathBuf, Mutex<File>)>,
    other: Option<Other>,
    sums: Mutex<SameAs>,
}

/// The first half of a sum, which is more than enough to tell what differs by accident.
fn sum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

impl Head {
    fn of(options: &FuzzOptions, version: &str, arch: &str) -> Head {
        let run = &options.diff.run;
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        let mut features: Vec<String> = owned(run.features.names());
        features.sort();
        Head {
            outcomes: 1,
            arch: arch.to_owned(),
            version: version.to_owned(),
            seed: options.seed,
            profiles: owned(options.profiles.iter().map(|profile| profile.name).collect()),
            engines: options.engines.iter().map(|engine| engine.info().name).collect(),
            features,
            rotates: options.rotates,
            rounds: options.rounds,
            gas: run.gas.as_ref().and_then(|gas| gas.limit),
            schedules: options.schedule_ids(),
        }
    }

    /// Each option that differs, with both values.
    fn differences(&self, now: &Head) -> Vec<String> {
        let fields = changed(self, now).into_iter().filter(|(name, ..)| name != "arch");
        fields.map(|(name, before, now)| format!("{name} was {before} and is {now}")).collect()
    }
}

impl Outcomes {
    /// Begins `file`, or goes on with it if the campaign does; `same_as` is what another machine wrote. `version` is that of the program.
    ///
    /// # Errors
    /// If a file cannot be written or read, or is of a campaign with other options.
    pub fn new(
        options: &FuzzOptions,
        (version, arch): (&str, &str),
        file: Option<&Path>,
        same_as: Option<&Path>,
    ) -> Result<Outcomes, FuzzError> {
        let head = Head::of(options, version, arch);
        let other = same_as.map(|path| Other::read(path, &head)).transpose()?;
        let file = file.map(|path| begun(path, &head, options.resume)).transpose()?;
        let arch = other.as_ref().map_or_else(String::new, |other| other.arch.clone());
        Ok(Outcomes { file, other, sums: Mutex::new(SameAs { arch, ..SameAs::default() }) })
    }

    /// Adds a case that is done.
    pub(crate) fn add(
        &self,
        differ: &Differ,
        number: u64,
        case: &Case,
        judged: &Judged,
    ) -> Result<(), FuzzError> {
        let Some(first) = judged.traces.first() else { return Ok(()) };
        let gas = differ.options().run.gas.as_ref();
        let schedule = gas.map(|gas| gas.schedule.id().to_string());
        let in_time = first.steps.iter().take_while(|step| step.outcome != Outcome::TimedOut);
        let steps = in_time.map(|step| {
            let seen = observation(step, schedule.as_deref());
            sum(&serde_json::to_vec(&seen).unwrap_or_default())
        });
        let late = first.timed_out().is_some();
        let line = Line { module: number, wasm: sum(&case.wasm), steps: steps.collect(), late };
        if let Some((path, file)) = &self.file {
            let text = serde_json::to_string(&line).unwrap_or_default() + "\n";
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let saved = |error| FuzzError::Save { file: path.clone(), error };
            file.write_all(text.as_bytes()).map_err(saved)?;
        }
        if let Some(other) = &self.other {
            self.compare(other, &line, case, judged);
        }
        Ok(())
    }

    fn compare(&self, other: &Other, line: &Line, case: &Case, judged: &Judged) {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(theirs) = other.lines.get(&line.module) else {
            sums.absent += 1;
            return;
        };
        sums.modules += 1;
        let both = line.steps.len().min(theirs.steps.len());
        sums.cases += both.saturating_sub(1) as u64;
        let ended = line.steps.len() == theirs.steps.len() || line.late || theirs.late;
        let differing = (0..both).find(|at| line.steps[*at] != theirs.steps[*at]);
        let name = &case.name;
        let what = if theirs.wasm != line.wasm {
            format!("{name}: the module itself is another")
        } else if let Some(at) = differing.or((!ended).then_some(both)) {
            format!("{name}: {}", told(at, case, judged))
        } else {
            return;
        };
        sums.different += 1;
        sums.first.insert(line.module, what);
        // Those with the lowest numbers, so that threads do not show.
        if sums.first.len() > TOLD {
            sums.first.pop_last();
        }
    }

    /// What the comparison came to so far, if there is another machine.
    pub(crate) fn same_as(&self) -> Option<SameAs> {
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        self.other.is_some().then(|| sums.clone())
    }
}

/// A step, and what this machine did in it.
fn told(at: usize, case: &Case, judged: &Judged) -> String {
    let step = judged.traces.first().and_then(|trace| trace.steps.get(at));
    let gas = step.and_then(|step| step.gas).map(|gas| format!(", gas {gas}")).unwrap_or_default();
    let did = step.map_or_else(String::new, |step| outcome_text(&step.outcome)) + &gas;
    match at.checked_sub(1).and_then(|call| case.calls.get(call)) {
        Some(call) => {
            format!("call {at}, {:?} of ({}): here it {did}", call.export, show_all(&call.args))
        }
        None => format!("loading: here it {did}"),
    }
}

/// A file that is written, with its head.
fn begun(path: &Path, head: &Head, resume: bool) -> Result<(PathBuf, Mutex<File>), FuzzError> {
    let failed = |error| FuzzError::Save { file: path.to_owned(), error };
    if resume && path.exists() {
        // A line that was broken off is taken away: the next one would go on with it.
        let whole = Other::read(path, head)?.whole;
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        file.set_len(whole).map_err(failed)?;
        return Ok((path.to_owned(), Mutex::new(file)));
    }
    let mut file = File::create(path).map_err(failed)?;
    let text = serde_json::to_string(head).unwrap_or_default() + "\n";
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok((path.to_owned(), Mutex::new(file)))
}

impl Other {
    /// Reads a file that must be of a campaign with the same options. A last line without an end was broken off and does not count.
    fn read(path: &Path, head: &Head) -> Result<Other, FuzzError> {
        let failed = |error| FuzzError::Save { file: path.to_owned(), error };
        let wrong =
            |line: usize, error: String| FuzzError::Outcomes { file: path.to_owned(), line, error };
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let (mut arch, mut lines, mut whole) = (None, BTreeMap::new(), 0);
        for number in 1.. {
            let mut text = Vec::new();
            let mut line = Read::by_ref(&mut file).take(LONGEST);
            line.read_until(b'\n', &mut text).map_err(failed)?;
            if text.last() != Some(&b'\n') {
                if text.len() as u64 == LONGEST {
                    return Err(wrong(number, "the line is too long".to_owned()));
                }
                break;
            }
            whole += text.len() as u64;
            let failed = |error: serde_json::Error| wrong(number, error.to_string());
            if arch.is_some() {
                let line: Line = serde_json::from_slice(&text).map_err(failed)?;
                lines.insert(line.module, line);
                continue;
            }
            let before: Head = serde_json::from_slice(&text).map_err(failed)?;
            let what = before.differences(head);
            if !what.is_empty() {
                return Err(FuzzError::OtherCases { file: path.to_owned(), what });
            }
            arch = Some(before.arch);
        }
        let arch = arch.ok_or_else(|| wrong(1, "it has no whole line".to_owned()))?;
        Ok(Other { arch, lines, whole })
    }
}
