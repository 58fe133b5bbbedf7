//! The record of a run: the data that everything else reads.
//!
//! Each command of `etalon` that judges or runs something writes one JSON document, a *record*. The types here are
//! those documents. [`read_record`] reads one back and says which it is; `etalon-reports` renders them.
//!
//! A record holds no clock, path of the machine, host name or thread order: two runs of the same build over the same
//! input give the same bytes. The exception is a [`BenchRecord`], which consists of measurements.
//!
//! ```
//! use etalon_record::{Record, Row, SuiteRecord, Tool, Kind, read_record, to_json};
//!
//! let mut record = SuiteRecord::new(Kind::Spec, Tool::new("etalon", "0.1.0"), "x86_64");
//! record.rows.push(Row { passed: 3, ..Row::new("wasm-v1", "nop.wast", "interp") });
//! record.normalise();
//! let text = to_json(&record)?;
//! assert!(matches!(read_record(&text), Ok(Record::Suite(read)) if read == record));
//! # Ok::<(), etalon_record::WriteError>(())
//! ```
#![forbid(unsafe_code)]

mod backtrace;
mod bench;
mod campaign;
mod coverage;
mod diff;
mod document;
mod engine;
mod engines;
mod fuzz;
mod gas;
mod kind;
mod laws;
mod merge;
mod outcome;
mod read;
mod row;
mod run;
mod shared;
mod suite;
mod totals;
mod value;
mod write;

pub use backtrace::{Backtrace, BacktraceFrame};
pub use bench::{
    BenchChange, BenchMean, BenchPair, BenchRecord, BenchRow, FigureRow, FigureRows, KernelGroup,
    KernelRows, Ratio, Unit,
};
pub use campaign::CampaignError;
pub use coverage::{Reached, RuleCoverage};
pub use diff::{Aspect, DiffRecord, Divergence, Idle, Observation, Uncallable};
pub use document::{Document, Failed, Fault};
pub use engine::{EngineInfo, Part, Tool, role};
pub use engines::EnginesRecord;
pub use fuzz::{Coverage, Finding, FuzzRecord, Generator, SameAs, Shards};
pub use gas::{Gas, GasAgreement, GasMismatch};
pub use kind::{FORMAT, Format, Kind};
pub use laws::LawCoverage;
pub use merge::MergeError;
pub use outcome::OutcomeKind;
pub use read::{MAX_BYTES, ReadError, Record, read_record};
pub use row::{Failure, Note, Row, Standing};
pub use run::{Refusal, RunRecord, Written};
pub use shared::{SharedParts, SharedRole, Sharing, shared_parts};
pub use suite::SuiteRecord;
pub use totals::Totals;
pub use value::Value;
pub use write::{WriteError, is_obeyed, to_json, write_json};
