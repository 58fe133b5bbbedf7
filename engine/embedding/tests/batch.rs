//! A batch gives one outcome for each job, in order, the same with any number of threads, and what fails fails alone.

use etalon::{
    BatchOptions, Caller, Config, Engine, Exhaustion, Job, JobError, Linker, Memory, MemoryType,
    Module, ModuleError, Policy, Result, Store, Tier, Trap, Val, unstable,
};
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot];

const GUEST: &str = r#"(module
  (import "host" "note" (func $note (param i32)))
  (import "host" "fail" (func $fail))
  (import "host" "panic" (func $panic))
  (memory (export "m") 1 100)
  (tag $e)
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (call $note (local.get $n))
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (local.get $sum))
  (func (export "trap") unreachable)
  (func (export "throw") (throw $e))
  (func (export "spin") (loop (br 0)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "fail") (call $fail))
  (func (export "panic") (call $panic)))"#;

fn engine(tier: Tier) -> Engine {
    Engine::new(Config::new().tier(tier).consume_fuel(true).interruptible(true)).unwrap()
}

/// The data of a job: its number, and what its guest told.
type Data = (usize, Vec<i32>);

fn linker(engine: &Engine) -> Linker<Data> {
    let mut linker = Linker::new(engine);
    let note = |mut caller: Caller<'_, Data>, n: i32| caller.data_mut().1.push(n);
    linker.func_wrap("host", "note", note).unwrap();
    linker.func_wrap("host", "fail", || -> Result<()> { Err(etalon::Error::msg("no")) }).unwrap();
    let panic = || -> () { resume_unwind(Box::new("on purpose")) };
    linker.func_wrap("host", "panic", panic).unwrap();
    linker
}

/// What an outcome comes to, in words.
fn run(engine: &Engine, jobs: &[Job], options: &BatchOptions) -> Vec<String> {
    let outcomes = engine.run_batch(&linker(engine), jobs, options, |n| (n, Vec::new()));
    let words = outcomes.into_iter().map(|outcome| {
        let result = match &outcome.result {
            Ok(values) => format!("{:?}", values.iter().map(Val::i32).collect::<Vec<_>>()),
            Err(error) => format!("{error}, {}", error.root_cause()),
        };
        format!("{result} {:?} {:?}", outcome.metrics, outcome.data)
    });
    words.collect()
}

fn jobs(engine: &Engine) -> Vec<Job> {
    let module = Module::new(engine, GUEST).unwrap();
    let job = |name: &str| Job::new(&module, name).gas(100_000);
    let mut jobs = Vec::new();
    for n in 1..=3 {
        jobs.extend([
            job("sum").args([Val::I32(n * 100)]),
            job("trap"),
            job("throw"),
            job("spin"),
            job("fail"),
            job("panic"),
            job("sum"),
            job("nothing"),
            job("m"),
            job("sum").args([Val::I32(1)]).gas(n as u64),
            job("grow").args([Val::I32(n)]).memory(5 << 16),
            job("grow").args([Val::I32(1)]).memory(7),
            job("grow").args([Val::I32(1)]).memory(1 << 30),
            Job::from_bytes(GUEST.as_bytes(), "sum").args([Val::I32(n)]).gas(1000),
            Job::from_bytes(&b"\0asm\x02\0\0\0"[..], "sum"),
            Job::from_bytes(&b"(module (import \"host\" \"other\" (func)))"[..], "sum"),
        ]);
    }
    jobs
}

/// However long one takes, what comes after it waits, and no more than the window does.
#[test]
fn outcomes_are_given_in_order_within_a_window() {
    let engine = engine(Tier::Interp);
    let module = Module::new(&engine, GUEST).unwrap();
    let job = |n: i32| Job::new(&module, "sum").args([Val::I32(n)]).gas(100_000);
    // The first of each ten takes longest.
    let jobs: Vec<Job> = (0..200).map(|n| job(if n % 10 == 0 { 3000 } else { 1 })).collect();
    for (threads, window) in [(1, 1), (3, 1), (3, 4), (8, 200), (8, 0)] {
        let (begun, mut given) = (AtomicUsize::new(0), 0);
        let options = BatchOptions::new().threads(threads).window(window);
        let data = |n| {
            begun.fetch_add(1, SeqCst);
            (n, Vec::new())
        };
        engine.run_batch_with(&linker(&engine), &jobs, &options, data, |number, outcome| {
            assert_eq!((number, outcome.data.unwrap().0), (given, given));
            assert!(begun.load(SeqCst) <= number + window.max(1));
            given += 1;
            if number == 150 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(given, 151);
        assert!(begun.load(SeqCst) <= 151 + window);
    }
}

/// Nobody waits for ever for a sink that is gone.
#[test]
fn a_sink_that_panics_ends_the_batch() {
    let engine = engine(Tier::Interp);
    let module = Module::new(&engine, GUEST).unwrap();
    let jobs = vec![Job::new(&module, "sum").args([Val::I32(1)]).gas(100_000); 50];
    let options = BatchOptions::new().threads(4).window(2);
    let linker = linker(&engine);
    let batch = || {
        engine.run_batch_with(
            &linker,
            &jobs,
            &options,
            |n| (n, Vec::new()),
            |number, _| {
                assert!(number < 3, "planted");
                ControlFlow::Continue(())
            },
        );
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(batch)).is_err());
}

#[test]
fn outcomes_do_not_depend_on_threads() {
    for tier in TIERS {
        let engine = engine(*tier);
        let jobs = jobs(&engine);
        let options = BatchOptions::new().memory(8 << 20);
        let expected = run(&engine, &jobs, &options.clone().threads(1));
        assert_eq!(expected.len(), jobs.len());
        for threads in [0, 2, 3, 16, 1000] {
            let found = run(&engine, &jobs, &options.clone().threads(threads));
            for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_eq!(found, expected, "{tier}, {threads} threads, job {number}");
            }
        }
        assert!(run(&engine, &[], &options).is_empty());
    }
}

#[test]
fn what_fails_fails_alone() {
    for tier in TIERS {
        let engine = engine(*tier);
        let jobs = &jobs(&engine)[..16];
        let linker = linker(&engine);
        let options = BatchOptions::new().memory(8 << 20);
        let outcomes = engine.run_batch(&linker, jobs, &options, |n| (n, Vec::new()));
        let error = |n: usize| outcomes[n].result.as_ref().unwrap_err();
        assert_eq!(outcomes[0].result.as_ref().unwrap()[0].i32(), Some(5050));
        assert_eq!(outcomes[0].data, Some((0, vec![100])));
        assert_eq!(error(1).downcast_ref(), Some(&Trap::Unreachable));
        assert!(error(2).is::<etalon::ThrownException>());
        assert_eq!(error(3).downcast_ref(), Some(&Exhaustion::Gas));
        assert_eq!(error(4).to_string(), "no");
        assert_eq!(error(5).downcast_ref(), Some(&JobError::Panicked("on purpose".to_owned())));
        assert_eq!(outcomes[5].metrics.errors.panics, 1);
        assert_eq!(outcomes[5].data, Some((5, Vec::new())), "a panic takes no data along");
        assert!(error(6).is::<etalon::Mismatch>());
        for (n, name) in [(7, "nothing"), (8, "m")] {
            let expected = JobError::NoFunction(name.to_owned());
            assert_eq!(error(n).downcast_ref(), Some(&expected));
        }
        assert_eq!(error(9).downcast_ref(), Some(&Exhaustion::Gas));
        assert_eq!(outcomes[10].result.as_ref().unwrap()[0].i32(), Some(1));
        assert!(outcomes[11].result.is_err(), "its memory does not fit");
        let expected = JobError::Memory { job: 1 << 30, batch: 8 << 20 };
        assert_eq!(error(12).downcast_ref(), Some(&expected));
        assert_eq!(outcomes[13].result.as_ref().unwrap()[0].i32(), Some(1));
        assert!(error(14).is::<ModuleError>());
        assert!(error(15).is::<etalon::LinkError>());
    }
}

/// Panics of everything that is the embedder's, and what an engine cannot do.
#[test]
fn no_panic_and_no_setting_ends_a_batch() {
    let engine = engine(Tier::Interp);
    let module = Module::new(&engine, r#"(module (func (export "f")))"#).unwrap();
    let jobs: Vec<Job> = (0..4).map(|_| Job::new(&module, "f")).collect();
    struct Falls(usize);
    impl Drop for Falls {
        fn drop(&mut self) {
            if self.0 == 1 && !std::thread::panicking() {
                resume_unwind(Box::new("in drop"));
            }
        }
    }
    let data = |n| if n == 2 { resume_unwind(Box::new(String::from("no data"))) } else { Falls(n) };
    let outcomes = engine.run_batch(&Linker::new(&engine), &jobs, &BatchOptions::new(), data);
    for (n, mut outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome.result.is_ok(), n != 2);
        assert_eq!(outcome.data.as_ref().map(|data| data.0), (n != 2).then_some(n));
        if let Some(data) = outcome.data.take() {
            std::mem::forget(data);
        }
    }

    let plain = Engine::default();
    let other = Engine::default();
    let module = Module::new(&plain, r#"(module (func (export "f")))"#).unwrap();
    let job = Job::new(&module, "f");
    let jobs = [
        job.clone().gas(1),
        job.clone().time(Duration::from_secs(1000)),
        job.clone().interrupt(&unstable::interrupt_handle()),
        Job::new(&Module::new(&other, "(module)").unwrap(), "f"),
        job,
    ];
    let outcomes = plain.run_batch(&Linker::new(&plain), &jobs, &BatchOptions::new(), |_| ());
    let error = |n: usize| outcomes[n].result.as_ref().unwrap_err().downcast_ref::<JobError>();
    assert_eq!(error(0), Some(&JobError::NotMetered));
    assert_eq!(error(1), Some(&JobError::NotInterruptible));
    assert_eq!(error(2), Some(&JobError::NotInterruptible));
    assert_eq!(error(3), None);
    assert!(outcomes[4].result.is_ok());
    // What is of a store cannot be linked in the store of a job.
    let mut store = Store::new(&plain, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let mut linker = Linker::new(&plain);
    linker.define(&store, "env", "m", memory).unwrap();
    let text = r#"(module (import "env" "m" (memory 1)) (func (export "f")))"#;
    let module = Module::new(&plain, text).unwrap();
    let jobs = [Job::new(&module, "f")];
    let outcomes = plain.run_batch(&linker, &jobs, &BatchOptions::new(), |_| ());
    assert!(outcomes[0].result.as_ref().unwrap_err().is::<etalon::LinkError>());
    linker.policy(Policy::new("p"));
    let outcomes = plain.run_batch(&linker, &jobs, &BatchOptions::new(), |_| ());
    let error = outcomes[0].result.as_ref().unwrap_err();
    assert!(error.to_string().contains("forbidden by policy \"p\""), "{error}");
}

/// Whether the time is up does not depend on how fast anything is: nothing here ends by itself, or has no time at all.
#[test]
fn time_and_handles_stop_a_job() {
    for tier in TIERS {
        let engine = engine(*tier);
        let linker = linker(&engine);
        let module = Module::new(&engine, GUEST).unwrap();
        let (raised, handle) = (unstable::interrupt_handle(), unstable::interrupt_handle());
        raised.interrupt();
        let moment = Duration::from_millis(20);
        let spin = Job::new(&module, "spin");
        let sum = Job::new(&module, "sum").args([Val::I32(4)]);
        let jobs = [
            spin.clone().time(moment),
            spin.clone().interrupt(&raised),
            sum.clone().time(Duration::MAX).interrupt(&handle),
            sum.clone().time(Duration::ZERO),
            Job::from_bytes(GUEST.as_bytes(), "spin").time(Duration::ZERO),
            sum,
        ];
        for threads in [1, 3] {
            let options = BatchOptions::new().threads(threads);
            let outcomes = engine.run_batch(&linker, &jobs, &options, |n| (n, Vec::new()));
            let error = |n: usize| outcomes[n].result.as_ref().unwrap_err();
            assert_eq!(error(0).downcast_ref(), Some(&JobError::TimedOut(moment)), "{tier}");
            assert_eq!(error(0).downcast_ref(), Some(&Exhaustion::Interrupted), "{tier}");
            assert_eq!(error(1).downcast_ref(), Some(&Exhaustion::Interrupted), "{tier}");
            assert!(!error(1).is::<JobError>(), "{tier}");
            assert_eq!(outcomes[2].result.as_ref().unwrap()[0].i32(), Some(10), "{tier}");
            for n in [3, 4] {
                let late = Some(&JobError::TimedOut(Duration::ZERO));
                assert_eq!(error(n).downcast_ref(), late, "{tier}");
            }
            assert_eq!(outcomes[5].result.as_ref().unwrap()[0].i32(), Some(10), "{tier}");
        }
        assert!(!handle.is_interrupted());
    }
}

/// No more jobs run at a time than have room, whatever the number of threads.
#[test]
fn the_memory_of_a_batch_is_shared_out() {
    let engine = engine(Tier::Interp);
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let mut linker = Linker::new(&engine);
    let begin = |bytes: i32| {
        let now = NOW.fetch_add(bytes as usize, SeqCst) + bytes as usize;
        MOST.fetch_max(now, SeqCst);
    };
    let end = |bytes: i32| {
        NOW.fetch_sub(bytes as usize, SeqCst);
    };
    linker.func_wrap("host", "begin", begin).unwrap();
    linker.func_wrap("host", "end", end).unwrap();
    let text = r#"(module (import "host" "begin" (func $begin (param i32)))
        (import "host" "end" (func $end (param i32))) (memory 1) (type $array (array i8))
        (func (export "f") (param i32) (result i32)
            (call $begin (local.get 0))
            (drop (memory.grow (i32.const 1)))
            (call $end (local.get 0))
            (memory.grow (i32.const 1000)))
        (func (export "heap") (param i32)
            (drop (array.new_default $array (local.get 0)))))"#;
    let module = Module::new(&engine, text).unwrap();
    let job = |bytes: i32| Job::new(&module, "f").args([Val::I32(bytes)]).memory(bytes as usize);
    let mut jobs: Vec<Job> = (2..40).map(|n| job((n % 9 + 2) << 16)).collect();
    jobs.push(Job::new(&module, "f").args([Val::I32(10 << 16)]));
    let options = BatchOptions::new().memory(10 << 16).threads(8);
    for outcome in engine.run_batch(&linker, &jobs, &options, |_| ()) {
        assert_eq!(outcome.result.unwrap()[0].i32(), Some(-1));
    }
    assert_eq!(NOW.load(SeqCst), 0);
    assert!((10 << 16) >= MOST.load(SeqCst));
    let heap = |bytes| Job::new(&module, "heap").args([Val::I32(bytes)]).memory(1 << 20);
    let jobs = [heap(1000), heap(2 << 20)];
    let outcomes = engine.run_batch(&linker, &jobs, &options.memory(1 << 20), |_| ());
    assert!(outcomes[0].result.is_ok());
    let error = outcomes[1].result.as_ref().unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Exhaustion::Limit(_))), "{error}");
}

/// The time is up while a host function runs, which fails for a reason of its own.
#[test]
fn only_what_its_time_ended_is_late() {
    for tier in TIERS {
        let engine = engine(*tier);
        let mut linker = Linker::new(&engine);
        let fail = |mut caller: Caller<'_, ()>| -> Result<()> {
            // The guest spins until the time is up: that is the only thing here which tells.
            let spin = caller.get_export("spin").and_then(etalon::Extern::into_func).unwrap();
            let error = spin.call(&mut caller, &[], &mut []).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Exhaustion::Interrupted));
            Err(etalon::Error::msg("a reason of its own"))
        };
        linker.func_wrap("host", "fail", fail).unwrap();
        let text = r#"(module (import "host" "fail" (func $fail))
            (func (export "spin") (loop (br 0)))
            (func (export "fail") (call $fail)))"#;
        let module = Module::new(&engine, text).unwrap();
        let moment = Duration::from_millis(5);
        let raised = unstable::interrupt_handle();
        raised.interrupt();
        let jobs = [
            Job::new(&module, "fail").time(moment),
            Job::new(&module, "spin").time(moment),
            Job::new(&module, "spin").time(Duration::from_secs(1000)).interrupt(&raised),
        ];
        let outcomes = engine.run_batch(&linker, &jobs, &BatchOptions::new(), |_| ());
        let error = |n: usize| outcomes[n].result.as_ref().unwrap_err();
        assert_eq!(error(0).to_string(), "a reason of its own", "{tier}");
        assert!(!error(0).is::<JobError>(), "{tier}");
        assert_eq!(error(1).downcast_ref(), Some(&JobError::TimedOut(moment)), "{tier}");
        assert!(!error(2).is::<JobError>(), "{tier}");
        assert_eq!(error(2).downcast_ref(), Some(&Exhaustion::Interrupted), "{tier}");
    }
}

/// One job has all the memory until another has run, which stands behind jobs that are refused.
#[test]
fn refused_jobs_wait_for_no_memory() {
    let engine = Engine::new(Config::new().tier(Tier::Interp)).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let mut linker = Linker::new(&engine);
    let wait = move || told.lock().unwrap().recv_timeout(Duration::from_secs(20)).is_ok() as i32;
    linker.func_wrap("host", "wait", wait).unwrap();
    linker.func_wrap("host", "tell", move || tell.send(()).unwrap()).unwrap();
    linker.func_wrap("host", "secret", || ()).unwrap();
    linker.policy(Policy::new("p").allow("host", "*").deny("host", "secret"));
    let module = |body: &str| {
        let imports = r#"(import "host" "wait" (func $wait (result i32))) (import "host" "tell" (func $tell))"#;
        Module::new(&engine, format!("(module {imports} {body})")).unwrap()
    };
    let waits = module(r#"(func (export "f") (result i32) (call $wait))"#);
    let tells = module(r#"(func (export "f") (call $tell))"#);
    let importing = |name: &str| {
        let text = format!(r#"(module (import "host" "{name}" (func)) (func (export "f")))"#);
        Module::new(&engine, text).unwrap()
    };
    let other = Engine::default();
    let jobs = [
        Job::new(&waits, "f"),
        Job::new(&waits, "f").gas(1),
        Job::new(&waits, "f").time(Duration::from_secs(1000)),
        Job::new(&waits, "f").interrupt(&unstable::interrupt_handle()),
        Job::new(&waits, "f").memory(2 << 20),
        Job::new(&waits, "g"),
        Job::new(&Module::new(&other, "(module)").unwrap(), "f"),
        Job::new(&importing("secret"), "f"),
        Job::new(&importing("nothing"), "f"),
        Job::from_bytes(&b"\0asm\x02\0\0\0"[..], "f"),
        Job::new(&tells, "f").memory(0),
    ];
    let options = BatchOptions::new().memory(1 << 20).threads(2);
    let outcomes = engine.run_batch(&linker, &jobs, &options, |_| ());
    assert_eq!(outcomes[0].result.as_ref().unwrap()[0].i32(), Some(1), "nobody told it to go on");
    for (number, outcome) in outcomes.iter().enumerate().skip(1).take(9) {
        assert!(outcome.result.is_err() && outcome.data.is_none(), "{number}");
    }
    assert!(outcomes[10].result.is_ok());
}
