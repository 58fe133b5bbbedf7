//! Everything that is wrong, one by one: what the card, SARIF and annotations are made of.

use std::collections::BTreeSet;

use etalon_record::{DiffRecord, FuzzRecord};

use crate::across::{Across, Aspect};
use crate::compare::Comparison;
use crate::findings::{self, FileFailures, Listed};
use crate::text::{counted, list, number};
use crate::view::View;

/// What kind of problem it is: a rule, in the words of SARIF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    ArchitecturesDiffer,
    AssertionFailed,
    GasDiffers,
    UnexpectedPass,
    TimedOut,
    Finding,
    WorseThanBaseline,
    NotTriedEverywhere,
}

impl Rule {
    /// All of them, in the order in which SARIF numbers them.
    pub(crate) const ALL: [Rule; 8] = [
        Rule::ArchitecturesDiffer,
        Rule::AssertionFailed,
        Rule::GasDiffers,
        Rule::UnexpectedPass,
        Rule::TimedOut,
        Rule::Finding,
        Rule::WorseThanBaseline,
        Rule::NotTriedEverywhere,
    ];

    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::ArchitecturesDiffer => "architectures-differ",
            Self::AssertionFailed => "assertion-failed",
            Self::GasDiffers => "gas-differs",
            Self::UnexpectedPass => "unexpected-pass",
            Self::TimedOut => "timed-out",
            Self::Finding => "finding",
            Self::WorseThanBaseline => "worse-than-baseline",
            Self::NotTriedEverywhere => "not-tried-everywhere",
        }
    }

    /// In words, as a title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ArchitecturesDiffer => "Architectures differ",
            Self::AssertionFailed => "Assertion failed",
            Self::GasDiffers => "Engines charge different gas",
            Self::UnexpectedPass => "An expected failure passes",
            Self::TimedOut => "A command did not end within its limit",
            Self::Finding => "Engines differ on a module",
            Self::WorseThanBaseline => "Worse than the baseline",
            Self::NotTriedEverywhere => "Not judged on all architectures",
        }
    }

    /// Whether it fails a run. What timed out, or was not tried, is neither right nor wrong.
    pub(crate) fn is_error(self) -> bool {
        !matches!(self, Self::TimedOut | Self::NotTriedEverywhere)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) rule: Rule,
    /// The script, as `suite/file`; absent if it is about more than one, or none.
    pub(crate) script: Option<String>,
    /// The line in it, from 1.
    pub(crate) line: Option<u32>,
    /// One sentence that can stand alone.
    pub(crate) message: String,
}

/// What differs between architectures, and what fails on any of them.
pub(crate) fn of_across(across: &Across<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for difference in &across.differences {
        let rule = match difference.aspects[0] {
            Aspect::Tried => Rule::NotTriedEverywhere,
            _ => Rule::ArchitecturesDiffer,
        };
        problems.push(Problem {
            rule,
            script: Some(format!("{}/{}", difference.suite, difference.file)),
            line: difference.groups[0].failure.map(|failure| failure.line),
            message: difference.headline(),
        });
    }
    // An assertion that a difference tells of already is not told again.
    let told: BTreeSet<(Option<String>, Option<u32>)> =
        problems.iter().map(|problem| (problem.script.clone(), problem.line)).collect();
    let failures = of_failures(&findings::failures_across(across)).into_iter();
    let is_new = |p: &Problem| p.line.is_none() || !told.contains(&(p.script.clone(), p.line));
    problems.extend(failures.filter(is_new));
    for view in &across.views {
        problems.extend(beside_failures(view, &format!(" on {}", view.record.arch)));
    }
    problems
}

/// What is wrong in one record.
pub(crate) fn of_view(view: &View<'_>) -> Vec<Problem> {
    let mut problems = of_failures(&findings::failures(view));
    problems.extend(beside_failures(view, ""));
    problems
}

fn of_failures(files: &[FileFailures<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for file in files {
        let script = format!("{}/{}", file.suite, file.file);
        for failed in &file.assertions {
            let got: Vec<String> =
                failed.got.iter().map(|(engines, got)| format!("{engines}: {got}")).collect();
            let call = failed.call.map(|call| format!(", which calls {call}")).unwrap_or_default();
            problems.push(Problem {
                rule: Rule::AssertionFailed,
                script: Some(script.clone()),
                line: Some(failed.line),
                message: format!(
                    "{script}:{}: {}{call}: expected {}, got {}",
                    failed.line,
                    failed.text.unwrap_or(failed.kind),
                    failed.expected,
                    got.join("; ")
                ),
            });
        }
        for (engine, count) in &file.undescribed {
            problems.push(Problem {
                rule: Rule::AssertionFailed,
                script: Some(script.clone()),
                line: None,
                message: format!(
                    "{script}: {} on {engine} without a description",
                    counted(*count, "failure", "failures")
                ),
            });
        }
    }
    problems
}

/// Gas, unexpected passes, and what timed out; `place` names the architecture if there are several.
fn beside_failures(view: &View<'_>, place: &str) -> Vec<Problem> {
    let listed = |rule: Rule, what: &str, entry: &Listed<'_>| {
        let script = format!("{}/{}", entry.suite, entry.file);
        let (line, engines) = (entry.line, list(&entry.engines));
        let message = format!("{script}:{line} {what} on {engines}{place}: {}", entry.reason);
        Problem { rule, script: Some(script), line: Some(line), message }
    };
    let mut problems = Vec::new();
    for gas in &view.gas.unequal {
        let script = format!("{}/{}", gas.suite, gas.file);
        let amounts: Vec<String> = gas
            .by_engine
            .iter()
            .map(|(engine, gas)| format!("{engine} {}", number(*gas)))
            .collect();
        let message = format!("{script}: gas differs{place}: {}", amounts.join(", "));
        problems.push(Problem {
            rule: Rule::GasDiffers,
            script: Some(script),
            line: None,
            message,
        });
    }
    let unexpected = findings::unexpected_passes(view);
    let what = "passes, but is listed as failing,";
    problems.extend(unexpected.iter().map(|entry| listed(Rule::UnexpectedPass, what, entry)));
    let late = findings::timeouts(view);
    problems.extend(late.iter().map(|entry| listed(Rule::TimedOut, "timed out", entry)));
    problems
}

/// What became worse since the baseline of an architecture.
pub(crate) fn of_comparison(arch: &str, comparison: &Comparison) -> Vec<Problem> {
    let worse = comparison.regressions.iter().map(|change| Problem {
        rule: Rule::WorseThanBaseline,
        script: None,
        line: None,
        message: format!("{arch}: {change}"),
    });
    worse.collect()
}

/// What a campaign found.
pub(crate) fn of_fuzz(record: &FuzzRecord) -> Vec<Problem> {
    let found = record.findings.iter().map(|finding| Problem {
        rule: Rule::Finding,
        script: None,
        line: None,
        message: format!(
            "{}: {} between {}: {}",
            record.arch,
            finding.id,
            list(&finding.engines),
            finding.summary.as_deref().unwrap_or("without a summary")
        ),
    });
    found.collect()
}

/// In what engines differed.
pub(crate) fn of_diff(record: &DiffRecord) -> Vec<Problem> {
    let found = record.divergences.iter().map(|divergence| {
        let engines: Vec<&String> = divergence.by_engine.keys().collect();
        Problem {
            rule: Rule::Finding,
            script: None,
            line: None,
            message: format!(
                "{}: {} of {} differs between {}",
                record.arch,
                divergence.what,
                divergence.file,
                list(&engines)
            ),
        }
    });
    found.collect()
}
