//! Instrumented copies consume what our meter says, on an interpreter that counts nothing; `make gas-witness` asks other engines.

use etalon_adapters::{
    Adapter, AdapterError, Features, GasConfig, Outcome, Schedule, SessionConfig, TOUCH, Val,
    adapter, adapter_here,
};
use etalon_harness::corpus::{self, Entry};
use etalon_harness::diff::{Call, Case, RunOptions, SecondOpinion, mentions_spectest, observe};
use etalon_harness::fuzz::case_of;
use etalon_harness::gas::{Breach, Law};
use etalon_harness::generate::Profile;
use etalon_harness::instrumented::{Agreement, Trial, agree, agree_on_copy, small_programs};
use etalon_harness::reduce::{Budget, reduce_for};
use etalon_instrument::{BEGIN, GAS_LEFT, STOPPED, Settings, Stop, instrument};
use etalon_module::{Module, Opcode};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The gas of a call that is to come to its end.
const LIMIT: u64 = 500_000;
/// Calls of the small programs consume less.
const EVERY: u64 = 5_000;

fn features() -> Features {
    adapter("interp").expect("it is one of ours").features()
}

fn trial(schedule: Arc<Schedule>, every: u64) -> Trial {
    Trial { schedule, features: features(), limit: LIMIT, every, time: None }
}

fn engines() -> [Arc<dyn Adapter>; 2] {
    ["oracle", "interp"].map(|name| adapter(name).expect("it is one of ours"))
}

fn builtin(name: &str) -> Arc<Schedule> {
    Schedule::builtin(name).expect("it is built in")
}

fn tried(trial: &Trial, case: &Case) -> Agreement {
    let [oracle, interp] = engines();
    agree(oracle.as_ref(), interp.as_ref(), trial, case).unwrap_or_else(|error| panic!("{error}"))
}

fn holds(agreement: &Agreement) {
    let lines: Vec<String> = agreement.unequal.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

/// A schedule with one number changed.
fn changed(from: &str, change: impl FnOnce(&mut toml::Table)) -> Arc<Schedule> {
    let text = Schedule::builtin_text(from).expect("it is built in");
    let mut table: toml::Table = text.parse().expect("a schedule is TOML");
    change(&mut table);
    let text = toml::to_string(&table).expect("a table can be written");
    Arc::new(Schedule::parse(&text, "changed").unwrap_or_else(|error| panic!("{error}")))
}

fn table<'a>(of: &'a mut toml::Table, name: &str) -> &'a mut toml::Table {
    let table = of.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    table.as_table_mut().expect("it is a table")
}

/// One more than a number is.
fn raise(of: &mut toml::Table, key: &str) {
    let value = of.get(key).and_then(toml::Value::as_integer).expect("it is a number");
    of.insert(key.to_owned(), toml::Value::Integer(value + 1));
}

#[test]
fn every_limit_of_small_programs() {
    // Under "fine" every operator that may trap is a cut.
    let fine = changed("flat", |t| _ = t.insert("cuts".into(), "fine".into()));
    for schedule in [builtin(Schedule::DEFAULT), builtin("wasmtime-48"), fine] {
        let mut all = Agreement::default();
        for case in small_programs() {
            let agreement = tried(&trial(schedule.clone(), EVERY), &case);
            assert_eq!(agreement.passed_over.len(), 0, "{}: {agreement:?}", case.name);
            assert_eq!(agreement.calls, case.calls.len() as u64, "{}: {agreement:?}", case.name);
            all.add(agreement);
        }
        holds(&all);
        assert!(all.limits > 2_000, "{all:?}");
    }
}

/// The programs that each tier runs out of gas at every limit. What a host function declares is charged by a meter that a copy has not.
#[test]
fn every_limit_of_programs_of_the_corpus() {
    let mut all = Agreement::default();
    let imports =
        |case: &Case| Module::new(&case.wasm, Features::all()).expect("it is valid").imports;
    let declares = |case: &Case| imports(case).iter().any(|import| &*import.module == TOUCH);
    for case in corpus::small_programs().into_iter().filter(|case| !declares(case)) {
        all.add(tried(&trial(builtin(Schedule::DEFAULT), EVERY), &case));
    }
    holds(&all);
    assert!(all.modules >= 45 && all.limits > 2_000, "{all:?}");
}

/// Caps that small programs come to: depth, objects, memories and tables. Each call is a case, since none follows an exhaustion.
#[test]
fn every_limit_where_caps_are_low() {
    let set = |t: &mut toml::Table, of: &str, key: &str, value: i64| {
        table(t, of).insert(key.to_owned(), value.into());
    };
    let tight = changed("flat", |t| {
        set(t, "depth", "frame", 3);
        set(t, "depth", "reentry", 11);
        set(t, "depth", "max", 50);
        set(t, "limits", "gc_heap_bytes", 120);
        set(t, "limits", "memory_pages", 2);
        set(t, "limits", "table_elements", 5);
    });
    let mut all = Agreement::default();
    // What spectest has is larger than the caps.
    let fits = |case: &Case| !mentions_spectest(&case.wasm);
    for case in small_programs().into_iter().filter(fits) {
        for call in case.calls.clone() {
            let case = Case { calls: vec![call], ..case.clone() };
            all.add(tried(&trial(tight.clone(), EVERY), &case));
        }
    }
    holds(&all);
    assert_eq!(all.passed_over.len(), 0, "{all:?}");
    // Each cap is come to, and each is come to by no more than its last call.
    let stops = |name: &str| stopped(&tight, name);
    assert_eq!(stops("down"), ["down i32:9"]);
    assert!(stops("in a loop").contains(&"in a loop i32:9".to_owned()));
}

/// The calls, of those whose names begin so, that end with an exhaustion which is not one of gas.
fn stopped(schedule: &Arc<Schedule>, name: &str) -> Vec<String> {
    let mut stopped = Vec::new();
    for case in small_programs() {
        for call in case.calls.iter().filter(|call| call.export == name) {
            let case = Case { calls: vec![call.clone()], ..case.clone() };
            let gas = Some(GasConfig { schedule: schedule.clone(), limit: Some(LIMIT) });
            let options = RunOptions { features: features(), gas, state: false, time: None };
            let [oracle, _] = engines();
            let trace = observe(oracle.as_ref(), &options, &case).expect("it is one of ours");
            if let Some(Outcome::Exhausted(_)) = trace.steps.last().map(|step| &step.outcome) {
                let args = call.args.iter().map(|arg| format!(" {}", arg.to_record()));
                stopped.push(call.export.clone() + &args.collect::<String>());
            }
        }
    }
    stopped
}

/// Operators of the small programs, by their own bodies.
fn operators() -> BTreeSet<Opcode> {
    let mut operators = BTreeSet::new();
    for case in small_programs() {
        let module = Module::new(&case.wasm, Features::all()).expect("it is valid");
        for body in &module.bodies {
            let mut reader = module.operators(body);
            while let Ok(operator) = reader.read() {
                operators.insert(Opcode::of(&operator));
            }
        }
    }
    operators
}

#[test]
fn the_small_programs_reach_every_cut() {
    let operators = operators();
    let is_meant = |op: &Opcode| {
        let is_cut = builtin(Schedule::DEFAULT).is_cut(*op);
        is_cut && op.priced_as().is_none() && !op.name().contains("desc")
    };
    let missing: Vec<&Opcode> =
        Opcode::ALL.iter().filter(|op| is_meant(op) && !operators.contains(op)).collect();
    assert_eq!(missing, Vec::<&Opcode>::new());
}

/// Whether copies that were written with another schedule are caught.
fn caught(schedule: &Arc<Schedule>, written: &Arc<Schedule>) -> bool {
    let [oracle, interp] = engines();
    let settings = Settings { schedule: written.clone(), features: features(), limit: None };
    small_programs().iter().any(|case| {
        let copy = instrument(&case.wasm, &settings).unwrap_or_else(|error| panic!("{error}"));
        let trial = trial(schedule.clone(), 0);
        let agreement = agree_on_copy(oracle.as_ref(), interp.as_ref(), &trial, case, &copy.wasm);
        !agreement.unwrap_or_else(|error| panic!("{error}")).unequal.is_empty()
    })
}

/// The planted fault "one weight off by one in the instrumenter", at each operator of the small programs and each other price.
#[test]
fn one_price_off_by_one_in_the_instrumenter_is_caught() {
    let schedule = builtin("flat");
    assert!(!caught(&schedule, &schedule), "without a fault");
    let mut missed = Vec::new();
    let mut plant = |name: String, change: &dyn Fn(&mut toml::Table)| {
        if !caught(&schedule, &changed("flat", change)) {
            missed.push(name);
        }
    };
    for op in operators() {
        let weight = i64::from(schedule.weight(op)) + 1;
        let name = op.name();
        plant(name.to_owned(), &|t| _ = table(t, "operators").insert(name.into(), weight.into()));
        if let Some(rate) = schedule.dynamic(op) {
            let (weight, granule) = (i64::from(rate.weight) + 1, i64::from(rate.granule.get()));
            let row = toml::Table::from_iter([
                ("weight".to_owned(), weight.into()),
                ("granule".to_owned(), granule.into()),
            ]);
            let plant_row = |t: &mut toml::Table| {
                _ = table(t, "dynamic").insert(name.into(), row.clone().into())
            };
            plant(format!("units of {name}"), &plant_row);
        }
    }
    for key in ["entry", "arg", "local"] {
        plant(format!("function.{key}"), &|t| raise(table(t, "function"), key));
    }
    plant("host.base".to_owned(), &|t| raise(table(t, "host"), "base"));
    plant("const_operator".to_owned(), &|t| raise(table(t, "instantiation"), "const_operator"));
    for key in ["data_bytes", "elements"] {
        plant(key.to_owned(), &|t| raise(table(table(t, "instantiation"), key), "weight"));
    }
    assert_eq!(missed, Vec::<String>::new());
}

/// What copies by other prices consume.
struct OtherPrices(Arc<Schedule>);

impl SecondOpinion for OtherPrices {
    fn breach(&self, case: &Case) -> Result<Option<Breach>, AdapterError> {
        let [oracle, interp] = engines();
        let trial = trial(builtin("flat"), 0);
        let settings = Settings { schedule: self.0.clone(), features: features(), limit: None };
        let Ok(copy) = instrument(&case.wasm, &settings) else { return Ok(None) };
        let agreement = agree_on_copy(oracle.as_ref(), interp.as_ref(), &trial, case, &copy.wasm)?;
        let unequal = agreement.unequal.first();
        Ok(unequal.map(|unequal| Law::Ledger.breach(case.calls.len(), unequal.to_string())))
    }
}

/// A kernel in which a product costs one more in the copy becomes a function with a product in it.
#[test]
fn a_module_of_which_the_copy_consumes_otherwise_is_made_small() {
    let plant = |t: &mut toml::Table| {
        let weight = i64::from(builtin("flat").weight(Opcode::I64Mul)) + 1;
        _ = table(t, "operators").insert("i64.mul".into(), weight.into());
    };
    let opinion = Arc::new(OtherPrices(changed("flat", plant)));
    let (features, case) = corpus::programs_and_kernels()
        .into_iter()
        .find(|(_, case)| case.name.contains("hashtable"))
        .expect("it is a kernel");
    let gas = Some(GasConfig { schedule: builtin("flat"), limit: Some(LIMIT) });
    let run = RunOptions { features, gas, state: false, time: None };
    let budget = Budget { tries: 300, ..Budget::default() };
    let [oracle, _] = engines();
    let reduced = reduce_for(opinion, oracle, &case, run, budget).unwrap_or_else(|e| panic!("{e}"));
    let reduced = reduced.expect("the copy consumes otherwise").case;
    let text = wasmprinter::print_bytes(&reduced.wasm).expect("it is valid");
    assert!(text.contains("i64.mul"), "{text}");
    assert!(reduced.wasm.len() < case.wasm.len() / 2, "{} bytes: {text}", reduced.wasm.len());
}

/// The planted fault "a dynamic charge before its check": the condition around each charge is taken away.
#[test]
fn a_dynamic_charge_before_its_check_is_caught() {
    let [oracle, interp] = engines();
    let schedule = builtin(Schedule::DEFAULT);
    let settings = Settings { schedule: schedule.clone(), features: features(), limit: None };
    let mut caught = 0;
    for case in small_programs() {
        let copy = instrument(&case.wasm, &settings).unwrap_or_else(|error| panic!("{error}"));
        let text = wasmprinter::print_bytes(&copy.wasm).expect("it is valid");
        // Nothing else has a condition that ends so.
        let lines: Vec<&str> = text.lines().collect();
        let is_check = |at: usize| {
            let before = at.checked_sub(1).map(|before| lines[before].trim());
            lines[at].trim().starts_with("if ") && before == Some("i32.and")
        };
        let planted = |(at, line): (usize, &&str)| match is_check(at) && !line.contains("result") {
            true => line.replacen("if", "drop block", 1),
            false => (*line).to_owned(),
        };
        let faulty: Vec<String> = lines.iter().enumerate().map(planted).collect();
        let faulty = faulty.join("\n");
        if faulty == text.trim_end() {
            continue;
        }
        let wasm = wat::parse_str(&faulty).unwrap_or_else(|error| panic!("{error}"));
        let trial = trial(schedule.clone(), 0);
        let agreement = agree_on_copy(oracle.as_ref(), interp.as_ref(), &trial, &case, &wasm);
        let agreement = agreement.unwrap_or_else(|error| panic!("{error}"));
        assert_ne!(agreement.unequal, [], "{}", case.name);
        caught += 1;
    }
    assert!(caught >= 3, "memories, tables and arrays have such operators");
}

#[test]
fn programs_of_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/programs");
    let mut all = Agreement::default();
    for file in std::fs::read_dir(folder).expect("the folder is in the repository") {
        let path = file.expect("the folder can be listed").path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let entry = Entry::read(&path).unwrap_or_else(|error| panic!("{error}"));
            let trial = Trial { limit: 5_000_000, ..trial(builtin(Schedule::DEFAULT), 0) };
            all.add(tried(&trial, &entry.case));
        }
    }
    holds(&all);
    assert!(all.modules > 5, "{all:?}");
}

#[test]
fn generated_modules() {
    let mut all = Agreement::default();
    for (name, schedule) in [
        ("control", Schedule::DEFAULT),
        ("calls", "flat"),
        ("memory", Schedule::DEFAULT),
        ("traps", "wasmtime-48"),
        ("chains", Schedule::DEFAULT),
        ("gc", Schedule::DEFAULT),
        ("single", "flat"),
        ("objects", Schedule::DEFAULT),
        ("sequences", Schedule::DEFAULT),
        ("wasm3", Schedule::DEFAULT),
        ("smith", Schedule::DEFAULT),
        ("scripts", Schedule::DEFAULT),
    ] {
        let profile = Profile::named(name).expect("it is in the list");
        let trial = trial(builtin(schedule), 0);
        for number in 0..8 {
            let case = case_of(profile, features(), 5, number, 1);
            all.add(tried(&trial, &case));
        }
    }
    holds(&all);
    assert!(all.calls > 200, "{all:?}");
}

/// What loading does with a limit: it has succeeded with so much left, or gas has run out. Without a start function a copy loads anyway,
/// and its first call is out of gas.
fn loaded(wasm: &[u8]) -> Option<u64> {
    let [_, interp] = engines();
    let gas = None;
    let config =
        SessionConfig { features: features(), gas, turns: false, measure: false, time: None };
    let opened = interp.open(&config).expect("it is one of ours");
    let module = opened.prepare(wasm).expect("copies are valid");
    let mut session = opened.session().expect("it is one of ours");
    session.define_missing_imports(&module).expect("imports are of functions");
    let instance = session.instantiate(&module).ok()?;
    match session.global(instance, GAS_LEFT) {
        Some(Val::I64(left)) => u64::try_from(left).ok(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_limit_of_loading() {
    let schedule = builtin("flat");
    let [oracle, _] = engines();
    let mut tried = 0;
    for case in small_programs() {
        let case = Case { calls: Vec::new(), ..case };
        let consumed = |limit| {
            let gas = Some(GasConfig { schedule: schedule.clone(), limit: Some(limit) });
            let options = RunOptions { features: features(), gas, state: false, time: None };
            let trace = observe(oracle.as_ref(), &options, &case).expect("it is one of ours");
            let step = &trace.steps[0];
            let loads = matches!(step.outcome, Outcome::Returned(_));
            loads.then_some(step.gas).flatten()
        };
        let whole = consumed(LIMIT).expect("the programs load");
        for limit in 0..=whole + 1 {
            let (schedule, features) = (schedule.clone(), features());
            let settings = Settings { schedule, features, limit: Some(limit) };
            let copy = instrument(&case.wasm, &settings).unwrap_or_else(|error| panic!("{error}"));
            let left = consumed(limit).map(|consumed| limit - consumed);
            assert_eq!(loaded(&copy.wasm), left, "{}, limit {limit}", case.name);
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}

/// A negative number is no gas at all, however far below 0 it is.
#[test]
fn nothing_runs_after_a_beginning_with_a_negative_number() {
    let case = small_programs().into_iter().next().expect("there are some");
    let settings =
        Settings { schedule: builtin(Schedule::DEFAULT), features: features(), limit: None };
    let copy = instrument(&case.wasm, &settings).unwrap_or_else(|error| panic!("{error}"));
    for engine in engines() {
        let features = features();
        let config =
            SessionConfig { features, gas: None, turns: false, measure: false, time: None };
        let opened = engine.open(&config).expect("it is one of ours");
        let module = opened.prepare(&copy.wasm).expect("copies are valid");
        let mut session = opened.session().expect("it is one of ours");
        let instance = session.instantiate(&module).expect("it needs nothing");
        let mut ends = |limit: i64| {
            let begun = session.invoke(instance, BEGIN, &[Val::I64(limit)]);
            assert_eq!(begun, Outcome::Returned(Vec::new()));
            let before = session.global(instance, GAS_LEFT);
            let outcome = session.invoke(instance, "sum", &[Val::I32(1)]);
            let after = [GAS_LEFT, STOPPED].map(|name| session.global(instance, name));
            (before, matches!(outcome, Outcome::Trapped { .. }), after)
        };
        let out = [Some(Val::I64(-1)), Some(Val::I32(Stop::Gas as i32))];
        for limit in [-1, -2, -1000, i64::MIN + 1, i64::MIN] {
            assert_eq!(ends(limit), (Some(Val::I64(-1)), true, out), "{limit}");
        }
        assert_eq!(ends(0), (Some(Val::I64(0)), true, out));
        let (before, trapped, [_, stopped]) = ends(i64::MAX);
        assert_eq!((before, trapped), (Some(Val::I64(i64::MAX)), false));
        assert_eq!(stopped, Some(Val::I32(0)));
    }
}

fn on_wasmi(case: &Case, every: u64) -> Agreement {
    let [oracle, _] = engines();
    let wasmi = adapter_here("wasmi").expect("tests are built with it");
    let features = features().intersection(wasmi.features());
    let trial = Trial { features, ..trial(builtin(Schedule::DEFAULT), every) };
    let agreement = agree(oracle.as_ref(), wasmi.as_ref(), &trial, case);
    agreement.unwrap_or_else(|error| panic!("{error}"))
}

/// An engine of another maker, which knows nothing of gas-1.
#[test]
fn every_limit_on_wasmi() {
    let mut all = Agreement::default();
    for case in small_programs() {
        all.add(on_wasmi(&case, 300));
    }
    holds(&all);
    assert!(all.calls > 50, "{all:?}");
}

/// wasmi 2.0 takes the other operand in the copy of this function, and not in the function: the copy is right, as the oracle says.
#[test]
fn a_fault_of_the_engine_is_not_one_of_the_copy() {
    let text = r#"(module (func $c (param i64) (result i64) (local.get 0))
        (func (export "f") (param i64 i32) (result i64)
          (select (i64.const 127) (call $c (local.get 0)) (i32.eqz (local.get 1)))))"#;
    let wasm = wat::parse_str(text).expect("it is text");
    let call = Call { export: "f".into(), args: vec![Val::I64(0), Val::I32(0)] };
    let agreement = on_wasmi(&Case::new("select", wasm, vec![call]), 0);
    holds(&agreement);
    assert!(agreement.modules == 1 && agreement.of_engine.len() <= 1, "{agreement:?}");
}
