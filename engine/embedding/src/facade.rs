//! What is told to the crates `metrics` and `tracing`, if the features of these names are on; nothing otherwise.

use crate::metrics::Ending;
use std::fmt;

/// A span of work, entered as long as it lives.
pub(crate) struct Span {
    #[cfg(feature = "tracing")]
    _entered: ::tracing::span::EnteredSpan,
}

impl Span {
    /// Work of a kind: `call`, `resume`, `instantiate`, `reset`, `module`.
    #[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nobody is told"))]
    pub(crate) fn new(work: &'static str) -> Span {
        Span {
            #[cfg(feature = "tracing")]
            _entered: ::tracing::debug_span!(target: "etalon", "etalon", work).entered(),
        }
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Span").finish_non_exhaustive()
    }
}

/// A call has ended.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables, reason = "nobody is told"))]
pub(crate) fn call(ending: Ending) {
    #[cfg(feature = "metrics")]
    ::metrics::counter!("etalon_calls_total", "ending" => name(ending)).increment(1);
}

/// An instantiation or a reset has ended.
#[cfg_attr(not(feature = "metrics"), expect(unused_variables, reason = "nobody is told"))]
pub(crate) fn instantiation(ending: Ending) {
    #[cfg(feature = "metrics")]
    ::metrics::counter!("etalon_instantiations_total", "ending" => name(ending)).increment(1);
}

#[cfg(feature = "metrics")]
fn name(ending: Ending) -> &'static str {
    match ending {
        Ending::Returned => "returned",
        Ending::Trapped => "trapped",
        Ending::Thrown => "threw",
        Ending::Exhausted => "exhausted",
        Ending::Interrupted => "interrupted",
        Ending::HostError => "host-error",
        Ending::Panicked => "panicked",
        Ending::Crashed => "crashed",
        Ending::Refused => "refused",
    }
}
