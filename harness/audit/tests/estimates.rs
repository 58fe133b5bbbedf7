//! What a run consumes is at most the estimate.

use etalon::unstable::module::ExternType;
use etalon::{Features, Schedule, Tier};
use etalon_adapters::{Outcome, Val, adapter};
use etalon_audit::{
    Bill, Bound, Estimate, ExportEstimate, Import, Question, Scenario, Setting, Step, Trial, Upper,
    estimate, run,
};
use etalon_harness::fuzz::case_of;
use etalon_harness::generate::Profile;

/// Features that the oracle has.
fn features() -> Features {
    adapter("oracle").expect("it is one of ours").features()
}

fn trial(schedule: &str, module: &[u8]) -> Result<Trial, String> {
    let schedule = Schedule::builtin(schedule).expect("it is built in");
    let setting = Setting { schedule, features: features(), tier: Tier::Oracle };
    Trial::new(setting, module).map_err(|error| error.to_string())
}

fn question<'q>(imports: &'q [Import], bounds: &'q [Bound]) -> Question<'q> {
    Question { imports, bounds, exports: &[] }
}

/// Functions of the host that declare nothing, for all that a module imports.
fn imports(trial: &Trial) -> Vec<Import> {
    let mut imports: Vec<Import> = Vec::new();
    for import in &trial.module().imports {
        let is_there = |i: &Import| i.module == import.module && i.name == import.name;
        if matches!(import.ty, ExternType::Func(_)) && !imports.iter().any(is_there) {
            let (module, name) = (import.module.clone(), import.name.clone());
            imports.push(Import { module, name, ..Import::default() });
        }
    }
    imports
}

fn of<'e>(estimate: &'e Estimate, export: &str) -> &'e ExportEstimate {
    estimate.exports.iter().find(|one| one.export == export).expect("it is exported")
}

/// What is on the way that costs most adds up to the bound.
fn adds_up(one: &ExportEstimate) {
    if let Upper::AtMost { gas } = one.upper
        && one.more_functions == 0
        && !one.is_cut
        && !one.path.is_empty()
    {
        let sum: u64 = one.path.iter().map(|function| function.gas).sum();
        assert_eq!(sum, gas, "{one:?}");
    }
}

/// Bodies of a function of the type [i32] -> [], with what is around them, arguments for the way that costs most, and whether that takes
/// just what is estimated.
const EXACT: &[(&str, &str, &[i32])] = &[
    ("nothing", "", &[0]),
    ("a straight line", "(drop (i32.add (local.get 0) (i32.const 1))) nop nop", &[0]),
    ("a block", "(block nop (br 0)) nop", &[0]),
    ("an arm", "(if (local.get 0) (then nop nop nop) (else nop))", &[1, 0]),
    ("the other arm", "(if (local.get 0) (then nop) (else nop nop nop nop))", &[1, 0]),
    ("no other arm", "(if (local.get 0) (then nop nop))", &[1, 0]),
    ("a branch out", "(block (br_if 0 (local.get 0)) nop nop) nop", &[1, 0]),
    ("a branch further out", "(block (block (br_if 1 (local.get 0)) nop) nop nop) nop", &[1, 0]),
    (
        "a table",
        "(block (block (block (br_table 0 1 2 (local.get 0))) nop nop br 1) nop nop nop nop)",
        &[0, 1, 2],
    ),
    ("a return", "(if (local.get 0) (then nop nop nop nop nop nop return)) nop", &[0, 1]),
    ("a trap", "(if (local.get 0) (then nop nop nop nop unreachable)) nop", &[0, 1]),
    ("a trap in a segment", "(drop (i32.div_u (i32.const 1) (local.get 0))) nop nop", &[0]),
    ("what nothing comes to", "return nop nop nop (loop (br 0))", &[0]),
    ("a loop that never goes back", "(loop nop)", &[0]),
    (
        "a loop that counts down",
        "(local i32) (local.set 1 (i32.const 7)) (loop nop (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))",
        &[0],
    ),
    (
        "a loop that counts up",
        "(local i32) (loop nop (local.set 1 (i32.add (local.get 1) (i32.const 3))) (br_if 0 (i32.lt_u (local.get 1) (i32.const 20))))",
        &[0],
    ),
    (
        "a loop that asks first",
        "(local i64) (block (loop (br_if 1 (i64.ge_s (local.get 1) (i64.const 10))) nop
           (local.set 1 (i64.add (local.get 1) (i64.const 1))) (br 0)))",
        &[0],
    ),
    (
        "a loop in an if",
        "(local i32) (loop (if (i32.ne (local.get 1) (i32.const 4)) (then nop
           (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br 1))))",
        &[0],
    ),
    (
        "loops in loops",
        "(local i32 i32) (loop (local.set 2 (i32.const 0))
           (loop nop nop (local.set 2 (i32.add (local.get 2) (i32.const 1))) (br_if 0 (i32.lt_s (local.get 2) (i32.const 5))))
           (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_s (local.get 1) (i32.const 6))))",
        &[0],
    ),
    (
        "a dear way out of a loop is paid once",
        "(local i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 1)))
           (if (i32.eq (local.get 1) (i32.const 9)) (then (call $callee (i32.const 1)) (call $callee (i32.const 1)) return))
           (br_if 0 (i32.lt_u (local.get 1) (i32.const 9))))",
        &[0],
    ),
    ("a call", "(call $callee (local.get 0)) nop", &[0, 1]),
    ("calls in a loop", "(local i32) (loop (call $callee (i32.const 1)) (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 1) (i32.const 4))))", &[0]),
    ("a tail call", "(return_call $callee (local.get 0))", &[0, 1]),
    ("a call of the host", "(call $host) (call $host)", &[0]),
    ("a call by a table", "(call_indirect $calls (type $unary) (i32.const 5) (local.get 0))", &[0, 1]),
    ("a call by a reference", "(call_ref $unary (i32.const 5) (ref.func $callee))", &[0]),
    ("a fill", "(memory.fill (i32.const 0) (i32.const 0) (i32.const 1000))", &[0]),
    ("a fill of anything", "(memory.fill (i32.const 0) (i32.const 0) (local.get 0))", &[0, 65536, 65537]),
    ("a copy into a smaller memory", "(memory.copy 0 $big (i32.const 0) (i32.const 0) (local.get 0))", &[65536]),
    ("a segment", "(memory.init $data (i32.const 0) (i32.const 0) (local.get 0))", &[100, 101]),
    ("growth", "(drop (memory.grow $big (local.get 0)))", &[7, 8]),
    ("growth by a constant", "(drop (memory.grow $big (i32.const 2)))", &[0]),
    ("a table that grows", "(drop (table.grow $grows (ref.null func) (local.get 0)))", &[15, 16]),
    ("a structure", "(drop (struct.new $pair (i64.const 0) (i64.const 0)))", &[0]),
    ("an array", "(drop (array.new_default $bytes (i32.const 300)))", &[0]),
    ("an array of values", "(drop (array.new_fixed $bytes 3 (i32.const 1) (i32.const 1) (i32.const 1)))", &[0]),
    ("an array of a segment", "(drop (array.new_data $bytes $data (i32.const 0) (local.get 0)))", &[100]),
    (
        "an exception",
        "(block $h (try_table (catch $e $h) nop nop (throw $e)) nop) nop nop nop nop",
        &[0],
    ),
    (
        "an exception of a callee",
        "(block $h (try_table (catch_all $h) (call $throws (local.get 0)) return)) nop nop nop nop",
        &[0, 1],
    ),
    (
        "an exception from a loop",
        "(local i32) (block $h (loop $l (try_table (catch_all $h) (if (i32.ge_u (local.get 1) (i32.const 2)) (then (throw $e))))
           (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if $l (i32.lt_u (local.get 1) (i32.const 3))) return)) nop nop nop nop nop nop nop nop nop nop nop nop",
        &[0],
    ),
    ("an old handler", "try nop (call $throws (local.get 0)) catch $other nop catch $e nop nop nop end nop", &[0, 1]),
    ("an old handler for all", "try nop (throw $e) catch_all nop nop nop end nop nop nop nop", &[0]),
    ("an exception thrown again", "try try (throw $e) catch $e nop nop (rethrow 0) end nop catch_all nop nop end nop", &[0]),
    (
        "an exception that is delegated",
        "try $out try try (throw $e) delegate $out nop nop catch_all nop nop nop nop nop nop nop nop end nop nop catch $e nop end",
        &[0],
    ),
    (
        "an exception past a handler for another",
        "(block $h (try_table (catch_all $h) (block $i (try_table (catch $other $i) (throw $e))) return)) nop nop nop nop nop",
        &[0],
    ),
    ("an old handler for another", "try try (throw $e) catch $other nop end nop catch_all nop nop nop nop nop end nop", &[0]),
];

const AROUND: &str = r#"
  (import "env" "host" (func $host))
  (type $unary (func (param i32)))
  (rec (type $own (func (param i32))) (type (func)))
  (type $pair (struct (field i64 i64)))
  (type $bytes (array (mut i8)))
  (tag $e) (tag $other)
  (global $seen (mut i32) (i32.const 0))
  (memory 1) (memory $big 1 8)
  (table $grows 5 20 funcref)
  (table $calls 2 2 funcref)
  (elem (table $calls) (i32.const 0) func $cheap $callee)
  (data $data "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789")
  (func $cheap (type $unary))
  (func $callee (type $unary) (if (local.get 0) (then nop nop nop nop nop)))
  (func $throws (type $unary) (if (local.get 0) (then (throw $e))))
"#;

fn runs(
    trial: &Trial,
    imports: &[Import],
    calls: Vec<Step>,
    gas: u64,
) -> Result<Vec<Bill>, String> {
    let scenario = Scenario { name: "s".to_owned(), gas: Some(gas), calls, ..Scenario::default() };
    run(trial, imports, &scenario, None).map_err(|error| error.to_string())
}

fn step(export: &str, args: Vec<Val>) -> Step {
    Step { export: export.to_owned(), args, gas: None }
}

#[test]
fn a_way_takes_just_what_is_estimated() {
    for schedule in ["default", "flat", "wasmtime-48"] {
        for (what, body, args) in EXACT {
            let wat = format!("(module {AROUND} (func (export \"f\") (type $own) {body}))");
            // A `nop` is free under some schedules, and then no way is dearer for it.
            let wat = wat.replace("nop", "(global.set $seen (i32.const 1))");
            let trial = trial(schedule, wat.as_bytes()).unwrap_or_else(|e| panic!("{what}: {e}"));
            let imports = [Import {
                module: "env".to_owned(),
                name: "host".to_owned(),
                bytes: 100,
                gas: 7,
                ..Import::default()
            }];
            let told = estimate(&trial, question(&imports, &[])).unwrap();
            let one = of(&told, "f");
            adds_up(one);
            let calls = args.iter().map(|arg| step("f", vec![Val::I32(*arg)])).collect();
            let bills = runs(&trial, &imports, calls, 1 << 40).unwrap();
            assert_eq!(
                told.instantiation.upper,
                Upper::AtMost { gas: bills[0].consumed },
                "{what}"
            );
            assert!(told.is_exact, "{what}");
            let most = bills[1..].iter().map(|bill| bill.consumed).max().unwrap();
            assert_eq!(one.upper, Upper::AtMost { gas: most }, "{what}, {schedule}: {one:#?}");
        }
    }
}

/// Why something is unbounded, and what makes it bounded, of a function `f`.
const OPEN: &[(&str, &str, &str)] = &[
    ("(func (export \"f\") (loop (br 0)))", "loop", "nothing says how often"),
    // Counted loops that are none.
    ("(func (export \"f\") (local i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 2))))))", "", ""),
    ("(func (export \"f\") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))", "loop", ""),
    ("(func (export \"f\") (local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 3))) (br_if 0 (i32.ne (local.get 0) (i32.const 20)))))", "loop", ""),
    ("(func (export \"f\") (local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 3))) (br_if 0 (i32.lt_u (local.get 0) (i32.const -1)))))", "loop", ""),
    ("(func (export \"f\") (param i32) (local i32) (loop (if (local.get 0) (then (local.set 1 (i32.add (local.get 1) (i32.const 1))))) (br_if 0 (i32.lt_u (local.get 1) (i32.const 9)))))", "loop", ""),
    ("(func (export \"f\") (param i32) (local i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (local.get 0)) (br_if 0 (i32.lt_u (local.get 1) (i32.const 9)))))", "loop", ""),
    ("(func (export \"f\") (param i32) (local i32) (loop (local.set 1 (local.get 0)) (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 1) (i32.const 9)))))", "loop", ""),
    ("(func (export \"f\") (param i32) (local i32) (loop (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (local.get 0))) (br_if 0 (i32.lt_s (local.get 1) (i32.const 9)))))", "loop", ""),
    // Where the first branch back is not taken, the second is.
    ("(func (export \"f\") (param i32) (local i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 1) (i32.const 9))) (br_if 0 (local.get 0))))", "loop", ""),
    ("(func (export \"f\") (local i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 0) (i32.const 9))) (br_if 0 (i32.ge_u (local.get 0) (i32.const 9)))))", "loop", ""),
    // Five steps in each turn pass the number that ends it.
    ("(func (export \"f\") (local i32 i32) (loop $o (local.set 1 (i32.const 0)) (loop (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 1) (i32.const 5))) (br_if $o (i32.ne (local.get 0) (i32.const 9))))))", "loop", ""),
    // The second time it begins with what the first has left.
    ("(func (export \"f\") (param i32) (local i32) (local i32) (loop (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.ne (local.get 1) (i32.const 9))))
        (local.set 2 (i32.add (local.get 2) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 2) (i32.const 3)))))", "loop", ""),
    // An exception goes back without a step.
    ("(tag $e) (func (export \"f\") (local i32) (loop $l (try_table (catch_all $l) (throw $e)) (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 0) (i32.const 9)))))", "loop", ""),
    ("(func $f (export \"f\") (call $g)) (func $g (call $f))", "recursion", "recursion: f -> g -> f"),
    ("(func $f (export \"f\") (return_call $f))", "recursion", "recursion: f -> f"),
    ("(type $t (func)) (table 1 1 funcref) (elem (i32.const 0) func $f) (func $f (export \"f\") (call_indirect (type $t) (i32.const 0)))", "recursion", "recursion: f -> f"),
    ("(import \"e\" \"t\" (table 1 funcref)) (type $t (func)) (func (export \"f\") (call_indirect (type $t) (i32.const 0)))", "outside", "table 0 is imported"),
    ("(table (export \"t\") 1 funcref) (type $t (func (param i32))) (func (export \"f\") (call_indirect (type $t) (i32.const 0) (i32.const 0)))", "outside", "table 0 is exported"),
    ("(import \"e\" \"f\" (func $h (result funcref))) (table 1 funcref) (type $t (func (param i64))) (func (export \"f\") (table.set (i32.const 0) (call $h)) (call_indirect (type $t) (i64.const 0) (i32.const 0)))", "outside", "by an imported function"),
    ("(type $t (func)) (func (export \"f\") (param (ref $t)) (call_ref $t (local.get 0)))", "outside", "that others can call"),
    ("(type $t (func)) (type $s (struct (field (ref $t)))) (func (export \"f\") (param anyref) (call_ref $t (struct.get $s 0 (ref.cast (ref $s) (local.get 0)))))", "outside", "that others can call"),
    ("(type $t (func)) (import \"e\" \"g\" (global $g (ref null $t))) (func (export \"f\") (call_ref $t (global.get $g)))", "outside", "by a global"),
    // What is linked to the import may take the box, and put a function in.
    ("(type $t (func)) (type $box (struct (field (mut (ref null $t)))))
        (rec (type $sup (sub (func (param (ref null none)))))) (rec (type $sub (sub $sup (func (param (ref null $box))))))
        (import \"e\" \"f\" (func $f (type $sup))) (table 1 funcref) (elem (i32.const 0) func $f)
        (func (export \"f\") (local $b (ref null $box)) (local.set $b (struct.new $box (ref.null $t)))
          (call_indirect (type $sub) (local.get $b) (i32.const 0)) (call_ref $t (struct.get $box 0 (local.get $b))))", "outside", "by an imported function"),
    ("(type $t (func)) (tag $e (export \"e\") (param (ref null $t))) (func (export \"f\") (call_ref $t (ref.null $t)))", "outside", "by an exception"),
];

#[test]
fn what_is_open_is_named_with_what_to_state() {
    for (wat, kind, message) in OPEN {
        let trial = trial("default", format!("(module {wat})").as_bytes()).unwrap();
        let told = estimate(&trial, Question::default()).unwrap();
        let one = of(&told, "f");
        if kind.is_empty() {
            assert!(matches!(one.upper, Upper::AtMost { .. }), "{wat}: {one:?}");
            continue;
        }
        assert_eq!(one.upper, Upper::Unbounded, "{wat}");
        let mut bounds = Vec::new();
        for reason in &one.reasons {
            assert_eq!(reason.kind, *kind, "{wat}");
            assert!(reason.message.contains(message), "{wat}: {reason:?}");
            let add = reason.add.as_deref().unwrap().strip_prefix("--bound ").unwrap();
            let (place, number) = add.rsplit_once('=').unwrap();
            assert_eq!(number, if *kind == "loop" { "N" } else { "GAS" }, "{wat}");
            bounds.push(format!("{place}=1000").parse().unwrap());
        }
        let told = estimate(&trial, question(&[], &bounds)).unwrap();
        let Upper::AtMost { gas } = of(&told, "f").upper else { panic!("{wat}: {told:?}") };
        assert!(gas >= 1000, "{wat}: {gas}");
    }
}

#[test]
fn bounds_are_of_loops_and_calls_that_are_there() {
    let wat = "(module (func $f (export \"f\") (loop (br 0))) (func $\"a@b=c\" (export \"g\") (call $f)) (func))";
    let trial = trial("default", wat.as_bytes()).unwrap();
    let offset = of(&estimate(&trial, Question::default()).unwrap(), "f").reasons[0].offset;
    let cases = [
        (format!("f@{offset}=5"), Ok(())),
        (format!("0@{offset:#x}=5"), Ok(())),
        ("a@b=c@0x1=5".to_owned(), Err("the function is at 0x")),
        ("f@0x1=5".to_owned(), Err("the function is at 0x")),
        ("2@0x1=5".to_owned(), Err("the function is at 0x")),
        (format!("f@{:#x}=5", offset + 2), Err("the function has a loop at 0x")),
        (format!("g@{offset}=5"), Err("no function has that name or index")),
        (format!("f@{offset}=0"), Err("executed once at least")),
    ];
    for (text, want) in cases {
        let bound: Bound = text.parse().unwrap();
        let told = estimate(&trial, question(&[], &[bound])).map_err(|error| error.to_string());
        match want {
            Ok(()) => assert!(matches!(of(&told.unwrap(), "f").upper, Upper::AtMost { .. })),
            Err(want) => {
                let error = told.unwrap_err();
                assert!(error.contains(want), "{text}: {error}");
            }
        }
    }
    for text in ["f", "f@1", "f=1", "@1=1", "f@x=1", "f@1=-1", "f@0xg=1"] {
        assert!(text.parse::<Bound>().is_err(), "{text}");
    }
}

/// Sizes of which nothing may take long, run out of memory, or be deep on the stack.
#[test]
fn hostile_modules_are_looked_at_fast() {
    let blocks = |n: usize, inner: &str| format!("{}{inner}{}", "(block ".repeat(n), ")".repeat(n));
    let deep = 100_000;
    let count = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))";
    let counted = format!(
        "(local.set 0 (i32.const 0)) (loop {count} (br_if 0 (i32.lt_u (local.get 0) (i32.const 2)))"
    );
    let table: String = (0..deep).map(|label| format!(" {label}")).collect();
    let handlers = format!(
        "{}{}{}",
        "(block (try_table (catch_all 0) ".repeat(deep / 2),
        "(call $f)",
        "))".repeat(deep / 2)
    );
    let bodies = [
        blocks(deep, "nop"),
        blocks(deep, &format!("(br_table {table} (local.get 0))")),
        format!("{}{}", "(loop ".repeat(deep), ")".repeat(deep)),
        // Each is counted by the same local, so that only the innermost is.
        format!("{}{}", counted.repeat(deep / 4), ")".repeat(deep / 4)),
        // Out of all loops, to everywhere.
        format!(
            "{}(loop (br_table {table} (local.get 0))){}",
            "(block (loop ".repeat(deep / 2),
            "))".repeat(deep / 2)
        ),
        handlers,
        blocks(deep / 4, &format!("(loop {} {count})", "(br_if 0 (local.get 0))".repeat(deep))),
        format!("{}(loop (br_if 0 (local.get 0)))", "(local.set 0 (i32.const 1))".repeat(deep)),
    ];
    for (number, body) in bodies.iter().enumerate() {
        let wat = format!("(module (func $f) (func (export \"f\") (local i32) {body}))");
        let trial = trial("default", wat.as_bytes()).unwrap_or_else(|e| panic!("{number}: {e}"));
        estimate(&trial, Question::default()).unwrap();
    }
}

/// Nested loops that are all bounded: turns multiply to more than any number, and the paths of all loops together would be quadratic.
#[test]
fn turns_multiply_to_more_than_64_bits() {
    let wat = format!(
        "(module (func $f (export \"f\") (param i32) {}{}))",
        "(loop ".repeat(20_000),
        "(br_if 0 (local.get 0)))".repeat(20_000)
    );
    let trial = trial("default", wat.as_bytes()).unwrap();
    let module = trial.module();
    let mut bounds = Vec::new();
    let mut reader = module.operators(&module.bodies[0]);
    while let Ok((operator, offset)) = reader.read_with_offset() {
        if matches!(operator, wasmparser::Operator::Loop { .. }) {
            bounds.push(Bound { function: "f".to_owned(), offset, most: 1 });
        }
    }
    let told = estimate(&trial, question(&[], &bounds[..100])).unwrap();
    assert_eq!(of(&told, "f").upper, Upper::Unbounded);
    assert_eq!(of(&told, "f").reasons.len(), 16);
    assert_eq!(of(&told, "f").more_reasons, 20_000 - 100 - 16);
    let told = estimate(&trial, question(&[], &bounds)).unwrap();
    assert!(matches!(of(&told, "f").upper, Upper::AtMost { .. }));
    bounds.iter_mut().for_each(|bound| bound.most = 10);
    let told = estimate(&trial, question(&[], &bounds)).unwrap();
    assert_eq!(of(&told, "f").upper, Upper::Beyond64Bits);
}

/// A million functions that call each other in a row, and then in a ring.
#[test]
fn calls_are_a_million_deep() {
    use wasm_encoder::{
        CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, Module,
        TypeSection,
    };
    const COUNT: u32 = 1_000_000;
    for is_ring in [false, true] {
        let (mut types, mut functions, mut code, mut exports) =
            (TypeSection::new(), FunctionSection::new(), CodeSection::new(), ExportSection::new());
        types.ty().function([], []);
        exports.export("f", ExportKind::Func, 0);
        for function in 0..COUNT {
            functions.function(0);
            let mut body = Function::new([]);
            if is_ring || function + 1 < COUNT {
                body.instruction(&Instruction::Call((function + 1) % COUNT));
            }
            body.instruction(&Instruction::End);
            code.function(&body);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        let trial = trial("flat", &module.finish()).unwrap();
        let told = estimate(&trial, Question::default()).unwrap();
        let one = of(&told, "f");
        match is_ring {
            false => {
                assert!(
                    matches!(one.upper, Upper::AtMost { gas } if gas > COUNT.into()),
                    "{one:?}"
                );
                assert_eq!(one.path.len() + one.more_functions, COUNT as usize);
            }
            true => {
                assert_eq!(one.upper, Upper::Unbounded);
                assert!(one.reasons[0].message.contains("-> … -> f"), "{one:?}");
            }
        }
    }
}

/// Generated modules of each profile.
const MODULES: u64 = 12;

/// What the runs of generated modules showed.
#[derive(Debug, Default)]
struct Seen {
    steps: u64,
    bounded: u64,
    equal: u64,
    unbounded: u64,
    loops: u64,
    stated: u64,
    refused: u64,
}

/// Of each loop, how often its body began over all steps.
fn turns(trial: &Trial, bills: &[Bill], seen: &mut Seen) -> Vec<Bound> {
    let module = trial.module();
    let mut bounds = Vec::new();
    // Where gas runs out, all of it is consumed: less than with the segment that was not paid. Its turn is not counted, nor is the one after it,
    // where it goes back.
    let is_exhausted = |bill: &Bill| matches!(bill.outcome, Outcome::Exhausted(_));
    let begun_in_vain = 2 * u64::from(bills.iter().any(is_exhausted));
    for (function, body) in (module.imported_funcs..).zip(&module.bodies) {
        let mut reader = module.operators(body);
        let mut begun = None;
        while let Ok((operator, offset)) = reader.read_with_offset() {
            if let Some(begun) = begun.take() {
                let segments = bills.iter().flat_map(|bill| &bill.segments);
                let of_it =
                    segments.filter(|s| (s.function, u64::from(s.offset)) == (function, offset));
                let most = of_it.map(|segment| segment.count).sum::<u64>().max(1) + begun_in_vain;
                bounds.push(Bound { function: function.to_string(), offset: begun, most });
                seen.loops += 1;
            }
            if matches!(operator, wasmparser::Operator::Loop { .. }) {
                begun = Some(offset);
            }
        }
    }
    bounds
}

/// Runs a generated module, states how often its loops ran where nothing proves it, and holds each step to its estimate.
fn holds(profile: &Profile, number: u64, seen: &mut Seen) {
    let case = case_of(profile, features(), 5, number, 2);
    let schedule = ["default", "flat", "wasmtime-48"][number as usize % 3];
    let (Ok(trial), true) = (trial(schedule, &case.wasm), case.program.is_none()) else {
        seen.refused += 1;
        return;
    };
    let imports = imports(&trial);
    let calls: Vec<Step> =
        case.calls.into_iter().map(|call| step(&call.export, call.args)).collect();
    let exports: Vec<String> = calls.iter().map(|call| call.export.clone()).collect();
    let Ok(bills) = runs(&trial, &imports, calls, 100_000) else {
        seen.refused += 1;
        return;
    };
    let plain = estimate(&trial, question(&imports, &[])).unwrap();
    let mut all = turns(&trial, &bills, seen);
    // A call takes no more than everything took.
    let consumed = bills.iter().map(|bill| bill.consumed).max().unwrap_or(0);
    let reasons = plain.exports.iter().chain([&plain.instantiation]).flat_map(|one| &one.reasons);
    all.extend(reasons.filter(|reason| matches!(reason.kind, "outside" | "recursion")).map(
        |reason| Bound {
            function: reason.function.to_string(),
            offset: reason.offset.into(),
            most: consumed,
        },
    ));
    let told = estimate(&trial, question(&imports, &all)).unwrap();
    seen.stated += plain.exports.iter().filter(|one| one.upper == Upper::Unbounded).count() as u64;
    let loading = ["instantiation".to_owned()];
    for (name, bill) in loading.iter().chain(&exports).zip(&bills) {
        // With what is stated, and with what is proved alone.
        for told in [&plain, &told] {
            let one = match bill.what.as_str() {
                "instantiation" => &told.instantiation,
                _ => of(told, name),
            };
            if bill.what != "instantiation" {
                adds_up(one);
            }
            seen.steps += 1;
            match one.upper {
                Upper::AtMost { gas } => {
                    assert!(
                        bill.consumed <= gas,
                        "{} {number}: {} {}: {one:#?}",
                        profile.name,
                        bill.what,
                        bill.consumed
                    );
                    seen.bounded += 1;
                    seen.equal += u64::from(bill.consumed == gas);
                }
                Upper::Beyond64Bits => seen.bounded += 1,
                Upper::Unbounded => {
                    assert!(!one.reasons.is_empty(), "{} {number}: {one:?}", profile.name);
                    seen.unbounded += 1;
                }
            }
        }
    }
}

/// The law: no step of any generated module consumes more than its estimate.
#[test]
fn no_run_consumes_more_than_its_estimate() {
    let mut all = 0;
    for name in [
        "control",
        "chains",
        "single",
        "objects",
        "sequences",
        "nans",
        "scripts",
        "smith",
        "wasm2",
        "wasm3",
        "quiet",
        "traps",
        "calls",
        "memory",
        "simd",
        "gc",
    ] {
        let profile = Profile::named(name).expect("it is in the list");
        let mut seen = Seen::default();
        (0..MODULES).for_each(|number| holds(profile, number, &mut seen));
        assert!(seen.bounded > 0, "{name}: {seen:?}");
        all += seen.bounded;
    }
    assert!(all > 1000, "{all}");
}

#[test]
fn a_host_function_that_calls_again_is_not_estimated() {
    let wat = r#"(module (import "env" "host" (func $host)) (func (export "f") (call $host)))"#;
    let trial = trial("default", wat.as_bytes()).unwrap();
    let (module, name, calls) = ("env".to_owned(), "host".to_owned(), Some("f".to_owned()));
    let imports = [Import { module, name, calls, ..Import::default() }];
    let error = estimate(&trial, question(&imports, &[])).unwrap_err();
    assert!(error.to_string().contains("calls the guest again"), "{error}");
}
