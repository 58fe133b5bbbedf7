//! The map of the specification's rules against what the oracle does when it runs every script there is.

use etalon_adapters::{Adapter, RuleTally};
use etalon_harness::coverage::{rule_coverage, watch};
use etalon_harness::script::{ScriptOptions, Selection, Silent, run_suites};
use etalon_module::Opcode;
use etalon_spec_tests::{NameKind, official_names, spec_map};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

/// What the official scripts and our own reach together: run once for all tests here.
static ALL: LazyLock<RuleTally> = LazyLock::new(|| {
    let tally = RuleTally::new();
    let mut engines = Vec::new();
    watch(&mut engines, &tally, false);
    let engines: Vec<&dyn Adapter> = engines.iter().map(|e: &Arc<dyn Adapter>| &**e).collect();
    // The suites of earlier versions are parts of this one's.
    let suites = ["wasm-v3", "local", "proposals/*"].map(str::to_owned).into();
    let selection = Selection { suites, ..Selection::default() };
    let run = run_suites(&engines, &selection, &ScriptOptions::default(), &Silent);
    let record = run.expect("the bundled suites exist").record;
    assert!(record.is_clean());
    // A script of ours names in its header whatever it needs, and the oracle lacks none of it.
    for row in record.rows.iter().filter(|row| row.suite == "local") {
        assert_eq!(row.unsupported, [""; 0], "{}", row.file);
    }
    tally
});

#[test]
fn every_operator_of_the_specification_is_in_the_map_and_only_what_has_a_meaning() {
    let rows = &spec_map().operator;
    for name in rows.keys() {
        assert!(Opcode::from_name(name).is_some_and(Opcode::has_meaning), "{name}");
    }
    // One official rule of a proposal makes all its operators official.
    let official = |op: &&Opcode| rows.get(op.name()).is_some_and(|row| row.valid.is_some());
    let published: BTreeSet<&str> =
        Opcode::ALL.iter().filter(official).map(|op| op.proposal()).collect();
    let expected = |op: &&Opcode| op.has_meaning() && published.contains(op.proposal());
    let absent = Opcode::ALL.iter().filter(expected).filter(|op| !rows.contains_key(op.name()));
    assert_eq!(absent.collect::<Vec<_>>(), [&Opcode::Nop; 0]);
}

#[test]
fn the_table_of_instructions_and_the_map_agree() {
    for (name, rules) in &spec_map().operator {
        let op = Opcode::from_name(name).expect("a test holds that it is an operator");
        // The exceptions of before 3.0 throw by rules that the map has, and trap by none.
        if rules.valid.is_some() {
            assert_eq!(op.may_trap(), !rules.traps.is_empty(), "{op}");
        }
        assert!(op.transfers_control() || rules.taken.is_empty(), "{op} branches");
    }
}

#[test]
fn the_oracle_knows_the_official_names_in_their_order() {
    let known: Vec<&str> = RuleTally::new().rules().iter().map(|(name, _)| *name).collect();
    let mut official = official_names(NameKind::Reduction);
    official.extend(official_names(NameKind::Function));
    assert_eq!(known, official);
}

#[test]
fn the_scripts_reach_every_rule_of_every_operator_and_none_that_cannot_be_reached() {
    let coverage = rule_coverage(&ALL);
    for all in [&coverage.rules, &coverage.numerics, &coverage.operators] {
        assert!(all.total > 0);
        assert_eq!(all.missing, [""; 0], "never reached");
        assert_eq!(all.reached + all.unreachable.len() as u64, all.total);
    }
    let listed = &spec_map().unreachable;
    let reached = listed.keys().filter(|name| {
        !coverage.rules.unreachable.contains_key(*name)
            && !coverage.numerics.unreachable.contains_key(*name)
    });
    assert_eq!(reached.collect::<Vec<_>>(), [""; 0], "reached, though the map says it cannot be");
}

#[test]
fn what_the_oracle_tells_of_an_operator_is_in_the_map() {
    let map = spec_map();
    let any: BTreeSet<&str> = map.any.values().flatten().map(String::as_str).collect();
    let mut strangers = Vec::new();
    for (operator, told) in ALL.by_operator() {
        let rules = map.operator.get(operator);
        let known: BTreeSet<&str> = rules.into_iter().flat_map(|rules| rules.names()).collect();
        let strange = told.into_iter().filter(|rule| !known.contains(rule) && !any.contains(rule));
        strangers.extend(strange.map(|rule| format!("{operator}: {rule}")));
    }
    assert_eq!(strangers, [""; 0]);
}
