//! Reports, as files of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use etalon_record::{DiffRecord, FuzzRecord, Record, SuiteRecord, to_json};

use crate::compare::{Comparison, compare};
use crate::error::RenderError;
use crate::summary::Baseline;
use crate::{html, index, junit, markdown};

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

/// Renders one record for `out/<arch>/`: `index.html`, `report.md`, `junit.xml` and `summary.json`.
///
/// # Errors
/// If the architecture cannot name a folder.
pub fn render_all(record: &SuiteRecord, out: &Path) -> Result<Vec<Page>, RenderError> {
    render_suite(record, None, out)
}

/// Renders records for `out`, a folder for each architecture. Suite records of one architecture are merged; with
/// several architectures there is an `index.html` over them that says whether they agree. Records of `diff` become `diff.md`.
/// Those of `fuzz` of one architecture are merged, and become `fuzz.html`, `fuzz.md` and `fuzz.json`, which is the merged record.
///
/// With a `baseline`, the reports of its architecture say what has changed since.
///
/// # Errors
/// If there is no record, a record has no report, or records contradict each other.
pub fn render_records(
    records: Vec<Record>,
    baseline: Option<&Baseline>,
    out: &Path,
) -> Result<Vec<Page>, RenderError> {
    let ByArch { suites, diffs, fuzzes } = by_arch(records)?;
    let mut pages = Vec::new();
    for record in suites.values() {
        let baseline = baseline.filter(|baseline| baseline.arch == record.arch);
        let comparison = baseline.map(|baseline| compare(baseline, &Baseline::of(record)));
        pages.extend(render_suite(record, comparison.as_ref(), out)?);
    }
    for (arch, records) in &diffs {
        let text: Vec<String> = records.iter().map(markdown::diff).collect();
        pages.push(page(folder(out, arch)?.join("diff.md"), text.join("\n")));
    }
    for (arch, record) in &fuzzes {
        let folder = folder(out, arch)?;
        pages.push(page(folder.join("fuzz.html"), html::campaign(record)));
        pages.push(page(folder.join("fuzz.md"), markdown::fuzz(record)));
        pages.push(page(folder.join("fuzz.json"), to_json(record)?));
    }
    if suites.len() > 1 {
        let suites: Vec<&SuiteRecord> = suites.values().collect();
        pages.push(page(out.join("index.html"), index::page(&suites)));
    }
    Ok(pages)
}

/// Records by architecture.
#[derive(Default)]
struct ByArch {
    suites: BTreeMap<String, SuiteRecord>,
    diffs: BTreeMap<String, Vec<DiffRecord>>,
    fuzzes: BTreeMap<String, FuzzRecord>,
}

fn by_arch(records: Vec<Record>) -> Result<ByArch, RenderError> {
    if records.is_empty() {
        return Err(RenderError::NoRecord);
    }
    let mut sorted = ByArch::default();
    for record in records {
        match record {
            Record::Suite(record) => match sorted.suites.get_mut(&record.arch) {
                Some(first) => first.merge(record)?,
                None => {
                    sorted.suites.insert(record.arch.clone(), record);
                }
            },
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
    Ok(sorted)
}

fn render_suite(
    record: &SuiteRecord,
    comparison: Option<&Comparison>,
    out: &Path,
) -> Result<Vec<Page>, RenderError> {
    let folder = folder(out, &record.arch)?;
    Ok(vec![
        page(folder.join("index.html"), html::page(record, comparison)),
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
