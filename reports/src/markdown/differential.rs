//! Records of `diff` and `fuzz` in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use etalon_record::{DiffRecord, Divergence, EngineInfo, FuzzRecord, Uncallable, Value};

use super::escape::{code, plain};
use crate::cells::Cells;
use crate::html::missing_shards;
use crate::text::{counted, list, number};

/// How many divergences or findings are shown.
const MAX_ENTRIES: usize = 500;

/// A record of `diff` as Markdown.
#[must_use]
pub fn diff(record: &DiffRecord) -> String {
    let mut out = format!("# Differential run on {}\n\n", plain(&record.arch));
    let cases = compared(record.calls, record.cases);
    let _ = match record.divergences.len() as u64 {
        0 if record.idle.len() as u64 == record.cases => {
            writeln!(out, "**✗ Nothing was compared in {cases}.**\n")
        }
        0 if !record.timed_out.is_empty() => {
            let late = timed_out(record.timed_out.len() as u64, record.time_limit.as_deref());
            writeln!(out, "**✗ No divergence in {cases}, but {late}.**\n")
        }
        0 => writeln!(out, "**✓ {} agree in {cases}.**\n", engine_names(&record.engines)),
        some => {
            let divergences = counted(some, "divergence", "divergences");
            writeln!(
                out,
                "**✗ {divergences} between {} in {cases}.**\n",
                engine_names(&record.engines)
            )
        }
    };
    if record.interrupted {
        let left = counted(record.not_run, "file", "files");
        let _ = writeln!(out, "A signal ended the run; {left} after that were not run.\n");
    }
    if record.not_made > 0 {
        let calls = counted(record.not_made, "call", "calls");
        let _ = writeln!(out, "Not made, because their case ended before them: {calls}.\n");
    }
    if !record.errors.is_empty() {
        let files = counted(record.errors.len() as u64, "file", "files");
        let _ = writeln!(out, "Could not be run at all: {files}.\n");
    }
    out.push_str(&poisoned(&record.poisoned));
    out.push_str(&outcomes(&record.outcomes));
    for idle in record.idle.iter().take(MAX_ENTRIES) {
        let (file, reason) = (plain(&idle.file), plain(&idle.reason));
        let _ = writeln!(out, "No call was compared of {file}: {reason}\n");
    }
    for Uncallable { file, export, ty } in record.not_callable.iter().take(MAX_ENTRIES) {
        let (file, export, ty) = (plain(file), code(export), code(ty));
        let _ = writeln!(out, "Not called of {file}, for there is no argument: {export} {ty}\n");
    }
    out.push_str(&left_out(record.not_callable.len()));
    for divergence in record.divergences.iter().take(MAX_ENTRIES) {
        out.push_str(&divergence_table(divergence));
    }
    out.push_str(&left_out(record.divergences.len()));
    for timeout in record.timed_out.iter().take(MAX_ENTRIES) {
        out.push_str(&divergence_table(timeout));
    }
    out.push_str(&left_out(record.timed_out.len()));
    if let Some(reached) = &record.coverage {
        out.push_str(&super::coverage::coverage(reached));
    }
    out
}

/// How many cases did not end, which is no agreement.
fn timed_out(cases: u64, limit: Option<&str>) -> String {
    let verb = if cases == 1 { "case does" } else { "cases do" };
    format!("{} {verb} not end within {}", number(cases), plain(limit.unwrap_or("the limit")))
}

/// How much was compared.
fn compared(calls: u64, cases: u64) -> String {
    let cases = counted(cases, "case", "cases");
    match calls {
        0 => cases,
        calls => format!("{} of {cases}", counted(calls, "call", "calls")),
    }
}

fn outcomes(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> =
        counts.iter().map(|(name, count)| format!("{} {}", plain(name), number(*count))).collect();
    if counts.is_empty() { String::new() } else { format!("Outcomes: {}\n\n", counts.join(", ")) }
}

fn divergence_table(divergence: &Divergence) -> String {
    let args: Vec<String> = divergence.args.iter().map(Value::as_word).collect();
    let call = match &divergence.invoke {
        Some(name) => format!(", {}({})", plain(name), plain(&args.join(", "))),
        None => String::new(),
    };
    let mut out = format!(
        "## {}: {}{call}\n\n| engine | did |\n| --- | --- |\n",
        divergence.what,
        plain(&divergence.file)
    );
    for (engine, observation) in &divergence.by_engine {
        let _ = writeln!(out, "| {} | {} |", plain(engine), code(&observation.to_string()));
    }
    out.push('\n');
    out
}

/// A record of `fuzz` as Markdown.
#[must_use]
pub fn fuzz(record: &FuzzRecord) -> String {
    let mut out = format!("# Fuzzing on {}\n\n", plain(&record.arch));
    let cases = compared(record.cases, record.modules);
    let engines = engine_names(&record.engines);
    let _ = match record.findings.len() as u64 {
        0 if record.timed_out > 0 => {
            let late = timed_out(record.timed_out, record.time_limit.as_deref());
            writeln!(out, "**✗ No divergence in {cases} on {engines}, but {late}.**\n")
        }
        0 if record.cases == 0 => writeln!(out, "**✗ No call was compared in {cases}.**\n"),
        0 => writeln!(out, "**✓ {engines} agree in {cases}.**\n"),
        some => writeln!(
            out,
            "**✗ {} in {cases} on {engines}.**\n",
            counted(some, "finding", "findings")
        ),
    };
    let _ = write!(out, "Seed {}", record.seed);
    if let Some(profile) = &record.profile {
        let _ = write!(out, " · profile {}", plain(profile));
    }
    if record.timed_out > 0 && !record.findings.is_empty() {
        let _ = write!(out, " · {}", timed_out(record.timed_out, record.time_limit.as_deref()));
    }
    if let Some(shards) = missing_shards(record.shards.as_ref()) {
        let _ = write!(out, " · {shards}");
    }
    if record.interrupted {
        out.push_str(" · ended by a signal");
    }
    out.push_str("\n\n");
    out.push_str(&poisoned(&record.poisoned));
    out.push_str(&outcomes(&record.outcomes));
    out.push_str(&findings(record));
    out.push_str(&generators(record));
    out.push_str(&coverage(record));
    if let Some(reached) = &record.coverage.rules {
        out.push_str(&super::coverage::coverage(reached));
    }
    out
}

fn findings(record: &FuzzRecord) -> String {
    if record.findings.is_empty() {
        return String::new();
    }
    let mut out =
        "## Findings\n\n| id | what | operator | engines | folder | summary |\n".to_owned();
    out.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for finding in record.findings.iter().take(MAX_ENTRIES) {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            plain(&finding.id),
            finding.what,
            code(finding.operator.as_deref().unwrap_or("")),
            plain(&finding.engines.join(", ")),
            code(&finding.folder),
            plain(finding.summary.as_deref().unwrap_or(""))
        );
    }
    out.push_str(&left_out(record.findings.len()));
    out.push('\n');
    out
}

/// What each generator did, and how many operators and kinds of operands it reached, where it tells.
fn generators(record: &FuzzRecord) -> String {
    if record.generators.is_empty() {
        return String::new();
    }
    let mut out = "## Generators\n\n| generator | modules | cases | operators | with kinds of operands | calls with them |\n"
        .to_owned();
    out.push_str("| --- | ---: | ---: | ---: | ---: | --- |\n");
    for (name, generator) in &record.generators {
        let cells = Cells::of(generator);
        let tells = |count: u64| if count == 0 { "–".to_owned() } else { number(count) };
        let ended = cells.outcomes.iter().map(|(outcome, n)| format!("{} {outcome}", number(*n)));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            plain(name),
            number(generator.modules),
            number(generator.cases),
            tells(generator.operators),
            tells(cells.filled()),
            plain(&ended.collect::<Vec<_>>().join(", "))
        );
    }
    out.push('\n');
    out
}

fn coverage(record: &FuzzRecord) -> String {
    let coverage = &record.coverage;
    let mut out = String::new();
    if coverage.operators_total > 0 {
        let reached = number(coverage.operators_reached);
        let _ = writeln!(
            out,
            "## Coverage\n\n{reached} of {} operators.",
            number(coverage.operators_total)
        );
        if !coverage.missing.is_empty() {
            let missing: Vec<String> =
                coverage.missing.iter().take(MAX_ENTRIES).map(|name| plain(name)).collect();
            let _ = writeln!(out, "Missing: {}.", list(&missing));
        }
    }
    out
}

fn engine_names(engines: &[EngineInfo]) -> String {
    let names: Vec<String> = engines.iter().map(|engine| plain(&engine.name)).collect();
    if names.is_empty() { "the engines".to_owned() } else { list(&names) }
}

fn poisoned(reasons: &BTreeMap<String, u64>) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{} {}", plain(reason), number(*count)))
        .collect();
    format!(
        "With differences that the specification allows, or not compared to the end: {}.\n\n",
        reasons.join(", ")
    )
}

fn left_out(all: usize) -> String {
    match all.saturating_sub(MAX_ENTRIES) {
        0 => String::new(),
        left => format!("… and {} more.\n", number(left as u64)),
    }
}
