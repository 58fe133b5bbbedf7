//! What instances begin with is the same whether their segments were copied or an image shows it, on any tier, and whatever was done
//! with the memory before.

use etalon::{
    Config, Engine, Exhaustion, Extern, Instance, Module, PoolConfig, Ref, RefType, Store, Table,
    TableType, Tier, TierUp, Trap, Val, unstable,
};

/// So many bytes that an image is worth while.
fn bytes(letter: char, count: usize) -> String {
    format!("\"{}\"", letter.to_string().repeat(count))
}

/// Memories and what is written to them: at any distance from pages, overlapping, empty, passive, in the last byte, in 64-bit memories
/// and beside memories without any.
fn guests() -> Vec<(&'static str, String)> {
    let many: String =
        (0..300).map(|n| format!("(data (i32.const {}) \"m{n}\")", n * 90)).collect();
    let data = |at: u32, letter, count| format!("(data (i32.const {at}) {})", bytes(letter, count));
    vec![
        ("one", format!("(memory (export \"m\") 1) {}", data(1000, 'a', 20_000))),
        (
            "overlapping",
            format!(
                "(memory (export \"m\") 2) {} {} {} (data (i32.const 131072)) (data \"passive\")",
                data(4090, 'a', 30_000),
                data(5000, 'b', 4_000),
                data(131_071, 'c', 1)
            ),
        ),
        ("many", format!("(memory (export \"m\") 1 3) {many}")),
        (
            "64 bits",
            format!(
                "(memory (export \"m\") i64 2) (data (i64.const 65000) {})",
                bytes('x', 50_000)
            ),
        ),
        (
            "two",
            format!(
                "(memory (export \"m\") 1) (memory $n (export \"n\") 1) (memory 1) {}
                 (data (memory $n) (i32.const 7) {})",
                data(3, 'a', 9_000),
                bytes('b', 12_000)
            ),
        ),
        ("full", format!("(memory (export \"m\") 1 1) {}", data(0, 'f', 65_536))),
        // These are copied each time.
        ("small", format!("(memory (export \"m\") 1) {}", data(70, 's', 100))),
        (
            "far apart",
            format!(
                "(memory (export \"m\") 100) {} {}",
                data(0, 'a', 9_000),
                data(6_000_000, 'b', 9_000)
            ),
        ),
        (
            "not constant",
            format!(
                "(memory (export \"m\") 1) (global $g i32 (i32.const 5))
                 (data (global.get $g) {})",
                bytes('g', 20_000)
            ),
        ),
    ]
}

/// It spoils its memory, grows it, asks whether its segments are there, and reads.
fn module(parts: &str) -> String {
    let index = if parts.contains("i64 2") { "i64" } else { "i32" };
    format!(
        "(module {parts}
           (func (export \"spoil\")
             (memory.fill ({index}.const 0) (i32.const 9) ({index}.const 60000))
             (drop (memory.grow ({index}.const 1))))
           (func (export \"first\") (result i32) (i32.load8_u ({index}.const 5000))))"
    )
}

struct Judge {
    name: String,
    engine: Engine,
    metered: bool,
}

fn judges() -> Vec<Judge> {
    let mut all = Vec::new();
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Auto] {
        for memories in [0, 1, 16] {
            for metered in [false, true] {
                let mut config = Config::new();
                config.tier(tier).consume_fuel(metered).pool(PoolConfig::new().memories(memories));
                config.tier_up(TierUp::new().baseline_after(1).speed_after(2).background(false));
                let name = format!("{}, {memories} memories, metered {metered}", tier.name());
                all.push(Judge { name, engine: Engine::new(&config).unwrap(), metered });
            }
        }
    }
    all
}

impl Judge {
    fn store(&self, gas: u64) -> Store<()> {
        let mut store = Store::new(&self.engine, ());
        if self.metered {
            store.set_fuel(gas).unwrap();
        }
        store
    }

    /// Everything that can be seen of a life of an instance: all of the state as a snapshot has it, step by step.
    fn life(&self, module: &Module) -> Vec<Vec<u8>> {
        let mut store = self.store(10_000_000);
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        let mut all = vec![seen(&store)];
        for step in ["first", "reset", "spoil", "first", "reset", "first", "reset", "spoil"] {
            match step {
                "reset" => instance.reset(&mut store).unwrap(),
                name => all.extend(
                    call(&mut store, instance, name).unwrap().map(|v| v.to_le_bytes().into()),
                ),
            }
            all.push(seen(&store));
        }
        all
    }
}

/// All of the state, as far as the tier tells it.
fn seen(store: &Store<()>) -> Vec<u8> {
    let digest = || format!("{:?} {:?}", unstable::digest(store), store.fuel_consumed());
    store.snapshot().unwrap_or_else(|_| digest().into_bytes())
}

fn call(store: &mut Store<()>, instance: Instance, name: &str) -> etalon::Result<Option<i32>> {
    let func = instance.get_func(&mut *store, name).unwrap();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(&mut *store, &[], &mut results)?;
    Ok(results.first().map(Val::unwrap_i32))
}

#[test]
fn every_instance_begins_as_the_first() {
    for judge in judges() {
        let of = |(name, parts): (_, String)| {
            (name, Module::new(&judge.engine, module(&parts)).unwrap())
        };
        let modules: Vec<(&str, Module)> = guests().into_iter().map(of).collect();
        let first: Vec<_> = modules.iter().map(|(_, module)| judge.life(module)).collect();
        // Those of all modules take turns, so that a memory has what one of another module left.
        for _ in 0..3 {
            for ((name, module), first) in modules.iter().zip(&first) {
                assert!(judge.life(module) == *first, "{}: {name}", judge.name);
            }
        }
    }
}

#[test]
fn what_cannot_be_paid_for_ends_as_it_did_at_first() {
    for judge in judges().into_iter().filter(|judge| judge.metered) {
        for (name, parts) in guests() {
            let module = || Module::new(&judge.engine, module(&parts)).unwrap();
            let ending = |module: &Module, gas| {
                let mut store = judge.store(gas);
                let made = Instance::new(&mut store, module, &[]);
                let failed = made.err().map(|e| e.downcast_ref::<Exhaustion>().copied());
                (failed, store.get_fuel().unwrap(), seen(&store))
            };
            let again = module();
            let left = [1, 2].map(|_| ending(&again, 10_000_000)).map(|(_, left, _)| left);
            let cost = 10_000_000 - left[0];
            for gas in [0, 1, cost / 2, cost - 1, cost, cost + 1] {
                let (first, later) = (ending(&module(), gas), ending(&again, gas));
                assert_eq!(first.0.is_some(), gas < cost, "{}: {name}", judge.name);
                assert!(first == later, "{}: {name} with {gas} of {cost}", judge.name);
            }
        }
    }
}

/// An element segment ends the instantiation before a byte is copied, and a function has escaped that reads the memory.
#[test]
fn no_byte_is_there_before_its_segment_was_copied() {
    for judge in judges() {
        let text = format!(
            "(module (import \"\" \"t\" (table 1 funcref)) (memory 1) {}
               (func $first (result i32) (i32.load8_u (i32.const 5000)))
               (elem (i32.const 0) $first)
               (elem (i32.const 1) $first))",
            format_args!("(data (i32.const 0) {})", bytes('a', 20_000))
        );
        let module = Module::new(&judge.engine, text).unwrap();
        for _ in 0..3 {
            let mut store = judge.store(10_000_000);
            let ty = TableType::new(RefType::FUNCREF, 1, None);
            let table = Table::new(&mut store, ty, Ref::Func(None)).unwrap();
            let error = Instance::new(&mut store, &module, &[Extern::Table(table)]).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::TableOutOfBounds), "{}", judge.name);
            let escaped = table.get(&mut store, 0).unwrap();
            let func = *escaped.unwrap_func().unwrap();
            let mut results = [Val::I32(7)];
            func.call(&mut store, &[], &mut results).unwrap();
            assert_eq!(results[0].unwrap_i32(), 0, "{}", judge.name);
        }
    }
}

/// Whatever the system refuses, an instance is whole or not there.
#[cfg(debug_assertions)]
#[test]
fn a_refusal_of_the_system_is_no_other_beginning() {
    for judge in judges() {
        for (name, parts) in guests() {
            let module = Module::new(&judge.engine, module(&parts)).unwrap();
            let begin = |module: &Module| -> etalon::Result<Vec<Vec<u8>>> {
                let mut store = judge.store(10_000_000);
                let instance = Instance::new(&mut store, module, &[])?;
                let begun = seen(&store);
                call(&mut store, instance, "spoil")?;
                instance.reset(&mut store)?;
                Ok(vec![begun, seen(&store)])
            };
            let first = begin(&module).unwrap();
            let mut nth = 1;
            loop {
                etalon_runtime::fault::fail(Some(nth));
                let made = begin(&module);
                let failed = etalon_runtime::fault::fail(None);
                match made {
                    Ok(seen) => assert!(seen == first, "{}: {name}, refusal {nth}", judge.name),
                    Err(error) => assert!(failed && !error.is::<Trap>(), "{}: {error}", judge.name),
                }
                if !failed {
                    break;
                }
                nth += 1;
            }
            assert!(nth > 2, "{}: {name}", judge.name);
            assert!(begin(&module).unwrap() == first, "{}: {name}", judge.name);
        }
    }
}

/// Set in the process that may write no files.
#[cfg(target_os = "linux")]
const NO_FILES: &str = "ETALON_TEST_NO_FILES";

/// The system ends a process that writes more to a file than it may, and images and code that is compiled function by function lie in
/// files of the host's memory.
#[cfg(target_os = "linux")]
#[test]
fn a_process_that_may_write_no_files_does_without() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let test = "a_process_that_may_write_no_files_does_without";
    if std::env::var_os(NO_FILES).is_none() {
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", test, "--nocapture"]).env(NO_FILES, "1");
        let output = again.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{}: {text}", output.status);
        return;
    }
    setrlimit(Resource::Fsize, Rlimit { current: Some(0), maximum: Some(0) }).unwrap();
    let when = TierUp::new().baseline_after(1).speed_after(1).background(false);
    let engine = Engine::new(Config::new().tier(Tier::Auto).tier_up(when)).unwrap();
    let text = format!(
        r#"(module (memory 1) (data (i32.const 9) {})
          (func (export "at") (param i32) (result i32) (i32.load8_u (local.get 0))))"#,
        bytes('a', 30_000)
    );
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    for _ in 0..3 {
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let at = instance.get_typed_func::<i32, i32>(&store, "at").unwrap();
        for _ in 0..3 {
            assert_eq!([8, 9, 30_008].map(|n| at.call(&mut store, n).unwrap()), [0, 97, 97]);
        }
    }
    assert!(store.metrics().promotions.speed > 0);
}
