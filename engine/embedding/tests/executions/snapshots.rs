//! Stores as bytes, and back.

use crate::guest::{CALLS, Guest, config, restore, straight_run};
use etalon::{
    AnyRef, Config, Engine, ImageError, Instance, Linker, Mismatch, Module, PauseLimits, Progress,
    RootScope, Rooted, Schedule, SnapshotError, Store, Tier, unstable,
};

/// Runs all calls in pieces of `k` instructions, in another store after each.
fn same_elsewhere(k: u64, gas: Option<u64>) {
    let (expected, state) = straight_run(gas);
    let mut guest = Guest::new(&config(Schedule::DEFAULT), gas);
    for (call, (outcome, consumed)) in CALLS.iter().zip(expected) {
        let mut moves = 0;
        let got = guest.in_pieces(*call, &PauseLimits::instructions(k), |guest, _| {
            moves += 1;
            // What is taken of the new store is what the old one gave: nothing is lost on the way.
            let bytes = guest.move_elsewhere();
            assert!(moves > 20 || guest.store.snapshot().unwrap() == bytes);
            guest.store.paused()[0]
        });
        // Sites are of the module, and exceptions are at their addresses.
        assert_eq!(got, outcome, "{call:?} in pieces of {k}");
        assert_eq!(guest.consumed(), consumed, "{call:?} in pieces of {k}");
    }
    assert_eq!(guest.state(), state);
}

#[test]
fn every_piece_may_run_in_another_store() {
    same_elsewhere(1, None);
    same_elsewhere(13, None);
}

#[test]
fn a_gas_limit_goes_along() {
    for limit in [300, 1000, 2000, 3001] {
        same_elsewhere(9, Some(limit));
    }
}

#[test]
fn what_is_at_rest_goes_along_too() {
    let (expected, state) = straight_run(None);
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    for ((name, arg), (outcome, _)) in CALLS.iter().zip(expected) {
        guest.move_elsewhere();
        assert_eq!(guest.straight(name, *arg), outcome);
    }
    guest.move_elsewhere();
    assert_eq!(guest.state(), state);
}

const OBJECTS: &str = r#"(module
  (type $node (struct (field i32) (field (ref null $node))))
  (func (export "make") (param i32) (result (ref $node))
    (struct.new $node (local.get 0) (struct.new $node (i32.const 9) (ref.null $node))))
  (func (export "read") (param (ref null $node)) (result i32)
    (i32.add (struct.get $node 0 (local.get 0))
      (struct.get $node 0 (struct.get $node 1 (local.get 0))))))"#;

#[test]
fn objects_go_along_and_come_to_lie_where_they_did() {
    let engine = Engine::new(&config(Schedule::DEFAULT)).unwrap();
    let module = Module::new(&engine, OBJECTS).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    type Node = Rooted<AnyRef>;
    let make = instance.get_typed_func::<i32, Node>(&store, "make").unwrap();
    {
        let mut scope = RootScope::new(&mut store);
        make.call(&mut scope, 1).unwrap();
    }
    let kept = make.call(&mut store, 2).unwrap();
    store.gc();
    assert_eq!(unstable::heap(&store).0, 2);
    let bytes = store.snapshot().unwrap();
    let linker = Linker::new(&engine);
    let mut other = Store::restore(&engine, (), &bytes, &[module], &linker).unwrap();
    assert_eq!(unstable::heap(&other), unstable::heap(&store));
    let read = instance.get_func(&store, "read").unwrap();
    let mut results = [etalon::Val::I32(0)];
    // A reference of the old store is none of the new one.
    let there = other.instances().next().unwrap().get_func(&other, "read").unwrap();
    let error = there.call(&mut other, &[kept.into()], &mut results).unwrap_err();
    assert!(error.is::<etalon::WrongStore>(), "{error}");
    // The next object comes to lie where the collected one was, here and there.
    let make = other.instances().next().unwrap();
    let make = make.get_typed_func::<i32, Node>(&other, "make").unwrap();
    make.call(&mut other, 3).unwrap();
    let make = instance.get_typed_func::<i32, Node>(&store, "make").unwrap();
    make.call(&mut store, 3).unwrap();
    assert_eq!(store.snapshot().unwrap(), other.snapshot().unwrap());
    read.call(&mut store, &[kept.into()], &mut results).unwrap();
    assert_eq!(results[0].unwrap_i32(), 11);
}

/// Compiled code relies on the types of values, and what a snapshot says of them may be forged.
#[test]
fn a_restored_store_runs_no_compiled_code() {
    let (_, bytes) = snapshot();
    let mut settings = config(Schedule::DEFAULT);
    let engine = Engine::new(settings.tier(Tier::Jit)).unwrap();
    let mut store = restore(&engine, &bytes).unwrap();
    let module = Module::new(&engine, "(module (func))").unwrap();
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert!(error.is::<Mismatch>(), "{error}");
    let engine = Engine::new(settings.tier(Tier::Interp)).unwrap();
    let mut store = restore(&engine, &bytes).unwrap();
    let module = Module::new(&engine, "(module (func))").unwrap();
    assert!(Instance::new(&mut store, &module, &[]).is_ok());
}

#[test]
fn many_executions_go_along() {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), None);
    let calls = [("fib", 6), ("list", 8), ("tail", 9)];
    for (name, n) in calls {
        guest.start(name, n).unwrap();
    }
    let mut results = Vec::new();
    while let [first, ..] = guest.store.paused()[..] {
        for execution in guest.store.paused() {
            let progress = guest.store.resume(execution, &PauseLimits::instructions(11));
            if let Progress::Done(values) = progress.unwrap() {
                results.push(format!("{:?}", values[0]));
            }
        }
        guest.store.gc();
        guest.move_elsewhere();
        assert!(!guest.store.abandon(first), "it is of the old store");
    }
    results.sort();
    assert_eq!(results, ["I32(36)", "I32(8)", "I64(45)"]);
}

/// A snapshot with something of everything, and an execution that is paused in a call.
fn snapshot() -> (Guest, Vec<u8>) {
    let mut guest = Guest::new(&config(Schedule::DEFAULT), Some(1_000_000));
    for (name, arg) in CALLS {
        let _ended = guest.straight(name, *arg);
    }
    let execution = guest.start("list", 3).unwrap();
    guest.store.resume(execution, &PauseLimits::instructions(25)).unwrap();
    let execution = guest.start("fib", 4).unwrap();
    guest.store.resume(execution, &PauseLimits::instructions(40)).unwrap();
    let bytes = guest.store.snapshot().unwrap();
    (guest, bytes)
}

/// Bytes with the digest that they should have.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = blake3::hash(&bytes[40..]);
    bytes[8..40].copy_from_slice(digest.as_bytes());
    bytes
}

#[test]
fn damage_is_found() {
    let (guest, bytes) = snapshot();
    let engine = &guest.engine;
    assert!(restore(engine, &bytes).is_ok());
    for len in 0..bytes.len() {
        let error = restore(engine, &bytes[..len]).unwrap_err();
        let fits = match error {
            SnapshotError::NotASnapshot => len < 8,
            SnapshotError::Corrupt(_) => len >= 8,
            _ => false,
        };
        assert!(fits, "{len}: {error}");
    }
    for at in (0..bytes.len()).step_by(3) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let error = restore(engine, &bytes).unwrap_err();
        assert!(
            matches!(error, SnapshotError::NotASnapshot | SnapshotError::Corrupt(_)),
            "{error}"
        );
    }
}

/// With the digest set right, what is decoded is checked: whatever is in it, nothing panics.
#[test]
fn forged_bytes_are_refused_or_taken_up_and_never_panic() {
    let (guest, bytes) = snapshot();
    let (mut refused, mut taken) = (0, 0);
    // Of a memory's many zeros a few will do.
    let zeros = |at: &usize| bytes[at - 8..].iter().take(16).any(|b| *b != 0);
    for at in (40..bytes.len()).filter(zeros) {
        for change in [1, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[at] ^= change;
            match restore(&guest.engine, &resealed(bytes)) {
                Ok(_) => taken += 1,
                Err(_) => refused += 1,
            }
        }
    }
    // Some bytes are of values, or of names in the module; most are not.
    assert!(refused > taken && taken > 0, "{refused} refused, {taken} taken up");
    for len in (40..bytes.len()).filter(zeros) {
        assert!(restore(&guest.engine, &resealed(bytes[..len].to_vec())).is_err(), "{len}");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let (_, bytes) = snapshot();
    let other = Engine::new(&config("flat")).unwrap();
    let error = restore(&other, &bytes).unwrap_err();
    assert!(matches!(&error, SnapshotError::Schedule { .. }), "{error}");
    let unmetered = Engine::new(Config::new().tier(Tier::Oracle)).unwrap();
    let error = restore(&unmetered, &bytes).unwrap_err();
    assert!(matches!(&error, SnapshotError::Metering { metered: true }), "{error}");
    let text = "the snapshot was taken with metering, the engine runs without metering";
    assert_eq!(error.to_string(), text);
    let empty = Store::new(&unmetered, ()).snapshot().unwrap();
    let engine = Engine::new(&config(Schedule::DEFAULT)).unwrap();
    let error = restore(&engine, &empty).unwrap_err();
    assert!(matches!(&error, SnapshotError::Metering { metered: false }), "{error}");
    let error = Store::restore(&engine, (), &bytes, &[], &Linker::new(&engine)).unwrap_err();
    assert!(
        matches!(&error, SnapshotError::State(ImageError::Host { name, .. }) if name == "twice")
    );
    let mut old = bytes.clone();
    let at = old.windows(6).position(|w| w == b"etalon").unwrap() + 7;
    old[at] = b'9';
    let error = restore(&engine, &resealed(old)).unwrap_err();
    assert!(matches!(&error, SnapshotError::Version { .. }), "{error}");
    let mut fewer = config(Schedule::DEFAULT);
    fewer.features(Tier::Oracle.features().without("gc").unwrap());
    let error = restore(&Engine::new(&fewer).unwrap(), &bytes).unwrap_err();
    assert!(matches!(&error, SnapshotError::Module(_)), "{error}");
}

#[test]
fn functions_of_other_tiers_are_no_data() {
    for (tier, name) in [(Tier::Interp, "interp"), (Tier::Jit, "jit")] {
        let engine = Engine::new(Config::new().tier(tier)).unwrap();
        let module = Module::new(&engine, "(module (func))").unwrap();
        let mut store = Store::new(&engine, ());
        assert!(store.snapshot().is_ok());
        Instance::new(&mut store, &module, &[]).unwrap();
        match store.snapshot().unwrap_err() {
            SnapshotError::Compiled(found) => assert_eq!(found, name),
            other => panic!("{other}"),
        }
    }
}
