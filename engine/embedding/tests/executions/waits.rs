//! Executions that wait to be notified.

use crate::guest::config;
use etalon::{
    Engine, Execution, HostError, Instance, Linker, Module, PauseLimits, Progress, Schedule, Store,
    Val,
};

const WAT: &str = r#"(module
  (memory 1 1 shared)
  (func (export "wait") (param i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (i32.const 0) (local.get 1)))
  (func (export "notify") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "add") (param i32) (result i32)
    (i32.add (i32.const 40) (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const -1)))))"#;

struct Room {
    engine: Engine,
    store: Store<()>,
    instance: Instance,
}

impl Room {
    fn new() -> Room {
        let engine = Engine::new(&config(Schedule::DEFAULT)).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        Room { engine, store, instance }
    }

    fn start(&mut self, name: &str, args: &[Val]) -> Execution {
        let func = self.instance.get_func(&self.store, name).unwrap();
        self.store.start(func, args).unwrap()
    }

    fn waiting(&mut self, at: i32, timeout: i64) -> Execution {
        let execution = self.start("wait", &[Val::I32(at), Val::I64(timeout)]);
        match self.go_on(execution) {
            Progress::Waiting(wait) => {
                assert_eq!((wait.address, wait.timeout), (at as u64, timeout));
            }
            other => panic!("{other:?}"),
        }
        execution
    }

    fn go_on(&mut self, execution: Execution) -> Progress {
        self.store.resume(execution, &PauseLimits::default()).unwrap()
    }

    fn notify(&mut self, at: i32, count: i32) -> i32 {
        let func = self.instance.get_typed_func::<(i32, i32), i32>(&self.store, "notify").unwrap();
        func.call(&mut self.store, (at, count)).unwrap()
    }

    /// Moves to a restored store; gives what has become of executions.
    fn move_elsewhere(&mut self, executions: &mut [&mut Execution]) {
        let before = self.store.paused();
        let bytes = self.store.snapshot().unwrap();
        let linker = Linker::new(&self.engine);
        self.store = Store::restore(&self.engine, (), &bytes, &[], &linker).unwrap();
        self.instance = self.store.instances().next().unwrap();
        let after = self.store.paused();
        for execution in executions {
            let at = before.iter().position(|e| e == *execution).unwrap();
            **execution = after[at];
        }
        assert_eq!(self.store.snapshot().unwrap(), bytes);
    }

    /// What an execution that is not paused again gives.
    fn result(&mut self, execution: Execution) -> i32 {
        match self.go_on(execution) {
            Progress::Done(values) => values[0].unwrap_i32(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn who_waited_first_is_woken_first_wherever_the_store_is() {
    let mut room = Room::new();
    let [mut a, mut b, mut c] = [room.waiting(0, -1), room.waiting(8, -1), room.waiting(0, -1)];
    room.move_elsewhere(&mut [&mut a, &mut b, &mut c]);
    assert!(matches!(room.go_on(a), Progress::Waiting(_)), "nobody woke it");
    assert_eq!(room.notify(4, 9), 0);
    assert_eq!(room.notify(0, 0), 0);
    assert_eq!(room.notify(0, 1), 1);
    // Woken and not yet resumed.
    room.move_elsewhere(&mut [&mut a, &mut b, &mut c]);
    assert!(matches!(room.go_on(c), Progress::Waiting(_)));
    assert!(room.store.wait_of(a).is_none() && room.store.wait_of(c).is_some());
    assert_eq!(room.result(a), 0);
    assert_eq!(room.notify(0, -1), 1);
    assert_eq!(room.result(c), 0);
    assert!(room.store.abandon(b));
    assert_eq!(room.notify(8, 1), 0, "who is gone does not wait");
}

#[test]
fn a_time_is_up_when_the_embedder_says_so() {
    let mut room = Room::new();
    let mut waiter = room.waiting(0, 1000);
    room.move_elsewhere(&mut [&mut waiter]);
    assert!(room.store.time_out(waiter));
    assert!(!room.store.time_out(waiter));
    room.move_elsewhere(&mut [&mut waiter]);
    assert_eq!(room.result(waiter), 2);
    // No time at all is up at once.
    let hasty = room.start("wait", &[Val::I32(0), Val::I64(0)]);
    assert_eq!(room.result(hasty), 2);
}

#[test]
fn what_follows_a_wait_has_its_result() {
    let mut room = Room::new();
    let waiter = room.start("add", &[Val::I32(16)]);
    assert!(matches!(room.go_on(waiter), Progress::Waiting(_)));
    assert!(room.store.time_out(waiter));
    assert_eq!(room.result(waiter), 42);
}

#[test]
fn who_runs_in_one_piece_would_wait_for_ever() {
    let mut room = Room::new();
    let wait = room.instance.get_typed_func::<(i32, i64), i32>(&room.store, "wait").unwrap();
    let error = wait.call(&mut room.store, (0, -1)).unwrap_err();
    assert!(error.is::<HostError>());
    assert_eq!(error.to_string(), "the only thread would wait for ever");
}
