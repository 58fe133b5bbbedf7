//! The trace of what a program of WASI calls, where nothing else shows a difference.

use etalon_adapters::{
    Adapter, AdapterError, Features, GasConfig, Opened, Outcome, Prepared, ProgramSetup, Session,
    SessionConfig, adapter,
};
use etalon_harness::diff::{Case, DiffOptions, Differ, RunOptions};
use etalon_record::{Aspect, EngineInfo};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An engine that runs another module than it is given.
struct Swapped {
    engine: Arc<dyn Adapter>,
    wasm: Vec<u8>,
}

struct SwappedOpened {
    opened: Box<dyn Opened>,
    wasm: Vec<u8>,
}

impl Adapter for Swapped {
    fn info(&self) -> EngineInfo {
        EngineInfo::new("swapped", "1")
    }

    fn features(&self) -> Features {
        self.engine.features()
    }

    fn meters_gas(&self) -> bool {
        self.engine.meters_gas()
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        let (opened, wasm) = (self.engine.open(config)?, self.wasm.clone());
        Ok(Box::new(SwappedOpened { opened, wasm }))
    }
}

impl Opened for SwappedOpened {
    fn prepare(&self, _: &[u8]) -> Result<Prepared, Outcome> {
        self.opened.prepare(&self.wasm)
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        self.opened.session()
    }
}

/// A program that asks for the time so many times, and for one of them so exactly. Nothing of it is left in its state.
fn program(calls: u32, odd: u32, precision: u64) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "wasi_snapshot_preview1" "clock_time_get"
            (func $time (param i32 i64 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start") (local $i i32)
            (loop $more
              (drop (call $time (i32.const 9)
                (select (i64.const {precision}) (i64.const 1)
                  (i32.eq (local.get $i) (i32.const {odd})))
                (i32.const 0)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $i) (i32.const {calls}))))))"#
    );
    wat::parse_str(text).expect("it is a module")
}

/// The difference that is found between the interpreter with a program and an engine with another, as both engines have it.
fn difference(a: Vec<u8>, b: Vec<u8>, engine: &str, gas: bool) -> Option<[String; 2]> {
    let features = Features::wasm3();
    let named = |name| adapter(name).expect("it is an engine of ours");
    let swapped = Swapped { engine: named(engine), wasm: b };
    let schedule = etalon_harness::settings::default_schedule();
    let gas = gas.then_some(GasConfig { schedule, limit: Some(100_000_000) });
    let run = RunOptions { features, gas, state: true, time: None };
    let options = DiffOptions { run, policies: BTreeSet::new(), trap_prefix: false, laws: false };
    let differ = Differ::new(vec![named("interp"), Arc::new(swapped)], options);
    let case = Case::of_program("swapped", a, features, ProgramSetup::default(), "_start");
    let case = case.expect("it can be called");
    let judged = differ.judge(&case).expect("both can be asked");
    let divergence = differ.divergence_in(&case, &judged)?;
    assert_eq!(divergence.what, Aspect::HostCalls, "{divergence:?}");
    Some(["interp", "swapped"].map(|name| {
        let message = divergence.by_engine[name].message.clone();
        message.expect("the call that differs is named")
    }))
}

#[test]
fn a_difference_that_only_the_calls_of_a_program_show_is_named() {
    for engine in ["oracle", "interp", "jit"] {
        let found = |a, b| difference(a, b, engine, false);
        assert_eq!(found(program(5, 3, 1), program(5, 3, 1)), None);
        let [a, b] = found(program(5, 3, 7), program(5, 3, 8)).expect("an argument differs");
        assert_eq!(a, "WASI call 3: clock_time_get(i32:9 i64:7 i32:0) = 28 INVAL");
        assert_eq!(b, "WASI call 3: clock_time_get(i32:9 i64:8 i32:0) = 28 INVAL");
        let [a, b] = found(program(5, 3, 1), program(6, 3, 1)).expect("there is one more");
        assert_eq!(a, "no WASI call 5");
        assert_eq!(b, "WASI call 5: clock_time_get(i32:9 i64:1 i32:0) = 28 INVAL");
    }
}

/// What comes after the calls that are kept is in the sum.
#[test]
fn the_trace_of_a_program_has_a_bound_and_misses_nothing() {
    let found = |a, b| difference(a, b, "jit", false);
    assert_eq!(found(program(9000, 8000, 7), program(9000, 8000, 7)), None);
    let [a, b] = found(program(9000, 8000, 7), program(9000, 8000, 8)).expect("one differs");
    assert!(a.starts_with("after WASI call 4096, in all 9000 with CRC-32 "), "{a}");
    assert!(b.starts_with("after WASI call 4096, in all 9000 with CRC-32 ") && a != b, "{b}");
    let [a, b] = found(program(9000, 0, 1), program(4096, 0, 1)).expect("some are missing");
    assert!(a.starts_with("after WASI call 4096"), "{a}");
    assert_eq!(b, "no WASI call 4096");
}

/// Gas at a call counts among engines that charge it, so one that charges a call's way otherwise is found at that call.
#[test]
fn gas_at_a_call_of_a_program_counts() {
    let spends = |before: &str| {
        let text = format!(
            r#"(module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
              (memory (export "memory") 1)
              (func (export "_start") {before} (drop (call $yield))))"#
        );
        wat::parse_str(text).expect("it is a module")
    };
    let (little, more) = (spends(""), spends("(drop (i32.const 0))"));
    assert_eq!(difference(little.clone(), more.clone(), "interp", false), None);
    let [a, b] = difference(little, more, "interp", true).expect("gas differs");
    assert!(a.starts_with("WASI call 0: sched_yield() = 0, gas left 999"), "{a}");
    assert!(b.starts_with("WASI call 0: sched_yield() = 0, gas left 999") && a != b, "{b}");
}
