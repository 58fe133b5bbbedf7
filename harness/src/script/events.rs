//! What there is to say while scripts run.

use crate::script::source::ScriptError;
use etalon_record::{Row, SuiteRecord};

/// Hears of a run as it goes on, from several threads and in no order; for progress bars.
pub trait Events: Sync {
    /// So many pairs of a script and an engine are to be run.
    fn started(&self, total: usize) {
        let _ = total;
    }

    /// One has been run.
    fn script_done(&self, row: &Row) {
        let _ = row;
    }

    /// One cannot be run.
    fn script_refused(&self, error: &ScriptError) {
        let _ = error;
    }

    /// All have been run.
    fn finished(&self, record: &SuiteRecord) {
        let _ = record;
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Events for Silent {}
