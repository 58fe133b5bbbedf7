//! A host of plugins that it does not trust: what they may import, how much they may use, and what happens when one fails.

use etalon::{
    Caller, Config, Engine, Error, Exhaustion, Instance, LifeState, LinkError, Linker, Module,
    Policy, Result, Store, StoreLimits, StoreLimitsBuilder, Trap,
};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// What plugins may import. Whoever reviews the host reads this, not its code.
const POLICY: &str = r#"
name = "plugins"
[allow]
host = ["log", "now_*"]
[deny]
"*" = ["*_unsafe"]
"#;

/// Gas for each call of a plugin.
const GAS: u64 = 1_000_000;
/// Time for each call, whatever it does; generous, as gas ends what only computes.
const TIME: Duration = Duration::from_secs(10);
/// Bytes of all its memories and tables.
const MEMORY: usize = 1 << 20;

const PLUGIN: &str = r#"(module
  (import "host" "log" (func $log (param i32)))
  (memory 1)
  (global $calls (mut i32) (i32.const 0))
  (func (export "handle") (param $event i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (call $log (global.get $calls))
    ;; It has three faults.
    (if (i32.eq (local.get $event) (i32.const 13)) (then unreachable))
    (if (i32.eq (local.get $event) (i32.const 14)) (then (loop $forever (br $forever))))
    (if (i32.eq (local.get $event) (i32.const 15))
      (then (drop (memory.grow (i32.const 1000))) (i32.store (i32.const 0x1000000) (i32.const 1))))
    (i32.mul (local.get $event) (i32.const 2))))"#;

struct Host {
    limits: StoreLimits,
    log: Vec<i32>,
}

/// A plugin in a store of its own.
struct Plugin {
    store: Store<Host>,
    instance: Instance,
}

impl Plugin {
    fn load(engine: &Engine, linker: &Linker<Host>, code: &str) -> Result<Plugin> {
        let module = Module::new(engine, code)?;
        let limits = StoreLimitsBuilder::new().total_bytes(MEMORY).instances(1).build();
        let mut store = Store::new(engine, Host { limits, log: Vec::new() });
        store.limiter(|host| &mut host.limits);
        // The start function is a plugin's too.
        store.set_fuel(GAS)?;
        let instance = linker.instantiate(&mut store, &module)?;
        Ok(Plugin { store, instance })
    }

    /// Gives an event to the plugin. If it fails, the next event finds it as if it had just been loaded.
    fn handle(&mut self, event: i32) -> Result<i32> {
        self.store.set_fuel(GAS)?;
        let handle = self.instance.get_typed_func::<i32, i32>(&self.store, "handle")?;
        let result = self.in_time(|store| handle.call(store, event))?;
        if self.instance.life(&mut self.store).state() != LifeState::Initialised {
            self.store.interrupt_handle()?.clear();
            self.store.set_fuel(GAS)?;
            self.instance.reset(&mut self.store)?;
        }
        result
    }

    /// Interrupts a call that takes too long.
    fn in_time<R>(&mut self, call: impl FnOnce(&mut Store<Host>) -> R) -> Result<R> {
        let handle = self.store.interrupt_handle()?;
        let (done, is_done) = mpsc::channel::<()>();
        thread::scope(|scope| {
            thread::Builder::new().spawn_scoped(scope, move || {
                // The other end is dropped when the call is over, by a panic too.
                if is_done.recv_timeout(TIME) == Err(RecvTimeoutError::Timeout) {
                    handle.interrupt();
                }
            })?;
            let done = done;
            let result = call(&mut self.store);
            drop(done);
            Ok(result)
        })
    }
}

pub(crate) fn main() -> Result<()> {
    let mut config = Config::new();
    config.consume_fuel(true).interruptible(true).refuse_after_failure(true);
    let engine = Engine::new(&config)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "log", |mut caller: Caller<'_, Host>, n: i32| -> Result<()> {
        if caller.data().log.len() >= 100 {
            return Err(Error::msg("a plugin logs too much"));
        }
        caller.data_mut().log.push(n);
        Ok(())
    })?;
    // It is there for others, and the policy keeps it from plugins.
    linker.func_wrap("host", "exec_unsafe", |_: i32| {})?;
    linker.policy(POLICY.parse::<Policy>()?);

    let spy = r#"(module (import "host" "exec_unsafe" (func (param i32))))"#;
    let error = Plugin::load(&engine, &linker, spy).err();
    let error = error.expect("the policy forbids it");
    assert!(matches!(error.downcast_ref(), Some(LinkError::Forbidden { .. })));

    let mut plugin = Plugin::load(&engine, &linker, PLUGIN)?;
    assert_eq!(plugin.handle(1)?, 2);
    assert_eq!(plugin.handle(2)?, 4);
    let trap = plugin.handle(13).expect_err("it traps");
    assert_eq!(trap.downcast_ref(), Some(&Trap::Unreachable));
    assert_eq!(plugin.handle(3)?, 6);
    let spun = plugin.handle(14).expect_err("it has no end");
    assert_eq!(spun.downcast_ref(), Some(&Exhaustion::Gas));
    let beyond = plugin.handle(15).expect_err("it may not have so much memory");
    assert_eq!(beyond.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
    assert_eq!(plugin.handle(4)?, 8);
    // Its own count began anew after each failure; what the host keeps did not.
    assert_eq!(plugin.store.data().log, [1, 2, 3, 1, 2, 1, 1]);

    let metrics = plugin.store.metrics();
    assert_eq!((metrics.calls, metrics.errors.traps, metrics.errors.exhaustions), (7, 2, 1));
    assert_eq!(plugin.instance.life(&mut plugin.store).fresh_starts(), 3);
    Ok(())
}
