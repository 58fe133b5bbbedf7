//! What copies keep, what is refused, and how they grow.

use etalon_gas::Schedule;
use etalon_instrument::{Cap, Error, Instrumented, PREFIX, Settings, instrument};
use etalon_module::{Features, Module};
use wasm_encoder as we;

fn with_limit(wasm: &[u8], limit: Option<u64>) -> Result<Instrumented, Error> {
    let schedule = Schedule::builtin("flat").expect("it is built in");
    instrument(wasm, &Settings { schedule, features: Features::wasm3(), limit })
}

fn copy(text: &str) -> Result<Instrumented, Error> {
    with_limit(&wat::parse_str(text).expect("it is text"), None)
}

fn module(wasm: &[u8]) -> Module {
    Module::new(wasm, Features::wasm3()).expect("copies are valid")
}

#[test]
fn names_types_and_exports_stay_and_places_in_code_do_not() {
    let text = r#"(module $m (import "a" "b" (func $i)) (type $t (struct)) (rec (type (func)) (type (array i8)))
        (func $f (export "f") call $i) (memory (export "m") 1) (tag (export "t")) (data $d "x") (func memory.init $d unreachable)
        (@custom "kept" "1") (@custom "first" (before first) "2") (@custom ".debug_info" "3") (@custom "metadata.code.branch_hint" "4"))"#
        .replace("memory.init $d", "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))");
    let original = wat::parse_str(&text).expect("it is text");
    let copy = with_limit(&original, None).expect("it can be metered");
    assert_eq!(copy.left_out, [".debug_info", "metadata.code.branch_hint"]);
    let (before, after) = (module(&original), module(&copy.wasm));
    assert_eq!(after.name, before.name);
    assert_eq!(after.func_names, before.func_names);
    assert_eq!(after.flat_types[..before.flat_types.len()], before.flat_types[..]);
    assert_eq!(after.imports.len(), before.imports.len());
    let own = |module: &Module| -> Vec<(String, u32)> {
        let own = module.exports.iter().filter(|export| !export.name.starts_with(PREFIX));
        own.map(|export| (export.name.clone(), export.index)).collect()
    };
    assert_eq!(own(&after), own(&before));
    let added = after.exports.iter().map(|export| &*export.name);
    let added: Vec<&str> = added.filter(|name| name.starts_with(PREFIX)).collect();
    let expected = ["gas_left", "stopped", "depth", "heap", "gas_of_loading", "begin", "charge"];
    assert_eq!(added, expected.map(|name| format!("{PREFIX}{name}")));
    let has = |name: &str| copy.wasm.windows(name.len()).any(|bytes| bytes == name.as_bytes());
    assert!(has("kept") && has("first") && !has(".debug_info"));
}

#[test]
fn what_cannot_be_metered_is_refused_with_the_reason() {
    for (text, reason) in [
        (r#"(module (func (export "etalon.x")))"#, "it exports \"etalon.x\", and names"),
        ("(module (func (result i32)))", "invalid module"),
        ("(module (memory 1 1) (memory i64 99999999))", "the schedule has for a memory"),
        ("(module (table 10000001 funcref))", "the schedule has for a table"),
    ] {
        let error = copy(text).expect_err(text).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let objects = "(type $a (array i64)) (global (ref $a) (array.new_default $a (i32.const -1)))";
    let error = copy(&format!("(module {objects})")).expect_err("it is large");
    assert!(matches!(error, Error::Cap { cap: Cap::Heap }), "{error}");
    let imports = "(import \"a\" \"b\" (global i32)) (type $a (array i64)) (global (ref $a) (array.new_default $a (global.get 0)))";
    let error = copy(&format!("(module {imports})")).expect_err("nobody knows its length");
    assert!(matches!(error, Error::Length), "{error}");
}

/// An import of a type that is not final may be given a function of a subtype, and a reference tells.
#[test]
fn references_to_imports_that_subtypes_may_stand_for_are_refused() {
    let import = r#"(type $sup (sub (func))) (rec (type $sub (sub $sup (func)))) (type $final (func))
        (import "a" "g" (global i32)) (import "a" "x" (func $x (type $final))) (import "a" "y" (func $y (type $sup)))"#;
    for referring in [
        "(table 1 funcref) (elem (i32.const 0) $x $y)",
        "(elem func $x $y)",
        "(table 1 (ref func) (ref.func $y))",
        "(global funcref (ref.func $y))",
        "(type $a (array funcref)) (global (ref $a) (array.new_fixed $a 2 (ref.func $x) (ref.func $y)))",
        "(elem declare func $y) (func (drop (ref.func $y)))",
    ] {
        let error = copy(&format!("(module {import} {referring})")).expect_err(referring);
        assert!(error.to_string().contains(r#"the imported function "a" "y", whose"#), "{error}");
    }
    for other in [
        "(func (call $y)) (func (return_call $y)) (export \"y\" (func $y)) (start $y)",
        "(elem declare func $y) (func $own (type $sub)) (elem func $x $own)",
        "(table 1 funcref) (elem (i32.const 0) $x) (func (call_indirect (type $sup) (i32.const 0)))",
    ] {
        copy(&format!("(module {import} {other})")).expect(other);
    }
}

/// A module of one function with so many locals and a body.
fn one(locals: u32, body: impl Fn(&mut we::InstructionSink<'_>)) -> Vec<u8> {
    let mut module = we::Module::new();
    let mut types = we::TypeSection::new();
    types.ty().function([], []);
    let mut functions = we::FunctionSection::new();
    functions.function(0);
    let mut memories = we::MemorySection::new();
    let (minimum, maximum) = (1, None);
    let (memory64, shared, page_size_log2) = (false, false, None);
    memories.memory(we::MemoryType { minimum, maximum, memory64, shared, page_size_log2 });
    let mut function = we::Function::new([(locals, we::ValType::I32)]);
    body(&mut function.instructions());
    function.instructions().end();
    let mut code = we::CodeSection::new();
    code.function(&function);
    module.section(&types).section(&functions).section(&memories).section(&code);
    module.finish()
}

#[test]
fn functions_that_engines_would_refuse_are_told() {
    let fill = |body: &mut we::InstructionSink<'_>| {
        body.i32_const(0).i32_const(0).i32_const(0).memory_fill(0);
    };
    with_limit(&one(49_900, fill), None).expect("it fits");
    let error = with_limit(&one(49_998, fill), None).expect_err("it has locals of its own");
    assert!(error.to_string().starts_with("function 0 would have 50004 locals"), "{error}");
    let loops = |body: &mut we::InstructionSink<'_>| {
        (0..400_000).for_each(|_| _ = body.loop_(we::BlockType::Empty).end());
    };
    let error = with_limit(&one(0, loops), None).expect_err("it is long");
    assert!(error.to_string().contains("bytes, and engines take 7654321"), "{error}");
}

/// What is added counts too, where a module has almost as much as engines take.
#[test]
fn modules_whose_copies_would_have_too_many_of_something_are_told() {
    let import = "(import \"a\" \"b\" (func))";
    let refers = "(func (export \"f\") (result funcref) (ref.func 0)) (export \"i\" (func 0))";
    for (before, part, most, told) in [
        (String::new(), "(global i32 (i32.const 1))", 999_995, "1000000 globals"),
        (import.repeat(400_000), "(func)", 199_998, "1000000 functions"),
        (format!("{import}{refers}"), "(elem func)", 99_999, "100000 element segments"),
    ] {
        let of = |count| copy(&format!("(module {before}{})", part.repeat(count)));
        of(most).expect(told);
        let error = of(most + 1).expect_err(told);
        assert!(matches!(error, Error::TooMany(_)), "{error}");
        let expected = format!("its copy would be too large: more than {told}");
        assert_eq!(error.to_string(), expected);
    }
}

/// A copy is larger by a factor, whatever the module has a thousand times as much of.
#[test]
fn copies_grow_in_step_with_modules() {
    let repeated = |part: &str, count: usize| format!("(module {})", part.repeat(count));
    for part in [
        "(func (if (i32.const 1) (then nop)))",
        "(func (result i32 i64) (local i64) (i32.const 1) (i64.const 1))",
        "(func (local f32 i32) (block (br_table 0 0 0 (i32.const 0))))",
        "(import \"a\" \"b\" (func (param i32 i32)))",
        "(data \"x\")",
        "(elem func)",
        "(global i32 (i32.const 1))",
        "(tag (param i64))",
    ] {
        let size = |count| {
            let wasm = wat::parse_str(repeated(part, count)).expect("it is text");
            let copy = with_limit(&wasm, None).unwrap_or_else(|error| panic!("{part}: {error}"));
            (wasm.len() as f64, copy.wasm.len() as f64)
        };
        let ((small, small_copy), (large, large_copy)) = (size(10), size(10_000));
        let slope = (large_copy - small_copy) / (large - small);
        assert!(slope < 14.0, "{part}: {slope}");
    }
}

/// The numbers of gas-1, *Instantiation and compilation*, under the flat schedule.
#[test]
fn loading_is_known_before() {
    let text = r#"(module (memory 1) (table 4 funcref) (func $f)
        (global i32 (i32.add (i32.const 1) (i32.const 2)))
        (data (i32.const 0) "abcdefgh") (data "passive") (elem (i32.const 1) $f $f))"#;
    let wasm = wat::parse_str(text).expect("it is text");
    let schedule = Schedule::builtin("flat").expect("it is built in");
    let prices = schedule.instantiation();
    let operators = 3 + 1 + 1 + 2;
    let gas = u64::from(prices.const_operator) * operators;
    let segments = prices.data_bytes.charge(8) + prices.elements.charge(2);
    let expected = gas + segments as u64;
    assert!(expected > 0);
    let copy = with_limit(&wasm, Some(expected)).expect("it can be metered");
    assert_eq!(copy.gas_of_loading, expected);
}
