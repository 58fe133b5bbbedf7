//! Gas for people who price and audit contracts.
//!
//! A [`Scenario`] says what is called, with which host functions around it. [`run`] runs it on the oracle and gives a [`Bill`] of each step:
//! what it consumed, and how much of that in which function, by which operators, along which calls. A [`Snapshot`] is the same as a file, and
//! [`differences`] says where two of them part.
#![forbid(unsafe_code)]

mod bill;
mod book;
mod calibrate;
mod difference;
mod error;
mod estimate;
mod fuel;
mod host;
mod lines;
mod profile;
mod run;
mod samples;
mod scenario;
mod snapshot;
mod text;

pub use bill::{Bill, Call, FunctionBill, OperatorBill, SegmentBill, Tree};
pub use calibrate::{ALL as LINKS, Effort, Link, Rated, rate_kernel, rate_link, spread};
pub use difference::{Difference, Moved, Tolerance, differences};
pub use error::{EstimateError, ProfileError, RunError, ScenarioError, SnapshotError};
pub use estimate::{
    Bound, Dynamic, Estimate, ExportEstimate, Loop, OnPath, Question, Reason, Silent, Upper,
    estimate,
};
pub use fuel::{Agreement, Doubt, FuelCase, FuelError, Mismatch, Model, WasmiFuel, Witness};
pub use lines::{Line, LinesError, lines_of};
pub use profile::Profile;
pub use run::{Setting, Trial, run};
pub use samples::{Source, Spread, sample, spread_of};
pub use scenario::{Import, Preset, Scenario, ScenarioFile, Step};
pub use snapshot::{FIGURES, ScenarioBills, Snapshot, StepBill};
