//! Coverage of the specification, as text.

use crate::output::say;
use etalon_record::RuleCoverage;

/// Prints how much was reached, what was not reached, and what cannot be reached.
pub(crate) fn print(coverage: &RuleCoverage) {
    for (what, all) in [("rules", &coverage.rules), ("numeric functions", &coverage.numerics)] {
        say!("{what} reached: {} of {}", all.reached, all.total);
        all.missing.iter().for_each(|name| say!("  never: {name}"));
        all.unreachable.iter().for_each(|(name, why)| say!("  cannot be reached: {name}: {why}"));
    }
    let operators = &coverage.operators;
    say!("rules of each operator reached: {} of {}", operators.reached, operators.total);
}
