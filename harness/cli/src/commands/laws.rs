//! What the laws of gas were checked on, for people.

use crate::escape;
use crate::output::say;
use crate::words::counted;
use etalon_record::LawCoverage;
use std::collections::BTreeMap;

/// Prints what was covered.
pub(crate) fn print(laws: &LawCoverage) {
    say!(
        "laws of gas: {} with {} in {}, {} below what is consumed, {}",
        counted(laws.modules, "module"),
        counted(laws.calls, "call"),
        counted(laws.runs, "run"),
        counted(laws.limits, "limit"),
        counted(laws.host_calls, "host call")
    );
    say!("  operators executed: {} of {}", laws.executed.len(), laws.operators_total);
    say!("  dynamic operators reached: {} of {}", laws.dynamic.len(), laws.dynamic_total);
    for (what, counts) in [
        ("traps", &laws.traps),
        ("modules under each schedule", &laws.schedules),
        ("modules on each of", &laws.settings),
        ("modules left out", &laws.left_out),
    ] {
        if !counts.is_empty() {
            say!("  {what}: {}", list(counts));
        }
    }
}

fn list(counts: &BTreeMap<String, u64>) -> String {
    let each: Vec<String> =
        counts.iter().map(|(name, count)| format!("{} {count}", escape::line(name))).collect();
    each.join("; ")
}
