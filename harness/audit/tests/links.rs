//! Estimates hold where what is linked to an import has a subtype of the import's type.

use etalon::{Config, Engine, Features, Linker, Module, Schedule, Store, Tier, Val};
use etalon_audit::{Import, Question, Setting, Trial, Upper, estimate};

const TYPES: &str = "
  (rec (type $top (sub (func (result i32)))))
  (rec (type $declared (sub $top (func (result i32)))))
  (rec (type $between (sub $declared (func (result i32)))))
  (rec (type $actual (sub $between (func (result i32)))))
  (rec (type $other (sub $top (func (result i32)))) (type (func)))";

/// Exports a function that costs much, of a subtype of what the other module imports it by.
const LINKED: &str = "(memory 1) (func (export \"f\") (type $actual)
  (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (i32.const 7))";

const IMPORTS: &str = "(import \"a\" \"f\" (func $f (type $declared))) (table 1 funcref) (elem (i32.const 0) func $f)";

/// Calls, and whether they come to the function.
const CALLS: &[(&str, bool)] = &[
    ("(call $f)", true),
    ("(call_indirect (type $top) (i32.const 0))", true),
    ("(call_indirect (type $declared) (i32.const 0))", true),
    ("(call_indirect (type $between) (i32.const 0))", true),
    ("(call_indirect (type $actual) (i32.const 0))", true),
    ("(return_call_indirect (type $actual) (i32.const 0))", true),
    ("(call_ref $actual (ref.cast (ref $actual) (ref.func $f)))", true),
    ("(call_ref $between (ref.cast (ref $between) (table.get (i32.const 0))))", true),
    ("(call_indirect (type $other) (i32.const 0))", false),
];

fn trial(wat: &str) -> Trial {
    let schedule = Schedule::builtin("default").expect("it is built in");
    let setting = Setting { schedule, features: Features::wasm3(), tier: Tier::Oracle };
    Trial::new(setting, wat.as_bytes()).expect("it is valid")
}

/// The most that an export takes, with what the import declares.
fn most(wat: &str, export: &str, imports: &[Import]) -> u64 {
    let told = estimate(&trial(wat), Question { imports, ..Question::default() }).unwrap();
    let one = told.exports.iter().find(|one| one.export == export).unwrap();
    match one.upper {
        Upper::AtMost { gas } => gas,
        other => panic!("{other:?}: {:?}", one.reasons),
    }
}

#[test]
fn what_is_linked_may_have_a_subtype() {
    let linked = format!("(module {TYPES} {LINKED})");
    let gas = most(&linked, "f", &[]);
    let (module, name) = ("a".to_owned(), "f".to_owned());
    let imports = [Import { module, name, gas, ..Import::default() }];
    for (call, comes) in CALLS {
        let wat = format!("(module {TYPES} {IMPORTS} (func (export \"g\") (result i32) {call}))");
        let most = most(&wat, "g", &imports);
        let mut config = Config::new();
        config.tier(Tier::Oracle).consume_fuel(true);
        config.schedule(Schedule::builtin("default").expect("it is built in"));
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        store.set_fuel(1 << 40).unwrap();
        let mut linker = Linker::new(&engine);
        let first =
            linker.instantiate(&mut store, &Module::new(&engine, &linked).unwrap()).unwrap();
        linker.instance(&mut store, "a", first).unwrap();
        let second = linker.instantiate(&mut store, &Module::new(&engine, &wat).unwrap()).unwrap();
        let func = second.get_func(&mut store, "g").unwrap();
        let before = store.get_fuel().unwrap();
        let mut results = [Val::I32(0)];
        let ended = func.call(&mut store, &[], &mut results);
        let consumed = before - store.get_fuel().unwrap();
        assert_eq!(ended.is_ok(), *comes, "{call}");
        assert_eq!(consumed >= gas, *comes, "{call}: {consumed}");
        assert!(consumed <= most, "{call}: {consumed} of {most}");
        // A type that the function cannot have costs nothing.
        assert_eq!(most >= gas, *comes, "{call}: {most}");
    }
}
