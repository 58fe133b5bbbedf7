//! Records of several architectures side by side.

mod difference;
mod sentence;

use std::collections::BTreeMap;

use etalon_record::{Row, SuiteRecord, Totals};

pub(crate) use difference::{Aspect, Difference};
pub(crate) use sentence::{sentence, verdict};

use crate::error::RenderError;
use crate::limits;
use crate::view::View;

/// Records of several architectures as one table: scripts, and a cell for each engine on each architecture.
#[derive(Debug)]
pub(crate) struct Across<'a> {
    /// One for each architecture, sorted by its name.
    pub(crate) views: Vec<View<'a>>,
    /// The names of the engines of all of them.
    pub(crate) engines: Vec<String>,
    /// Sorted by name.
    pub(crate) suites: Vec<Suite<'a>>,
    /// In what architectures differ, the worst first.
    pub(crate) differences: Vec<Difference<'a>>,
    /// How many pairs of a script and an engine were compared.
    pub(crate) compared: u64,
    /// How many were run on one of several architectures alone.
    pub(crate) alone: u64,
    /// How many timed out somewhere. That depends on the machine, so nothing is concluded from them.
    pub(crate) late: u64,
    /// The gas of each script over all engines and architectures.
    pub(crate) gas: Gas<'a>,
}

/// A suite on all architectures.
#[derive(Debug)]
pub(crate) struct Suite<'a> {
    pub(crate) name: &'a str,
    /// A cell for each engine on each architecture; absent if nothing of the suite ran there.
    pub(crate) sums: Vec<Option<Totals>>,
    /// Sorted by name.
    pub(crate) scripts: Vec<Script<'a>>,
}

/// A script on all architectures.
#[derive(Debug)]
pub(crate) struct Script<'a> {
    pub(crate) suite: &'a str,
    pub(crate) name: &'a str,
    /// A cell for each engine on each architecture; absent if it did not run there.
    pub(crate) cells: Vec<Option<&'a Row>>,
}

/// Whether gas is equal over engines and architectures.
#[derive(Debug, Default)]
pub(crate) struct Gas<'a> {
    /// By suite: how many scripts were metered more than once, and in how many of them all amounts are equal.
    pub(crate) suites: BTreeMap<&'a str, (u64, u64)>,
    /// The scripts with different amounts, by suite and script.
    pub(crate) unequal: Vec<(&'a str, &'a str)>,
}

impl<'a> Across<'a> {
    /// Arranges records of different architectures, sorted by their names.
    ///
    /// # Errors
    /// If they are of different versions or schedules, or two of them have no script in common.
    pub(crate) fn new(records: &[&'a SuiteRecord]) -> Result<Self, RenderError> {
        comparable(records)?;
        let views: Vec<View<'_>> = records.iter().map(|record| View::new(record)).collect();
        let mut engines: Vec<String> = Vec::new();
        for column in views.iter().flat_map(|view| &view.engines) {
            if !engines.contains(&column.name) {
                engines.push(column.name.clone());
            }
        }
        let scripts = views.iter().flat_map(|view| &view.suites).map(|suite| suite.files.len());
        limits::check_cells(scripts.sum(), engines.len() * views.len())?;
        let suites = suites(&views, &engines);
        let mut across = Across {
            views,
            engines,
            suites,
            differences: Vec::new(),
            compared: 0,
            alone: 0,
            late: 0,
            gas: Gas::default(),
        };
        across.compare();
        across.compare_gas();
        if across.compared + across.late == 0 {
            return Err(RenderError::NothingInCommon(list_of(records)));
        }
        Ok(across)
    }

    pub(crate) fn archs(&self) -> Vec<&'a str> {
        self.views.iter().map(|view| view.record.arch.as_str()).collect()
    }

    pub(crate) fn scripts(&self) -> impl Iterator<Item = &Script<'a>> {
        self.suites.iter().flat_map(|suite| &suite.scripts)
    }

    pub(crate) fn script(&self, suite: &str, name: &str) -> Option<&Script<'a>> {
        let at = self.suites.binary_search_by(|other| other.name.cmp(suite)).ok()?;
        let scripts = &self.suites[at].scripts;
        scripts.get(scripts.binary_search_by(|other| other.name.cmp(name)).ok()?)
    }

    /// The cells of an engine, one for each architecture.
    pub(crate) fn of_engine<'c, T>(&self, cells: &'c [T], engine: usize) -> &'c [T] {
        let count = self.views.len();
        &cells[engine * count..(engine + 1) * count]
    }

    /// Compares each script on each engine over the architectures.
    fn compare(&mut self) {
        let archs = self.archs();
        let mut found: Vec<Difference<'a>> = Vec::new();
        let (mut compared, mut alone, mut late) = (0, 0, 0);
        for script in self.scripts() {
            let first = found.len();
            for (at, engine) in self.engines.iter().enumerate() {
                let cells = self.of_engine(&script.cells, at);
                let rows: Vec<(&str, &Row)> = archs
                    .iter()
                    .zip(cells)
                    .filter_map(|(arch, row)| row.map(|row| (*arch, row)))
                    .collect();
                if rows.is_empty() {
                    continue;
                }
                alone += u64::from(rows.len() < archs.len());
                if rows.iter().any(|(_, row)| row.timed_out > 0) {
                    late += 1;
                    continue;
                }
                if rows.len() < 2 {
                    continue;
                }
                compared += 1;
                let Some(difference) = Difference::of(&rows, engine) else { continue };
                // Engines that differ alike are told once.
                match found[first..].iter_mut().find(|other| other.is_like(&difference)) {
                    Some(other) => other.engines.extend(difference.engines),
                    None => found.push(difference),
                }
            }
        }
        found.sort_by_key(|difference| (difference.aspects[0], difference.suite, difference.file));
        (self.compared, self.alone, self.late) = (compared, alone, late);
        self.differences = found;
    }

    fn compare_gas(&mut self) {
        let mut gas = Gas::default();
        for suite in &self.suites {
            for script in &suite.scripts {
                let amounts: Vec<u64> =
                    script.cells.iter().flatten().filter_map(|row| row.gas_consumed).collect();
                if amounts.len() < 2 {
                    continue;
                }
                let (compared, equal) = gas.suites.entry(suite.name).or_default();
                *compared += 1;
                if amounts.iter().all(|amount| *amount == amounts[0]) {
                    *equal += 1;
                } else {
                    gas.unequal.push((script.suite, script.name));
                }
            }
        }
        self.gas = gas;
    }
}

/// Every row in its cell.
fn suites<'a>(views: &[View<'a>], engines: &[String]) -> Vec<Suite<'a>> {
    let width = engines.len() * views.len();
    let mut scripts: BTreeMap<&str, BTreeMap<&str, Vec<Option<&Row>>>> = BTreeMap::new();
    let mut sums: BTreeMap<&str, Vec<Option<Totals>>> = BTreeMap::new();
    for (arch, view) in views.iter().enumerate() {
        let place = |column: usize| {
            let name = &view.engines[column].name;
            engines.iter().position(|engine| engine == name).map(|at| at * views.len() + arch)
        };
        let places: Vec<Option<usize>> = (0..view.engines.len()).map(place).collect();
        for suite in &view.suites {
            let of_suite = scripts.entry(suite.name).or_default();
            let of_sums = sums.entry(suite.name).or_insert_with(|| vec![None; width]);
            for (column, at) in places.iter().enumerate() {
                let Some(at) = *at else { continue };
                of_sums[at] = suite.by_engine[column];
                for file in &suite.files {
                    of_suite.entry(file.name).or_insert_with(|| vec![None; width])[at] =
                        file.cells[column];
                }
            }
        }
    }
    let script = |suite: &'a str, (name, cells)| Script { suite, name, cells };
    let of = |(name, all): (&'a str, BTreeMap<&'a str, _>)| Suite {
        name,
        sums: sums.remove(name).unwrap_or_default(),
        scripts: all.into_iter().map(|all| script(name, all)).collect(),
    };
    scripts.into_iter().map(of).collect()
}

/// Refuses records that say nothing about each other.
fn comparable(records: &[&SuiteRecord]) -> Result<(), RenderError> {
    let Some((first, others)) = records.split_first() else { return Err(RenderError::NoRecord) };
    for other in others {
        for (what, of) in [
            ("versions", version as fn(&SuiteRecord) -> String),
            ("gas schedules", |record| {
                record.schedule.clone().unwrap_or_else(|| "none".to_owned())
            }),
        ] {
            if of(first) != of(other) {
                return Err(RenderError::Incomparable {
                    what,
                    first: format!("{} ({})", first.arch, of(first)),
                    second: format!("{} ({})", other.arch, of(other)),
                });
            }
        }
    }
    Ok(())
}

fn version(record: &SuiteRecord) -> String {
    format!("{} {}", record.tool.name, record.tool.version)
}

fn list_of(records: &[&SuiteRecord]) -> String {
    let names: Vec<&str> = records.iter().map(|record| record.arch.as_str()).collect();
    crate::text::list(&names)
}
