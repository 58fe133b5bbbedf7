//! Stores as bytes, and back.

use crate::guest::{CALLS, Guest, config, restore, straight_run};
use etalon::{
    Config, Engine, ImageError, Linker, Module, PauseLimits, Progress, Ref, RefKind, Schedule,
    SnapshotError, Store, Tier, Value,
};

/// Runs all calls in pieces of `k` instructions, in another store after each.
fn same_elsewhere(k: u64, gas: Option<u64>) {
    let (expected, state) = straight_run(gas);
    let mut guest = Guest::new(config(Schedule::DEFAULT), gas);
    for (call, (outcome, consumed)) in CALLS.iter().zip(expected) {
        let mut moves = 0;
        let got = guest.in_pieces(*call, &PauseLimits::instructions(k), |guest, _| {
            moves += 1;
            // What is taken of the new store is what the old one gave: nothing is lost on the way.
            let bytes = guest.move_elsewhere();
            assert!(moves > 20 || guest.store.snapshot().unwrap() == bytes);
        });
        // Sites are of the module, and exceptions are at their addresses.
        assert_eq!(got, outcome, "{call:?} in pieces of {k}");
        assert_eq!(guest.store.meter().consumed(), consumed, "{call:?} in pieces of {k}");
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
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
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
fn handles_and_objects_keep_their_names() {
    let engine = Engine::new(config(Schedule::DEFAULT));
    let module = Module::new(&engine, &wat::parse_str(OBJECTS).unwrap()).unwrap();
    let mut store = Store::new(&engine, None).unwrap();
    let instance = store.instantiate(&module, &Linker::new()).unwrap();
    let make = store.func(instance, "make").unwrap();
    let read = store.func(instance, "read").unwrap();
    let root = |store: &mut Store, n| match store.invoke(make, &[Value::I32(n)]).unwrap()[..] {
        [Value::Ref(r)] => store.root(r),
        _ => panic!("a reference is due"),
    };
    let first = root(&mut store, 1);
    let second = root(&mut store, 2);
    store.unroot(first);
    store.collect(&());
    assert_eq!(store.heap.live_objects(), 2);
    let bytes = store.snapshot().unwrap();
    let modules = [module];
    let mut other = Store::restore(&engine, &bytes, &modules, &mut |_| None).unwrap();
    assert_eq!(other.heap.live_objects(), 2);
    assert_eq!(other.heap.allocated_bytes(), store.heap.allocated_bytes());
    for store in [&mut store, &mut other] {
        let r = store.rooted(second).unwrap();
        assert_eq!(store.invoke(read, &[Value::Ref(r)]).unwrap(), [Value::I32(11)]);
        assert_eq!(store.rooted(first), None);
        // The next object comes to lie where the collected one was, here and there.
        let third = root(store, 3);
        assert!(third > second);
        let address = |r: Ref| match r.kind() {
            Some(RefKind::Struct(addr)) => addr.0,
            other => panic!("{other:?}"),
        };
        let third = store.rooted(third).unwrap();
        assert!(address(third) < 2);
    }
    assert_eq!(store.snapshot().unwrap(), other.snapshot().unwrap());
}

#[test]
fn many_executions_go_along() {
    let mut guest = Guest::new(config(Schedule::DEFAULT), None);
    let calls = [("fib", 6), ("list", 8), ("tail", 9)];
    let executions: Vec<_> = calls.iter().map(|(f, n)| guest.start(f, *n).unwrap()).collect();
    let mut results = vec![None; calls.len()];
    while results.contains(&None) {
        for (execution, result) in executions.iter().zip(&mut results) {
            if result.is_none()
                && let Progress::Done(values) =
                    guest.store.resume(*execution, &PauseLimits::instructions(11)).unwrap()
            {
                *result = Some(values);
            }
        }
        guest.store.collect(&());
        guest.move_elsewhere();
    }
    let expected = [Value::I32(8), Value::I32(36), Value::I64(45)];
    assert_eq!(results, expected.map(|v| Some(vec![v])));
}

/// A snapshot with something of everything, and an execution that is paused in a call.
fn snapshot() -> (Guest, Vec<u8>) {
    let mut guest = Guest::new(config(Schedule::DEFAULT), Some(1_000_000));
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
    let other = Engine::new(config("flat"));
    let error = restore(&other, &bytes).unwrap_err();
    assert!(matches!(&error, SnapshotError::Schedule { .. }), "{error}");
    let unmetered = Engine::new(Config::new(Tier::Oracle));
    let error = restore(&unmetered, &bytes).unwrap_err();
    assert!(matches!(&error, SnapshotError::Metering { metered: true }), "{error}");
    let text = "the snapshot was taken with metering, the engine runs without metering";
    assert_eq!(error.to_string(), text);
    let empty = Store::new(&unmetered, None).unwrap().snapshot().unwrap();
    let error = restore(&Engine::new(config(Schedule::DEFAULT)), &empty).unwrap_err();
    assert!(matches!(&error, SnapshotError::Metering { metered: false }), "{error}");
    let engine = Engine::new(config(Schedule::DEFAULT));
    let error = Store::restore(&engine, &bytes, &[], &mut |_| None).unwrap_err();
    assert!(
        matches!(&error, SnapshotError::State(ImageError::Host { name, .. }) if name == "twice")
    );
    let mut old = bytes.clone();
    let at = old.windows(6).position(|w| w == b"etalon").unwrap() + 7;
    old[at] = b'9';
    let error = restore(&engine, &resealed(old)).unwrap_err();
    assert!(matches!(&error, SnapshotError::Version { .. }), "{error}");
    let mut versionless = Config::new(Tier::Oracle);
    versionless.features = versionless.features.without("gc").unwrap();
    let fewer = versionless.metered(Schedule::builtin(Schedule::DEFAULT).unwrap());
    let error = restore(&Engine::new(fewer), &bytes).unwrap_err();
    assert!(matches!(&error, SnapshotError::Module(_)), "{error}");
}

#[test]
fn functions_of_other_tiers_are_no_data() {
    for (tier, name) in [(Tier::Interp, "interp"), (Tier::Jit, "jit")] {
        let engine = Engine::new(Config::new(tier));
        let module = Module::new(&engine, &wat::parse_str("(module (func))").unwrap()).unwrap();
        let mut store = Store::new(&engine, None).unwrap();
        assert!(store.snapshot().is_ok());
        store.instantiate(&module, &Linker::new()).unwrap();
        match store.snapshot().unwrap_err() {
            SnapshotError::Compiled(found) => assert_eq!(found, name),
            other => panic!("{other}"),
        }
    }
}
