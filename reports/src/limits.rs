//! What is too much for a report. Records may come from anybody, and names in them become columns and folders.

use std::collections::BTreeSet;

use etalon_record::SuiteRecord;

use crate::error::RenderError;

/// Engines of a record: each is a column.
pub(crate) const MAX_ENGINES: usize = 64;
/// Architectures of a report: each is a folder, and a column for each engine.
pub(crate) const MAX_ARCHS: usize = 16;
/// Cells of a table: a script has one for each engine on each architecture, whether it ran there or not.
const MAX_CELLS: usize = 1 << 25;
/// Scripts that a page shows, and the matrix of a merged page: as many as a browser handles. The totals count all.
pub(crate) const MAX_SCRIPTS: usize = 20_000;

/// As many of `wanted` as there is room for, which they then take.
pub(crate) fn take(left: &mut usize, wanted: usize) -> usize {
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

/// Refuses a table of so many scripts and columns: a record may name few of each in each row, and many in all.
pub(crate) fn check_cells(scripts: usize, columns: usize) -> Result<(), RenderError> {
    match scripts.saturating_mul(columns) > MAX_CELLS {
        true => Err(RenderError::TooMany { what: "scripts times engines", most: MAX_CELLS }),
        false => Ok(()),
    }
}

/// Refuses a record with more engines than a table can have columns, or with more cells than a table can have.
pub(crate) fn check(record: &SuiteRecord) -> Result<(), RenderError> {
    let named = record.engines.iter().map(|engine| engine.name.as_str());
    let mut engines: BTreeSet<&str> = BTreeSet::new();
    for engine in named.chain(record.rows.iter().map(|row| row.engine.as_str())) {
        engines.insert(engine);
        if engines.len() > MAX_ENGINES {
            return Err(RenderError::TooMany { what: "engines", most: MAX_ENGINES });
        }
    }
    let scripts: BTreeSet<(&str, &str)> =
        record.rows.iter().map(|row| (&*row.suite, &*row.file)).collect();
    check_cells(scripts.len(), engines.len())
}

#[cfg(test)]
mod tests {
    use super::{MAX_CELLS, check, check_cells};
    use etalon_record::{Kind, Row, SuiteRecord, Tool};

    /// Each row is a script of its own on one of 64 engines, so that the table has 64 times as many cells as the record has rows.
    #[test]
    fn few_rows_do_not_make_a_table_that_is_too_large() {
        let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0"), "x86_64");
        let rows = MAX_CELLS / 64;
        let row = |at: usize| Row::new("s", format!("{at}"), format!("engine {}", at % 64));
        record.rows.extend((0..rows).map(row));
        assert!(check(&record).is_ok());
        record.rows.push(row(rows));
        let error = check(&record).unwrap_err().to_string();
        assert!(error.contains("scripts times engines"), "{error}");
        assert!(check_cells(usize::MAX, 2).is_err());
    }
}
