//! Engines of others as witnesses to what the oracle counts: what they must charge for a call, told from what the oracle executed.

mod wasmi;
mod witness;

pub use wasmi::{Doubt, WasmiFuel};
pub use witness::{Agreement, FuelCase, FuelError, Mismatch, Model, Witness};
