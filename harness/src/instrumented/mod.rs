//! Do instrumented copies of modules, on any engine, consume what our meter says, and end as it says?
//!
//! The oracle runs a module under gas-1 and is the judge; another engine runs the copy that `etalon-instrument` wrote, of which it
//! knows nothing. Each call has a limit of its own: a high one, exactly what it consumes, one less, and for short calls every limit
//! from 0 on.

mod judge;
mod metered;
mod opinion;
mod programs;
mod tally;
mod trial;

pub use opinion::Copies;
pub use programs::small_programs;
pub use tally::{Agreement, Unequal};
pub use trial::{Trial, agree, agree_on_copy};
