//! The embedding: engines, modules, stores and instances, on any tier.
#![forbid(unsafe_code)]

pub use etalon_gas::{Schedule, ScheduleError, ScheduleId};
pub use etalon_module::Features;
