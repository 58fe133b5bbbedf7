//! What the specification leaves open to an engine of another maker, and what it does not.

use crate::options;
use crate::planted::{Fault, Planted};
use etalon_adapters::{
    Adapter, AdapterError, Features, Opened, Outcome, Prepared, Session, SessionConfig, Val,
    adapter,
};
use etalon_harness::diff::{
    Call, Case, Comparison, DiffOptions, Differ, Policy, Rules, Step, Trace, Verdict, compare,
};
use etalon_harness::localise::{Certainty, localise};
use etalon_harness::{NanBits, with_nans};
use etalon_record::{Aspect, EngineInfo};
use std::sync::Arc;

/// Another maker's engine: the interpreter, which is given other bytes.
struct Foreign {
    interp: Arc<dyn Adapter>,
    given: fn(&[u8]) -> Vec<u8>,
}

struct Open {
    interp: Box<dyn Opened>,
    given: fn(&[u8]) -> Vec<u8>,
}

impl Adapter for Foreign {
    fn info(&self) -> EngineInfo {
        EngineInfo::new("foreign", "1")
    }

    fn features(&self) -> Features {
        self.interp.features()
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        Ok(Box::new(Open { interp: self.interp.open(config)?, given: self.given }))
    }
}

impl Opened for Open {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        self.interp.prepare(&(self.given)(wasm))
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        self.interp.session()
    }
}

/// The verdict on calls of `f` without and with an argument.
fn verdict(wat: &str, given: fn(&[u8]) -> Vec<u8>) -> Verdict {
    let wasm = wat::parse_str(wat).expect("the text is a module");
    let call = |args: &[Val]| Call { export: "f".to_owned(), args: args.to_vec() };
    let case = Case::new("foreign", wasm, vec![call(&[Val::I32(5)]), call(&[Val::I32(0)])]);
    differ(given).judge(&case).expect("both can be set up").verdict
}

/// The interpreter and another maker's engine, which has no digest of ours.
fn differ(given: fn(&[u8]) -> Vec<u8>) -> Differ {
    let interp = adapter("interp").expect("it is one of ours");
    let sound = Arc::clone(&interp);
    let silent = Arc::new(Planted { sound, operator: "", fault: Fault::Undigested });
    Differ::new(vec![interp, Arc::new(Foreign { interp: silent, given })], newest())
}

fn newest() -> DiffOptions {
    let mut options = options(&[]);
    options.run.features = Features::wasm3();
    // A copy that looks at memories needs much.
    if let Some(gas) = &mut options.run.gas {
        gas.limit = Some(1 << 20);
    }
    options
}

/// It chooses other NaNs than we do.
fn other_nans(wasm: &[u8]) -> Vec<u8> {
    let nan = NanBits { narrow: 0xffc0_0001, wide: 0xfff8_0000_0000_0001 };
    with_nans(wasm, nan).expect("the module can be written anew")
}

/// It does that, and takes an addition for a subtraction.
fn wrong_sum(wasm: &[u8]) -> Vec<u8> {
    let (add, sub) = (0x6a, 0x6b);
    let wrong = wasm.iter().map(|byte| if *byte == add { sub } else { *byte }).collect::<Vec<_>>();
    other_nans(&wrong)
}

/// It does that in modules alone whose NaNs nobody replaced.
fn wrong_unless_replaced(wasm: &[u8]) -> Vec<u8> {
    match wasm.windows(10).any(|window| window == b"etalon.nan") {
        true => wasm.to_vec(),
        false => wasm.iter().map(|b| if *b == 0x6a { 0x6b } else { *b }).collect(),
    }
}

/// 0/0 flows on as an integer, by a memory, as a lane, decides a branch, and stays in a memory.
const FLOWS: [&str; 5] = [
    r#"(module (func (export "f") (param i32) (result i32)
      (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.convert_i32_s (local.get 0))))))"#,
    r#"(module (memory 1) (func (export "f") (param i32) (result i32)
      (f64.store (i32.const 8) (f64.sqrt (f64.convert_i32_s (i32.sub (i32.const 0) (local.get 0)))))
      (i32.load (i32.const 8))))"#,
    r#"(module (func (export "f") (param i32) (result i32)
      (i32x4.extract_lane 2 (v128.not (f32x4.sub (v128.const f32x4 0 0 inf 0)
        (f32x4.splat (f32.div (f32.const 1) (f32.convert_i32_s (i32.and (local.get 0) (i32.const 2))))))))))"#,
    r#"(module (func (export "f") (param i32) (result i32)
      (if (result i32) (i32.lt_s (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.convert_i32_s (local.get 0)))) (i32.const 0))
        (then (i32.const 1)) (else (unreachable)))))"#,
    r#"(module (memory (export "m") 1) (func (export "f") (param i32) (result i32)
      (f32.store offset=4 (i32.const 8) (f32.div (f32.const 0) (f32.convert_i32_s (local.get 0))))
      (local.get 0)))"#,
];

#[test]
fn bits_of_nans_that_flow_anywhere_are_no_finding() {
    for wat in FLOWS {
        assert_eq!(verdict(wat, other_nans), Verdict::Poisoned(Policy::NanBits), "{wat}");
    }
}

/// A module whose memory is wrong in the step in which a NaN has other bits, and one in which nothing may choose the bits of a NaN.
#[test]
fn other_bits_of_a_nan_hide_nothing_else_of_their_step() {
    let stores = r#"(module (memory (export "m") 1) (func (export "f") (param i32) (result f32)
      (i32.store (i32.const 8) (i32.add (local.get 0) (i32.const 3)))
      (f32.div (f32.const 0) (f32.convert_i32_s (i32.and (local.get 0) (i32.const 0))))))"#;
    let found = verdict(stores, wrong_sum);
    assert!(matches!(found, Verdict::Diverged { engine: 1, .. }), "{found:?}");
    assert_eq!(verdict(stores, other_nans), Verdict::Poisoned(Policy::NanBits));
    let constant =
        r#"(module (func (export "f") (param i32) (result f32) (f32.const nan:0x200001)))"#;
    let other = |wasm: &[u8]| instead(wasm, &[0x43, 1, 0, 0xa0, 0x7f], &[0x43, 2, 0, 0xa0, 0x7f]);
    let found = verdict(constant, other);
    assert!(matches!(found, Verdict::Diverged { engine: 1, .. }), "{found:?}");
}

#[test]
fn a_fault_in_a_module_with_nans_is_one() {
    let wat = r#"(module (func (export "f") (param i32) (result i32)
      (i32.add (local.get 0) (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.const 0))))))"#;
    let found = verdict(wat, wrong_sum);
    assert!(matches!(found, Verdict::Diverged { engine: 1, .. }), "{found:?}");
}

/// The copy is another program: that a difference is not in it means nothing where there was no NaN.
#[test]
fn without_a_nan_no_difference_is_one_of_its_bits() {
    let wat = r#"(module (func (export "f") (param i32) (result i32)
      (drop (f32.div (f32.const 1) (f32.const 2)))
      (i32.add (local.get 0) (i32.const 1))))"#;
    let found = verdict(wat, wrong_unless_replaced);
    assert!(matches!(found, Verdict::Diverged { engine: 1, .. }), "{found:?}");
}

/// Bytes in the place of others.
fn instead(wasm: &[u8], of: &[u8], by: &[u8]) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    while let Some(at) = wasm.windows(of.len()).position(|window| window == of) {
        wasm.splice(at..at + of.len(), by.iter().copied());
    }
    wasm
}

#[test]
fn what_comes_after_what_is_open_is_compared_and_what_is_elsewhere_excuses_nothing() {
    for wat in [
        r#"(module (func (export "f") (param i32) (result i32)
          (if (result i32) (local.get 0)
            (then (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.const 0))))
            (else (i32.add (local.get 0) (i32.const 1))))))"#,
        r#"(module (func (export "f") (param i32) (result f32)
          (if (result f32) (local.get 0)
            (then (f32.div (f32.const 0) (f32.const 0)))
            (else (f32.convert_i32_s (i32.add (local.get 0) (i32.const 1)))))))"#,
        r#"(module (memory 1 2) (func (export "g") (result i32) (memory.grow (i32.const 1)))
          (func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))"#,
        r#"(module (memory 1 2) (func (export "f") (param i32) (result i32)
          (i32.add (memory.grow (i32.const 1)) (i32.const 1))))"#,
        r#"(module (func (export "f") (param i32) (result i32)
          (i32.add (local.get 0) (i32x4.extract_lane 0 (i8x16.relaxed_swizzle
            (v128.const i32x4 1 1 1 1) (v128.const i32x4 99 0 0 0))))))"#,
    ] {
        let found = verdict(wat, wrong_sum);
        assert!(matches!(found, Verdict::Diverged { engine: 1, .. }), "{wat}: {found:?}");
    }
}

/// The least of two zeros, as `f32x4.pmin` has it.
#[test]
fn what_a_relaxed_instruction_may_choose_is_no_finding() {
    let wat = r#"(module (func (export "f") (param i32) (result i32)
      (i32x4.extract_lane 0 (f32x4.relaxed_min (v128.const f32x4 0 0 0 0) (v128.const f32x4 -0 0 0 0)))))"#;
    let other = |wasm: &[u8]| instead(wasm, &[0xfd, 0x8d, 0x02], &[0xfd, 0xea, 0x01]);
    assert_eq!(verdict(wat, other), Verdict::Poisoned(Policy::Relaxed));
}

#[test]
fn a_growth_that_fails_is_no_finding_and_one_that_tells_another_size_is() {
    let wat = r#"(module (memory 1 2) (func (export "f") (param i32) (result i32)
      (memory.grow (i32.const 1))))"#;
    let fails = |wasm: &[u8]| instead(wasm, &[5, 4, 1, 1, 1, 2], &[5, 4, 1, 1, 1, 1]);
    assert_eq!(verdict(wat, fails), Verdict::Poisoned(Policy::Grow));
    let tells = |wasm: &[u8]| instead(wasm, &[5, 4, 1, 1, 1, 2], &[5, 4, 1, 1, 0, 2]);
    let found = verdict(wat, tells);
    assert!(matches!(found, Verdict::Diverged { engine: 1, .. }), "{found:?}");
}

/// It stores but half of what it is to store.
fn half_stores(wasm: &[u8]) -> Vec<u8> {
    let (store, half) = ([0x36, 1], [0x3b, 1]);
    let mut wasm = wasm.to_vec();
    while let Some(at) = wasm.windows(2).position(|window| window == store) {
        wasm[at..at + 2].copy_from_slice(&half);
    }
    wasm
}

/// Nothing that a call gives tells what is in the memory.
const STORES: &str = r#"(module (memory (export "m") 1) (memory (export "other") 1)
  (func (export "f") (param i32) (result i32)
    (i32.store8 1 (i32.const 3) (i32.const 7))
    (i32.store align=2 (i32.const 40) (i32.mul (local.get 0) (i32.const 0x12345)))
    (local.get 0)))"#;

#[test]
fn a_memory_that_is_wrong_is_found_named_and_localised() {
    let wasm = wat::parse_str(STORES).expect("the text is a module");
    let call = |n| Call { export: "f".to_owned(), args: vec![Val::I32(n)] };
    let differ = differ(half_stores);
    for is_apart in [false, true] {
        let case = Case::new("stores", wasm.clone(), vec![call(0), call(5)]);
        let case = Case { is_apart, ..case };
        let judged = differ.judge(&case).expect("both can be set up");
        let Verdict::Diverged { engine: 1, difference } = &judged.verdict else {
            panic!("{:?}", judged.verdict);
        };
        assert_eq!((difference.aspect, difference.step), (Aspect::Memory, 2));
        let record = differ.divergence(&case, &judged, 1, difference);
        for seen in record.by_engine.values() {
            let words = seen.relevant(Aspect::Memory).to_string();
            assert!(words.contains("memory m of 65536 bytes with CRC-32"), "{words}");
            assert!(!words.contains("other"), "that one is right: {words}");
        }
        let cause = localise(&differ, &case, 1, difference).expect("both can be set up");
        let cause = cause.expect("something is executed");
        assert_eq!((cause.operator.as_str(), cause.func), ("i32.store", 0));
    }
}

/// Whatever a copy of the module tells, the sums differ: the last instruction is named, with a word on it.
#[test]
fn a_sum_that_is_wrong_wherever_one_looks_has_a_cause_too() {
    let sound = adapter("interp").expect("it is one of ours");
    let planted =
        Planted { sound: Arc::clone(&sound), operator: "i32.store8", fault: Fault::Memory };
    let differ = Differ::new(vec![sound, Arc::new(planted)], newest());
    let wasm = wat::parse_str(STORES).expect("the text is a module");
    let calls = vec![Call { export: "f".to_owned(), args: vec![Val::I32(1)] }];
    let case = Case::new("stores", wasm, calls);
    let judged = differ.judge(&case).expect("both can be set up");
    let Verdict::Diverged { engine: 1, difference } = &judged.verdict else {
        panic!("{:?}", judged.verdict);
    };
    assert_eq!(difference.aspect, Aspect::Memory);
    let cause = localise(&differ, &case, 1, difference).expect("both can be set up");
    assert_eq!(cause.map(|cause| cause.certainty), Some(Certainty::Last));
}

/// What nobody calls has memories too, with what its segments put there.
#[test]
fn memories_of_a_module_without_calls_are_compared() {
    let wat = r#"(module (memory (export "m") 1) (data (i32.const 0) "\36\01 store")
      (func (i32.store (i32.const 0) (i32.const 0))))"#;
    let case = Case::new("data", wat::parse_str(wat).expect("the text is a module"), Vec::new());
    let judged = differ(half_stores).judge(&case).expect("both can be set up");
    let Verdict::Diverged { difference, .. } = judged.verdict else {
        panic!("{:?}", judged.verdict);
    };
    assert_eq!((difference.aspect, difference.step), (Aspect::Memory, 0));
}

/// The instruction that is named where an engine with a fault differs in a call of `f` with 5.
fn named(wat: &str, fault: Fault) -> (Aspect, Option<String>) {
    let interp = adapter("interp").expect("it is one of ours");
    let sound = Arc::clone(&interp);
    let planted = Planted { sound, operator: "i32.add", fault };
    let differ = Differ::new(vec![interp, Arc::new(planted)], newest());
    let wasm = wat::parse_str(wat).expect("the text is a module");
    let call = Call { export: "f".to_owned(), args: vec![Val::I32(5)] };
    let case = Case::new("named", wasm, vec![call]);
    let Verdict::Diverged { engine: 1, difference } =
        differ.judge(&case).expect("both can be set up").verdict
    else {
        panic!("no difference in {wat}")
    };
    let cause = localise(&differ, &case, 1, &difference).expect("both can be set up");
    (difference.aspect, cause.map(|cause| cause.operator))
}

#[test]
fn a_crash_that_takes_along_what_was_told_has_a_cause_too() {
    let wat = r#"(module
      (func $g (param i32) (result i32)
        (i32.rem_u (i32.mul (local.get 0) (i32.const 7)) (i32.sub (local.get 0) (i32.const 3))))
      (func (export "f") (param $n i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (i32.add (local.get $sum) (call $g (local.get $n))))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $again (local.get $n)))
        (local.get $sum)))"#;
    assert_eq!(named(wat, Fault::Gone), (Aspect::Crash, Some("i32.rem_u".to_owned())));
}

#[test]
fn an_engine_that_hands_other_values_to_the_host_is_wrong_in_the_call() {
    let wat = r#"(module (import "host" "note" (func $note (param i32 i64)))
      (func (export "f") (param i32) (result i32)
        (call $note (i32.add (local.get 0) (i32.const 1)) (i64.const 9))
        (i32.mul (local.get 0) (i32.const 3))))"#;
    assert_eq!(named(wat, Fault::Altered), (Aspect::HostCalls, Some("call".to_owned())));
}

/// Inside of the module nothing is wrong.
#[test]
fn an_engine_that_gives_its_caller_another_value_is_wrong_at_the_end() {
    let wat = r#"(module (func (export "f") (param i32) (result i32)
      (i32.mul (i32.add (local.get 0) (i32.const 1)) (i32.const 3))))"#;
    assert_eq!(named(wat, Fault::Wrong), (Aspect::Results, Some("end".to_owned())));
}

/// A trace of one step.
fn trace(outcome: Outcome, globals: &[(&str, i32)]) -> Trace {
    let globals = globals.iter().map(|(name, value)| ((*name).to_owned(), Val::I32(*value)));
    let step = Step { globals: globals.collect(), ..Step::ended(outcome) };
    Trace { steps: vec![step], not_compiled: 0 }
}

fn aspect(a: &Trace, b: &Trace, foreign: bool) -> Option<Aspect> {
    match compare(a, b, &Rules { foreign, ..Rules::default() }) {
        Comparison::Differs(difference) => Some(difference.aspect),
        Comparison::Equal => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn which_of_two_checks_of_an_atomic_access_fails_first_is_open() {
    let trap = |text: &str| trace(Outcome::Trapped { text: text.to_owned(), site: None }, &[]);
    let (unaligned, beyond) = (trap("unaligned atomic"), trap("out of bounds memory access"));
    for (a, b) in [(&unaligned, &beyond), (&beyond, &unaligned)] {
        assert_eq!(aspect(a, b, true), None);
        assert_eq!(aspect(a, b, false), Some(Aspect::Trap), "ours have one order");
    }
    for other in ["out of bounds table access", "expected shared memory", "unreachable"] {
        assert_eq!(aspect(&unaligned, &trap(other), true), Some(Aspect::Trap), "{other}");
        assert_eq!(aspect(&beyond, &trap(other), true), Some(Aspect::Trap), "{other}");
    }
}

/// An engine may say more of a trap than we, or less, as long as it says which.
#[test]
fn the_beginning_of_several_traps_is_none_of_them() {
    let trap = |text: &str| trace(Outcome::Trapped { text: text.to_owned(), site: None }, &[]);
    let rules = Rules { foreign: true, trap_prefix: true, ..Rules::default() };
    for (a, b, same) in [
        ("unreachable", "unreachable executed", true),
        ("integer divide by zero", "integer divide by zero: i32.div_s", true),
        ("integer divide", "integer divide by zero", true),
        ("integer", "integer divide by zero", false),
        ("integer", "integer overflow", false),
        ("out of bounds", "out of bounds memory access", false),
        ("out of bounds memory acc", "out of bounds memory access", false),
        ("o", "out of bounds memory access", false),
        ("", "unreachable", false),
    ] {
        for (a, b) in [(a, b), (b, a)] {
            let found = compare(&trap(a), &trap(b), &rules);
            assert_eq!(found == Comparison::Equal, same, "{a:?} {b:?}: {found:?}");
        }
    }
}

#[test]
fn a_global_that_one_cannot_read_is_no_difference() {
    let returned = |globals: &[(&str, i32)]| trace(Outcome::Returned(Vec::new()), globals);
    let all = returned(&[("a", 1), ("b", 2)]);
    for some in [returned(&[]), returned(&[("b", 2)]), returned(&[("a", 1)])] {
        assert_eq!(aspect(&all, &some, true), None);
        assert_eq!(aspect(&some, &all, true), None);
        assert_eq!(aspect(&all, &some, false), Some(Aspect::Globals), "ours read all");
    }
    assert_eq!(aspect(&all, &returned(&[("b", 3)]), true), Some(Aspect::Globals));
}

/// A loop that only gas ends would cost the whole time of an action on each engine without gas.
#[test]
fn what_ran_out_of_gas_is_not_asked_of_an_engine_without_gas() {
    let wat =
        |body: &str| format!(r#"(module (func (export "f") (param i32) (result i32) {body}))"#);
    let loops = wat(
        "(loop (br_if 0 (i32.ne (local.get 0) (i32.const 0)))) (i32.add (local.get 0) (i32.const 1))",
    );
    let text = "(module (func $s (loop (br 0))) (start $s))";
    for wat in [loops.as_str(), text] {
        assert_eq!(verdict(wat, <[u8]>::to_vec), Verdict::Poisoned(Policy::Exhaustion), "{wat}");
    }
    let after =
        wat("(loop (br_if 0 (i32.eqz (local.get 0)))) (i32.add (local.get 0) (i32.const 1))");
    let found = verdict(&after, wrong_unless_replaced);
    assert!(
        matches!(found, Verdict::Diverged { engine: 1, .. }),
        "what came before counts: {found:?}"
    );
}
