//! How long an engine's process may take to start.

use super::child::Patience;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// If nobody says otherwise.
const USUAL: Duration = Duration::from_secs(30);

/// What a process needs on a busy machine before it can say anything, however short its cases are to be.
pub(crate) const LEAST: Duration = Duration::from_secs(2);

/// Milliseconds; the greatest number for ever.
static LIMIT: AtomicU64 = AtomicU64::new(USUAL.as_millis() as u64);

/// Says how long engines of this process may take to start, to say what they are and to answer a probe: as long as an action
/// may, but not less than two seconds, or what the engine needs; `None` means that they are waited for without end.
pub fn start_within(limit: Option<Duration>) {
    let milliseconds = |limit: Duration| u64::try_from(limit.as_millis()).ok();
    LIMIT.store(limit.and_then(milliseconds).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Whether a signal asked for the end of this process.
static ENDING: AtomicBool = AtomicBool::new(false);

/// From now on no engine in a process of its own is started or waited for: the run is to end.
pub fn start_no_more() {
    ENDING.store(true, Ordering::Relaxed);
}

/// Whether the run is to end.
pub(crate) fn is_ending() -> bool {
    ENDING.load(Ordering::Relaxed)
}

/// How long to wait for an engine that may need so long.
pub(crate) fn patience(least: Duration) -> Patience<'static> {
    match LIMIT.load(Ordering::Relaxed) {
        u64::MAX => Patience::of(None),
        limit => Patience::at_most(Duration::from_millis(limit).max(least)),
    }
}

/// What is said of an engine that did not start in time.
pub(crate) fn too_late(least: Duration) -> String {
    if is_ending() {
        return "a signal ended the run before it said what it is".to_owned();
    }
    let limit = Duration::from_millis(LIMIT.load(Ordering::Relaxed)).max(least);
    format!("it said nothing for {} s", limit.as_secs_f64())
}
