//! The contents of a record, arranged as every rendering shows them: suites, their files, one cell for each engine.
//!
//! All renderings start from here, so that they cannot contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use etalon_record::{EngineInfo, GasAgreement, Row, Standing, SuiteRecord, Totals};

/// A record as a table.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) record: &'a SuiteRecord,
    /// The columns, in the order of the record.
    pub(crate) engines: Vec<Column<'a>>,
    /// Sorted by name.
    pub(crate) suites: Vec<Suite<'a>>,
    /// The totals of all rows, counted again so that the page is consistent even if the record is not.
    pub(crate) totals: Totals,
    pub(crate) gas: &'a GasAgreement,
}

/// An engine.
#[derive(Debug)]
pub(crate) struct Column<'a> {
    pub(crate) name: String,
    /// Absent if the record has rows of the engine but does not describe it.
    pub(crate) info: Option<&'a EngineInfo>,
    pub(crate) totals: Totals,
}

/// A suite.
#[derive(Debug)]
pub(crate) struct Suite<'a> {
    pub(crate) name: &'a str,
    /// Over all engines.
    pub(crate) totals: Totals,
    /// One entry for each column; absent if the engine did not run the suite.
    pub(crate) by_engine: Vec<Option<Totals>>,
    /// Sorted by name.
    pub(crate) files: Vec<File<'a>>,
}

/// A script.
#[derive(Debug)]
pub(crate) struct File<'a> {
    pub(crate) suite: &'a str,
    pub(crate) name: &'a str,
    /// One cell for each column; absent if the engine did not run the script.
    pub(crate) cells: Vec<Option<&'a Row>>,
    pub(crate) gas: FileGas,
}

/// The gas of a script.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileGas {
    /// No engine metered it.
    None,
    /// One engine metered it, or several that charge the same.
    Agreed(u64),
    /// The record lists it as unequal.
    Unequal,
}

impl<'a> View<'a> {
    pub(crate) fn new(record: &'a SuiteRecord) -> Self {
        let names = record.engine_names();
        let unequal = record.gas.unequal.iter();
        let unequal = unequal.map(|gas| (gas.suite.as_str(), gas.file.as_str())).collect();
        let mut suites: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in &record.rows {
            suites.entry(&row.suite).or_default().push(row);
        }
        let suites =
            suites.into_iter().map(|(name, rows)| suite(&unequal, name, &rows, &names)).collect();
        let engines = names
            .into_iter()
            .map(|name| Column {
                info: record.engines.iter().find(|info| info.name == name),
                totals: Totals::of_rows(record.rows.iter().filter(|row| row.engine == name)),
                name,
            })
            .collect();
        Self { record, engines, suites, totals: Totals::of_rows(&record.rows), gas: &record.gas }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &File<'a>> {
        self.suites.iter().flat_map(|suite| &suite.files)
    }

    /// How many files have this standing.
    pub(crate) fn files_standing(&self, standing: Standing) -> u64 {
        self.files().filter(|file| file.standing() == standing).count() as u64
    }
}

/// Every pair of engines.
pub(crate) fn pairs(engines: &[EngineInfo]) -> Vec<(&EngineInfo, &EngineInfo)> {
    let mut pairs = Vec::new();
    for (at, first) in engines.iter().enumerate() {
        pairs.extend(engines.iter().skip(at + 1).map(|second| (first, second)));
    }
    pairs
}

fn suite<'a>(
    unequal: &BTreeSet<(&str, &str)>,
    name: &'a str,
    rows: &[&'a Row],
    engines: &[String],
) -> Suite<'a> {
    let mut files: BTreeMap<&str, Vec<Option<&Row>>> = BTreeMap::new();
    for row in rows {
        let cells = files.entry(&row.file).or_insert_with(|| vec![None; engines.len()]);
        if let Some(at) = engines.iter().position(|engine| *engine == row.engine) {
            // A record may contain a row twice; the better one must not hide the worse one.
            if cells[at].is_none_or(|other| other.standing() < row.standing()) {
                cells[at] = Some(row);
            }
        }
    }
    let by_engine = engines
        .iter()
        .map(|engine| {
            let mut of_engine = rows.iter().filter(|row| row.engine == *engine).peekable();
            of_engine.peek()?;
            Some(Totals::of_rows(of_engine.copied()))
        })
        .collect();
    let files = files
        .into_iter()
        .map(|(file, cells)| File {
            suite: name,
            name: file,
            gas: file_gas(unequal.contains(&(name, file)), &cells),
            cells,
        })
        .collect();
    Suite { name, totals: Totals::of_rows(rows.iter().copied()), by_engine, files }
}

fn file_gas(is_unequal: bool, cells: &[Option<&Row>]) -> FileGas {
    if is_unequal {
        return FileGas::Unequal;
    }
    let mut amounts = cells.iter().flatten().filter_map(|row| row.gas_consumed);
    match amounts.next() {
        // Amounts that differ but are not listed as unequal belong to different schedules.
        Some(first) if amounts.all(|amount| amount == first) => FileGas::Agreed(first),
        _ => FileGas::None,
    }
}

impl File<'_> {
    /// The worst standing of its cells.
    pub(crate) fn standing(&self) -> Standing {
        self.cells.iter().flatten().map(|row| row.standing()).max().unwrap_or(Standing::Passed)
    }

    /// Whether anything in it needs attention: a failure, or gas that differs.
    pub(crate) fn is_faulty(&self) -> bool {
        self.standing() == Standing::Failed || matches!(self.gas, FileGas::Unequal)
    }
}

#[cfg(test)]
mod tests {
    use etalon_record::{EngineInfo, Kind, Row, Standing, SuiteRecord, Tool};

    use super::{FileGas, View, pairs};

    #[test]
    fn rows_become_cells_and_the_worse_of_two_rows_is_shown() {
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        record.engines = vec![EngineInfo::new("jit", "0"), EngineInfo::new("interp", "0")];
        record.rows = vec![
            Row { failed: 1, ..Row::new("s", "a", "interp") },
            Row { passed: 1, ..Row::new("s", "a", "interp") },
            Row { passed: 1, gas_consumed: Some(3), ..Row::new("s", "b", "jit") },
        ];
        let view = View::new(&record);
        assert_eq!(view.suites.len(), 1);
        let files = &view.suites[0].files;
        assert!(files[0].cells[0].is_none());
        assert_eq!(files[0].standing(), Standing::Failed);
        assert!(matches!(files[1].gas, FileGas::Agreed(3)));
        assert_eq!(pairs(&view.record.engines).len(), 1);
        assert_eq!(view.suites[0].by_engine[1].map(|totals| totals.failed), Some(1));
    }
}
