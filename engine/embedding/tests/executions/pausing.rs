//! Pauses, and what asks for them.

use crate::guest::{CALLS, Guest, config, straight_run};
use etalon::{
    Caller, Config, Engine, Execution, ExecutionError, Exhaustion, Func, FuncType, Instance,
    LifeState, Linker, Module, PauseLimits, PauseReason, PauseRequest, Progress, Schedule, Store,
    Tier, Val, unstable,
};

/// Runs all calls in pieces; they must end as they do in one piece each. Gives how often they paused.
fn same_in_pieces(gas: Option<u64>, limits: &PauseLimits) -> u64 {
    let (expected, state) = straight_run(gas);
    let mut guest = Guest::new(&config(Schedule::DEFAULT), gas);
    let mut pauses = 0;
    for (call, (outcome, consumed)) in CALLS.iter().zip(expected) {
        let got = guest.in_pieces(*call, limits, |_, execution| {
            pauses += 1;
            execution
        });
        assert_eq!(got, outcome, "{call:?} under {limits:?}");
        assert_eq!(guest.consumed(), consumed, "{call:?} under {limits:?}");
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
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    assert_eq!(unstable::executed(&guest.store), 0);
    for call in CALLS {
        let before = guest.consumed() - unstable::executed(&guest.store);
        let ends = guest.in_pieces(*call, &PauseLimits::instructions(3), |_, execution| execution);
        let after = guest.consumed() - unstable::executed(&guest.store);
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
    let mut straight = Guest::new(&config(Schedule::DEFAULT), None);
    let mut pieces = Guest::new(&config(Schedule::DEFAULT), None);
    // With the backtrace, which is the same too.
    let stop = straight.straight("endless", 0);
    assert!(stop.as_ref().unwrap_err().starts_with(Exhaustion::Stack.text()), "{stop:?}");
    let limits = PauseLimits::instructions(997);
    assert_eq!(pieces.in_pieces(("endless", 0), &limits, |_, execution| execution), stop);
    assert_eq!(pieces.state(), straight.state());
}

#[test]
fn a_breakpoint_stops_before_its_instruction_every_time() {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    let func = guest.func("fib");
    // The first instruction of the function, as a pause at the start tells it.
    let execution = guest.start("fib", 3).unwrap();
    let first = match guest.store.resume(execution, &PauseLimits::instructions(1)).unwrap() {
        Progress::Paused(pause) => pause.site.offset,
        done => panic!("{done:?}"),
    };
    let limits = PauseLimits::new().breakpoint(func, first);
    let mut hits = 0;
    loop {
        match guest.store.resume(execution, &limits).unwrap() {
            Progress::Paused(pause) => {
                let at = (pause.reason, pause.func, pause.site.offset);
                assert_eq!(at, (PauseReason::Breakpoint, func, first));
                hits += 1;
            }
            Progress::Done(values) => break assert_eq!(values[0].unwrap_i32(), 2),
            Progress::Waiting(wait) => panic!("{wait:?}"),
        }
    }
    // fib(3) enters fib five times; the first is being executed when the breakpoint is set.
    assert_eq!(hits, 4);
}

#[test]
fn accesses_to_memory_are_paused_before() {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    let limits = PauseLimits::new().accesses();
    let mut pauses = 0;
    guest
        .in_pieces(("bytes", 20), &limits, |_, execution| {
            pauses += 1;
            execution
        })
        .unwrap();
    // memory.init, copy, fill, grow, a store, memory.size and a load.
    assert_eq!(pauses, 7);
    guest
        .in_pieces(("fib", 5), &limits, |_, execution| {
            pauses += 1;
            execution
        })
        .unwrap();
    assert_eq!(pauses, 7);
}

#[test]
fn another_thread_can_ask_for_a_pause() {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    let execution = guest.start("spin", 0).unwrap();
    let request = PauseRequest::new();
    let limits = PauseLimits::new().request(request.clone());
    let asked = {
        let request = request.clone();
        std::thread::spawn(move || request.request())
    };
    // It runs for ever unless the request is seen, and a request counts once.
    match guest.store.resume(execution, &limits).unwrap() {
        Progress::Paused(pause) => assert_eq!(pause.reason, PauseReason::Request),
        done => panic!("{done:?}"),
    }
    asked.join().unwrap();
    let limits = PauseLimits::instructions(9).request(request.clone());
    match guest.store.resume(execution, &limits).unwrap() {
        Progress::Paused(pause) => {
            assert_eq!((pause.reason, pause.instructions), (PauseReason::Instructions, 9));
        }
        done => panic!("{done:?}"),
    }
    assert!(guest.store.abandon(execution));
    assert!(!guest.store.abandon(execution));
    let error = guest.store.resume(execution, &limits).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&ExecutionError::Unknown));
}

#[test]
fn many_executions_are_paused_at_once_and_keep_what_they_hold() {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    let executions: Vec<(Execution, i32)> =
        (1..20).map(|n| (guest.start("list", n).unwrap(), (1..=n).sum())).collect();
    let mut left = executions;
    let mut collections = 0;
    while !left.is_empty() {
        left.retain(|(execution, sum)| {
            match guest.store.resume(*execution, &PauseLimits::instructions(10)).unwrap() {
                Progress::Paused(_) => true,
                Progress::Done(values) => {
                    assert_eq!(values[0].unwrap_i32(), *sum);
                    false
                }
                Progress::Waiting(wait) => panic!("{wait:?}"),
            }
        });
        guest.store.gc();
        collections += 1;
    }
    assert!(collections > 3);
    guest.store.gc();
    assert_eq!(unstable::heap(&guest.store).0, 0);
}

#[test]
fn what_cannot_be_started_is_refused_by_name() {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    let fib = guest.func("fib");
    let none = |error: etalon::Error| *error.downcast_ref::<ExecutionError>().unwrap();
    let error = guest.store.start(fib, &[]).unwrap_err();
    assert!(error.is::<etalon::Mismatch>(), "{error}");
    let host = Func::new(&mut guest.store, FuncType::new([], []), |_, _, _| Ok(()));
    let error = guest.store.start(host, &[]).unwrap_err();
    assert_eq!(none(error), ExecutionError::NotTheOracles);
    for tier in [Tier::Interp, Tier::Jit] {
        let mut other = Guest::new(Config::new().tier(tier), None);
        let fib = other.func("fib");
        let error = other.store.start(fib, &[Val::I32(1)]).unwrap_err();
        assert_eq!(none(error), ExecutionError::NotTheOracles, "{tier}");
        // A function of one store is nothing to another, nor is an execution.
        let error = guest.store.start(fib, &[Val::I32(1)]).unwrap_err();
        assert!(error.is::<etalon::WrongStore>(), "{error}");
    }
    let execution = guest.start("fib", 3).unwrap();
    let mut other = Guest::new(&config(Schedule::DEFAULT), None);
    let error = other.store.resume(execution, &PauseLimits::new()).unwrap_err();
    assert_eq!(none(error), ExecutionError::Unknown);
    assert!(!other.store.abandon(execution) && !other.store.time_out(execution));
}

#[test]
fn a_host_function_finds_the_depth_of_a_straight_run() {
    let engine = Engine::new(&config(Schedule::DEFAULT)).unwrap();
    let wat = r#"(module (import "host" "f" (func $f)) (func (export "f") (call $f)))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut linker = Linker::new(&engine);
    let note = |mut caller: Caller<'_, Vec<(bool, u64)>>| {
        let seen = (unstable::is_running(&caller), unstable::depth_left(&caller));
        caller.data_mut().push(seen);
    };
    linker.func_wrap("host", "f", note).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let func = instance.get_func(&store, "f").unwrap();
    let execution = store.start(func, &[]).unwrap();
    let progress = store.resume(execution, &PauseLimits::new()).unwrap();
    assert!(matches!(progress, Progress::Done(values) if values.is_empty()));
    func.call(&mut store, &[], &mut []).unwrap();
    let [in_a_piece, straight] = store.data()[..] else { panic!("{:?}", store.data()) };
    assert!(in_a_piece.0);
    assert_eq!(in_a_piece, straight, "the depth left in a piece is that of a straight run");
}

/// What was put together counts, with the request of the store's own handle.
#[test]
fn two_requests_for_a_pause_count_both() {
    let engine = Engine::new(config(Schedule::DEFAULT).interruptible(true)).unwrap();
    let text = r#"(module (func (export "spin") (loop (br 0))))"#;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Module::new(&engine, text).unwrap(), &[]).unwrap();
    let spin = instance.get_func(&store, "spin").unwrap();
    let execution = store.start(spin, &[]).unwrap();
    let (one, other) = (PauseRequest::new(), PauseRequest::new());
    let handle = store.interrupt_handle().unwrap();
    // It spins for ever where a request is lost, so there is an end.
    let limits = PauseLimits::instructions(1000).request(one.clone().or(&other));
    for ask in [&|| one.request(), &|| other.request(), &|| handle.pause()] as [&dyn Fn(); 3] {
        ask();
        let Progress::Paused(pause) = store.resume(execution, &limits).unwrap() else { panic!() };
        assert_eq!((pause.reason, pause.instructions), (PauseReason::Request, 0));
    }
}

/// Where the host has no address space for a stack, nothing ran: the execution is paused as before, and so it is told.
#[test]
#[cfg(debug_assertions)]
fn without_a_stack_an_execution_stays_paused() {
    let engine = Engine::new(&config(Schedule::DEFAULT)).unwrap();
    let text = r#"(module (func (export "f") (result i32) (i32.const 7)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let life = instance.life(&mut store);
    let func = instance.get_func(&store, "f").unwrap();
    let execution = store.start(func, &[]).unwrap();
    // A thread that has not run a guest has no stack yet.
    let other = std::thread::spawn(move || {
        for _ in 0..3 {
            etalon_runtime::fault::fail(Some(1));
            let error = store.resume(execution, &PauseLimits::new()).unwrap_err();
            assert!(etalon_runtime::fault::fail(None), "the stack was asked for");
            assert!(error.is::<etalon::HostError>(), "{error}");
        }
        store
    });
    let mut store = other.join().unwrap();
    assert_eq!((life.state(), store.paused()), (LifeState::Paused, vec![execution]));
    let done = store.resume(execution, &PauseLimits::new()).unwrap();
    assert!(matches!(done, Progress::Done(values) if values[0].unwrap_i32() == 7));
    assert_eq!(life.state(), LifeState::Initialised);
    assert!(store.paused().is_empty());
}

/// A pause tells of a function that the module names for nobody; the embedder may refer to it all the same.
#[test]
fn the_function_of_a_pause_is_called_through_a_table() {
    let told = r#"(module (table (export "t") 1 funcref)
      (func $inner (result i32) (i32.const 7))
      (func (export "outer") (result i32) (call $inner)))"#;
    let calls = r#"(module (import "told" "t" (table 1 funcref)) (type $n (func (result i32)))
      (func (export "call") (result i32) (call_indirect (type $n) (i32.const 0))))"#;
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit] {
        let engine = Engine::new(Config::new().tier(Tier::Jit)).unwrap();
        let module = |text, tier| {
            unstable::mixed(&engine, &wat::parse_str(text).unwrap(), move |_| tier).unwrap()
        };
        let (told, calls) = (module(told, Tier::Oracle), module(calls, tier));
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &told, &[]).unwrap();
        let table = instance.get_table(&store, "t").unwrap();
        let caller = Instance::new(&mut store, &calls, &[table.into()]).unwrap();
        let outer = instance.get_func(&store, "outer").unwrap();
        let execution = store.start(outer, &[]).unwrap();
        let inner = loop {
            match store.resume(execution, &PauseLimits::instructions(1)).unwrap() {
                Progress::Paused(pause) if pause.func != outer => break pause.func,
                Progress::Paused(_) => {}
                other => panic!("{other:?}"),
            }
        };
        store.abandon(execution);
        table.set(&mut store, 0, inner.into()).unwrap();
        let call = caller.get_typed_func::<(), i32>(&store, "call").unwrap();
        assert_eq!(call.call(&mut store, ()).unwrap(), 7);
    }
}

/// Each of two executions pays what it pays alone, and the one that comes too late finds nothing left (gas-1, *Threads, pauses and
/// snapshots*).
#[test]
fn executions_that_take_turns_pay_from_one_meter() {
    let engine = Engine::new(Config::new().tier(Tier::Oracle).consume_fuel(true)).unwrap();
    let text = r#"(module (func (export "f") (param i32) (result i32)
        (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (local.get 0)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let func = instance.get_func(&mut store, "f").unwrap();
    let alone = |store: &mut Store<()>, turns| {
        let before = store.fuel_consumed().unwrap();
        func.call(&mut *store, &[Val::I32(turns)], &mut [Val::I32(0)]).unwrap();
        store.fuel_consumed().unwrap() - before
    };
    let both = alone(&mut store, 5) + alone(&mut store, 9);
    for (limit, is_enough) in [(both, true), (both - 1, false)] {
        store.set_fuel(limit).unwrap();
        let mut waiting = [5, 9].map(|turns| store.start(func, &[Val::I32(turns)]).unwrap());
        let mut ends = Vec::new();
        for turn in 0.. {
            let at = turn % 2;
            let step = PauseLimits::instructions(1 + turn as u64 % 3);
            match store.resume(waiting[at], &step) {
                Ok(Progress::Done(_)) => ends.push(true),
                Ok(_) => continue,
                Err(error) => ends.push(!error.is::<Exhaustion>()),
            }
            if ends.len() == 2 {
                break;
            }
            waiting[at] = waiting[1 - at];
        }
        assert_eq!(ends, [true, is_enough]);
        assert_eq!(store.fuel_consumed().unwrap(), limit);
        // What begins afterwards finds the meter as it is.
        assert!(store.start(func, &[Val::I32(1)]).is_err());
    }
}
