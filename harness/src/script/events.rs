//! Progress of a run of scripts.

use crate::script::source::ScriptError;
use etalon_record::{Row, SuiteRecord};

/// Receives the progress of a run, from several threads and in no particular order; for progress bars.
pub trait Events: Sync {
    /// The run begins, with this many pairs of a script and an engine.
    fn started(&self, total: usize) {
        let _ = total;
    }

    /// One pair has been run.
    fn script_done(&self, row: &Row) {
        let _ = row;
    }

    /// One script cannot be run.
    fn script_refused(&self, error: &ScriptError) {
        let _ = error;
    }

    /// All pairs have been run.
    fn finished(&self, record: &SuiteRecord) {
        let _ = record;
    }
}

/// Ignores the progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Events for Silent {}
