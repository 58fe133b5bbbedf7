//! How a step ends.

use etalon_runtime::{Stop, Value};

/// With nothing to say, or with a stop, which is rare and lies elsewhere so that steps are quick.
pub(crate) type Step<T = ()> = Result<T, Box<Stop>>;

/// What cannot happen in valid code: a bug of ours.
#[cold]
pub(crate) fn bug(what: &str) -> Box<Stop> {
    Stop::crash(what).into()
}

/// The same as the end of a step.
#[cold]
pub(crate) fn crash<T>(what: &str) -> Step<T> {
    Err(bug(what))
}

#[cold]
pub(crate) fn wrong_type(value: Value, wanted: &str) -> Box<Stop> {
    Stop::crash(format!("{value:?} where {wanted} is due")).into()
}
