//! What `etalon report` reads: records, baselines, and records of earlier runs.

use crate::escape;
use crate::fault::InputError;
use crate::input;
use anyhow::Result;
use etalon_record::{Record, SuiteRecord, read_record};
use etalon_reports::{Baseline, History};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many records of earlier runs are read: the latest of them.
const MAX_HISTORY: usize = 1000;
/// How many entries a folder of them may have.
const MAX_ENTRIES: usize = 100_000;

/// A record in a file.
pub(super) fn read(path: &Path) -> Result<Record> {
    let text = input::read_text(path)?;
    read_record(&text).map_err(|error| wrong(path, &error))
}

/// Why a file is not what it should be.
fn wrong(path: &Path, error: &dyn std::error::Error) -> anyhow::Error {
    InputError::new("syntax", path, error.to_string()).into()
}

/// Merges the parts of a run of suites, and those of a campaign, on each architecture. One that does not belong there is named.
pub(super) fn merged(records: Vec<(&Path, Record)>) -> Result<Vec<Record>> {
    let mut merged: Vec<(&Path, Record)> = Vec::new();
    let mut places = BTreeMap::<(bool, String), usize>::new();
    for (path, record) in records {
        let place = match &record {
            Record::Suite(record) => (true, record.arch.clone()),
            Record::Fuzz(record) => (false, record.arch.clone()),
            _ => {
                merged.push((path, record));
                continue;
            }
        };
        let Some(at) = places.get(&place) else {
            places.insert(place, merged.len());
            merged.push((path, record));
            continue;
        };
        let (first, whole) = &mut merged[*at];
        let cannot = |error: &dyn std::error::Error| {
            let message = format!("cannot be merged with {}: {error}", escape::path(first));
            InputError::usage(path, message)
        };
        match (whole, record) {
            (Record::Suite(whole), Record::Suite(part)) => {
                whole.merge(part).map_err(|error| cannot(&error))?;
            }
            (Record::Fuzz(whole), Record::Fuzz(part)) => {
                whole.merge(part).map_err(|error| cannot(&error))?;
            }
            _ => {}
        }
    }
    Ok(merged.into_iter().map(|(_, record)| record).collect())
}

/// The summaries to compare with: one in a file, or those of a folder for the architectures of the records.
pub(super) fn baselines(
    path: &Path,
    suites: &[&SuiteRecord],
    notes: &mut Vec<String>,
) -> Result<Vec<Baseline>> {
    let baseline =
        |path: &Path| Baseline::read(&input::read_text(path)?).map_err(|error| wrong(path, &error));
    if !path.is_dir() {
        let baseline = baseline(path)?;
        if suites.iter().all(|suite| suite.arch != baseline.arch) {
            let message = format!("the baseline is for {}, and no record is", baseline.arch);
            return Err(InputError::usage(path, message).into());
        }
        return Ok(vec![baseline]);
    }
    let mut found = Vec::new();
    for suite in suites {
        let is_plain = suite.arch.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let file = path.join(format!("{}.json", suite.arch));
        if !is_plain || !file.exists() {
            notes.push(format!("there is no baseline for {}", suite.arch));
            continue;
        }
        let baseline = baseline(&file)?;
        if baseline.arch != suite.arch {
            let message = format!("the baseline is for {} and not {}", baseline.arch, suite.arch);
            return Err(InputError::usage(&file, message).into());
        }
        found.push(baseline);
    }
    Ok(found)
}

/// What the records in a folder, and in folders in it, say of what fails in the records of this run; these are no history, if
/// they are there too.
pub(super) fn history(
    folder: &Path,
    now: &[PathBuf],
    suites: &[&SuiteRecord],
    notes: &mut Vec<String>,
) -> Result<History> {
    let mut files = files_in(folder)?;
    let now: Vec<PathBuf> = now.iter().filter_map(|path| path.canonicalize().ok()).collect();
    files.retain(|file| file.canonicalize().is_ok_and(|file| !now.contains(&file)));
    files.sort_by(|a, b| natural(&name(folder, a), &name(folder, b)));
    if let Some(left) = files.len().checked_sub(MAX_HISTORY).filter(|left| *left > 0) {
        files.drain(..left);
        notes.push(format!(
            "of the history, the latest {MAX_HISTORY} records are read and {left} are not"
        ));
    }
    let mut history = History::of(suites.iter().copied());
    for file in &files {
        match read(file)? {
            Record::Suite(record) => {
                let added = history.add(name(folder, file), &record);
                added.map_err(|error| wrong(file, &error))?;
            }
            other => notes.push(format!(
                "{} is of `etalon {}` and has no part in the history",
                name(folder, file),
                other.kind()
            )),
        }
    }
    Ok(history)
}

/// The name of a record in its folder, without the ending.
fn name(folder: &Path, file: &Path) -> String {
    let name = file.strip_prefix(folder).unwrap_or(file).with_extension("");
    name.display().to_string()
}

/// The files of a folder, and of the folders in it, that end in `.json`, without the summaries that reports have.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let cannot = |error| InputError::io(&folder, "cannot be read", &error);
        for entry in folder.read_dir().map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if files.len() + folders.len() >= MAX_ENTRIES {
                let message =
                    format!("more than {MAX_ENTRIES} files, which is the most that is read");
                return Err(InputError::new("limit", &folder, message).into());
            }
            if path.is_dir() && depth == 0 {
                folders.push((path, 1));
            } else if path.is_file()
                && path.extension().is_some_and(|ending| ending == "json")
                && path.file_name().is_some_and(|name| name != "summary.json")
            {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// The order of names in which numbers count as numbers: `run-9` comes before `run-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (pieces_a, pieces_b) = (pieces(a), pieces(b));
    for (a, b) in pieces_a.iter().zip(&pieces_b) {
        let order = match (a.starts_with(is_digit), b.starts_with(is_digit)) {
            (true, true) => {
                let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            }
            _ => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    pieces_a.len().cmp(&pieces_b.len()).then_with(|| a.cmp(b))
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// A name as numbers and what is between them.
fn pieces(mut name: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while let Some(first) = name.chars().next() {
        let end = name.find(|c| is_digit(c) != is_digit(first)).unwrap_or(name.len());
        pieces.push(&name[..end]);
        name = &name[end..];
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["run-10", "run-9", "2026-11-02/x", "run-09", "run", "2026-2-1/x", "a"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["2026-2-1/x", "2026-11-02/x", "a", "run", "run-09", "run-9", "run-10"]);
    }
}
