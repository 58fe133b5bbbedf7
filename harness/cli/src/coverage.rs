//! Coverage of the specification, as text.

use etalon_record::RuleCoverage;

/// Prints how much was reached, what was not reached, and what cannot be reached.
pub(crate) fn print(coverage: &RuleCoverage) {
    for (what, all) in [("rules", &coverage.rules), ("numeric functions", &coverage.numerics)] {
        println!("{what} reached: {} of {}", all.reached, all.total);
        all.missing.iter().for_each(|name| println!("  never: {name}"));
        all.unreachable
            .iter()
            .for_each(|(name, why)| println!("  cannot be reached: {name}: {why}"));
    }
    let operators = &coverage.operators;
    println!("rules of each operator reached: {} of {}", operators.reached, operators.total);
}
