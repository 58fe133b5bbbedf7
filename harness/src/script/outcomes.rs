//! The outcomes that a script with threads can have: all of them, or those that many runs show.

use crate::script::interleave::Interleaving;
use crate::script::runner::run_interleaved;
use crate::script::source::{ScriptError, ScriptOptions, ScriptSource};
use etalon_adapters::Adapter;
use etalon_record::{Failure, Note};
use serde::Serialize;
use std::collections::BTreeMap;

/// The outcomes of the runs of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcomes {
    /// How many interleavings were run.
    pub runs: u64,
    /// Whether these are all that exist.
    pub exhaustive: bool,
    /// The outcomes of the calls, thread by thread, and in how many runs each was seen.
    pub seen: BTreeMap<String, u64>,
    /// Assertions that failed in some run, each once.
    pub failures: Vec<Failure>,
    /// Commands that timed out in some run, each once. The run in which one does is the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeouts: Vec<Note>,
}

/// Runs a script in every interleaving of its threads' accesses to memories, in at most `most` of them. All outcomes
/// are sequentially consistent; if every interleaving was run, they are all the sequentially consistent ones. If the watchdog of
/// the options is stopped meanwhile, they are those of the runs that were finished.
///
/// # Errors
/// If the text is not a script.
pub fn outcomes(
    adapter: &dyn Adapter,
    source: &ScriptSource,
    options: &ScriptOptions,
    most: u64,
) -> Result<Outcomes, ScriptError> {
    let mut next = Some(Interleaving::first());
    let (mut seen, mut failures, mut timeouts) = (BTreeMap::new(), Vec::new(), Vec::new());
    let mut runs = 0;
    while let Some(mut interleaving) = next.take_if(|_| runs < most) {
        let (row, text) = run_interleaved(adapter, source, options, &mut interleaving)?;
        if options.is_stopped() && row.timed_out > 0 {
            // Broken off, not timed out: it says nothing of the script, and this interleaving is still to be run.
            next = Some(interleaving);
            break;
        }
        runs += 1;
        *seen.entry(text).or_insert(0) += 1;
        for failure in row.failures {
            if !failures.contains(&failure) {
                failures.push(failure);
            }
        }
        timeouts = row.timeouts;
        if !timeouts.is_empty() {
            break;
        }
        next = interleaving.next();
    }
    let exhaustive = next.is_none() && timeouts.is_empty();
    Ok(Outcomes { runs, exhaustive, seen, failures, timeouts })
}
