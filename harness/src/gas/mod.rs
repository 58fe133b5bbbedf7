//! The gas of calls: snapshots that show each change, and the laws of gas-1 that hold for every module.

mod by_function;
mod exhaustion;
mod law;
mod lawful;
mod segments;
mod snapshot;
mod subject;

pub use by_function::{GasByFunction, gas_by_function};
pub use exhaustion::{MOST_GAS, breach_at};
pub use law::{Breach, Law};
pub(crate) use lawful::check_all;
pub use lawful::{Lawful, check_law};
pub use snapshot::{GasLine, SnapshotError, gas_lines, snapshot_text};
pub use subject::Subject;
