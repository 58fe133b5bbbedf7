//! What an instruction costs: schedules and the meter.
//!
//! Gas is defined in `SPEC.md` in this crate's folder ("gas-1"; `§` in these pages is a section of it). A [`Schedule`]
//! fixes every number that gas-1 leaves open; a [`Meter`] counts. This crate does not decide *where* gas is charged: each
//! tier finds the gas segments of a body itself, and tests compare the tiers.

#![forbid(unsafe_code)]

mod by_operator;
mod canonical;
mod cuts;
mod error;
mod heap;
mod id;
mod meter;
mod prices;
mod rate;
mod schedule;
mod source;

pub use cuts::Cuts;
pub use error::{ScheduleError, ScheduleErrorKind};
pub use heap::object_bytes;
pub use id::{ScheduleId, ScheduleIdError};
pub use meter::{GasCell, LIMIT_MAX, LimitTooLarge, Meter, OutOfGas};
pub use prices::{Compilation, Depth, Function, Host, Instantiation, Limits};
pub use rate::Rate;
pub use schedule::Schedule;

/// The definition of gas that this crate implements: the title of `SPEC.md`. A changed definition gets a new name.
pub const SEMANTICS: &str = "gas-1";
