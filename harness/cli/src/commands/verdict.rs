//! What `etalon diff` and `etalon fuzz` say of a comparison besides what they found.

use crate::output::say;
use crate::words::counted;
use etalon_harness::diff::Policy;
use std::collections::BTreeMap;

/// Which differences were allowed in how many modules, and why.
pub(crate) fn print_allowed(poisoned: &BTreeMap<String, u64>) {
    for (name, count) in poisoned {
        let policy = Policy::from_name(name);
        let why = policy.map_or("", Policy::why);
        match policy.is_some_and(Policy::goes_on) {
            true => say!(
                "differences that are allowed, {name}: in {} ({why})",
                counted(*count, "module")
            ),
            false => say!("not compared to the end because of {name}: {count} ({why})"),
        }
    }
}

/// What engines do not have, in their own words.
pub(crate) fn print_refused(refused: &BTreeMap<String, BTreeMap<String, u64>>) {
    for (engine, reasons) in refused {
        for (reason, count) in reasons {
            let modules = if *count > 1 { format!(" ({count} modules)") } else { String::new() };
            say!("  {engine}: {reason}{modules}");
        }
    }
}

/// What engines did not tell, so that nothing is said of it.
pub(crate) fn print_untold(untold: &BTreeMap<String, u64>) {
    for (engine, count) in untold {
        say!(
            "{engine} did not tell {count} of the globals and memories that the first engine told"
        );
    }
}

/// Counts of outcomes on one line.
pub(crate) fn outcomes(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
}
