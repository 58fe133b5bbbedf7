//! The tables of suites and scripts, with a column for each engine on each architecture.

use etalon_record::{Row, Totals};
use maud::{Markup, html};

use super::frame::shown;
use super::matrix;
use super::overview::{scroll, standing_of, standing_sign, sums, symbol};
use crate::across::{Across, Script};
use crate::limits::{self, MAX_SCRIPTS};
use crate::text::{anchor, counted, describe, number};

/// How many scripts with unequal gas are listed.
const MAX_ENTRIES: usize = 1000;

/// The two rows of the head: engines, and the architectures of each.
fn head(across: &Across<'_>, first: &str) -> Markup {
    let archs = across.archs();
    html! {
        thead {
            tr {
                th scope="col" rowspan="2" { (first) }
                @for engine in &across.engines {
                    th.group scope="colgroup" colspan=(archs.len()) { (shown(engine)) }
                }
            }
            tr {
                @for _ in &across.engines {
                    @for (at, arch) in archs.iter().enumerate() {
                        th.count.group[at == 0] scope="col" { (shown(arch)) }
                    }
                }
            }
        }
    }
}

/// The cells of a row. Where an engine did the same on all architectures, one cell stands for all of them.
fn cells<T: PartialEq>(
    across: &Across<'_>,
    all: &[T],
    cell: impl Fn(&T, usize) -> Markup,
) -> Markup {
    let count = across.views.len();
    html! {
        @for engine in 0..across.engines.len() {
            @let of_engine = across.of_engine(all, engine);
            @match of_engine.split_first() {
                Some((first, rest)) if rest.iter().all(|other| other == first) => (cell(first, count)),
                _ => @for one in of_engine { (cell(one, 1)) },
            }
        }
    }
}

/// The counts of each suite.
pub(super) fn suites(across: &Across<'_>) -> Markup {
    html! {
        section #suites {
            h2 { "Suites" }
            p.hint.more { "The table scrolls sideways: →" }
            (scroll("Suites on every engine and architecture", &html! {
                table.sums.wide {
                    (head(across, "suite"))
                    tbody {
                        @for suite in &across.suites {
                            tr {
                                th scope="row" {
                                    a href={ "#" (anchor(&["suite", suite.name])) } { (shown(suite.name)) }
                                }
                                (cells(across, &suite.sums, |totals: &Option<Totals>, span| match totals {
                                    Some(totals) => html! {
                                        td.count.(standing_sign(standing_of(totals)).0) colspan=[(span > 1).then_some(span)] {
                                            (sums(totals))
                                        }
                                    },
                                    None => html! { td.count.absent colspan=(span) { "–" } },
                                }))
                            }
                        }
                    }
                }
            }))
            p.hint {
                "Assertions passed / all. A cell over several columns: the same on all architectures."
            }
        }
    }
}

/// Every script on every engine and architecture.
pub(super) fn scripts(across: &Across<'_>) -> Markup {
    let all = across.scripts().count();
    let mut left = MAX_SCRIPTS;
    let table = html! {
        table.matrix.wide {
            (head(across, "file"))
            @for suite in &across.suites {
                @let here = limits::take(&mut left, suite.scripts.len());
                @if here > 0 {
                    tbody {
                        tr.suite id=(anchor(&["suite", suite.name])) {
                            th scope="rowgroup" colspan=(across.engines.len() * across.views.len() + 1) {
                                span.title {
                                    button type="button" aria-expanded="true" { (shown(suite.name)) }
                                    " " span.of { (counted(suite.scripts.len() as u64, "file", "files")) }
                                }
                            }
                        }
                        @for script in &suite.scripts[..here] { (script_row(across, script)) }
                    }
                }
            }
        }
    };
    matrix::section("Files on every engine and architecture", all, &table)
}

fn script_row(across: &Across<'_>, script: &Script<'_>) -> Markup {
    let rows = || script.cells.iter().flatten();
    let worst = rows().map(|row| row.standing()).max();
    let state = worst.map_or("passed", |standing| standing_sign(standing).0);
    let id = anchor(&["row", script.suite, script.name]);
    let name = shown(&format!("{}/{}", script.suite, script.name));
    let seen: Vec<Option<Seen<'_>>> = script.cells.iter().map(|row| row.map(Seen)).collect();
    html! {
        tr id=(id) data-name=(name) data-state=(state) {
            th scope="row" { a.self href={ "#" (id) } { (shown(script.name)) } }
            (cells(across, &seen, |row: &Option<Seen<'_>>, span| match row {
                Some(Seen(row)) => cell(row, script, span),
                None => html! { td.count.absent colspan=[(span > 1).then_some(span)] { "–" } },
            }))
        }
    }
}

/// A row, which is the same as another one if nobody could tell their cells apart.
struct Seen<'a>(&'a Row);

impl PartialEq for Seen<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0, other.0);
        describe(a) == describe(b) && a.gas_consumed == b.gas_consumed && a.digest == b.digest
    }
}

fn cell(row: &Row, script: &Script<'_>, span: usize) -> Markup {
    let standing = row.standing();
    let (class, sign) = standing_sign(standing);
    let counts = html! {
        (number(row.passed))
        @if row.passed < row.assertions() { span.of { "/" (number(row.assertions())) } }
        " " (sign)
    };
    let span = (span > 1).then_some(span);
    if class == "passed" {
        // Thousands of cells are like this, so nothing is in them that can be left out.
        return html! { td.count colspan=[span] { (counts) } };
    }
    html! {
        td.count.(class) colspan=[span] title=(shown(&describe(row))) {
            @if row.failed > 0 {
                a href={ "#" (anchor(&["failures", script.suite, script.name])) } { (counts) }
            } @else { (counts) }
            span.sr { " " (shown(&describe(row))) }
        }
    }
}

/// The amounts of each script that does not charge the same everywhere.
pub(super) fn unequal_gas(across: &Across<'_>) -> Markup {
    let unequal = &across.gas.unequal;
    html! {
        (scroll("Scripts with unequal gas", &html! {
            table.wide {
                (head(across, "file"))
                tbody {
                    @for (suite, name) in unequal.iter().take(MAX_ENTRIES) {
                        @let script = across.script(suite, name);
                        @let gas: Vec<Option<u64>> = script.iter().flat_map(|script| &script.cells)
                            .map(|row| row.and_then(|row| row.gas_consumed)).collect();
                        tr {
                            th scope="row" {
                                a href={ "#" (anchor(&["row", suite, name])) } { (shown(suite)) "/" (shown(name)) }
                            }
                            (cells(across, &gas, |gas: &Option<u64>, span| html! {
                                td.count colspan=[(span > 1).then_some(span)] { (gas.map_or("–".to_owned(), number)) }
                            }))
                        }
                    }
                }
            }
        }))
        @if unequal.len() > MAX_ENTRIES {
            p.hint { (symbol(etalon_record::Standing::Failed)) " " (number((unequal.len() - MAX_ENTRIES) as u64)) " more are in the records." }
        }
    }
}
