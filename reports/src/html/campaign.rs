//! The page of a campaign of `etalon fuzz`: what was found, and what each generator reached.

use etalon_record::{FuzzRecord, Generator, Shards};
use maud::{Markup, html};

use super::frame::{frame, shown};
use super::overview::tile;
use super::{coverage, engines};
use crate::cells::{Cell, Cells};
use crate::text::{anchor, counted, number};

/// How many findings are listed.
const MAX_ENTRIES: usize = 1000;

/// The record of a campaign as one HTML page.
///
/// Every text of the record is escaped, and a policy in the page forbids it to load anything.
#[must_use]
pub fn campaign(record: &FuzzRecord) -> String {
    let title = format!("Etalon fuzz on {}", record.arch);
    let (class, symbol, verdict) = verdict(record);
    let body = html! {
        header.top {
            h1 { (shown(&title)) }
            (origin(record))
        }
        p.verdict.(class) { span.symbol { (symbol) } " " (shown(&verdict)) }
        @if let Some(missing) = missing_shards(record.shards.as_ref()) {
            p.verdict.second.skipped { span.symbol { "◐" } " " (missing) }
        }
        nav aria-label="Sections" {
            a href="#findings" { "Findings" }
            a href="#outcomes" { "Outcomes" }
            a href="#generators" { "Generators" }
            a href="#operators" { "Operators" }
            @if record.coverage.rules.is_some() { a href="#rules" { "Rules" } }
            a href="#engines" { "Engines" }
        }
        main #main {
            (totals(record))
            (findings(record))
            (outcomes(record))
            (generators(record))
            (operators(record))
            @if let Some(rules) = &record.coverage.rules { (coverage::rules(rules)) }
            (engines::of(&record.engines))
        }
    };
    frame(&title, &body)
}

fn verdict(record: &FuzzRecord) -> (&'static str, &'static str, String) {
    let cases = counted(record.cases, "case", "cases");
    let names: Vec<&str> = record.engines.iter().map(|engine| engine.name.as_str()).collect();
    let names = names.join(", ");
    match record.findings.len() as u64 {
        0 if record.cases == 0 => ("unsupported", "∅", "No call was compared.".to_owned()),
        0 if record.timed_out > 0 => {
            let late = counted(record.timed_out, "module does", "modules do");
            (
                "failed",
                "✗",
                format!("No divergence in {cases} on {names}, but {late} not end in time."),
            )
        }
        0 => ("passed", "✓", format!("No finding in {cases} on {names}.")),
        some => {
            let findings = counted(some, "finding", "findings");
            ("failed", "✗", format!("{findings} in {cases} on {names}."))
        }
    }
}

/// Which shards a record lacks, in a sentence.
pub(crate) fn missing_shards(shards: Option<&Shards>) -> Option<String> {
    let Shards { of, these } = shards?;
    let list = |shards: &mut dyn Iterator<Item = u64>| {
        let names: Vec<String> = shards.take(20).map(|shard| shard.to_string()).collect();
        names.join(", ")
    };
    let missing = of.saturating_sub(these.len() as u64);
    let lacks = list(&mut (1..=*of).filter(|shard| !these.contains(shard)));
    let more = if missing > 20 { ", …" } else { "" };
    Some(format!(
        "Shards {} of {of}; {} missing: {lacks}{more}.",
        list(&mut these.iter().copied()),
        number(missing)
    ))
}

fn origin(record: &FuzzRecord) -> Markup {
    html! {
        dl.origin {
            div { dt { "written by" } dd { (shown(&record.tool.name)) " " (shown(&record.tool.version)) } }
            div { dt { "architecture" } dd { (shown(&record.arch)) } }
            div { dt { "seed" } dd { (record.seed) } }
            @if let Some(profile) = &record.profile { div { dt { "profiles" } dd { (shown(profile)) } } }
            @for (name, value) in record.settings.iter().filter(|(name, _)| *name != "features") {
                div { dt { (shown(name)) } dd { (shown(value)) } }
            }
            @if let Some(limit) = &record.time_limit { div { dt { "limit of time" } dd { (shown(limit)) } } }
            @if record.interrupted { div { dt { "ended by" } dd { "a signal" } } }
        }
    }
}

fn totals(record: &FuzzRecord) -> Markup {
    let coverage = &record.coverage;
    let comparisons = record.cases * (record.engines.len() as u64).saturating_sub(1);
    html! {
        section aria-label="Totals" {
            ul.tiles {
                (tile("cases", record.cases, None, "plain"))
                (tile("comparisons", comparisons, None, "plain"))
                (tile("modules", record.modules, None, "plain"))
                (tile("findings", record.findings.len() as u64, None, if record.findings.is_empty() { "none" } else { "failed" }))
                @if record.timed_out > 0 { (tile("modules timed out", record.timed_out, None, "failed")) }
                (tile("operators", coverage.operators_reached, Some(coverage.operators_total), "plain"))
            }
            p.hint { "A case is a call of a generated function with its arguments, compared on all engines." }
        }
    }
}

fn findings(record: &FuzzRecord) -> Markup {
    html! {
        section #findings {
            h2 { "Findings" }
            @if record.findings.is_empty() { p { "None." } } @else {
                div.scroll tabindex="0" role="group" aria-label="Findings" {
                    table {
                        thead { tr { th { "what" } th { "operator" } th { "engines" } th.count { "modules" } th { "seen" } th { "folder" } } }
                        tbody {
                            @for finding in record.findings.iter().take(MAX_ENTRIES) {
                                tr {
                                    td { (finding.what) }
                                    td { code { (shown(finding.operator.as_deref().unwrap_or("–"))) } }
                                    td { (shown(&finding.engines.join(", "))) }
                                    td.count { (number(finding.cases)) }
                                    td {
                                        (shown(finding.summary.as_deref().unwrap_or("–")))
                                        @if let Some(since) = &finding.since { br; (shown(since)) }
                                    }
                                    td.path {
                                        (shown(&finding.folder))
                                        @if let Some(shard) = finding.shard { " " small { "of shard " (shard) } }
                                    }
                                }
                            }
                        }
                    }
                }
                p.hint { "Each folder replays: " code { "etalon diff FOLDER" } "." }
            }
        }
    }
}

fn outcomes(record: &FuzzRecord) -> Markup {
    html! {
        section #outcomes {
            h2 { "Outcomes" }
            p.hint { "Of the first engine. “Loading” is of modules, all else of calls." }
            table.narrow {
                tbody {
                    @for (name, count) in &record.outcomes {
                        tr { th scope="row" { (shown(name)) } td.count { (number(*count)) } }
                    }
                    @for (policy, count) in &record.poisoned {
                        tr { th scope="row" { "with a difference that is allowed, or not compared to the end: " (shown(policy)) } td.count { (number(*count)) } }
                    }
                }
            }
        }
    }
}

fn generators(record: &FuzzRecord) -> Markup {
    html! {
        section #generators {
            h2 { "Generators" }
            @if record.generators.is_empty() { p { "The record does not describe its generators." } } @else {
                div.scroll tabindex="0" role="group" aria-label="Generators" {
                    table.generators {
                        thead {
                            tr {
                                th scope="col" { "generator" }
                                @for title in ["modules", "cases", "operators", "operator × kind"] {
                                    th.count scope="col" { (title) }
                                }
                            }
                        }
                        tbody {
                            @for (name, generator) in &record.generators {
                                tr {
                                    th scope="row" {
                                        @if generator.cells.is_empty() { (shown(name)) } @else {
                                            a href={ "#" (anchor(&["cells", name])) } { (shown(name)) }
                                        }
                                    }
                                    td.count { (number(generator.modules)) }
                                    td.count { (number(generator.cases)) }
                                    @if generator.cells.is_empty() {
                                        td.count.absent title="this generator does not tell" { "–" }
                                        td.count.absent title="this generator does not tell" { "–" }
                                    } @else {
                                        td.count { (number(generator.operators)) }
                                        td.count { (number(Cells::of(generator).filled())) }
                                    }
                                }
                            }
                        }
                    }
                }
                p.hint { "A pair of an operator and a kind of operand is counted once. Where a generator does not know the kinds, they are read off the text of its modules." }
                @for (name, generator) in record.generators.iter().filter(|(_, g)| !g.cells.is_empty()) {
                    (cells(name, generator))
                }
            }
        }
    }
}

/// The table of one generator: operators, kinds of operands, outcomes.
fn cells(name: &str, generator: &Generator) -> Markup {
    let cells = Cells::of(generator);
    html! {
        details.cells id=(anchor(&["cells", name])) {
            summary {
                b { (shown(name)) } " "
                span { (counted(cells.rows.len() as u64, "operator", "operators")) " by kind of operand" }
                @if !cells.outcomes.is_empty() {
                    " " small { (sums(&cells)) }
                }
            }
            div.scroll tabindex="0" role="group" aria-label="Operators by kind of operand" {
                table {
                    thead { tr { th scope="col" { "operator" } @for kind in &cells.kinds { th.count scope="col" { (shown(kind)) } } } }
                    tbody {
                        @for (operator, row) in &cells.rows {
                            tr {
                                th scope="row" { code { (shown(operator)) } }
                                @for kind in &cells.kinds { (cell(row.get(kind))) }
                            }
                        }
                    }
                }
            }
            p.hint { "Calls of functions that have the operator with an operand of that kind; the small number did not return." }
        }
    }
}

fn sums(cells: &Cells<'_>) -> String {
    let sums = cells.outcomes.iter().map(|(outcome, n)| format!("{} {outcome}", number(*n)));
    sums.collect::<Vec<_>>().join(" · ")
}

fn cell(cell: Option<&Cell<'_>>) -> Markup {
    let Some(cell) = cell else { return html! { td.count.absent { "–" } } };
    let others = cell.others();
    if others.is_empty() {
        return html! { td.count { (number(cell.count)) } };
    }
    let words: Vec<String> = others.iter().map(|(what, n)| format!("{what} {n}")).collect();
    let stopped: u64 = others.iter().map(|(_, n)| n).sum();
    html! {
        td.count.never[cell.returned() == 0] title=(shown(&words.join(", "))) {
            (number(cell.returned())) " " small { "+" (number(stopped)) }
        }
    }
}

fn operators(record: &FuzzRecord) -> Markup {
    let coverage = &record.coverage;
    html! {
        section #operators {
            h2 { "Operators" }
            p { (number(coverage.operators_reached)) " of " (number(coverage.operators_total)) " are in at least one module." }
            @if !coverage.missing.is_empty() {
                details {
                    summary { (number(coverage.missing.len() as u64)) " in none" }
                    p.features { @for name in &coverage.missing { span { code { (shown(name)) } } " " } }
                }
            }
        }
    }
}
