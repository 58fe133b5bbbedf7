//! Reports, as files of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use etalon_record::{DiffRecord, FuzzRecord, Record, SuiteRecord, Totals, to_json};

use crate::across::{self, Across, Aspect};
use crate::compare::{Change, Comparison, compare};
use crate::error::RenderError;
use crate::history::History;
use crate::html::Beside;
use crate::limits::{self, MAX_ARCHS};
use crate::markdown::Card;
use crate::summary::Baseline;
use crate::text::{counted, list};
use crate::verdict::Verdict;
use crate::view::View;
use crate::{github, html, junit, markdown, problems, sarif};

/// Longer names of architectures are refused.
const MAX_ARCH: usize = 64;

/// A file of a report, not yet written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where it is to be.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
}

impl Page {
    /// Writes it, in a folder that is made if need be.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self) -> Result<(), RenderError> {
        let Page { path, text } = self;
        let wrote =
            path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
        wrote.map_err(|source| RenderError::Write { path: path.clone(), source })
    }
}

/// What records are compared with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Committed summaries; each is compared with the record of its architecture.
    pub baselines: Vec<Baseline>,
    /// What earlier records say of what fails now.
    pub history: Option<History>,
}

/// Reports that are not yet written, and what they come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The files.
    pub pages: Vec<Page>,
    /// One sentence for each architecture with a suite record; before them one over all, if there are several.
    pub verdicts: Vec<String>,
    /// In what architectures differ, a sentence for each script.
    pub differences: Vec<String>,
    /// What became worse since the baselines.
    pub worse: Vec<String>,
    /// What became better since the baselines.
    pub better: Vec<String>,
    /// What was not compared, and why.
    pub notes: Vec<String>,
    /// A card in Markdown, of ten lines at most.
    pub card: String,
    /// Annotations for the output of a step.
    pub annotations: String,
}

impl Rendered {
    /// Whether nothing became worse, and architectures do not differ in anything that they all tried.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.worse.is_empty() && self.differences.is_empty()
    }
}

/// Renders one record for `out/<arch>/`: `index.html`, `report.md`, `junit.xml` and `summary.json`.
///
/// # Errors
/// If the architecture cannot name a folder.
pub fn render_all(record: &SuiteRecord, out: &Path) -> Result<Vec<Page>, RenderError> {
    limits::check(record)?;
    render_suite(record, None, None, out)
}

/// Renders records for `out`, a folder for each architecture. Suite records of one architecture are merged; with
/// several architectures there is an `index.html` over all of them, which says first in what they differ. Records of `diff`
/// become `diff.md`. Those of `fuzz` of one architecture are merged, and become `fuzz.html`, `fuzz.md` and `fuzz.json`, which
/// is the merged record. `report.sarif` and `card.md` are over everything.
///
/// # Errors
/// If there is no record, a record has no report, or records contradict each other or have nothing in common.
pub fn render_records(
    records: Vec<Record>,
    options: &Options,
    out: &Path,
) -> Result<Rendered, RenderError> {
    let all = by_arch(records)?;
    let ByArch { suites, diffs, fuzzes } = &all;
    let mut rendered = Rendered::default();
    let mut comparisons = Vec::new();
    for record in suites.values() {
        let baseline = options.baselines.iter().find(|baseline| baseline.arch == record.arch);
        let comparison = baseline.map(|baseline| compare(baseline, &Baseline::of(record)));
        let history = options.history.as_ref();
        rendered.pages.extend(render_suite(record, comparison.as_ref(), history, out)?);
        comparisons.push(comparison);
    }
    for (arch, records) in diffs {
        let text: Vec<String> = records.iter().map(markdown::diff).collect();
        rendered.pages.push(page(folder(out, arch)?.join("diff.md"), text.join("\n")));
    }
    for (arch, record) in fuzzes {
        let folder = folder(out, arch)?;
        rendered.pages.push(page(folder.join("fuzz.html"), html::campaign(record)));
        rendered.pages.push(page(folder.join("fuzz.md"), markdown::fuzz(record)));
        rendered.pages.push(page(folder.join("fuzz.json"), to_json(record)?));
    }
    over_all(&mut rendered, &all, comparisons, options, out)?;
    Ok(rendered)
}

/// The page over several architectures, and what is made of everything together.
fn over_all(
    rendered: &mut Rendered,
    all: &ByArch,
    comparisons: Vec<Option<Comparison>>,
    options: &Options,
    out: &Path,
) -> Result<(), RenderError> {
    let suites: Vec<&SuiteRecord> = all.suites.values().collect();
    let mut problems = Vec::new();
    let mut card = Card::default();
    let sentences = suites.iter().map(|record| crate::verdict(record));
    if suites.len() > 1 {
        let across = Across::new(&suites)?;
        let (verdict, sentence) = all.verdict(&across);
        card.verdict = (verdict.symbol(), sentence.clone());
        rendered.verdicts = iter::once(sentence).chain(sentences).collect();
        problems = problems::of_across(&across);
        let differences = across.differences.iter().filter(|d| d.aspects[0] != Aspect::Tried);
        rendered.differences = differences.map(|difference| difference.headline()).collect();
        let beside = Beside {
            verdict: (verdict, card.verdict.1.clone()),
            comparisons: comparisons.clone(),
            history: options.history.as_ref(),
            fuzzes: all.fuzzes.values().collect(),
            diffs: all.diffs.values().flatten().collect(),
        };
        rendered.pages.push(page(out.join("index.html"), html::page_across(&across, &beside)));
    } else {
        rendered.verdicts = sentences.collect();
        if let Some(record) = suites.first() {
            let view = View::new(record);
            card.verdict = (Verdict::of(&view).symbol(), crate::verdict(record));
            problems = problems::of_view(&view);
        }
    }
    for (record, comparison) in suites.iter().zip(&comparisons) {
        let Some(comparison) = comparison else { continue };
        let told = |change: &Change| format!("{}: {change}", record.arch);
        rendered.worse.extend(comparison.regressions.iter().map(told));
        rendered.better.extend(comparison.improvements.iter().map(told));
        problems.extend(problems::of_comparison(&record.arch, comparison));
    }
    problems.extend(all.fuzzes.values().flat_map(problems::of_fuzz));
    problems.extend(all.diffs.values().flatten().flat_map(problems::of_diff));
    card.better.clone_from(&rendered.better);
    if suites.is_empty() {
        card.verdict = match problems.len() as u64 {
            0 => ("✓", "Nothing was found.".to_owned()),
            some => {
                ("✗", format!("{} on {}.", counted(some, "finding", "findings"), all.subject()))
            }
        };
    }
    card.subject = all.subject();
    rendered.card = card.text(&problems);
    rendered.annotations = github::annotations(&problems);
    let version = all.version();
    rendered.pages.push(page(out.join("report.sarif"), sarif::sarif(version, &problems)?));
    rendered.pages.push(page(out.join("card.md"), rendered.card.clone()));
    Ok(())
}

/// Records by architecture.
#[derive(Debug, Default)]
struct ByArch {
    suites: BTreeMap<String, SuiteRecord>,
    diffs: BTreeMap<String, Vec<DiffRecord>>,
    fuzzes: BTreeMap<String, FuzzRecord>,
}

impl ByArch {
    /// The version of the program that wrote the first of them.
    fn version(&self) -> &str {
        let suites = self.suites.values().map(|record| &record.tool);
        let fuzzes = self.fuzzes.values().map(|record| &record.tool);
        let diffs = self.diffs.values().flatten().map(|record| &record.tool);
        suites.chain(fuzzes).chain(diffs).next().map_or("", |tool| &tool.version)
    }

    /// The verdict over several architectures. What campaigns found counts too, and comes first where scripts do not differ.
    fn verdict(&self, across: &Across<'_>) -> (Verdict, String) {
        let (verdict, sentence) = (across::verdict(across), across::sentence(across));
        let mut found: Vec<String> = Vec::new();
        for (arch, record) in self.fuzzes.iter().filter(|(_, record)| !record.findings.is_empty()) {
            let count = counted(record.findings.len() as u64, "finding", "findings");
            found.push(format!(
                "On {arch}, a campaign has {count}, first {}.",
                record.findings[0].id
            ));
        }
        for (arch, record) in
            self.diffs.iter().flat_map(|(arch, all)| all.iter().map(move |r| (arch, r)))
        {
            if let Some(first) = record.divergences.first() {
                let count = counted(record.divergences.len() as u64, "divergence", "divergences");
                found.push(format!("On {arch}, a run of diff has {count}, first {}.", first.file));
            }
        }
        if found.is_empty() {
            return (verdict, sentence);
        }
        let scripts_differ = across.differences.iter().any(|d| d.aspects[0] != Aspect::Tried);
        found.insert(if scripts_differ { 0 } else { found.len() }, sentence);
        (Verdict::Fail, found.join(" "))
    }

    /// What was judged, in a few words.
    fn subject(&self) -> String {
        let mut suites: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for record in self.suites.values() {
            let files = counted(Totals::of_rows(&record.rows).files, "file", "files");
            let engines = list(&record.engine_names());
            suites.entry(format!("{files} on {engines}")).or_default().push(&record.arch);
        }
        let on = |(what, archs): (&String, &Vec<&str>)| format!("{what}, on {}", list(archs));
        let mut words: Vec<String> = suites.iter().map(on).collect();
        for record in self.fuzzes.values() {
            let cases = counted(record.cases, "case", "cases");
            words.push(format!("{cases} of a campaign on {}", record.arch));
        }
        for record in self.diffs.values().flatten() {
            words.push(format!("{} on {}", counted(record.cases, "case", "cases"), record.arch));
        }
        format!("etalon {}: {}", self.version(), words.join("; "))
    }
}

fn by_arch(records: Vec<Record>) -> Result<ByArch, RenderError> {
    if records.is_empty() {
        return Err(RenderError::NoRecord);
    }
    let mut sorted = ByArch::default();
    for record in records {
        match record {
            Record::Suite(record) => {
                limits::check(&record)?;
                match sorted.suites.get_mut(&record.arch) {
                    Some(first) => first.merge(record)?,
                    None => {
                        sorted.suites.insert(record.arch.clone(), record);
                    }
                }
            }
            Record::Diff(record) => {
                sorted.diffs.entry(record.arch.clone()).or_default().push(record)
            }
            Record::Fuzz(record) => match sorted.fuzzes.get_mut(&record.arch) {
                Some(first) => first.merge(record)?,
                None => {
                    sorted.fuzzes.insert(record.arch.clone(), record);
                }
            },
            other @ (Record::Run(_) | Record::Engines(_) | Record::Bench(_)) => {
                return Err(RenderError::NoReport(other.kind()));
            }
        }
    }
    if sorted.suites.len() > MAX_ARCHS {
        return Err(RenderError::TooMany { what: "architectures", most: MAX_ARCHS });
    }
    sorted.suites.values().try_for_each(limits::check)?;
    Ok(sorted)
}

fn render_suite(
    record: &SuiteRecord,
    comparison: Option<&Comparison>,
    history: Option<&History>,
    out: &Path,
) -> Result<Vec<Page>, RenderError> {
    let folder = folder(out, &record.arch)?;
    Ok(vec![
        page(folder.join("index.html"), html::with_history(record, comparison, history)),
        page(folder.join("report.md"), markdown::suite(record, comparison)),
        page(folder.join("junit.xml"), junit::junit(record)?),
        page(folder.join("summary.json"), Baseline::of(record).to_json()?),
    ])
}

/// The folder of an architecture. Its name comes from a record, so it must not lead out of `out`.
fn folder(out: &Path, arch: &str) -> Result<PathBuf, RenderError> {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if arch.is_empty() || arch.len() > MAX_ARCH || arch.starts_with('.') || !arch.bytes().all(fit) {
        return Err(RenderError::Arch { arch: arch.to_owned() });
    }
    Ok(out.join(arch))
}

fn page(path: PathBuf, text: String) -> Page {
    Page { path, text }
}
