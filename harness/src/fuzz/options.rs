//! Options of a fuzz run.

use crate::diff::DiffOptions;
use crate::generate::Profile;
use etalon_adapters::{Adapter, AdapterError};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Options of a fuzz run. Case i depends only on i, `seed`, `profiles` and the features that the engines have in
/// common.
#[derive(Clone)]
pub struct FuzzOptions {
    /// The seed of every case.
    pub seed: u64,
    /// How many cases to run; `None` leaves it to `time`.
    pub cases: Option<u64>,
    /// How long to begin new cases. Without this and `cases` the run has no end.
    pub time: Option<Duration>,
    /// How many threads; at least one is used.
    pub jobs: usize,
    /// The engines; the others are compared with the first.
    pub engines: Vec<Arc<dyn Adapter>>,
    /// The profiles of modules, which the cases use in turn; at least one.
    pub profiles: Vec<&'static Profile>,
    /// How often each export is called.
    pub rounds: usize,
    /// How engines are run and compared.
    pub diff: DiffOptions,
    /// The folder for findings; absent if they are not saved.
    pub out: Option<PathBuf>,
    /// How many kinds of divergence are reduced and saved; further ones are only counted.
    pub keep: usize,
}

impl std::fmt::Debug for FuzzOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FuzzOptions")
            .field("seed", &self.seed)
            .field("cases", &self.cases)
            .field("time", &self.time)
            .field("jobs", &self.jobs)
            .field("engines", &self.engines.len())
            .field("profiles", &self.profiles.iter().map(|p| p.name).collect::<Vec<_>>())
            .field("out", &self.out)
            .finish_non_exhaustive()
    }
}

/// Receives the progress of a run. Called from every thread of the run.
pub trait Progress: Sync {
    /// Reports how many cases are done and how many kinds of divergence are known.
    fn done(&self, cases: u64, findings: usize);

    /// Whether the run is to stop beginning new cases.
    fn stopped(&self) -> bool {
        false
    }
}

/// Ignores the progress.
#[derive(Clone, Copy, Debug)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn done(&self, _: u64, _: usize) {}
}

/// Why a fuzz run ended without a result.
#[derive(Debug, Error)]
pub enum FuzzError {
    /// An engine cannot be set up.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
    /// A finding cannot be saved.
    #[error("{}: {error}", file.display())]
    Save {
        /// The file or folder.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A finding cannot be written as text.
    #[error("the finding {id} cannot be written: {error}")]
    Text {
        /// The finding.
        id: String,
        /// Why.
        error: String,
    },
}
