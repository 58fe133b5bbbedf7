//! Small programs out of gas at every limit: from none up to all that they consume, on every tier. Between them they execute every
//! operator with a dynamic charge, and whatever else gas-1 has a rule of its own for.

use etalon_adapters::{Adapter, Features, GasConfig, Schedule, SessionConfig, adapter};
use etalon_harness::corpus::small_programs;
use etalon_harness::diff::{Case, RunOptions};
use etalon_harness::gas::{Law, MOST_GAS, Subject};
use etalon_harness::settings::{law_schedules, named_schedule};
use etalon_module::{Module, Opcode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ENGINES: &[&str] = &[
    "oracle",
    "interp",
    "jit",
    "jit?opt=none",
    "jit?cpu=baseline",
    "aot",
    "mixed0",
    "auto",
    "paused:1",
];

fn engines() -> Vec<Arc<dyn Adapter>> {
    ENGINES.iter().map(|name| adapter(name).expect("it is one of ours")).collect()
}

fn programs() -> Vec<(Case, Features)> {
    let features = adapter("oracle").expect("it is one of ours").features();
    let programs: Vec<_> = small_programs().into_iter().map(|case| (case, features)).collect();
    assert!(programs.len() >= 50, "{}", programs.len());
    programs
}

fn under(schedule: &Arc<Schedule>, features: Features) -> RunOptions {
    let gas = Some(GasConfig { schedule: Arc::clone(schedule), limit: Some(MOST_GAS) });
    RunOptions { features, gas, state: true, time: None }
}

/// A program on each engine that has what it needs.
fn on_each(options: &RunOptions, case: &Case, mut check: impl FnMut(&str, &Subject<'_>)) {
    for engine in engines() {
        let features = options.features.intersection(engine.features());
        if Module::new(&case.wasm, features).is_err() {
            continue;
        }
        let options = RunOptions { features, ..options.clone() };
        let subject = Subject::new(engine.as_ref(), &options, case);
        let subject = subject.unwrap_or_else(|error| panic!("{error}")).expect("it meters");
        check(&engine.info().name, &subject);
    }
}

/// At each limit below what it consumes a program is out of gas with all of it, after the host calls that the gas sufficed for and no
/// others; at what it consumes it ends as without a limit.
fn at_every_limit(schedule: &Arc<Schedule>) {
    for (case, features) in programs() {
        let mut all = BTreeMap::new();
        on_each(&under(schedule, features), &case, |engine, subject| {
            let consumed = subject.consumed().expect("it is metered");
            assert!(consumed < 5000, "{}: {consumed} limits are too many", case.name);
            all.insert(engine.to_owned(), consumed);
            for limit in 0..=consumed {
                let breach = subject.at(limit).unwrap_or_else(|error| panic!("{error}"));
                if let Some(breach) = breach {
                    panic!("{} on {engine} under {}: {breach}", case.name, schedule.id());
                }
            }
        });
        assert!(all.len() >= 2, "{}: only {all:?} run it", case.name);
        assert_eq!(all.values().collect::<BTreeSet<_>>().len(), 1, "{}: {all:?}", case.name);
    }
}

#[test]
fn at_every_limit_of_the_default_schedule() {
    at_every_limit(&named_schedule(Schedule::DEFAULT).expect("it is built in"));
}

#[test]
fn at_every_limit_of_every_other_schedule() {
    let others = law_schedules();
    let others = others.iter().filter(|s| !s.id().to_string().starts_with("etalon-1@"));
    others.for_each(at_every_limit);
}

/// A schedule in which no two operators weigh the same, as far as that goes, so that no operator can be charged as another.
fn of_distinct_weights() -> Arc<Schedule> {
    let text = Schedule::builtin_text(Schedule::DEFAULT).expect("it is built in");
    let (before, _) = text.split_once("[operators]").expect("it has rows");
    let priced = Opcode::ALL.iter().filter(|op| op.class().is_some());
    let rows = priced.enumerate().map(|(number, op)| format!("{:?} = {}\n", op.name(), number + 1));
    let text = format!("{before}[operators]\n{}", rows.collect::<String>());
    Arc::new(Schedule::parse(&text, "distinct weights").expect("it is a schedule"))
}

/// What the oracle says that the programs consume, the others say too, and the laws hold.
#[test]
fn where_each_operator_has_a_weight_of_its_own() {
    let schedule = of_distinct_weights();
    for (case, features) in programs() {
        let mut first = None;
        on_each(&under(&schedule, features), &case, |engine, subject| {
            let gas: Vec<Option<u64>> = subject.full().steps.iter().map(|step| step.gas).collect();
            let first = first.get_or_insert_with(|| gas.clone());
            assert_eq!(&gas, first, "{} on {engine}", case.name);
            for law in [Law::Ledger, Law::Trap, Law::KnifeEdge] {
                let breach = subject.check(law).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(breach, None, "{} on {engine}", case.name);
            }
        });
    }
}

/// After running out of gas a guest's state cannot be observed by gas-1; but an embedder that looks sees no bulk operator that was done
/// and not paid for, be it short enough for code in place or not.
#[test]
fn a_bulk_operator_does_nothing_that_is_not_paid_for() {
    let schedule = named_schedule(Schedule::DEFAULT).expect("it is built in");
    for (memory, bulk) in [
        ("2", "(memory.fill (i32.const 8) (i32.const 7) (i32.const 300))"),
        ("2", "(memory.fill (i32.const 8) (i32.const 7) (i32.const 70000))"),
        ("i64 2", "(memory.fill (i64.const 8) (i32.const 7) (i64.const 300))"),
        ("2", "(memory.copy (i32.const 65536) (i32.const 65530) (i32.const 60000))"),
        ("2", "(memory.copy (i32.const 9) (i32.const 65535) (i32.const 300))"),
        ("2", "(memory.init $d (i32.const 9) (i32.const 0) (i32.const 130))"),
        ("2 3", "(result i32) (memory.grow (i32.const 1))"),
    ] {
        let text = format!(
            "(module (memory (export \"m\") {memory}) (data $d \"{}\")
              (data ({} 65535) \"x\") (func (export \"f\") {bulk}))",
            "etalon".repeat(30),
            if memory.starts_with("i64") { "i64.const" } else { "i32.const" },
        );
        let wasm = wat::parse_str(&text).expect("it is text");
        for engine in engines() {
            let gas = |limit| Some(GasConfig { schedule: Arc::clone(&schedule), limit });
            let config = |limit| SessionConfig {
                features: engine.features(),
                gas: gas(limit),
                turns: false,
                measure: false,
                time: None,
            };
            let opened = engine.open(&config(Some(MOST_GAS))).expect("it can be set up");
            let module = opened.prepare(&wasm).expect("it is valid");
            let run = |limit: u64| {
                let mut session = opened.session().expect("there is one");
                let instance = session.instantiate(&module).expect("there is gas for it");
                let before = (session.memory(instance, "m"), session.gas_consumed());
                session.limit(limit);
                let outcome = session.invoke(instance, "f", &[]);
                let after = (session.memory(instance, "m"), session.gas_consumed());
                (before.0, outcome.goes_on(), after)
            };
            let (before, ended, (after, consumed)) = run(MOST_GAS);
            assert!(ended && before != after, "{bulk}: its effect is seen");
            // The `end` of the body is a segment by itself, and costs one.
            for limit in 0..consumed.expect("it is metered") - 1 {
                let (before, ended, (after, _)) = run(limit);
                let name = engine.info().name;
                assert!(!ended && before == after, "{bulk} on {name} with a limit of {limit}");
            }
        }
    }
}

/// The laws hold of the programs, under every schedule. This is where host functions declare bytes and call back.
#[test]
fn the_laws_hold() {
    for schedule in law_schedules() {
        for (case, features) in programs() {
            on_each(&under(&schedule, features), &case, |engine, subject| {
                for law in Law::ALL {
                    let breach = subject.check(*law).unwrap_or_else(|error| panic!("{error}"));
                    if let Some(breach) = breach {
                        panic!("{} on {engine} under {}: {breach}", case.name, schedule.id());
                    }
                }
            });
        }
    }
}

/// An operator that comes to have a dynamic charge needs a program, and so do these.
#[test]
fn the_programs_execute_every_operator_with_a_dynamic_charge() {
    let schedule = named_schedule(Schedule::DEFAULT).expect("it is built in");
    let oracle = adapter("oracle").expect("it is one of ours");
    let mut executed = BTreeSet::new();
    for (case, features) in programs() {
        let options = under(&schedule, features);
        let subject = Subject::new(oracle.as_ref(), &options, &case);
        let subject = subject.unwrap_or_else(|error| panic!("{error}")).expect("it meters");
        executed.extend(subject.operators().iter().map(|(opcode, _)| opcode.name()));
    }
    let needed = Opcode::ALL.iter().filter(|opcode| opcode.is_executed());
    let needed = needed.filter(|op| op.is_dynamic() || op.transfers_control());
    let missing: Vec<&str> =
        needed.map(|op| op.name()).filter(|name| !executed.contains(name)).collect();
    assert!(missing.is_empty(), "no program executes {missing:?}");
}

/// The greatest depth is told by no tier but the oracle. But a schedule can allow just so much: with the least depth that suffices on
/// the oracle each program does the same everywhere, and with one less it does not.
#[test]
fn the_greatest_depth_is_the_same() {
    let allows = |max: u64| {
        let text = Schedule::builtin_text(Schedule::DEFAULT).expect("it is built in");
        let text = text.replace("max = 524288", &format!("max = {max}"));
        Arc::new(Schedule::parse(&text, "depth").expect("it is a schedule"))
    };
    let oracle = adapter("oracle").expect("it is one of ours");
    for (case, features) in programs() {
        let run = |engine: &dyn Adapter, features, max| {
            let options = under(&allows(max), features);
            let subject = Subject::new(engine, &options, &case);
            let subject = subject.unwrap_or_else(|error| panic!("{error}")).expect("it meters");
            subject.full().clone()
        };
        let whole = run(oracle.as_ref(), features, 1 << 19);
        let (mut too_small, mut enough) = (0, 1 << 14);
        while too_small + 1 < enough {
            let middle = too_small + (enough - too_small) / 2;
            match run(oracle.as_ref(), features, middle) == whole {
                true => enough = middle,
                false => too_small = middle,
            }
        }
        for engine in engines() {
            let features = features.intersection(engine.features());
            if Module::new(&case.wasm, features).is_err() {
                continue;
            }
            let ends = |max| {
                let trace = run(engine.as_ref(), features, max);
                let steps = trace.steps.into_iter();
                steps.map(|step| (step.outcome, step.gas, step.host_calls)).collect::<Vec<_>>()
            };
            let name = engine.info().name;
            let (least, less, most) = (ends(enough), ends(too_small), ends(1 << 19));
            assert!(least == most, "{} on {name}: a depth of {enough} suffices", case.name);
            assert!(
                less != most || too_small == 0,
                "{} on {name}: {too_small} does not",
                case.name
            );
        }
    }
}
