//! One script on one engine.

use crate::fake::{Fake, invalid, malformed, returned, source, trapped, unlinkable, unsupported};
use etalon_adapters::{Outcome, Reason, Rejection, Val};
use etalon_harness::script::{ScriptSource, TextRule};
use etalon_record::Row;
use etalon_spec_tests::ExpectedFailure;

/// The counts: passed, failed, skipped, expected failures, unexpected passes.
fn counts(row: &Row) -> [u64; 5] {
    [row.passed, row.failed, row.skipped, row.expected_failures, row.unexpected_passes]
}

const PASSED: [u64; 5] = [1, 0, 0, 0, 0];
const FAILED: [u64; 5] = [0, 1, 0, 0, 0];
const SKIPPED: [u64; 5] = [0, 0, 1, 0, 0];

/// Runs one assertion on a function `f` of a module that loads.
fn on_call(assertion: &str, outcome: Outcome) -> Row {
    Fake::new().call("f", outcome).run(&format!("(module)\n{assertion}"))
}

/// Runs one assertion on a module.
fn on_load(assertion: &str, outcome: Outcome) -> Row {
    Fake::new().loads([outcome]).run(assertion)
}

#[test]
fn results_must_be_those_of_the_script() {
    let assertion = "(assert_return (invoke \"f\") (i32.const 7))";
    assert_eq!(counts(&on_call(assertion, returned([Val::I32(7)]))), PASSED);
    for wrong in [
        returned([Val::I32(8)]),
        returned([Val::I64(7)]),
        returned([]),
        returned([Val::I32(7), Val::I32(7)]),
        trapped("unreachable"),
        Outcome::Exhausted("call stack exhausted".into()),
        Outcome::Threw(Vec::new()),
        Outcome::HostError("no".into()),
        invalid(),
    ] {
        assert_eq!(counts(&on_call(assertion, wrong.clone())), FAILED, "{wrong:?}");
    }
    let row = on_call(assertion, returned([Val::I32(8)]));
    let failure = &row.failures[0];
    assert_eq!((failure.line, failure.kind.as_str()), (2, "assert_return"));
    assert_eq!(failure.expected, "returned i32:7");
    assert_eq!(failure.got, "returned i32:8");
}

#[test]
fn traps_must_be_those_of_the_script() {
    let assertion = "(assert_trap (invoke \"f\") \"integer overflow\")";
    assert_eq!(counts(&on_call(assertion, trapped("integer overflow"))), PASSED);
    assert_eq!(counts(&on_call(assertion, trapped("integer overflow in i32.div_s"))), PASSED);
    for wrong in [
        trapped("integer divide by zero"),
        trapped("integer overflows"),
        trapped("integer"),
        trapped(""),
        returned([]),
        Outcome::Exhausted("integer overflow".into()),
        Outcome::HostError("integer overflow".into()),
        Outcome::Threw(Vec::new()),
    ] {
        assert_eq!(counts(&on_call(assertion, wrong.clone())), FAILED, "{wrong:?}");
    }
}

#[test]
fn pieces_of_texts_of_traps_pass_for_nothing() {
    let overflow = || trapped("integer overflow");
    for wrong in ["", "i", "integer", "integer over", "overflow", "integer overflow 3"] {
        let assertion = format!("(assert_trap (invoke \"f\") \"{wrong}\")");
        assert_eq!(counts(&on_call(&assertion, overflow())), FAILED, "{wrong}");
        let fake = Fake::new().call("f", overflow());
        let lenient = fake.run_by(TextRule::Lenient, &format!("(module)\n{assertion}"));
        let begins_alike = !wrong.is_empty() && wrong != "overflow";
        assert_eq!(counts(&lenient), if begins_alike { PASSED } else { FAILED }, "{wrong}");
    }
}

#[test]
fn exhaustion_is_not_a_trap_and_gas_is_not_the_stack() {
    let assertion = "(assert_exhaustion (invoke \"f\") \"call stack exhausted\")";
    let exhausted = |text: &str| Outcome::Exhausted(text.into());
    assert_eq!(counts(&on_call(assertion, exhausted("call stack exhausted"))), PASSED);
    assert_eq!(counts(&on_call(assertion, exhausted("out of gas"))), FAILED);
    assert_eq!(counts(&on_call(assertion, trapped("call stack exhausted"))), FAILED);
    assert_eq!(counts(&on_call(assertion, returned([]))), FAILED);
}

#[test]
fn exceptions_must_be_thrown() {
    let assertion = "(assert_exception (invoke \"f\"))";
    assert_eq!(counts(&on_call(assertion, Outcome::Threw(Vec::new()))), PASSED);
    assert_eq!(counts(&on_call(assertion, trapped("unreachable"))), FAILED);
    assert_eq!(counts(&on_call(assertion, returned([]))), FAILED);
}

#[test]
fn malformed_and_invalid_are_not_the_same() {
    let either = |text: &str| Outcome::Rejected(Rejection::MalformedOrInvalid(text.into()));
    let limit = || Outcome::Rejected(Rejection::Limit("too large".into()));
    let is_malformed = "(assert_malformed (module binary \"\") \"unexpected end\")";
    assert_eq!(counts(&on_load(is_malformed, malformed())), PASSED);
    assert_eq!(counts(&on_load(is_malformed, either("unexpected end of file"))), PASSED);
    assert_eq!(counts(&on_load(is_malformed, either("type mismatch"))), FAILED);
    let is_invalid = "(assert_invalid (module) \"type mismatch\")";
    assert_eq!(counts(&on_load(is_invalid, invalid())), PASSED);
    assert_eq!(counts(&on_load(is_invalid, either("type mismatch: expected i32"))), PASSED);
    assert_eq!(counts(&on_load(is_invalid, either("unexpected end of file"))), FAILED);
    for wrong in [invalid(), unlinkable(), limit(), returned([])] {
        assert_eq!(counts(&on_load(is_malformed, wrong.clone())), FAILED, "{wrong:?}");
    }
    for wrong in [malformed(), unlinkable(), limit(), returned([])] {
        assert_eq!(counts(&on_load(is_invalid, wrong.clone())), FAILED, "{wrong:?}");
    }
}

#[test]
fn quoted_modules_are_malformed_as_text_or_as_bytes() {
    let fake = Fake::new().loads([malformed()]);
    let quoted =
        |text: &str, why: &str| format!("(assert_malformed (module quote \"{text}\") \"{why}\")");
    let nonsense = "(func (nonsense))";
    assert_eq!(counts(&Fake::new().run(&quoted(nonsense, "unknown operator"))), PASSED);
    assert_eq!(counts(&Fake::new().run(&quoted("\\ff", "malformed UTF-8 encoding"))), PASSED);
    for wrong in
        ["", "malformed UTF-8 encoding", "inline function type", "unknown", "complete nonsense"]
    {
        assert_eq!(counts(&Fake::new().run(&quoted(nonsense, wrong))), FAILED, "{wrong}");
    }
    // The text is good: the bytes must be bad.
    assert_eq!(counts(&fake.run(&quoted("(func)", "unexpected end"))), PASSED);
    assert_eq!(counts(&Fake::new().run(&quoted("(func)", "unexpected end"))), FAILED);
    // Malformed text is not an invalid module.
    let invalid = "(assert_invalid (module quote \"(func (nonsense))\") \"unknown operator\")";
    assert_eq!(counts(&Fake::new().run(invalid)), FAILED);
}

#[test]
fn a_missing_feature_passes_for_nothing() {
    for assertion in [
        "(assert_malformed (module binary \"\") \"\")",
        "(assert_invalid (module) \"\")",
        "(assert_unlinkable (module) \"\")",
        "(assert_trap (module) \"unreachable\")",
    ] {
        let row = on_load(assertion, unsupported("gc"));
        assert_eq!(counts(&row), SKIPPED, "{assertion}");
        assert_eq!(row.unsupported, ["gc"]);
        assert_eq!(row.skips[0].reason, "unsupported: gc");
    }
}

#[test]
fn a_feature_that_is_off_passes_for_nothing_either() {
    for assertion in [
        "(assert_malformed (module binary \"\") \"unexpected end\")",
        "(assert_invalid (module) \"type mismatch\")",
        "(assert_unlinkable (module) \"unknown import\")",
    ] {
        for texts in [TextRule::Strict, TextRule::Lenient] {
            let fake = Fake::new().loads([unsupported("stack-switching")]);
            assert_eq!(counts(&fake.run_by(texts, assertion)), SKIPPED, "{assertion}");
        }
    }
}

#[test]
fn texts_must_name_what_the_engine_found() {
    let invalid =
        |kind, message: &str| Outcome::Rejected(Rejection::Invalid(Reason::new(kind, message)));
    let unknown = || invalid(Some("unknown-function"), "unknown function 9: index out of bounds");
    let expecting = |text: &str| format!("(assert_invalid (module) \"{text}\")");
    for right in ["unknown function", "unknown function 9"] {
        assert_eq!(counts(&on_load(&expecting(right), unknown())), PASSED, "{right}");
    }
    for wrong in [
        "",
        "u",
        "unknown",
        "unknown function 3",
        "unknown table",
        "type mismatch",
        "complete nonsense",
    ] {
        assert_eq!(counts(&on_load(&expecting(wrong), unknown())), FAILED, "{wrong}");
        let fake = Fake::new().loads([unknown()]);
        let lenient = fake.run_by(TextRule::Lenient, &expecting(wrong));
        assert_eq!(counts(&lenient), PASSED, "{wrong}, leniently");
    }
    // Leniently, the phase still decides.
    let fake = Fake::new().loads([malformed()]);
    assert_eq!(counts(&fake.run_by(TextRule::Lenient, &expecting("type mismatch"))), FAILED);
}

/// The exceptions of the table of texts are of the bundled scripts, whatever others are called.
#[test]
fn a_script_of_somebody_has_no_exceptions() {
    let assertion = "(assert_malformed (module binary \"\") \"integer too large\")";
    let run = |file: &str, is_bundled: bool| {
        let script = ScriptSource { file: file.into(), is_bundled, ..source(assertion) };
        counts(&Fake::new().loads([malformed()]).run_source(&script))
    };
    assert_eq!(run("binary.wast", true), PASSED);
    assert_eq!(run("core/binary.wast", true), PASSED);
    for (file, is_bundled) in [
        ("binary.wast", false),
        ("core/binary.wast", false),
        ("mine.wast", false),
        ("mine.wast", true),
    ] {
        assert_eq!(run(file, is_bundled), FAILED, "{file}, {is_bundled}");
    }
}

#[test]
fn a_text_that_no_table_lists_is_the_engines_own() {
    let refused = |kind| {
        let message = "gadget expected: found a widget (at offset 0x1f)";
        Outcome::Rejected(Rejection::Invalid(Reason::new(kind, message)))
    };
    let expecting = |text: &str| format!("(assert_invalid (module) \"{text}\")");
    for kind in [None, Some("type-mismatch")] {
        for right in ["gadget expected", "gadget expected: found a widget"] {
            assert_eq!(counts(&on_load(&expecting(right), refused(kind))), PASSED, "{right}");
        }
        for wrong in ["", "gadget", "gadget expect", "found a widget", "widget"] {
            assert_eq!(counts(&on_load(&expecting(wrong), refused(kind))), FAILED, "{wrong}");
        }
    }
}

/// An engine without kinds: its words must begin with a text of the table that means the same.
#[test]
fn an_engine_that_has_only_words_is_judged_by_them() {
    let refused = |message: &str| Outcome::Rejected(Rejection::Invalid(message.into()));
    let expecting = |text: &str| format!("(assert_invalid (module) \"{text}\")");
    for (text, message) in [
        ("type mismatch", "type mismatch: expected i32, found i64"),
        ("immutable global", "global is immutable: cannot modify it"),
        ("unknown function", "unknown function 9: function index out of bounds"),
        ("unknown function 9", "unknown function 9"),
    ] {
        assert_eq!(counts(&on_load(&expecting(text), refused(message))), PASSED, "{message}");
    }
    for (text, message) in [
        ("type mismatch", ""),
        ("type mismatch", "failed"),
        ("type mismatch", "type mismatched"),
        ("type mismatch", "no type mismatch"),
        ("unknown function", "unknown"),
        ("unknown function 3", "unknown function 9"),
        ("unknown function", "unknown table 0"),
    ] {
        assert_eq!(counts(&on_load(&expecting(text), refused(message))), FAILED, "{message}");
    }
}

#[test]
fn what_needs_a_module_that_was_skipped_is_skipped() {
    let script = "(module $m) (register \"m\" $m)
        (assert_return (invoke \"f\"))
        (assert_return (get $m \"g\") (i32.const 1))
        (module (import \"m\" \"f\" (func)))
        (assert_trap (invoke \"f\") \"unreachable\")
        (assert_unlinkable (module (import \"m\" \"x\" (func))) \"unknown import\")";
    let row = Fake::new().loads([unsupported("gc"), unlinkable(), unlinkable()]).run(script);
    assert_eq!(counts(&row), [0, 0, 4, 0, 0]);
    assert_eq!(row.unsupported, ["gc"]);
}

#[test]
fn a_module_that_does_not_load_fails_and_so_does_what_needs_it() {
    let script = "(module $good) (module $bad)
        (assert_return (invoke \"f\"))
        (assert_return (invoke $bad \"f\"))
        (assert_return (invoke $good \"f\"))
        (register \"bad\")";
    let row = Fake::new().loads([returned([]), invalid()]).run(script);
    assert_eq!(counts(&row), [1, 4, 0, 0, 0]);
    assert_eq!(row.failures[0].kind, "module");
    assert_eq!(row.failures[1].got, "no instance");
    assert_eq!(row.failures[2].module.as_deref(), Some("bad"));
}

#[test]
fn a_module_that_an_assertion_refuses_leaves_the_current_one() {
    let script = "(module) (assert_invalid (module) \"type mismatch\") (assert_trap (module) \"unreachable\")
        (assert_return (invoke \"f\"))";
    let row = Fake::new().loads([returned([]), invalid(), trapped("unreachable")]).run(script);
    assert_eq!(counts(&row), [3, 0, 0, 0, 0]);
}

#[test]
fn linking_must_fail_where_the_script_says() {
    let assertion = "(assert_unlinkable (module) \"unknown import\")";
    assert_eq!(counts(&on_load(assertion, unlinkable())), PASSED);
    for wrong in [returned([]), invalid(), malformed(), trapped("unknown import")] {
        assert_eq!(counts(&on_load(assertion, wrong.clone())), FAILED, "{wrong:?}");
    }
    let traps = "(assert_trap (module) \"out of bounds table access\")";
    assert_eq!(counts(&on_load(traps, trapped("out of bounds table access"))), PASSED);
    assert_eq!(counts(&on_load(traps, returned([]))), FAILED);
    assert_eq!(counts(&on_load(traps, unlinkable())), FAILED);
}

#[test]
fn version_1_calls_a_segment_that_does_not_fit_unlinkable() {
    let segment = "(module (memory 0) (data (i32.const 0) \"x\"))";
    let expecting = |text: &str| format!("(assert_unlinkable {segment} \"{text}\")");
    let (memory, table) = ("out of bounds memory access", "out of bounds table access");
    let assertion = expecting("data segment does not fit");
    assert_eq!(counts(&on_load(&assertion, trapped(memory))), PASSED);
    assert_eq!(counts(&on_load(&assertion, trapped(table))), FAILED);
    // The trap's own words are no failure to link.
    assert_eq!(counts(&on_load(&expecting(memory), trapped(memory))), FAILED);
    // Nor is a segment that no instantiation writes.
    let passive = "(assert_unlinkable (module (data \"x\")) \"data segment does not fit\")";
    assert_eq!(counts(&on_load(passive, trapped(memory))), FAILED);
    // And it traps: `assert_trap` has the words of the trap alone.
    let traps = |text: &str| format!("(assert_trap {segment} \"{text}\")");
    assert_eq!(counts(&on_load(&traps(memory), trapped(memory))), PASSED);
    assert_eq!(counts(&on_load(&traps("data segment does not fit"), trapped(memory))), FAILED);
}

#[test]
fn a_trap_of_the_start_function_is_no_failure_to_link() {
    let stopped = |text: &str| Outcome::Trapped { text: text.to_owned(), site: Some((0, 30)) };
    let module = "(module (memory 0) (data (i32.const 0) \"\") (func unreachable) (start 0))";
    for (text, trap) in [
        ("unreachable", "unreachable"),
        ("data segment does not fit", "out of bounds memory access"),
        ("elements segment does not fit", "out of bounds table access"),
        ("out of bounds memory access", "out of bounds memory access"),
    ] {
        let assertion = format!("(assert_unlinkable {module} \"{text}\")");
        for texts in [TextRule::Strict, TextRule::Lenient] {
            let row = Fake::new().loads([stopped(trap)]).run_by(texts, &assertion);
            assert_eq!(counts(&row), FAILED, "{text}, {texts:?}");
        }
    }
}

#[test]
fn a_failure_after_a_skipped_module_that_shares_state_is_skipped() {
    let script = |import: &str| {
        format!(
            "(module $m) (register \"m\" $m)
            (assert_trap (module (import \"{import}\" \"f\" (func))) \"unreachable\")
            (assert_return (invoke $m \"f\") (i32.const 1))
            (assert_return (invoke $m \"f\"))"
        )
    };
    let fake = Fake::new().loads([returned([]), unsupported("gc")]);
    assert_eq!(counts(&fake.run(&script("m"))), [1, 0, 2, 0, 0]);
    assert_eq!(counts(&fake.run(&script("other"))), [1, 1, 1, 0, 0]);
}

#[test]
fn globals_and_bare_actions() {
    let fake = Fake::new().global("g", Val::I64(5)).call("f", trapped("unreachable"));
    assert_eq!(counts(&fake.run("(module) (assert_return (get \"g\") (i64.const 5))")), PASSED);
    assert_eq!(counts(&fake.run("(module) (assert_return (get \"g\") (i64.const 6))")), FAILED);
    assert_eq!(counts(&fake.run("(module) (assert_return (get \"h\") (i64.const 5))")), FAILED);
    assert_eq!(counts(&fake.run("(module) (invoke \"f\")")), FAILED);
    assert_eq!(counts(&fake.run("(module) (invoke \"g\")")), [0; 5]);
}

#[test]
fn definitions_and_their_instances() {
    let script = "(module definition $d) (module instance $a $d) (module instance $b $d)
        (assert_return (invoke $a \"f\")) (assert_return (invoke $b \"f\"))";
    assert_eq!(counts(&Fake::new().run(script)), [2, 0, 0, 0, 0]);
    // The definition is refused: it fails, its instances fail, and what they are asked fails.
    assert_eq!(counts(&Fake::new().loads([invalid()]).run(script)), [0, 5, 0, 0, 0]);
    assert_eq!(counts(&Fake::new().loads([unsupported("gc")]).run(script)), [0, 0, 2, 0, 0]);
}

#[test]
fn custom_sections_are_the_text_parsers_or_skipped() {
    let malformed = "(assert_malformed_custom (module quote \"(@custom)\") \"expected a string\")";
    assert_eq!(counts(&Fake::new().run(malformed)), PASSED);
    // Well-formed as text, and the engine took it: it need not have read it.
    let unread = "(assert_invalid_custom (module (@custom \"x\" \"\")) \"type mismatch\")";
    let row = Fake::new().run(unread);
    assert_eq!(counts(&row), SKIPPED);
    assert_eq!(row.unsupported, ["custom sections"]);
    assert_eq!(counts(&Fake::new().loads([invalid()]).run(unread)), PASSED);
}

#[test]
fn threads_are_skipped_by_name() {
    let script = "(module) (thread $t (module) (assert_return (invoke \"f\"))) (wait $t)";
    let row = Fake::new().run(script);
    assert_eq!(counts(&row), SKIPPED);
    assert_eq!(row.unsupported, ["threads scripts"]);
}

#[test]
fn a_crash_fails_whatever_the_script_expects() {
    let crash = || Outcome::Crashed("oops".into());
    for assertion in [
        "(assert_return (invoke \"f\"))",
        "(assert_trap (invoke \"f\") \"oops\")",
        "(assert_exhaustion (invoke \"f\") \"oops\")",
        "(assert_exception (invoke \"f\"))",
    ] {
        let mut expecting = source(&format!("(module)\n{assertion}"));
        expecting.expected = vec![expected(2)];
        let row = Fake::new().call("f", crash()).run_source(&expecting);
        assert_eq!(counts(&row), FAILED, "{assertion}");
        assert_eq!(row.failures[0].got, "crashed: oops");
    }
    assert_eq!(counts(&on_load("(assert_trap (module) \"oops\")", crash())), FAILED);
}

#[test]
fn a_panic_loses_nothing() {
    let script = "(module)
        (assert_return (invoke \"f\"))
        (assert_return (invoke \"bad\"))
        (assert_return (invoke \"f\"))
        (assert_return (invoke \"f\"))";
    let row = Fake::new().panics("bad", "index out of bounds").run(script);
    assert_eq!(counts(&row), [1, 3, 0, 0, 0]);
    assert_eq!(row.failures[0].got, "crashed: index out of bounds");
    assert_eq!(row.failures[2].got, "not run: the engine had crashed");
}

fn expected(line: u32) -> ExpectedFailure {
    ExpectedFailure {
        suite: "suite".into(),
        file: "file".into(),
        lines: vec![line],
        kind: None,
        engine: None,
        reason: "known".into(),
    }
}

#[test]
fn expected_failures_are_strict_both_ways() {
    let mut listed = source("(module)\n(assert_return (invoke \"f\"))");
    listed.expected = vec![expected(2)];
    let failing = Fake::new().call("f", trapped("unreachable"));
    let row = failing.run_source(&listed);
    assert_eq!(counts(&row), [0, 0, 0, 1, 0]);
    assert_eq!(row.expected[0].reason, "known");

    let row = Fake::new().run_source(&listed);
    assert_eq!(counts(&row), [0, 0, 0, 0, 1]);

    // An entry for a line without an assertion is out of date.
    listed.expected = vec![expected(9)];
    let row = failing.run_source(&listed);
    assert_eq!(counts(&row), [0, 2, 0, 0, 0]);
    assert_eq!(row.failures[1].got, "no such assertion in the script");

    // An entry for another engine says nothing of this one.
    listed.expected = vec![ExpectedFailure { engine: Some("other".into()), ..expected(2) }];
    assert_eq!(counts(&failing.run_source(&listed)), FAILED);
}

#[test]
fn the_digest_tells_what_was_observed() {
    let script = "(module) (assert_return (invoke \"f\") (either (i32.const 1) (i32.const 2)))";
    let digest = |value| Fake::new().call("f", returned([Val::I32(value)])).run(script).digest;
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
    assert!(digest(1).is_some());
}
