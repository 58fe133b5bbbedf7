//! Coverage of the specification, for a person.

use etalon_record::RuleCoverage;

/// Prints how much was reached, what was not, and what cannot be.
pub(crate) fn print(coverage: &RuleCoverage) {
    for (what, all) in [("rules", &coverage.rules), ("numeric functions", &coverage.numerics)] {
        println!("{what} reached: {} of {}", all.reached, all.total);
        all.missing.iter().for_each(|name| println!("  never: {name}"));
        all.unreachable.iter().for_each(|(name, why)| println!("  cannot be: {name}: {why}"));
    }
    let operators = &coverage.operators;
    println!("rules of each operator reached: {} of {}", operators.reached, operators.total);
}
