//! Saving a finding.

use super::options::FuzzError;
use super::report;
use crate::corpus::{Entry, EntryCall, EntryCause, EntryEngine, EntryFile, FINDING, Origin};
use crate::diff::{Case, Differ, Difference, Judged, Trace, Verdict};
use crate::generate::operators_of;
use crate::localise::{Cause, Since};
use crate::settings::{limit_text, named_schedule};
use etalon_adapters::{Features, Outcome, Schedule};
use etalon_module::{Module, Opcode};
use etalon_record::{Aspect, Divergence, Finding};
use std::collections::BTreeSet;
use std::path::Path;

/// The origin of a finding.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The generator's profile.
    pub profile: &'static str,
    /// The seed of the run.
    pub seed: u64,
    /// The number of the case.
    pub number: u64,
    /// Whether the module was reduced.
    pub reduced: bool,
    /// The gas limit that the engines had.
    pub gas: Option<u64>,
}

/// A finding: a case in which engines differ, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The case as it was found.
    pub original: &'a Case,
    /// The case as it was reduced, or the same.
    pub case: &'a Case,
    /// What the engines did in it.
    pub judged: &'a Judged,
    /// The instruction at which they part in it.
    pub cause: Option<&'a Cause>,
    /// Since which version they do, if engines of several were given.
    pub since: Option<&'a Since>,
    /// How many cases showed it.
    pub cases: u64,
}

/// Names a finding and, if there is a folder, saves it there in a folder of its name, each file whole or not at all:
/// `original.wasm`, `reduced.wat` if it was reduced, `finding.toml`, `report.md` for the engine's maintainer, `replay.sh`, and for
/// our own compiler what it makes of the function, as `function.clif` and `function.asm`.
/// `finding.toml` is an entry of the corpus: copied as `<id>.toml` next to `<id>.wat`, it is a regression test.
///
/// The id says what differs, at which instruction and on which engines, so findings of one cause have one id. Where the
/// instruction is not known it is a hash of the case.
///
/// # Errors
/// If a file cannot be written.
pub fn save(
    folder: Option<&Path>,
    differ: &Differ,
    found: &Found,
    shown: Shown<'_>,
) -> Result<Finding, FuzzError> {
    let (finding, divergence) = describe(differ, shown);
    if let Some(folder) = folder {
        write(&folder.join(&finding.folder), &finding, found, shown, differ, &divergence)?;
    }
    Ok(finding)
}

/// What there is to say of a finding, without saving it.
pub(crate) fn describe(differ: &Differ, shown: Shown<'_>) -> (Finding, Divergence) {
    let Shown { case, judged, cause, .. } = shown;
    let features = differ.options().run.features;
    let (engine, difference) = match &judged.verdict {
        Verdict::Diverged { engine, difference } => (*engine, difference.clone()),
        Verdict::TimedOut { step, .. } => {
            (differing(judged), Difference { aspect: Aspect::Time, step: *step })
        }
        // It diverged before, but an engine may behave differently each time. The last observation is kept.
        Verdict::Agree | Verdict::Poisoned(_) => (0, Difference { aspect: Aspect::Crash, step: 0 }),
    };
    let divergence = differ.divergence(case, judged, engine, &difference);
    let named = cause.map(|cause| cause.operator.clone());
    let mut finding = Finding {
        id: match &named {
            Some(operator) => id_of_cause(differ, engine, operator, &divergence),
            None => id(case, &divergence),
        },
        what: divergence.what,
        folder: String::new(),
        operator: named.or_else(|| operator(case, judged, difference.step, features)),
        engines: divergence.by_engine.keys().cloned().collect(),
        summary: Some(lines(&divergence).join("; ")),
        cases: shown.cases,
        shard: None,
        since: shown.since.map(|since| since.said.clone()),
    };
    finding.folder.clone_from(&finding.id);
    (finding, divergence)
}

/// The engine that differs from the first, by its place in the list; of those that did not end alike, the first of which only one did.
pub(super) fn differing(judged: &Judged) -> usize {
    match judged.verdict {
        Verdict::Diverged { engine, .. } => engine,
        Verdict::TimedOut { step, .. } => {
            let is_late = |trace: &Trace| trace.timed_out() == Some(step);
            let first = judged.traces.first().is_some_and(is_late);
            judged.traces.iter().position(|trace| is_late(trace) != first).unwrap_or(0)
        }
        _ => 0,
    }
}

fn id_of_cause(differ: &Differ, engine: usize, operator: &str, divergence: &Divergence) -> String {
    let mut hasher = blake3::Hasher::new();
    for (place, name) in differ.names().enumerate() {
        if place == 0 || place == engine {
            // Settings that must not show are not a cause.
            let name = name.split('?').next().unwrap_or(name);
            hasher.update(name.as_bytes()).update(&[0]);
        }
    }
    format!("{}-{operator}-{}", divergence.what, &hasher.finalize().to_hex()[..12])
}

fn id(case: &Case, divergence: &Divergence) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(divergence.what.name().as_bytes()).update(&[0]);
    for engine in divergence.by_engine.keys() {
        hasher.update(engine.as_bytes()).update(&[0]);
    }
    for call in &case.calls {
        let args: Vec<String> = call.args.iter().map(|v| v.to_record().to_string()).collect();
        hasher.update(call.export.as_bytes()).update(&[0]).update(args.join(" ").as_bytes());
    }
    hasher.update(&case.wasm);
    format!("{}-{}", divergence.what, &hasher.finalize().to_hex()[..12])
}

/// One line for each engine.
fn lines(divergence: &Divergence) -> Vec<String> {
    let seen = divergence.by_engine.iter();
    seen.map(|(name, seen)| format!("{name}: {}", seen.relevant(divergence.what))).collect()
}

/// The operator at which the engines begin to differ: the one at which an engine trapped, or the only one left that can be the cause.
fn operator(case: &Case, judged: &Judged, step: usize, features: Features) -> Option<String> {
    let module = Module::new(&case.wasm, features).ok()?;
    let sites = judged.traces.iter().filter_map(|trace| match trace.steps.get(step)?.outcome {
        Outcome::Trapped { site, .. } => site,
        _ => None,
    });
    for (func, offset) in sites {
        let Some(body) = module.body(func) else { continue };
        let mut reader = module.operators(body);
        while !reader.eof() {
            let here = reader.original_position();
            let operator = reader.read().ok()?;
            if here == u64::from(offset) {
                return Some(Opcode::of(&operator).name().to_owned());
            }
        }
    }
    // After a reduction little is left, and operators that only move values or end blocks are hardly ever the cause.
    let left: BTreeSet<&str> = operators_of(&case.wasm, features)
        .into_iter()
        .filter(|name| {
            let plain = ["end", "unreachable", "drop", "nop", "block", "return"];
            !plain.contains(name) && !name.ends_with(".const") && !name.starts_with("local.")
        })
        .collect();
    match left.into_iter().collect::<Vec<_>>()[..] {
        [one] => Some(one.to_owned()),
        _ => None,
    }
}

fn write(
    folder: &Path,
    finding: &Finding,
    found: &Found,
    shown: Shown<'_>,
    differ: &Differ,
    divergence: &Divergence,
) -> Result<(), FuzzError> {
    let text = |error: &dyn std::fmt::Display| FuzzError::Text {
        id: finding.id.clone(),
        error: error.to_string(),
    };
    let write = |name: &str, bytes: &[u8]| replace(&folder.join(name), bytes);
    std::fs::create_dir_all(folder)
        .map_err(|error| FuzzError::Save { file: folder.to_owned(), error })?;
    let file = entry(finding, found, shown, differ, divergence);
    let toml = toml::to_string(&file).map_err(|error| text(&error))?;
    write("original.wasm", &shown.original.wasm)?;
    let printed = wasmprinter::print_bytes(&shown.case.wasm).map_err(|error| text(&error))?;
    if found.reduced {
        write("reduced.wat", printed.as_bytes())?;
    }
    let report = report::of(&file, finding.what, shown.case, &printed);
    write("report.md", report.as_bytes())?;
    if let Some(cause) = shown.cause
        && let Some(listing) = differ.listing(differing(shown.judged), shown.case, cause.func)
    {
        write("function.clif", listing.clif.as_bytes())?;
        write("function.asm", listing.assembly.as_bytes())?;
    }
    let limit = differ.options().run.time.as_ref().and_then(limit_text);
    write("replay.sh", report::replay(&file, limit.as_deref()).as_bytes())?;
    write(FINDING, toml.as_bytes())
}

/// The description of a finding.
fn entry(
    finding: &Finding,
    found: &Found,
    shown: Shown<'_>,
    differ: &Differ,
    divergence: &Divergence,
) -> EntryFile {
    let calls = shown.case.calls.iter().map(|call| EntryCall {
        export: call.export.clone(),
        args: call.args.iter().map(|v| v.to_record().to_string()).collect(),
        ..EntryCall::default()
    });
    let engine = differing(shown.judged);
    let infos = differ.infos().into_iter().enumerate();
    let differing = infos.filter(|(place, _)| *place == 0 || *place == engine).map(|(_, info)| {
        let seen = divergence.by_engine.get(&info.name);
        let seen = seen.map(|seen| seen.relevant(divergence.what).to_string());
        EntryEngine { name: info.name, version: info.version, seen: seen.unwrap_or_default() }
    });
    let cause = shown.cause.map(|cause| EntryCause {
        instruction: cause.text.clone(),
        function: cause.func,
        offset: cause.offset,
        operands: cause.operands.clone(),
        seen: cause.seen.to_vec(),
        rules: cause.rules.clone(),
    });
    EntryFile {
        title: match &finding.operator {
            Some(operator) => format!("{} at {operator}", report::differs(finding.what)),
            None => report::differs(finding.what),
        },
        engines: finding.engines.clone(),
        gas: found.gas,
        schedule: schedule(differ),
        found: Some(Origin {
            what: finding.what,
            profile: found.profile.to_owned(),
            seed: found.seed.to_string(),
            case: found.number,
            operator: finding.operator.clone(),
            reduced: found.reduced,
        }),
        calls: calls.collect(),
        differing: differing.collect(),
        cause,
        since: shown.since.cloned(),
        seen: lines(divergence),
        program: shown.case.program.as_deref().cloned(),
        ..EntryFile::default()
    }
}

/// The name of the schedule that engines run under, if it is not the default one and has a name that says it.
fn schedule(differ: &Differ) -> Option<String> {
    let id = differ.options().run.gas.as_ref()?.schedule.id().to_string();
    let name = id.split('@').next()?;
    let is_named = named_schedule(name).is_some_and(|known| known.id().to_string() == id);
    (is_named && name != Schedule::DEFAULT).then(|| name.to_owned())
}

/// Adds a line to the report in a folder of a finding, if there is one.
pub(crate) fn add_line(folder: &Path, line: &str) -> Result<(), FuzzError> {
    let file = folder.join("report.md");
    match std::fs::read_to_string(&file) {
        Ok(report) => {
            let line = line.trim_start_matches([';', ' ']);
            replace(&file, format!("{report}\nNote: {line}.\n").as_bytes())
        }
        Err(_) => Ok(()),
    }
}

/// Says in a folder of a finding since which version it is.
///
/// # Errors
/// If the finding cannot be read, or its files not be written.
pub fn add_since(folder: &Path, since: &Since) -> Result<(), FuzzError> {
    let text = |error: &dyn std::fmt::Display| FuzzError::Text {
        id: folder.display().to_string(),
        error: error.to_string(),
    };
    let entry = Entry::read(&folder.join(FINDING)).map_err(|error| text(&error))?;
    let file = EntryFile { since: Some(since.clone()), ..entry.file };
    let toml = toml::to_string(&file).map_err(|error| text(&error))?;
    let printed = wasmprinter::print_bytes(&entry.case.wasm).map_err(|error| text(&error))?;
    let what = file.found.as_ref().map(|found| found.what);
    if let Some(what) = what {
        let report = report::of(&file, what, &entry.case, &printed);
        replace(&folder.join("report.md"), report.as_bytes())?;
    }
    replace(&folder.join(FINDING), toml.as_bytes())
}

/// Writes a file under another name in the same folder, and gives it its own name when it is whole.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<(), FuzzError> {
    let failed = |error| FuzzError::Save { file: file.to_owned(), error };
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = file.with_file_name(name);
    std::fs::write(&new, bytes).map_err(failed)?;
    std::fs::rename(&new, file).map_err(failed)
}
