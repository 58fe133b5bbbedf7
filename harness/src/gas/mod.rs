//! The gas of calls: snapshots that show each change, and the laws of gas-1 that hold for every module.

mod laws;
mod snapshot;

pub use laws::{Breach, Law, check_law};
pub use snapshot::{GasLine, SnapshotError, gas_lines, snapshot_text};
