//! Executions that wait to be notified.

use crate::guest::config;
use etalon::{
    Engine, Execution, HostError, Instance, InvokeError, Linker, Module, PauseLimits, Progress,
    Schedule, Stop, Store, Value,
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
    store: Store,
    instance: Instance,
}

impl Room {
    fn new() -> Room {
        let engine = Engine::new(config(Schedule::DEFAULT));
        let module = Module::new(&engine, &wat::parse_str(WAT).unwrap()).unwrap();
        let mut store = Store::new(&engine, None).unwrap();
        let instance = store.instantiate(&module, &Linker::new()).unwrap();
        Room { engine, store, instance }
    }

    fn start(&mut self, name: &str, args: &[Value]) -> Execution {
        let func = self.store.func(self.instance, name).unwrap();
        self.store.start(func, args).unwrap()
    }

    fn waiting(&mut self, at: u32, timeout: i64) -> Execution {
        let execution = self.start("wait", &[Value::I32(at), Value::I64(timeout as u64)]);
        match self.go_on(execution) {
            Progress::Waiting(wait) => {
                assert_eq!((wait.address, wait.timeout), (u64::from(at), timeout));
            }
            other => panic!("{other:?}"),
        }
        execution
    }

    fn go_on(&mut self, execution: Execution) -> Progress {
        self.store.resume(execution, &PauseLimits::default()).unwrap()
    }

    fn notify(&mut self, at: u32, count: u32) -> Vec<Value> {
        let func = self.store.func(self.instance, "notify").unwrap();
        self.store.invoke(func, &[Value::I32(at), Value::I32(count)]).unwrap()
    }

    fn move_elsewhere(&mut self) {
        let bytes = self.store.snapshot().unwrap();
        self.store = Store::restore(&self.engine, &bytes, &[], &mut |_| None).unwrap();
        assert_eq!(self.store.snapshot().unwrap(), bytes);
    }
}

fn done(value: u32) -> Progress {
    Progress::Done(vec![Value::I32(value)])
}

#[test]
fn who_waited_first_is_woken_first_wherever_the_store_is() {
    let mut room = Room::new();
    let waiters = [room.waiting(0, -1), room.waiting(8, -1), room.waiting(0, -1)];
    room.move_elsewhere();
    assert!(matches!(room.go_on(waiters[0]), Progress::Waiting(_)), "nobody woke it");
    assert_eq!(room.notify(4, 9), [Value::I32(0)]);
    assert_eq!(room.notify(0, 0), [Value::I32(0)]);
    assert_eq!(room.notify(0, 1), [Value::I32(1)]);
    // Woken and not yet resumed.
    room.move_elsewhere();
    assert!(matches!(room.go_on(waiters[2]), Progress::Waiting(_)));
    assert_eq!(room.go_on(waiters[0]), done(0));
    assert_eq!(room.notify(0, u32::MAX), [Value::I32(1)]);
    assert_eq!(room.go_on(waiters[2]), done(0));
    assert!(room.store.abandon(waiters[1]));
    assert_eq!(room.notify(8, 1), [Value::I32(0)], "who is gone does not wait");
}

#[test]
fn a_time_is_up_when_the_embedder_says_so() {
    let mut room = Room::new();
    let waiter = room.waiting(0, 1000);
    room.move_elsewhere();
    assert!(room.store.time_out(waiter));
    assert!(!room.store.time_out(waiter));
    room.move_elsewhere();
    assert_eq!(room.go_on(waiter), done(2));
    // No time at all is up at once.
    let hasty = room.start("wait", &[Value::I32(0), Value::I64(0)]);
    assert_eq!(room.go_on(hasty), done(2));
}

#[test]
fn what_follows_a_wait_has_its_result() {
    let mut room = Room::new();
    let waiter = room.start("add", &[Value::I32(16)]);
    assert!(matches!(room.go_on(waiter), Progress::Waiting(_)));
    assert!(room.store.time_out(waiter));
    assert_eq!(room.go_on(waiter), done(42));
}

#[test]
fn who_runs_in_one_piece_would_wait_for_ever() {
    let mut room = Room::new();
    let func = room.store.func(room.instance, "wait").unwrap();
    let forever = [Value::I32(0), Value::I64(u64::MAX)];
    let error = room.store.invoke(func, &forever).unwrap_err();
    let text = "the only thread would wait for ever".to_owned();
    assert_eq!(error, InvokeError::Stop(Stop::Host(HostError(text))));
}
