//! The rules of the specification that a run reached, as the oracle counts them.

use etalon_adapters::{Adapter, OwnTier, RuleTally};
use etalon_record::{Reached, RuleCoverage};
use etalon_spec_tests::spec_map;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes the oracle count into `tally`: replaces the plain oracle among the engines, or adds it to them. It takes artefacts if
/// the user said that they can be trusted, as the others then do.
pub fn watch(engines: &mut Vec<Arc<dyn Adapter>>, tally: &RuleTally, trusts: bool) {
    let mut oracle = OwnTier::with_coverage(tally.clone());
    if trusts {
        oracle = oracle.trusting_artefacts();
    }
    let oracle: Arc<dyn Adapter> = Arc::new(oracle);
    let name = oracle.info().name;
    match engines.iter_mut().find(|engine| engine.info().name == name) {
        Some(plain) => *plain = oracle,
        None => engines.push(oracle),
    }
}

/// The rules that were reached in the sessions that have ended.
pub fn rule_coverage(tally: &RuleTally) -> RuleCoverage {
    let map = spec_map();
    // In the specification's source, names of functions begin with `$`.
    let (numerics, rules): (Vec<_>, Vec<_>) =
        tally.rules().into_iter().partition(|(name, _)| name.starts_with('$'));
    let mut pairs = Vec::new();
    for (operator, reached) in tally.by_operator() {
        let known = map.operator.get(operator).into_iter().flat_map(|rules| rules.names());
        pairs.extend(known.map(|rule| (format!("{operator}: {rule}"), reached.contains(&rule))));
    }
    RuleCoverage {
        rules: Reached::of(rules, &map.unreachable),
        numerics: Reached::of(numerics, &map.unreachable),
        operators: Reached::of(pairs.iter().map(|p| (&*p.0, p.1)), &BTreeMap::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_adapters::{Features, SessionConfig, adapter};

    /// The engine that counts is otherwise the one whose place it takes.
    #[test]
    fn the_oracle_takes_artefacts_if_the_others_do() {
        let config = SessionConfig {
            features: Features::wasm2(),
            gas: None,
            turns: false,
            measure: false,
            time: None,
        };
        for trusts in [false, true] {
            let mut engines = vec![adapter("oracle").expect("it is one of ours")];
            watch(&mut engines, &RuleTally::new(), trusts);
            let misfit = engines[0].misfit(&config, b"\x7fETALON\0").expect("it is not whole");
            assert_eq!(misfit.reason.contains("--allow-precompiled"), !trusts, "{misfit}");
        }
    }
}
