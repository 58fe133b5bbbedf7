//! Scripts that once fooled the judge, on an engine of ours, with variants.

use etalon_adapters::{Features, adapter};
use etalon_harness::script::{ScriptOptions, ScriptSource, run_script};
use etalon_record::Row;

/// Runs a script on a tier, with the features of version 3.0 and some more.
fn on(tier: &str, features: &[&str], text: &str) -> Row {
    let add = |set: Features, name: &&str| set.with(name).expect("a feature");
    let features = features.iter().fold(Features::wasm3(), add);
    let source = ScriptSource::new("faults", "fault.wast", text, features);
    let engine = adapter(tier).expect("a tier");
    run_script(&*engine, &source, &ScriptOptions::default()).expect("a script")
}

/// No assertion of the script passes, and none is skipped; gives what the engine did instead.
fn none_passes(text: &str) -> Vec<String> {
    let row = on("interp", &[], text);
    assert_eq!((row.passed, row.skipped), (0, 0), "{text}");
    assert!(row.failed > 0, "{text}");
    row.failures.into_iter().map(|failure| failure.got).collect()
}

/// Everything passes, on each of the tiers; gives how many assertions that are.
fn all_pass(tiers: &[&str], features: &[&str], text: &str) -> u64 {
    let mut passed = 0;
    for tier in tiers {
        let row = on(tier, features, text);
        assert_eq!((row.failed, row.skipped), (0, 0), "{tier}: {text}: {:?}", row.failures);
        passed = row.passed;
    }
    passed
}

#[test]
fn texts_wrong_reasons_pass_for_nothing() {
    let got = none_passes(
        r#"(assert_invalid (module (func (result i32))) "complete nonsense")
        (assert_invalid (module (func (call 9))) "unknown function 3")
        (assert_malformed (module binary "\00asm\01\00\00\00\05\04\01\00") "integer too large")
        (module (func (export "d") (result i32) (i32.div_u (i32.const 1) (i32.const 0))))
        (assert_trap (invoke "d") "i")
        (assert_trap (invoke "d") "")"#,
    );
    assert_eq!(got.len(), 5);
}

#[test]
fn texts_wrong_reasons_of_other_assertions() {
    let got = none_passes(
        r#"(assert_unlinkable (module (import "spectest" "print_i32" (func))) "unknown import")
        (assert_unlinkable (module (import "no" "thing" (func))) "incompatible import type")
        (assert_malformed (module quote "(func (i32.cosnt 1))") "unknown type")
        (assert_malformed (module quote "(func $f) (func $f)") "duplicate global")
        (module (func $f (export "f") (call $f)))
        (assert_exhaustion (invoke "f") "call stack")
        (assert_exhaustion (invoke "f") "out of gas")"#,
    );
    assert_eq!(got.len(), 6);
}

#[test]
fn texts_wrong_numbers_and_neighbours() {
    let got = none_passes(
        r#"(assert_invalid (module (func (drop (i32.load (i32.const 0))))) "unknown memory 1")
        (assert_invalid (module (global i32 (global.get 7))) "unknown global 0")
        (assert_invalid (module (func (local.get 2))) "unknown local 1")
        (assert_invalid (module (func (br 4))) "unknown local")
        (assert_malformed (module binary "\00asm\02\00\00\00") "magic header not detected")
        (module (table 1 funcref) (type $t (func)) (func (export "f") (call_indirect (type $t) (i32.const 0))))
        (assert_trap (invoke "f") "undefined element")
        (assert_trap (invoke "f") "uninitialized elements")"#,
    );
    assert_eq!(got.len(), 7);
}

/// Every tier tells where a start function trapped, whatever trapped in it.
#[test]
fn unlinkable_is_no_module_whose_start_function_traps() {
    let starts = [
        ("unreachable", "unreachable"),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", "integer divide by zero"),
        ("(drop (i32.load (i32.const 0)))", "data segment does not fit"),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 9))", "data segment does not fit"),
        ("(memory.init $d (i32.const 0) (i32.const 0) (i32.const 9))", "data segment does not fit"),
        (
            "(table.init $e (i32.const 9) (i32.const 0) (i32.const 1))",
            "elements segment does not fit",
        ),
        ("(table.set (i32.const 9) (ref.null func))", "elements segment does not fit"),
        ("(call $inner)", "data segment does not fit"),
        ("(return_call $inner)", "data segment does not fit"),
    ];
    for (body, text) in starts {
        let module = format!(
            r#"(module (memory 0) (table 1 funcref) (data (i32.const 0) "") (data $d "x")
            (elem (i32.const 0) func) (elem $e func $inner)
            (func $inner (i32.store (i32.const 0) (i32.const 0)))
            (func $start {body}) (start $start))"#
        );
        let script = format!("(assert_unlinkable {module} \"{text}\")");
        for tier in ["oracle", "interp", "jit", "aot"] {
            let row = on(tier, &[], &script);
            assert_eq!((row.passed, row.failed, row.skipped), (0, 1, 0), "{tier}: {body}");
        }
    }
    // Where linking ends and instantiation begins is the same for the words of today.
    let script = r#"(assert_unlinkable (module (memory 0) (data (i32.const 0) "x")) "data segment does not fit")
        (assert_unlinkable (module (table 0 funcref) (elem (i32.const 0) $f) (func $f)) "elements segment does not fit")
        (assert_trap (module (memory 0) (data (i32.const 0) "x")) "out of bounds memory access")
        (assert_trap (module (func unreachable) (start 0)) "unreachable")"#;
    assert_eq!(all_pass(&["oracle", "interp", "jit", "aot"], &[], script), 4);
    none_passes(
        r#"(assert_trap (module (import "no" "thing" (func)) (start 0)) "unknown import")
        (assert_trap (module (memory 0) (data (i32.const 0) "x")) "data segment does not fit")
        (assert_unlinkable (module (memory 0) (data (i32.const 0) "x")) "out of bounds memory access")"#,
    );
}

/// Texts as scripts of others have them, that do name what was found.
#[test]
fn texts_right_reasons_still_pass() {
    let script = r#"(assert_invalid (module (func (call 9))) "unknown function 9")
        (assert_invalid (module (func (call 9))) "unknown function")
        (assert_invalid (module (func (result i32))) "type mismatch: expected i32 but nothing on stack")
        (assert_malformed (module binary "\00asm\01\00\00\00\05\04\01\00") "unexpected end")
        (module (table 1 funcref) (type $t (func)) (func (export "f") (call_indirect (type $t) (i32.const 0))))
        (assert_trap (invoke "f") "uninitialized element 0")"#;
    assert_eq!(all_pass(&["oracle", "interp", "jit"], &[], script), 5);
}

fn is_limit(got: &[String]) {
    assert!(got.iter().all(|got| got.starts_with("limit: ")), "{got:?}");
}

#[test]
fn limits_handout_valid_modules_satisfy_no_assertion() {
    let locals = r#"(module binary "\00asm\01\00\00\00" "\01\05\01\60\01\7f\00" "\03\02\01\00" "\0a\08\01\06\01\d0\86\03\7f\0b")"#;
    let params = format!("(module quote \"(type (func (param {})))\")", " i32".repeat(1_001));
    let memories = format!("(module {})", "(memory 0)".repeat(101));
    let got = none_passes(&format!(
        r#"(assert_invalid {locals} "type mismatch")
        (assert_malformed {params} "unexpected end")
        (assert_invalid {memories} "multiple memories")"#
    ));
    is_limit(&got);
    assert_eq!(got.len(), 3);
}

#[test]
fn limits_of_names_and_results() {
    let name = "n".repeat(100_001);
    let results = format!("(module (type (func (result {}))))", " i32".repeat(1_001));
    is_limit(&none_passes(&format!(
        r#"(assert_malformed (module (memory 0) (export "{name}" (memory 0))) "length out of bounds")
        (assert_malformed {results} "integer too large")"#
    )));
}

#[test]
fn limits_of_structures_and_supertypes() {
    let fields = format!("(module (type (struct {})))", "(field i32)".repeat(10_001));
    let mut chain = "(type (sub (struct)))".to_owned();
    (1..=64).for_each(|i| chain.push_str(&format!("(type (sub {} (struct)))", i - 1)));
    is_limit(&none_passes(&format!(
        r#"(assert_malformed {fields} "unexpected end")
        (assert_invalid (module {chain}) "sub type")"#
    )));
}

#[test]
fn export_name_class_words_of_the_user_do_not_decide() {
    let assert = |name: &str| {
        format!(
            r#"(assert_invalid (module (func) (export "{name}" (func 0)) (export "{name}" (func 0)))
                "duplicate export name")"#
        )
    };
    let given = ["malformed", "unexpected end", "data count", "x"];
    let variants =
        ["illegal opcode", "size is out of bounds", "zero byte expected", "type mismatch: "];
    let script: Vec<String> = given.iter().chain(&variants).map(|name| assert(name)).collect();
    assert_eq!(all_pass(&["interp"], &[], &script.join("\n")), 8);
    let got = none_passes(
        r#"(assert_malformed
            (module (func) (export "malformed" (func 0)) (export "malformed" (func 0)))
            "unexpected end")"#,
    );
    assert!(got[0].starts_with("invalid: duplicate export name"), "{got:?}");
}

#[test]
fn empty_text_is_a_module_without_fields() {
    for text in [
        r#"(module quote "") (module quote)"#,
        r#"(module quote " " "\n") (module quote "(; nothing ;)" ";; here")"#,
        "(module) (module $m)",
        "",
        " \n\t",
        ";; only a comment",
        "(; only (; nested ;) comments ;)\n;; and another",
    ] {
        assert_eq!(all_pass(&["oracle", "interp", "jit"], &[], text), 0, "{text}");
    }
    // It is well-formed, so it satisfies nothing.
    none_passes(r#"(assert_malformed (module quote "") "unexpected token")"#);
    none_passes(r#"(assert_malformed (module quote) "unexpected end")"#);
}

const LEGACY: &[&str] = &["legacy-exceptions"];

#[test]
fn folded_try_gives_42() {
    let script = r#"(module (tag $e (param i32))
        (func (export "f") (param i32) (result i32)
          (try (result i32)
            (do (throw $e (local.get 0)))
            (catch $e (i32.add (i32.const 1))))))
        (assert_return (invoke "f" (i32.const 41)) (i32.const 42))"#;
    assert_eq!(all_pass(&["oracle", "interp"], LEGACY, script), 1);
}

#[test]
fn folded_try_with_delegate_and_rethrow_in_a_quoted_module() {
    let script = r#"(module quote
        "(tag $e) (func $throw (throw $e))"
        "(func (export \"f\") (result i32)"
        "  (try $outer (result i32)"
        "    (do (try (do (try $inner (do (call $throw)) (delegate $outer))) (catch_all)) (i32.const 1))"
        "    (catch $e (i32.const 2))))"
        "(func (export \"g\") (result i32)"
        "  (try (result i32)"
        "    (do (try (do (call $throw)) (catch $e (rethrow 0))) (i32.const 3))"
        "    (catch_all (i32.const 4))))")
        (assert_return (invoke "f") (i32.const 2))
        (assert_return (invoke "g") (i32.const 4))"#;
    assert_eq!(all_pass(&["oracle", "interp"], LEGACY, script), 2);
}

#[test]
fn folded_try_among_operands_and_in_conditions() {
    let script = r#"(module (tag $e (param i32))
        (func $caught (param i32) (result i32)
          (i32.mul
            (i32.const 10)
            (try (result i32) (do (throw $e (local.get 0))) (catch $e))))
        (func (export "f") (param i32) (result i32)
          (if (result i32) (try (result i32) (do (throw $e (local.get 0))) (catch $e))
            (then (call $caught (i32.const 7)))
            (else (call $caught (i32.const 8))))))
        (assert_return (invoke "f" (i32.const 1)) (i32.const 70))
        (assert_return (invoke "f" (i32.const 0)) (i32.const 80))"#;
    assert_eq!(all_pass(&["oracle", "interp"], LEGACY, script), 2);
}

/// A narrow compare-exchange of a type and a width in bits, on a memory full of ones.
fn cmpxchg(ty: &str, bits: u32) -> String {
    let op = format!("{ty}.atomic.rmw{bits}.cmpxchg_u");
    let ones = (1_u64 << bits) - 1;
    let above = 1_u64 << bits;
    format!(
        r#"(module (memory 1 1 shared)
          (func (export "x") (param {ty} {ty}) (result {ty})
            (i64.store (i32.const 0) (i64.const -1))
            (drop ({op} (i32.const 0) (local.get 0) (local.get 1)))
            ({op} (i32.const 0) ({ty}.const 0) ({ty}.const 0))))
        (assert_return (invoke "x" ({ty}.const {ones}) ({ty}.const 5)) ({ty}.const 5))
        (assert_return (invoke "x" ({ty}.const -1) ({ty}.const 6)) ({ty}.const 6))
        (assert_return (invoke "x" ({ty}.const {}) ({ty}.const {})) ({ty}.const 7))
        (assert_return (invoke "x" ({ty}.const {}) ({ty}.const 8)) ({ty}.const {ones}))"#,
        ones | above,
        above | 7,
        above,
    )
}

const TIERS: &[&str] = &["oracle", "interp", "jit"];

#[test]
fn narrow_cmpxchg_wraps_what_it_expects() {
    let script = r#"(module (memory 1 1 shared)
        (func (export "cx8") (param i32 i32) (result i32)
          (i32.store (i32.const 0) (i32.const 0x11111111))
          (drop (i32.atomic.rmw8.cmpxchg_u (i32.const 0) (local.get 0) (local.get 1)))
          (i32.load (i32.const 0))))
        (assert_return (invoke "cx8" (i32.const 0x11111111) (i32.const 0xcd)) (i32.const 0x111111cd))
        (assert_return (invoke "cx8" (i32.const 0xabcdef11) (i32.const 0x22)) (i32.const 0x11111122))"#;
    assert_eq!(all_pass(TIERS, &["threads"], script), 2);
}

#[test]
fn narrow_cmpxchg_of_i32_of_each_width() {
    for bits in [8, 16] {
        assert_eq!(all_pass(TIERS, &["threads"], &cmpxchg("i32", bits)), 4, "{bits}");
    }
}

#[test]
fn narrow_cmpxchg_of_i64_of_each_width() {
    for bits in [8, 16, 32] {
        assert_eq!(all_pass(TIERS, &["threads"], &cmpxchg("i64", bits)), 4, "{bits}");
    }
}
