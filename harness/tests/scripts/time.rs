//! Commands that do not end in time: neither passed nor failed, and nothing after them is judged that they may have spoiled.

use crate::fake::{Fake, malformed, source};
use etalon_adapters::{Features, GasConfig, Outcome, TimeLimit, Watchdog, adapter};
use etalon_harness::script::{ScriptOptions, run_script};
use etalon_harness::settings::default_schedule;
use etalon_record::{Note, Row, Standing};
use etalon_spec_tests::ExpectedFailure;
use std::time::Duration;

/// Passed, failed, skipped, timed out.
fn counts(row: &Row) -> [u64; 4] {
    assert_eq!((row.expected_failures, row.unexpected_passes), (0, 0));
    [row.passed, row.failed, row.skipped, row.timed_out]
}

/// An engine whose function `f` never ends.
fn endless() -> Fake {
    Fake::new().call("f", Outcome::TimedOut)
}

#[test]
fn a_timeout_is_neither_a_pass_nor_a_failure_whatever_the_script_expects() {
    for assertion in [
        "(assert_return (invoke \"f\"))",
        "(assert_trap (invoke \"f\") \"interrupted\")",
        "(assert_exhaustion (invoke \"f\") \"interrupted\")",
        "(assert_exception (invoke \"f\"))",
        "(invoke \"f\")",
    ] {
        let mut expecting = source(&format!("(module)\n{assertion}"));
        // No list of expected failures covers it.
        expecting.expected = vec![ExpectedFailure {
            suite: "suite".into(),
            file: "file".into(),
            lines: vec![2],
            kind: None,
            engine: None,
            reason: "known".into(),
        }];
        let row = endless().run_source(&expecting);
        assert_eq!(counts(&row), [0, 0, 0, 1], "{assertion}");
        assert_eq!(row.standing(), Standing::TimedOut);
        assert_eq!((row.timeouts[0].line, row.failures.len()), (2, 0));
    }
}

#[test]
fn loading_that_times_out_is_told_too() {
    let late = || Fake::new().loads([Outcome::TimedOut]);
    for script in [
        "(module)",
        "(module definition)",
        "(assert_invalid (module) \"type mismatch\")",
        "(assert_malformed (module) \"unexpected end\")",
        "(assert_unlinkable (module) \"unknown import\")",
        "(assert_trap (module) \"unreachable\")",
    ] {
        assert_eq!(counts(&late().run(script)), [0, 0, 0, 1], "{script}");
    }
}

#[test]
fn what_needs_the_store_is_not_run_afterwards_and_the_rest_is() {
    let script = "(module)
        (assert_return (invoke \"g\"))
        (assert_return (invoke \"f\"))
        (assert_return (invoke \"g\"))
        (module $later)
        (register \"later\" $later)
        (invoke \"g\")
        (assert_malformed (module binary \"\") \"unexpected end\")
        (assert_unlinkable (module) \"unknown import\")";
    let loads = [Outcome::Returned(Vec::new()), malformed()];
    let row = endless().loads(loads).run(script);
    assert_eq!(counts(&row), [2, 0, 2, 1]);
    assert_eq!(row.timeouts, [Note::new(3, "assert_return: expected returned")]);
    let why = "not run: the command in line 3 timed out";
    assert_eq!(row.skips, [Note::new(4, why), Note::new(9, why)]);
    assert!(row.unsupported.is_empty(), "the engine lacks nothing");
    assert_eq!((row.digest, row.gas_consumed), (None, None), "they would depend on time");
}

#[test]
fn a_refusal_that_times_out_spoils_nothing() {
    let script =
        "(assert_invalid (module) \"type mismatch\") (module) (assert_return (invoke \"g\"))";
    let row = Fake::new().loads([Outcome::TimedOut]).run(script);
    assert_eq!(counts(&row), [1, 0, 0, 1]);
}

/// Guests that never end, by what keeps them going.
const NO_END: &[(&str, &str)] = &[
    ("a loop", "(module (func (export \"f\") (loop (br 0))))"),
    ("tail calls", "(module (func $f (export \"f\") (return_call $f)))"),
    (
        "bulk operations in a loop",
        "(module (memory 64) (func (export \"f\")
          (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) (br 0))))",
    ),
    (
        "calls in a loop",
        "(module (func $g) (func (export \"f\") (loop (call $g) (br_if 0 (i32.const 1)))))",
    ),
];

fn limited(metered: bool) -> ScriptOptions {
    let watchdog = Watchdog::new().expect("the system has threads");
    let time = Some(TimeLimit { each: Some(Duration::from_millis(20)), watchdog });
    let gas = metered.then(|| GasConfig { schedule: default_schedule(), limit: None });
    ScriptOptions { time, gas, ..ScriptOptions::default() }
}

/// `no_end.wast` on every tier, and what else never ends.
#[test]
fn no_end_ends_on_every_tier_metered_or_not() {
    for engine in ["oracle", "interp", "jit", "aot", "auto", "mixed0", "paused"] {
        let adapter = adapter(engine).expect("it is one of ours");
        for ((what, module), metered) in NO_END.iter().flat_map(|end| [(end, true), (end, false)]) {
            let script = format!("{module}\n(invoke \"f\")\n(assert_return (invoke \"f\"))");
            let row = run_script(&*adapter, &source(&script), &limited(metered)).expect("a script");
            assert_eq!(counts(&row), [0, 0, 1, 1], "{what} on {engine}, metered: {metered}");
        }
    }
}

#[test]
fn a_start_function_without_end_ends() {
    let script = "(module (func $f (loop (br 0))) (start $f))";
    for engine in ["oracle", "interp", "jit", "aot"] {
        let adapter = adapter(engine).expect("it is one of ours");
        let row = run_script(&*adapter, &source(script), &limited(false)).expect("a script");
        assert_eq!(counts(&row), [0, 0, 0, 1], "{engine}");
    }
}

/// Each turn is short; together they take too long.
#[test]
fn threads_without_end_end() {
    let spin = "(module $Mem (memory (export \"shared\") 1 1 shared))
        (thread $T (shared (module $Mem))
          (register \"mem\" $Mem)
          (module (memory (import \"mem\" \"shared\") 1 1 shared)
            (func (export \"run\") (loop (br_if 0 (i32.eqz (i32.atomic.load (i32.const 0)))))))
          (assert_return (invoke \"run\"))
          (assert_return (invoke \"run\")))";
    let oracle = adapter("oracle").expect("it is one of ours");
    for rest in ["", "(wait $T)", "(wait $T)\n(assert_return (invoke \"run\"))"] {
        let mut source = source(&format!("{spin}\n{rest}"));
        source.features = Features::all();
        let row = run_script(&*oracle, &source, &limited(true)).expect("a script");
        let [passed, failed, skipped, timed_out] = counts(&row);
        // Which command is late depends on the machine.
        assert_eq!((passed, failed), (0, 0), "{rest}: {row:?}");
        assert!(timed_out >= 1 && timed_out + skipped >= 2, "{rest}: {row:?}");
    }
}
