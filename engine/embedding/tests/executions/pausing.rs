//! Pauses, and what asks for them.

use crate::guest::{CALLS, Guest, config, straight_run};
use etalon::{
    Config, Execution, Exhaustion, FuncType, HostFn, PauseLimits, PauseReason, PauseRequest,
    Progress, ResumeError, Schedule, StartError, Stop, Tier, Value,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Runs all calls in pieces; they must end as they do in one piece each. Gives how often they paused.
fn same_in_pieces(gas: Option<u64>, limits: &PauseLimits) -> u64 {
    let (expected, state) = straight_run(gas);
    let mut guest = Guest::new(config(Schedule::DEFAULT), gas);
    let mut pauses = 0;
    for (call, (outcome, consumed)) in CALLS.iter().zip(expected) {
        let got = guest.in_pieces(*call, limits, |_, _| pauses += 1);
        assert_eq!(got, outcome, "{call:?} under {limits:?}");
        assert_eq!(guest.store.meter().consumed(), consumed, "{call:?} under {limits:?}");
    }
    assert_eq!(guest.state(), state);
    assert!(guest.store.paused().is_empty());
    pauses
}

#[test]
fn pieces_of_any_size_show_what_a_straight_run_shows() {
    let every = same_in_pieces(None, &PauseLimits::instructions(1));
    assert!(every > 1000, "{every} instructions");
    for k in [2, 3, 7, 50] {
        let pauses = same_in_pieces(None, &PauseLimits::instructions(k));
        assert!(pauses <= every / k && pauses >= every / k - CALLS.len() as u64, "{pauses}");
    }
    for gas in [1, 10, 333] {
        assert!(same_in_pieces(None, &PauseLimits::gas(gas)) > 0);
    }
}

#[test]
fn what_is_executed_is_what_is_paid_for() {
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
    assert_eq!(guest.store.executed(), 0);
    for call in CALLS {
        let before = guest.store.meter().consumed() - guest.store.executed();
        let ends = guest.in_pieces(*call, &PauseLimits::instructions(3), |_, _| ());
        let after = guest.store.meter().consumed() - guest.store.executed();
        // Calls of the host are paid for too, and who stops in the middle of a segment has paid for its rest.
        let may_pay_more = ends.is_err() || ["indirect", "away"].contains(&call.0);
        assert!(after == before || may_pay_more && after > before, "{call:?}");
    }
}

#[test]
fn a_gas_slice_is_no_limit_and_a_limit_is_kept_in_pieces() {
    let (_, (_, all, _)) = straight_run(None);
    for limit in (0..all + 20).step_by(61) {
        // What instantiation takes must be there.
        if limit > 200 {
            same_in_pieces(Some(limit), &PauseLimits::instructions(5));
            same_in_pieces(Some(limit), &PauseLimits::gas(40));
        }
    }
}

#[test]
fn the_depth_of_calls_is_counted_across_pauses() {
    let mut straight = Guest::new(config(Schedule::DEFAULT), None);
    let mut pieces = Guest::new(config(Schedule::DEFAULT), None);
    let stop = Err(Stop::Exhausted(Exhaustion::Stack));
    assert_eq!(straight.straight("endless", 0), stop);
    let limits = PauseLimits::instructions(997);
    assert_eq!(pieces.in_pieces(("endless", 0), &limits, |_, _| ()), stop);
    assert_eq!(pieces.state(), straight.state());
}

#[test]
fn a_breakpoint_stops_before_its_instruction_every_time() {
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
    let func = guest.func("fib");
    // The first instruction of the function, as a pause at the start tells it.
    let execution = guest.start("fib", 3).unwrap();
    let first = match guest.store.resume(execution, &PauseLimits::instructions(1)).unwrap() {
        Progress::Paused(pause) => pause.site.offset,
        done => panic!("{done:?}"),
    };
    let limits = PauseLimits { breakpoints: [(func, first)].into(), ..PauseLimits::default() };
    let mut hits = 0;
    loop {
        match guest.store.resume(execution, &limits).unwrap() {
            Progress::Paused(pause) => {
                let at = (pause.reason, pause.func, pause.site.offset);
                assert_eq!(at, (PauseReason::Breakpoint, func, first));
                hits += 1;
            }
            Progress::Done(values) => break assert_eq!(values, [Value::I32(2)]),
            Progress::Waiting(wait) => panic!("{wait:?}"),
        }
    }
    // fib(3) enters fib five times; the first is being executed when the breakpoint is set.
    assert_eq!(hits, 4);
}

#[test]
fn accesses_to_memory_are_paused_before() {
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
    let limits = PauseLimits { accesses: true, ..PauseLimits::default() };
    let mut pauses = 0;
    guest.in_pieces(("bytes", 20), &limits, |_, _| pauses += 1).unwrap();
    // memory.init, copy, fill, grow, a store, memory.size and a load.
    assert_eq!(pauses, 7);
    guest.in_pieces(("fib", 5), &limits, |_, _| pauses += 1).unwrap();
    assert_eq!(pauses, 7);
}

#[test]
fn another_thread_can_ask_for_a_pause() {
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
    let execution = guest.start("spin", 0).unwrap();
    let request = PauseRequest::new();
    let limits = PauseLimits { request: Some(request.clone()), ..PauseLimits::default() };
    let asked = std::thread::spawn(move || request.request());
    // It runs for ever unless the request is seen, and a request counts once.
    match guest.store.resume(execution, &limits).unwrap() {
        Progress::Paused(pause) => assert_eq!(pause.reason, PauseReason::Request),
        done => panic!("{done:?}"),
    }
    asked.join().unwrap();
    let limits = PauseLimits { instructions: PauseLimits::instructions(9).instructions, ..limits };
    match guest.store.resume(execution, &limits).unwrap() {
        Progress::Paused(pause) => {
            assert_eq!((pause.reason, pause.instructions), (PauseReason::Instructions, 9));
        }
        done => panic!("{done:?}"),
    }
    assert!(guest.store.abandon(execution));
    assert!(!guest.store.abandon(execution));
    assert_eq!(guest.store.resume(execution, &limits), Err(ResumeError::Unknown(execution)));
}

#[test]
fn many_executions_are_paused_at_once_and_keep_what_they_hold() {
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
    let executions: Vec<(Execution, u32)> =
        (1..20).map(|n| (guest.start("list", n).unwrap(), (1..=n as u32).sum())).collect();
    let mut left = executions;
    let mut collections = 0;
    while !left.is_empty() {
        left.retain(|(execution, sum)| {
            match guest.store.resume(*execution, &PauseLimits::instructions(10)).unwrap() {
                Progress::Paused(_) => true,
                Progress::Done(values) => {
                    assert_eq!(values, [Value::I32(*sum)]);
                    false
                }
                Progress::Waiting(wait) => panic!("{wait:?}"),
            }
        });
        guest.store.collect(&());
        collections += 1;
    }
    assert!(collections > 3);
    guest.store.collect(&());
    assert_eq!(guest.store.heap.live_objects(), 0);
}

#[test]
fn what_cannot_be_started_is_refused_by_name() {
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
    let fib = guest.func("fib");
    assert!(matches!(guest.store.start(fib, &[]), Err(StartError::Invoke(_))));
    let host =
        guest.store.alloc_host_func(FuncType::new([], []), HostFn::new("", "", |_, _| Ok(vec![])));
    assert_eq!(guest.store.start(host, &[]), Err(StartError::NotTheOracles));
    for tier in [Tier::Interp, Tier::Jit] {
        let mut other = Guest::new(Config::new(tier), None);
        let fib = other.func("fib");
        let refused = other.store.start(fib, &[Value::I32(1)]);
        assert_eq!(refused, Err(StartError::NotTheOracles), "{tier}");
    }
}

#[test]
fn a_host_function_finds_the_depth_of_a_straight_run() {
    use etalon::{Extern, Linker, Module, Store};
    let guest = Guest::new(config(Schedule::DEFAULT), None);
    let wat = r#"(module (import "host" "f" (func $f)) (func (export "f") (call $f)))"#;
    let module = Module::new(&guest.engine, &wat::parse_str(wat).unwrap()).unwrap();
    let mut store = Store::new(&guest.engine, None).unwrap();
    let inside = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&inside);
    let depths = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&depths);
    let host = HostFn::new("host", "f", move |caller, _| {
        seen.store(caller.store.is_running(), Ordering::Relaxed);
        noted.lock().unwrap().push(caller.store.depth_left());
        Ok(Vec::new())
    });
    let host = store.alloc_host_func(FuncType::new([], []), host);
    let mut linker = Linker::new();
    linker.define("host", "f", Extern::Func(host));
    let instance = store.instantiate(&module, &linker).unwrap();
    let func = store.func(instance, "f").unwrap();
    let execution = store.start(func, &[]).unwrap();
    assert_eq!(store.resume(execution, &PauseLimits::default()), Ok(Progress::Done(Vec::new())));
    store.invoke(func, &[]).unwrap();
    assert!(inside.load(Ordering::Relaxed));
    let depths = depths.lock().unwrap();
    assert_eq!(depths[0], depths[1], "the depth left in a piece is that of a straight run");
}
