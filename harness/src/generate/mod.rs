//! Generated modules and arguments, each determined by a seed and a number.

mod args;
mod choices;
mod coverage;
mod kinds;
mod mutated;
mod profile;
mod programs;
mod stream;
mod typed;

pub use args::arguments;
pub(crate) use coverage::allows;
pub use coverage::{count_operators, operators_of};
pub(crate) use kinds::cells_of;
pub use profile::{Generated, PROFILES, Profile, generate, module_of};
pub(crate) use programs::setup as program_setup;
pub use stream::Stream;
