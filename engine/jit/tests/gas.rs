//! Gas: where it is charged, and what happens when it is used up.

mod support;

use etalon_gas::Schedule;
use etalon_jit::OptLevel;
use etalon_module::operator::Opcode;
use etalon_module::{FuncType, ValType};
use etalon_runtime::{Exhaustion, Extern, HostFn, Stop, StoreConfig, Trap, Value};
use std::sync::{Arc, Mutex};
use support::{Machine, at_each_level, schedule};

const WAT: &str = r#"(module
  (memory 1 10) (table 8 20 funcref) (data $d "abcdef") (elem $e func $leaf $leaf)
  (func $leaf (param i32) (result i32) (local i64 i64) (local.get 0))
  (func (export "straight") (result i32) (i32.add (i32.const 1) (i32.const 2)))
  (func (export "call") (result i32) (call $leaf (i32.const 1)) (drop) (call $leaf (i32.const 2)))
  (func (export "loop") (param i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "if") (param i32) (result i32)
    (if (result i32) (local.get 0) (then nop nop (i32.const 1)) (else nop (i32.const 2))))
  (func (export "alone") (param i32)
    (if (local.get 0) (then nop nop nop)) nop)
  (func (export "return") (param i32)
    (block (br_if 0 (local.get 0)) nop (return)) nop nop)
  (func (export "trap") (param i32) nop (drop (i32.load (local.get 0))) nop nop)
  (func (export "divide") (param i32) nop (drop (i32.div_u (i32.const 1) (local.get 0))) nop)
  (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "copy") (param i32) (memory.copy (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "init") (param i32) (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "tgrow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
  (func (export "tfill") (param i32) (table.fill (i32.const 0) (ref.null func) (local.get 0)))
  (func (export "tcopy") (param i32) (table.copy (i32.const 0) (i32.const 1) (local.get 0)))
  (func (export "tinit") (param i32) (table.init $e (i32.const 0) (i32.const 0) (local.get 0)))
  (func (export "byte") (result i32) (i32.load8_u (i32.const 0)))
  (func (export "waits") (param i32) (result i32)
    (block $out
      (br_if $out (i32.eqz (local.get 0)))
      (if (i32.eq (local.get 0) (i32.const 1)) (then nop (br $out)) (else nop nop))
      (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (i32.load (i32.const 65536)))))
      (if (i32.eq (local.get 0) (i32.const 3)) (then (return (i32.const 7))))
      nop)
    (i32.const 5))
  (func (export "while") (param i32)
    (block $out (loop $l
      (br_if $out (i32.eqz (local.get 0)))
      (i32.store8 (i32.const 0) (local.get 0))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br $l))))
  (func (export "table") (param i32)
    (block (block (br_table 0 1 (local.get 0))) nop nop) nop))"#;

fn machine(opt: OptLevel, limit: Option<u64>) -> Machine {
    let mut machine = Machine::new(StoreConfig::metered(None), opt, WAT);
    machine.store.meter_mut().set_limit(limit).unwrap();
    machine
}

/// The sum of weights of operators by name, and E(f) of so many parameters and locals.
fn cost(entries: &[(u64, u64)], operators: &str) -> u64 {
    let schedule = schedule();
    let weight = |name: &str| u64::from(schedule.weight(Opcode::from_name(name).unwrap()));
    let entries: u64 = entries.iter().map(|(p, l)| schedule.entry_cost(*p, *l)).sum();
    entries + operators.split_whitespace().map(weight).sum::<u64>()
}

/// What a call is charged for.
struct Row {
    name: &'static str,
    arg: Option<u32>,
    /// Parameters and locals of each function entered.
    entries: &'static [(u64, u64)],
    operators: String,
    /// The dynamic operator, and its units.
    dynamic: Option<(&'static str, u64)>,
}

/// Name, argument, functions entered, operators charged, dynamic operator.
type Simple =
    (&'static str, Option<u32>, &'static [(u64, u64)], &'static str, Option<(&'static str, u64)>);

const CONSTANTS: &str = "i32.const i32.const local.get";

/// What `waits` runs up to its first `if`, or a later one.
macro_rules! waits {
    () => {
        "block local.get i32.eqz br_if local.get i32.const i32.eq if"
    };
    (2) => {
        concat!(waits!(), " nop nop end local.get i32.const i32.eq if")
    };
    (3) => {
        concat!(waits!(2), " local.get i32.const i32.eq if")
    };
}

/// A turn of the loop of `while`.
macro_rules! turn {
    () => {
        "local.get i32.eqz br_if i32.const local.get i32.store8 local.get i32.const i32.sub local.set br"
    };
}

const SIMPLE: &[Simple] = &[
    ("straight", None, &[(0, 0)], "i32.const i32.const i32.add end", None),
    (
        "call",
        None,
        &[(0, 0), (1, 2), (1, 2)],
        "i32.const call drop i32.const call end local.get end local.get end",
        None,
    ),
    (
        "loop",
        Some(3),
        &[(1, 0)],
        "loop local.get i32.const i32.sub local.tee br_if local.get i32.const i32.sub local.tee br_if \
             local.get i32.const i32.sub local.tee br_if end end",
        None,
    ),
    ("if", Some(1), &[(1, 0)], "local.get if nop nop i32.const else end", None),
    ("if", Some(0), &[(1, 0)], "local.get if nop i32.const end end", None),
    ("alone", Some(1), &[(1, 0)], "local.get if nop nop nop end nop end", None),
    ("alone", Some(0), &[(1, 0)], "local.get if nop end", None),
    ("return", Some(1), &[(1, 0)], "block local.get br_if nop nop end", None),
    ("return", Some(0), &[(1, 0)], "block local.get br_if nop return", None),
    ("table", Some(0), &[(1, 0)], "block block local.get br_table nop nop end nop end", None),
    ("table", Some(9), &[(1, 0)], "block block local.get br_table nop end", None),
    // Charges that wait for others: at each way out, and at a trap, just what has begun is paid.
    ("waits", Some(0), &[(1, 0)], "block local.get i32.eqz br_if i32.const end", None),
    ("waits", Some(1), &[(1, 0)], concat!(waits!(), " nop br i32.const end"), None),
    ("waits", Some(2), &[(1, 0)], concat!(waits!(2), " i32.const i32.load drop end"), None),
    ("waits", Some(3), &[(1, 0)], concat!(waits!(3), " i32.const return"), None),
    ("waits", Some(4), &[(1, 0)], concat!(waits!(3), " nop end i32.const end"), None),
    (
        "while",
        Some(2),
        &[(1, 0)],
        concat!("block loop ", turn!(), " ", turn!(), " local.get i32.eqz br_if end"),
        None,
    ),
    ("trap", Some(0), &[(1, 0)], "nop local.get i32.load drop nop nop end", None),
    // A trap pays for its whole segment.
    ("trap", Some(65_536), &[(1, 0)], "nop local.get i32.load drop nop nop end", None),
    ("divide", Some(0), &[(1, 0)], "nop i32.const local.get i32.div_u drop nop end", None),
    ("grow", Some(2), &[(1, 0)], "local.get memory.grow end", Some(("memory.grow", 2))),
    ("grow", Some(10), &[(1, 0)], "local.get memory.grow end", None),
    ("tgrow", Some(2), &[(1, 0)], "ref.null local.get table.grow end", Some(("table.grow", 2))),
    ("tgrow", Some(13), &[(1, 0)], "ref.null local.get table.grow end", None),
];

fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = SIMPLE
        .iter()
        .map(|(name, arg, entries, operators, dynamic)| Row {
            name,
            arg: *arg,
            entries,
            operators: (*operators).to_owned(),
            dynamic: *dynamic,
        })
        .collect();
    let bulk = [
        ("fill", "memory.fill", 65_536),
        ("copy", "memory.copy", 1_000),
        ("init", "memory.init", 6),
        ("tcopy", "table.copy", 7),
        ("tinit", "table.init", 2),
    ];
    let mut row = |name, arg, operators: String, dynamic| {
        rows.push(Row { name, arg: Some(arg), entries: &[(1, 0)], operators, dynamic });
    };
    for (name, op, units) in bulk {
        row(name, units, format!("{CONSTANTS} {op} end"), Some((op, units.into())));
        // Out of bounds: the dynamic part is not charged.
        row(name, 1 << 20, format!("{CONSTANTS} {op}"), None);
    }
    let operators = "i32.const ref.null local.get table.fill end".to_owned();
    row("tfill", 5, operators, Some(("table.fill", 5)));
    rows
}

#[test]
fn every_way_through_a_function_is_charged() {
    at_each_level(|opt| {
        for Row { name, arg, entries, operators, dynamic } in rows() {
            let dynamic = dynamic.map_or(0, |(op, units)| {
                let rate = schedule().dynamic(Opcode::from_name(op).unwrap()).unwrap();
                u64::try_from(rate.charge(units)).unwrap()
            });
            let want = cost(entries, &operators) + dynamic;
            let args: Vec<Value> = arg.into_iter().map(Value::I32).collect();
            let mut m = machine(opt, None);
            let outcome = m.call(name, &args);
            assert_eq!(m.store.meter().consumed(), want, "{name} {arg:?} at {opt:?}");
            // Exactly enough is enough, and one less is not.
            let mut exact = machine(opt, Some(want));
            assert_eq!(exact.call(name, &args), outcome, "{name} {arg:?} with {want}");
            assert_eq!(exact.store.meter().left(), Some(0));
            let mut less = machine(opt, Some(want - 1));
            assert_eq!(less.call(name, &args), Err(Exhaustion::Gas.into()), "{name} {arg:?}");
            assert_eq!(less.store.meter().consumed(), want - 1);
            assert!(less.store.meter().is_exhausted());
        }
    });
}

#[test]
fn out_of_gas_comes_before_the_effect_and_ends_loops() {
    at_each_level(|opt| {
        let mut m = machine(opt, Some(60));
        assert_eq!(m.call("fill", &[Value::I32(65_536)]), Err(Exhaustion::Gas.into()));
        m.store.meter_mut().set_limit(None).unwrap();
        assert_eq!(m.call("byte", &[]), Ok(vec![Value::I32(0)]));
        m.store.meter_mut().set_limit(Some(1_000_000)).unwrap();
        assert_eq!(m.call("loop", &[Value::I32(0)]), Err(Exhaustion::Gas.into()));
        assert_eq!(m.store.meter().consumed(), 1_000_000);
        // Sticky: the next call does not even begin.
        assert_eq!(m.call("straight", &[]), Err(Exhaustion::Gas.into()));
    });
}

#[test]
fn gas_is_exact_at_host_calls_and_they_can_charge() {
    at_each_level(|opt| {
        let mut m = Machine::empty(StoreConfig::metered(None), opt);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let look = HostFn::new("host", "look", move |caller, args| {
            log.lock().unwrap().push(caller.store.meter().consumed());
            if let [Value::I32(n)] = args {
                caller.charge(u64::from(*n))?;
            }
            Ok(Vec::new())
        });
        let look = m.store.alloc_host_func(FuncType::new([ValType::I32], []), look);
        m.linker.define("host", "look", Extern::Func(look));
        m.add(
            r#"(module (import "host" "look" (func $look (param i32)))
              (func (export "f") (call $look (i32.const 5)) nop (call $look (i32.const 0)) nop))"#,
        )
        .unwrap();
        m.store.meter_mut().set_limit(None).unwrap();
        m.call("f", &[]).unwrap();
        let base = u64::from(schedule().host().base("host", "look"));
        let first = cost(&[(0, 0)], "i32.const call") + base;
        let second = first + 5 + cost(&[], "nop i32.const call") + base;
        assert_eq!(*seen.lock().unwrap(), [first, second]);
        assert_eq!(m.store.meter().consumed(), second + cost(&[], "nop end"));
        m.store.meter_mut().set_limit(Some(first + 4)).unwrap();
        assert_eq!(m.call("f", &[]), Err(Exhaustion::Gas.into()));
    });
}

#[test]
fn depth_comes_before_the_entry() {
    let wat = r#"(module (func $f (export "f") (param i64) nop (call $f (local.get 0))))"#;
    at_each_level(|opt| {
        let mut m = Machine::new(StoreConfig::metered(None), opt, wat);
        m.store.meter_mut().set_limit(None).unwrap();
        assert_eq!(m.call("f", &[Value::I64(0)]), Err(Exhaustion::Stack.into()));
        let frames = 524_288 / (8 + 1 + 1);
        let each = cost(&[(1, 0)], "nop local.get call");
        assert_eq!(m.store.meter().consumed(), frames * each);
    });
}

#[test]
fn fine_cuts_charge_nothing_behind_a_trap() {
    let text = include_str!("../../gas/schedules/default.toml").replace("\"coarse\"", "\"fine\"");
    let schedule = Arc::new(Schedule::parse(&text, "test").unwrap());
    let module = support::module(WAT);
    let options = etalon_jit::CompileOptions::new(Arc::clone(&schedule), true);
    let compiled = etalon_jit::compile(&module, &options).unwrap();
    let loaded = Arc::new(etalon_jit::LoadedModule::load(&compiled, &module).unwrap());
    let config = StoreConfig { schedule, ..StoreConfig::metered(None) };
    let mut store = etalon_runtime::Store::new(config).unwrap();
    let tier = store.add_executor(support::jit("jit"));
    let placement = etalon_runtime::Placement::all(tier).with_code(tier, loaded);
    let at = etalon_runtime::instantiate(&mut store, &module, &[], &placement).unwrap();
    let Some(Extern::Func(func)) = store.instance(at).export("trap") else { panic!("no export") };
    store.meter_mut().set_limit(None).unwrap();
    let stop = store.invoke(func, &[Value::I32(65_536)]).unwrap_err();
    let etalon_runtime::InvokeError::Stop(Stop::Trap(trapped)) = stop else { panic!("{stop}") };
    assert_eq!(trapped.trap, Trap::MemoryOutOfBounds);
    assert_eq!(store.meter().consumed(), cost(&[(1, 0)], "nop local.get i32.load"));
}

/// Without a limit a counter that is nearly at its end is filled up by the next large charge, in the midst of compiled code; with a
/// limit the same charge is out of gas.
#[test]
fn a_large_charge_asks_whether_there_is_a_limit() {
    // Each turn of the loop is one segment, of more gas than what is never asked about.
    let wat = format!(
        r#"(module (import "host" "spend" (func $spend))
             (func (export "f") (param i32) (result i32) (local i32)
               (call $spend)
               (loop $l {} (local.set 1 (i32.add (local.get 1) (i32.const 3)))
                 (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
               (local.get 1)))"#,
        "(local.set 1 (i32.add (local.get 1) (i32.const 0)))".repeat(1000),
    );
    at_each_level(|opt| {
        let mut m = Machine::empty(StoreConfig::metered(None), opt);
        let spend = HostFn::new("host", "spend", |caller, _| {
            caller.store.meter().cell().set_left(2000);
            Ok(Vec::new())
        });
        let spend = m.store.alloc_host_func(FuncType::new([], []), spend);
        m.linker.define("host", "spend", Extern::Func(spend));
        m.add(&wat).unwrap();
        assert_eq!(m.call("f", &[Value::I32(7)]), Ok(vec![Value::I32(21)]), "{opt:?}");
        assert_eq!(m.store.meter().consumed(), u64::MAX, "{opt:?}: the count is at its end");
        m.store.meter_mut().set_limit(Some(1 << 40)).unwrap();
        let stop = m.call("f", &[Value::I32(7)]).unwrap_err();
        assert_eq!(stop, Stop::Exhausted(Exhaustion::Gas), "{opt:?}");
        assert_eq!(m.store.meter().left(), Some(0), "{opt:?}");
    });
}
