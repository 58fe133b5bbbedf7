//! What is too much for a report. Records may come from anybody, and names in them become columns and folders.

use std::collections::BTreeSet;

use etalon_record::SuiteRecord;

use crate::error::RenderError;

/// Engines of a record: each is a column.
pub(crate) const MAX_ENGINES: usize = 64;
/// Architectures of a report: each is a folder, and a column for each engine.
pub(crate) const MAX_ARCHS: usize = 16;
/// Scripts that a page shows, and the matrix of a merged page: as many as a browser handles. The totals count all.
pub(crate) const MAX_SCRIPTS: usize = 20_000;

/// As many of `wanted` as there is room for, which they then take.
pub(crate) fn take(left: &mut usize, wanted: usize) -> usize {
    let taken = wanted.min(*left);
    *left -= taken;
    taken
}

/// Refuses a record with more engines than a table can have columns.
pub(crate) fn check(record: &SuiteRecord) -> Result<(), RenderError> {
    let named = record.engines.iter().map(|engine| engine.name.as_str());
    let mut engines: BTreeSet<&str> = BTreeSet::new();
    for engine in named.chain(record.rows.iter().map(|row| row.engine.as_str())) {
        engines.insert(engine);
        if engines.len() > MAX_ENGINES {
            return Err(RenderError::TooMany { what: "engines", most: MAX_ENGINES });
        }
    }
    Ok(())
}
