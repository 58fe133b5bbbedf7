//! Every use is valid, and no operator is missing.

use super::func::{Func, KINDS, Kind};
use super::menu::Menu;
use super::{stage, uses};
use crate::diff::{Call, Case, Comparison, DiffOptions, Differ, Rules, RunOptions, compare};
use crate::fuzz::case_of;
use crate::generate::Profile;
use crate::generate::allows;
use crate::generate::choices::Choices;
use crate::localise::known_values;
use crate::reduce::Draft;
use crate::rewrite::Op;
use crate::settings::usual_gas;
use etalon_adapters::{Features, Outcome, adapter};
use etalon_module::{Module, Opcode};
use std::collections::BTreeSet;

/// The features that our own tiers have in common.
pub(crate) fn features() -> Features {
    let more = ["threads", "wide-arithmetic", "custom-page-sizes", "memory-control"];
    more.iter().fold(Features::wasm3(), |set, name| set.with(name).expect("it is a feature"))
}

/// Operators without a use of their own: they are the frame of others.
const FRAMES: &[&str] = &["end", "loop", "return", "drop", "local.get", "local.set", "local.tee"];

#[test]
fn no_operator_is_missing() {
    let used: BTreeSet<&str> =
        uses::uses(features()).into_iter().map(|one| one.op.name()).collect();
    let missing: Vec<&str> = Opcode::ALL
        .iter()
        .filter(|op| op.is_executed() && allows(features(), op.proposal()))
        .map(|op| op.name())
        .filter(|name| !used.contains(name) && !FRAMES.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_long_array_is_looked_at_in_few_steps() {
    let parts: Vec<_> = stage::ARRAYS.iter().map(|(name, ..)| look_at_a_long(name)).collect();
    let wasm =
        wat::parse_str(stage::module(&[stage::Part::Objects], "", &parts.concat(), false)).unwrap();
    let calls =
        stage::ARRAYS.iter().map(|(name, ..)| Call { export: (*name).into(), args: vec![] });
    let mut case = Case::new("long", wasm, calls.collect());
    case.is_apart = true;
    let run =
        RunOptions { features: features(), gas: Some(usual_gas(None)), state: false, time: None };
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let differ = Differ::new(vec![adapter("interp").unwrap()], options);
    let trace = differ.trace(0, &differ.options().run, &case).unwrap();
    for step in &trace.steps {
        assert!(matches!(step.outcome, Outcome::Returned(_)), "{:?}", step.outcome);
    }
}

/// A function that looks at 2,000,000 elements.
fn look_at_a_long(array: &str) -> String {
    format!(
        "(func (export \"{array}\") (result i64) \
         (call $look_{array} (array.new_default ${array} (i32.const 2000000))))"
    )
}

/// Every generator by its name.
const GENERATORS: &[(&str, super::Filler)] = &[
    ("single", super::single),
    ("chains", super::chains),
    ("control", super::control),
    ("objects", super::objects),
    ("sequences", super::sequences),
    ("nans", super::nans),
];

#[test]
fn every_module_is_valid_and_always_the_same() {
    for (name, fill) in GENERATORS {
        for seed in 0..40u32 {
            let bytes = bytes(seed, 4096);
            let made = super::make(*fill, features(), &bytes);
            assert_eq!(made.text, super::make(*fill, features(), &bytes).text, "{name} {seed}");
            let wasm =
                wat::parse_str(&made.text).unwrap_or_else(|error| panic!("{name} {seed}: {error}"));
            Module::new(&wasm, features())
                .unwrap_or_else(|error| panic!("{name} {seed}: {error}\n{}", made.text));
        }
        // Without bytes, and with fewer features, too.
        let old = Features::wasm1();
        for (features, length) in
            [(features(), 0), (features(), 70), (old, 3000), (Features::wasm2(), 3000)]
        {
            let made = super::make(*fill, features, &bytes(9, length));
            let wasm = wat::parse_str(&made.text).unwrap_or_else(|error| panic!("{name}: {error}"));
            Module::new(&wasm, features)
                .unwrap_or_else(|error| panic!("{name}: {error}\n{}", made.text));
        }
    }
}

fn bytes(seed: u32, length: u32) -> Vec<u8> {
    let mixed =
        |n: u32| (n ^ seed.wrapping_mul(0x9e37_79b9)).wrapping_mul(2_654_435_761) ^ (n >> 7);
    (0..length).map(|n| (mixed(n).wrapping_mul(0x85eb_ca6b) >> 23) as u8).collect()
}

/// Each alone, with every kind of operand, so that a fault names its use.
#[test]
fn every_use_is_valid_with_every_kind_of_operand() {
    let menu = Menu::of(features());
    let bytes: Vec<u8> =
        (0..60_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut u = Choices::new(&bytes);
    let mut faults = Vec::new();
    for one in &menu.uses {
        let mut func = Func::new(&menu, "f");
        for kind in KINDS.iter().filter(|kind| **kind != Kind::Operator) {
            let operands: Vec<String> =
                one.operands.iter().map(|operand| func.operand(&mut u, *operand, *kind)).collect();
            func.shot(&mut u, one, &operands);
        }
        let (text, parts) = func.finish();
        let text = stage::module(&parts, "", &text, false);
        let fault = match wat::parse_str(&text) {
            Err(error) => Some(error.to_string()),
            Ok(wasm) => Module::new(&wasm, features()).err().map(|error| error.to_string()),
        };
        faults.extend(fault.map(|fault| format!("{}: {fault}", one.text)));
    }
    assert!(faults.is_empty(), "{}\n{}", faults.len(), faults[..faults.len().min(30)].join("\n"));
}

/// What changes the value of an operator: its lowest bit, its sign, or all of its bits.
fn change(op: &Op) -> Option<&'static [u8]> {
    let moves = ["local.get", "local.tee", "global.get", "call", "end", "block", "loop"];
    let name = op.opcode.name();
    if name.ends_with(".const") || moves.contains(&name) || op.opens() || !op.goes_on {
        return None;
    }
    Some(match op.results[..] {
        [Some(wasmparser::ValType::I32)] => &[0x41, 0x01, 0x73],
        [Some(wasmparser::ValType::I64)] => &[0x42, 0x01, 0x85],
        [Some(wasmparser::ValType::F32)] => &[0x8c],
        [Some(wasmparser::ValType::F64)] => &[0x9a],
        [Some(wasmparser::ValType::V128)] => &[0xfd, 0x4d],
        _ => return None,
    })
}

/// Of the operators that are executed, at least every second contributes to what is compared: a wrong value there is seen.
#[test]
fn wrong_values_do_not_die_unseen() {
    const STEP: usize = 13;
    let run =
        RunOptions { features: features(), gas: Some(usual_gas(None)), state: true, time: None };
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let differ = Differ::new(vec![adapter("interp").unwrap()], options);
    let trace = |case: &Case| differ.trace(0, &differ.options().run, case).unwrap();
    for (name, _) in GENERATORS {
        let profile = Profile::named(name).unwrap();
        let (mut changed, mut seen) = (0, 0);
        for number in 0..3 {
            let case = case_of(profile, features(), 11, number, 1);
            let draft = Draft::of(&case).unwrap();
            let known = known_values(&differ, &case, &draft.text);
            let right = trace(&case);
            let places = draft
                .text
                .funcs
                .iter()
                .flat_map(|func| (0..func.ops.len()).map(move |at| (func, at)));
            let executed = places.filter(|(func, at)| known.contains_key(&(func.index, *at)));
            let executed =
                executed.filter_map(|(func, at)| Some((func, at, change(&func.ops[at])?)));
            for (func, at, change) in executed.step_by(STEP) {
                let (before, after) =
                    (draft.code(func, 0..at + 1), draft.code(func, at + 1..func.ops.len()));
                let Some(wrong) = draft.with_code(func, &[before, change, after]) else { continue };
                changed += 1;
                seen += usize::from(
                    compare(&right, &trace(&wrong), &Rules::default()) != Comparison::Equal,
                );
            }
        }
        assert!(changed >= 30, "{name}: {changed} changed");
        assert!(seen * 2 >= changed, "{name}: {seen} of {changed} seen");
    }
}
