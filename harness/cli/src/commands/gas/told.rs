//! What comparisons of gas found, for people and for programs.

use super::forms;
use crate::exit::Status;
use crate::fault::tool;
use crate::output::{self, Format, bad, good, json, plain, say, say_in_colour};
use crate::{escape, words::counted};
use anyhow::{Result, bail};
use clap::ValueEnum;
use etalon_audit::{Difference, Moved};
use etalon_record::{Document, Kind};
use serde::Serialize;
use std::path::Path;

/// Functions and operators of a step that are shown.
const MOST_SHOWN: usize = 10;

/// How differences are printed, in place of text for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Report {
    /// Tables, for a comment on a change
    Markdown,
    /// JUnit XML: a test suite for each file, a test case for each difference
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub's workflows
    Github,
}

/// What came of a file of scenarios.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// All is as it was.
    Equal,
    /// Something is otherwise.
    Differs {
        /// What.
        differences: Vec<Difference>,
    },
    /// The snapshot was written anew.
    Blessed,
}

impl Outcome {
    pub(super) fn of(differences: Vec<Difference>) -> Outcome {
        if differences.is_empty() { Outcome::Equal } else { Outcome::Differs { differences } }
    }

    pub(super) fn differences(&self) -> &[Difference] {
        match self {
            Outcome::Differs { differences } => differences,
            Outcome::Equal | Outcome::Blessed => &[],
        }
    }
}

/// A comparison.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    /// The scenarios, or the snapshot now.
    pub(super) file: String,
    /// The snapshot that it was compared with.
    pub(super) against: String,
    pub(super) engine: &'static str,
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

/// All comparisons.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    action: &'static str,
    /// Whether something could not be checked.
    #[serde(rename = "incomplete")]
    pub(super) is_incomplete: bool,
    pub(super) files: Vec<Compared>,
}

impl Told {
    pub(super) fn new(action: &'static str) -> Told {
        Told { action, is_incomplete: false, files: Vec::new() }
    }

    pub(super) fn add(&mut self, file: &Path, against: &Path, engine: &'static str, what: Outcome) {
        let [file, against] = [file, against].map(|path| path.display().to_string());
        self.files.push(Compared { file, against, engine, outcome: what });
    }

    pub(super) fn tell(&self, format: Format, report: Option<Report>) -> Result<Status> {
        if format == Format::Json && report.is_some() {
            bail!("--report and --format json are two forms; one document is written");
        }
        match (format, report) {
            (Format::Json, _) => json(&Document::new(Kind::Gas, tool(), self))?,
            (_, None) => self.files.iter().for_each(print),
            (_, Some(Report::Markdown)) => said(&forms::markdown(self)),
            (_, Some(Report::Junit)) => said(&forms::junit(self)?),
            (_, Some(Report::Sarif)) => said(&forms::sarif(self)?),
            (_, Some(Report::Github)) => said(&forms::github(self)),
        }
        if self.is_incomplete {
            return Ok(Status::Unusable);
        }
        let differs = self.files.iter().any(|file| !file.outcome.differences().is_empty());
        Ok(if differs { Status::Finding } else { Status::Fine })
    }
}

/// Writes a document whose form has escaped what is in it.
fn said(text: &str) {
    if !text.is_empty() {
        output::bytes(format!("{}\n", text.trim_end()).as_bytes());
    }
}

fn print(compared: &Compared) {
    let Compared { file, against, engine, outcome } = compared;
    let (file, against) = (escape::file(file), escape::file(against));
    let tier = if *engine == "oracle" { String::new() } else { format!(" on {engine}") };
    match outcome {
        Outcome::Equal => {
            say_in_colour([
                good("ok     "),
                plain(format!("{file}{tier}: gas is as in {against}")),
            ]);
        }
        Outcome::Blessed => say!("blessed {against}: it is what {file} costs now"),
        Outcome::Differs { differences } => {
            let count = counted(differences.len() as u64, "difference");
            let what = format!("{file}{tier}: {count} from {against}");
            say_in_colour([bad("FAILED "), plain(what)]);
            differences.iter().for_each(print_difference);
        }
    }
}

/// A difference in one line.
pub(super) fn summary(difference: &Difference) -> String {
    match difference {
        Difference::Schedule { before, now } => {
            format!("the schedule is {now}, and was {before}: no figure can be compared")
        }
        Difference::Vanished { scenario } => format!("scenario {scenario}: it is gone"),
        Difference::New { scenario } => format!("scenario {scenario}: it is new"),
        Difference::Steps { scenario, before, now } => {
            format!("scenario {scenario}: {now}, where {before} was")
        }
        Difference::Step { scenario, step, outcome, figures, .. } => {
            let mut parts = Vec::new();
            if let Some([before, now]) = outcome {
                parts.push(format!("{now}, and was {before}"));
            }
            parts.extend(figures.iter().map(|(name, [before, now])| {
                format!("{name} {before} -> {now}{}", percent(*before, *now))
            }));
            if parts.is_empty() {
                parts.push("the same sum, spent otherwise".to_owned());
            }
            format!("scenario {scenario}, {step}: {}", parts.join(", "))
        }
    }
}

/// A change in hundredths.
pub(super) fn percent(before: u64, now: u64) -> String {
    if before == 0 {
        return String::new();
    }
    match now / before {
        0..100 => format!(" ({:+.2} %)", (now as f64 / before as f64 - 1.0) * 100.0),
        times => format!(" ({times} times)"),
    }
}

/// What moved, in words.
pub(super) fn moved(moved: &Moved) -> String {
    let Moved { name, before, now, count_before, count_now } = moved;
    let by = moved.by();
    format!("{by:+} {name}: {before} -> {now} gas, {count_before} -> {count_now} times")
}

fn print_difference(difference: &Difference) {
    say!("  {}", summary(difference));
    let Difference::Step { functions, operators, .. } = difference else { return };
    for (what, rows) in [("function", functions), ("operator", operators)] {
        for row in rows.iter().take(MOST_SHOWN) {
            say!("    {what} {}", moved(row));
        }
        if let Some(more) = rows.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
            say!("    and {}", counted(more as u64, &format!("more {what}")));
        }
    }
}
