//! What the generators of typed functions promise: cases that run, and that run long enough to show something.

use etalon_adapters::{Adapter, Features, Outcome, adapter};
use etalon_harness::diff::{DiffOptions, Differ, RunOptions, Verdict};
use etalon_harness::fuzz::case_of;
use etalon_harness::generate::Profile;
use etalon_harness::settings::usual_gas;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The generators, each with the modules that are tried.
const GENERATORS: &[(&str, u64)] = &[
    ("single", 16),
    ("chains", 12),
    ("control", 8),
    ("objects", 12),
    ("sequences", 10),
    ("nans", 10),
];

/// Gas of a call that is long enough.
const LONG: u64 = 50;

/// At least 80 of 100 cases are compared, and at least half return after 50 gas or more; no engine differs.
#[test]
fn most_cases_return_and_half_of_them_after_a_while() {
    let engines: Vec<Arc<dyn Adapter>> =
        ["interp", "jit"].map(|name| adapter(name).expect("it is ours")).into();
    let common = engines.iter().fold(Features::all(), |set, e| set.intersection(e.features()));
    let run = RunOptions {
        features: common,
        gas: Some(usual_gas(Some(1_000_000))),
        state: true,
        time: None,
    };
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let differ = Differ::new(engines, options);
    for (name, modules) in GENERATORS {
        let profile = Profile::named(name).expect("it is in the list");
        let (mut cases, mut compared, mut long) = (0, 0, 0);
        for number in 0..*modules {
            let case = case_of(profile, common, 5, number, 2);
            let judged = differ.judge(&case).expect("our tiers can be set up");
            assert_eq!(judged.verdict, Verdict::Agree, "{name} {number}");
            cases += case.calls.len();
            for step in judged.traces[0].steps.iter().skip(1) {
                let ended = !matches!(step.outcome, Outcome::Exhausted(_));
                compared += usize::from(ended);
                let returned = matches!(step.outcome, Outcome::Returned(_));
                long += usize::from(returned && step.gas.is_some_and(|gas| gas >= LONG));
            }
        }
        assert!(cases > 500, "{name}: {cases} cases");
        assert!(compared * 100 >= cases * 80, "{name}: {compared} of {cases} were compared");
        assert!(long * 2 >= cases, "{name}: {long} of {cases} return after {LONG} gas");
    }
}
