//! The page over several architectures: the verdict, what differs between them, then everything side by side.

use std::collections::BTreeSet;

use etalon_record::{DiffRecord, FuzzRecord, Reached, RuleCoverage, Standing};
use maud::{Markup, html};

use super::across_matrix;
use super::engines;
use super::findings::file_sections;
use super::frame::{frame, shown};
use super::overview;
use crate::across::{Across, Difference};
use crate::compare::Comparison;
use crate::findings;
use crate::history::History;
use crate::text::{anchor, counted, list, number};
use crate::verdict::{Verdict, against_baseline, sentence};

/// How many differences are listed.
const MAX_ENTRIES: usize = 1000;

/// What a page over several architectures is made of, beside the suites.
#[derive(Debug)]
pub(crate) struct Beside<'a> {
    /// The verdict over all of it, and its sentence.
    pub(crate) verdict: (Verdict, String),
    /// In the order of the architectures: what changed since the baseline, if there is one.
    pub(crate) comparisons: Vec<Option<Comparison>>,
    pub(crate) history: Option<&'a History>,
    pub(crate) fuzzes: Vec<&'a FuzzRecord>,
    pub(crate) diffs: Vec<&'a DiffRecord>,
}

/// Records of several architectures as one page, which links the page of each.
pub(crate) fn page(across: &Across<'_>, beside: &Beside<'_>) -> String {
    let (verdict, sentence) = &beside.verdict;
    let title = format!("Etalon on {}", list(&across.archs()));
    let body = html! {
        header.top { h1 { (shown(&title)) } }
        p.verdict.(verdict.name()) {
            span.symbol aria-hidden="true" { (verdict.symbol()) } " " (shown(sentence))
        }
        (navigation(across, beside))
        main #main {
            @if !across.differences.is_empty() { (differences(across)) }
            (architectures(across, beside))
            (across_matrix::suites(across))
            (failures(across, beside.history))
            @if let Some(history) = beside.history { (super::history::history(history)) }
            (gas(across))
            (rules(across))
            (campaigns(beside))
            (across_matrix::scripts(across))
            (engines::across(across))
        }
    };
    frame(&title, &body)
}

fn navigation(across: &Across<'_>, beside: &Beside<'_>) -> Markup {
    let failed = across.views.iter().any(|view| view.totals.failed > 0);
    let covered = across.views.iter().any(|view| view.record.coverage.is_some());
    overview::links(&[
        ("differences", "Differences", !across.differences.is_empty()),
        ("architectures", "Architectures", true),
        ("suites", "Suites", true),
        ("failures", "Failures", failed),
        ("history", "History", beside.history.is_some()),
        ("gas", "Gas", true),
        ("rules", "Rules", covered),
        ("campaigns", "Campaigns", !beside.fuzzes.is_empty() || !beside.diffs.is_empty()),
        ("files", "Files", true),
        ("engines", "Engines", true),
    ])
}

/// What is not the same on all architectures.
fn differences(across: &Across<'_>) -> Markup {
    html! {
        section #differences {
            h2 { "What differs between architectures" }
            (overview::scroll("What differs between architectures", &html! {
                table.differences {
                    thead {
                        tr {
                            th scope="col" { "script" } th scope="col" { "engines" } th scope="col" { "differs in" }
                            th scope="col" { "where, and how" }
                        }
                    }
                    tbody {
                        @for difference in across.differences.iter().take(MAX_ENTRIES) { (row_of(difference)) }
                    }
                }
            }))
            @if across.differences.len() > MAX_ENTRIES {
                p.hint { (number((across.differences.len() - MAX_ENTRIES) as u64)) " more are in the records." }
            }
        }
    }
}

fn row_of(difference: &Difference<'_>) -> Markup {
    let Difference { suite, file, engines, aspects, groups } = difference;
    let words: Vec<&str> = aspects.iter().map(|aspect| aspect.word()).collect();
    let odd = difference.odd();
    html! {
        tr {
            th scope="row" {
                a href={ "#" (anchor(&["row", suite, file])) } { (shown(suite)) "/" b { (shown(file)) } }
            }
            td { (shown(&engines.join(", "))) }
            td { (words.join(", ")) }
            td {
                @for group in groups {
                    div.got {
                        span.engine.failed[group.archs.iter().all(|arch| odd.contains(arch))] {
                            (shown(&list(&group.archs)))
                        }
                        span {
                            (shown(&group.what))
                            @if let Some(failure) = group.failure {
                                br; "line " (failure.line) ": "
                                code.text { (shown(failure.text.as_ref().unwrap_or(&failure.kind))) }
                                br; "expected " code.text { (shown(&failure.expected)) }
                                ", got " code.text { (shown(&failure.got)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The verdict on each architecture alone.
fn architectures(across: &Across<'_>, beside: &Beside<'_>) -> Markup {
    html! {
        section #architectures {
            h2 { "Architectures" }
            (overview::scroll("Architectures", &html! {
                table {
                    thead {
                        tr {
                            th scope="col" { "architecture" } th scope="col" { "verdict" } th scope="col" { "baseline" }
                        }
                    }
                    tbody {
                        @for (at, view) in across.views.iter().enumerate() {
                            @let verdict = Verdict::of(view);
                            @let arch = &view.record.arch;
                            tr {
                                th scope="row" { a href={ (anchor(&[arch])) "/index.html" } { (shown(arch)) } }
                                td.(verdict.name()) {
                                    span.symbol aria-hidden="true" { (verdict.symbol()) } " " (shown(&sentence(view)))
                                }
                                @match beside.comparisons.get(at).and_then(Option::as_ref) {
                                    Some(comparison) => td { (baseline(comparison)) },
                                    None => td.absent { "not compared" },
                                }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn baseline(comparison: &Comparison) -> Markup {
    let class = if comparison.is_clean() { "passed" } else { "failed" };
    html! {
        span.(class) {
            span.symbol aria-hidden="true" { (if comparison.is_clean() { "✓" } else { "✗" }) } " "
            (against_baseline(comparison))
        }
    }
}

fn failures(across: &Across<'_>, history: Option<&History>) -> Markup {
    file_sections(&findings::failures_across(across), history)
}

/// Whether everything charges the same everywhere.
fn gas(across: &Across<'_>) -> Markup {
    let gas = &across.gas;
    let (compared, equal) =
        gas.suites.values().fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
    html! {
        section #gas {
            h2 { "Gas" }
            @if compared == 0 {
                p { "No gas was compared." }
            } @else {
                p {
                    "Equal over all engines and architectures in " (number(equal)) " of "
                    (counted(compared, "script", "scripts")) "."
                }
                (overview::scroll("Gas by suite", &html! {
                    table.narrow {
                        thead {
                            tr {
                                th scope="col" { "suite" } th.count scope="col" { "scripts metered" }
                                th.count scope="col" { "equal everywhere" }
                            }
                        }
                        tbody {
                            @for (suite, (compared, equal)) in &gas.suites {
                                tr {
                                    th scope="row" { (shown(suite)) }
                                    td.count { (number(*compared)) }
                                    td.count.failed[equal < compared] {
                                        (number(*equal)) " " (overview::symbol(match equal < compared {
                                            true => Standing::Failed,
                                            false => Standing::Passed,
                                        }))
                                    }
                                }
                            }
                        }
                    }
                }))
            }
            @if !gas.unequal.is_empty() { (across_matrix::unequal_gas(across)) }
        }
    }
}

/// What each architecture reached of the specification's rules.
fn rules(across: &Across<'_>) -> Markup {
    let covered: Vec<(&str, &RuleCoverage)> = across
        .views
        .iter()
        .filter_map(|view| Some((view.record.arch.as_str(), view.record.coverage.as_ref()?)))
        .collect();
    let Some((_, first)) = covered.first() else { return html! {} };
    html! {
        section #rules {
            h2 { "Rules of the specification" }
            (overview::scroll("Rules of the specification", &html! {
                table.narrow {
                    thead {
                        tr {
                            th scope="col" { "reached" }
                            @for (arch, _) in &covered { th.count scope="col" { (shown(arch)) } }
                        }
                    }
                    tbody {
                        @for (at, (title, _)) in findings::covered(first).iter().enumerate() {
                            tr {
                                th scope="row" { (title) }
                                @for (_, coverage) in &covered {
                                    @let reached = findings::covered(coverage)[at].1;
                                    td.count { (number(reached.reached)) span.of { " / " (number(reached.total)) } }
                                }
                            }
                        }
                    }
                }
            }))
            @for (at, (title, _)) in findings::covered(first).iter().enumerate() {
                @let everywhere = missing_everywhere(covered.iter().map(|(_, of)| findings::covered(of)[at].1));
                @for (arch, coverage) in &covered {
                    @let missing = findings::covered(coverage)[at].1.missing.iter();
                    @let only: Vec<&str> = missing.map(String::as_str).filter(|name| !everywhere.contains(name))
                        .take(MAX_ENTRIES).collect();
                    @if !only.is_empty() {
                        p { (title) ", but not on " b { (shown(arch)) } ": " (shown(&only.join(", "))) }
                    }
                }
            }
        }
    }
}

/// What no architecture reached.
fn missing_everywhere<'a>(all: impl Iterator<Item = &'a Reached>) -> BTreeSet<&'a str> {
    let sets = all.map(|reached| reached.missing.iter().map(String::as_str).collect());
    sets.reduce(|a: BTreeSet<&str>, b: BTreeSet<&str>| &a & &b).unwrap_or_default()
}

/// The campaigns and the differential runs of each architecture.
fn campaigns(beside: &Beside<'_>) -> Markup {
    if beside.fuzzes.is_empty() && beside.diffs.is_empty() {
        return html! {};
    }
    html! {
        section #campaigns {
            h2 { "Campaigns" }
            (overview::scroll("Campaigns", &html! {
                table {
                    thead {
                        tr {
                            th scope="col" { "architecture" } th scope="col" { "run" } th.count scope="col" { "modules" }
                            th.count scope="col" { "cases" } th.count scope="col" { "timed out" } th scope="col" { "found" }
                        }
                    }
                    tbody {
                        @for fuzz in &beside.fuzzes {
                            tr {
                                th scope="row" { (shown(&fuzz.arch)) }
                                td {
                                    a href={ (anchor(&[&fuzz.arch])) "/fuzz.html" } { "fuzz, seed " (fuzz.seed) }
                                }
                                td.count { (number(fuzz.modules)) } td.count { (number(fuzz.cases)) }
                                td.count { (number(fuzz.timed_out)) }
                                td { (found(fuzz.findings.iter().map(|finding| finding.id.as_str()))) }
                            }
                        }
                        @for diff in &beside.diffs {
                            tr {
                                th scope="row" { (shown(&diff.arch)) }
                                td { "diff" } td.count.absent { "–" } td.count { (number(diff.cases)) }
                                td.count { (number(diff.timed_out.len() as u64)) }
                                td { (found(diff.divergences.iter().map(|divergence| divergence.file.as_str()))) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// The first names of what was found, and how many there are.
fn found<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Markup {
    let count = names.clone().count();
    let first: Vec<&str> = names.take(5).collect();
    let standing = if count == 0 { Standing::Passed } else { Standing::Failed };
    html! {
        (overview::symbol(standing)) " "
        @if count == 0 { "nothing" } @else {
            (number(count as u64)) ": " (shown(&first.join(", "))) @if count > first.len() { ", …" }
        }
    }
}
