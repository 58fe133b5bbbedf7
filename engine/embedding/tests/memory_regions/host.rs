//! Regions and the host: what `Memory` gives and takes, in and outside of host functions.

use crate::{TIERS, engine};
use etalon::{
    Caller, ForbiddenAccess, Func, Instance, Memory, MemoryAccessError, MemoryType, Module,
    Protection, Store, Tier,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn memory() -> (Store<()>, Memory) {
    let mut store = Store::new(&engine(Tier::Interp), ());
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(2))).unwrap();
    memory.protect(&mut store, 10..20, Protection::ReadOnly, "read").unwrap();
    memory.protect(&mut store, 30..40, Protection::Inaccessible, "none").unwrap();
    (store, memory)
}

/// The region that forbids an access; none if it is allowed.
fn by(result: Result<(), MemoryAccessError>) -> String {
    match result {
        Ok(()) => String::new(),
        Err(MemoryAccessError::Forbidden(access)) => access.region().to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_host_is_held_to_regions_byte_by_byte() {
    let (mut store, memory) = memory();
    for start in 0..60usize {
        for len in [0usize, 1, 2, 9, 10, 11, 35] {
            let hits =
                |from: usize, to: usize| (start..start + len).any(|b| (from..to).contains(&b));
            let read = if hits(30, 40) { "none" } else { "" };
            let write = if hits(10, 20) { "read" } else { read };
            let bytes = vec![7; len];
            let case = format!("{start}, {len}");
            assert_eq!(by(memory.read(&store, start, &mut vec![0; len])), read, "{case}");
            assert_eq!(by(memory.slice(&store, start..start + len).map(drop)), read, "{case}");
            assert_eq!(by(memory.write(&mut store, start, &bytes)), write, "{case}");
            let slice = memory.slice_mut(&mut store, start..start + len);
            assert_eq!(by(slice.map(drop)), write, "{case}");
        }
    }
    // Nothing came through.
    assert_eq!(memory.slice(&store, 10..20).unwrap(), [0; 10]);
    memory.unprotect(&mut store, "none").unwrap();
    assert_eq!(memory.slice(&store, 30..40).unwrap(), [0; 10]);
    assert_eq!(memory.slice(&store, 20..30).unwrap(), [7; 10]);
}

#[test]
fn out_of_bounds_comes_first_for_the_host_too() {
    let (mut store, memory) = memory();
    let out = Err(MemoryAccessError::OutOfBounds);
    assert_eq!(memory.read(&store, 15, &mut vec![0; 1 << 16]), out);
    assert_eq!(memory.read(&store, usize::MAX, &mut [0, 0]), out);
    assert_eq!(memory.write(&mut store, 15, &vec![0; 1 << 16]), out);
    assert_eq!(memory.slice(&store, 35..65_537).map(drop), out);
    assert_eq!(memory.slice_mut(&mut store, 35..usize::MAX).map(drop), out);
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = memory.slice(&store, 5..4).map(drop);
    assert_eq!(reversed, out);
}

/// The whole of a memory is given only where all of it may be accessed; growing is no access.
#[test]
fn the_whole_memory_is_refused_loudly() {
    let (mut store, memory) = memory();
    assert_eq!(memory.grow(&mut store, 1).unwrap(), 1);
    let text = |result: std::thread::Result<usize>| match result {
        Ok(len) => len.to_string(),
        Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_default(),
    };
    let seen = |store: &mut Store<()>| {
        [
            text(catch_unwind(AssertUnwindSafe(|| memory.data(&*store).len()))),
            text(catch_unwind(AssertUnwindSafe(|| memory.data_mut(&mut *store).len()))),
            text(catch_unwind(AssertUnwindSafe(|| memory.data_and_store_mut(store).0.len()))),
        ]
    };
    let refused = |name| {
        format!("the region {name} forbids to have all bytes of the memory; see Memory::slice")
    };
    let all = || "131072".to_owned();
    assert_eq!(seen(&mut store), [refused("none"), refused("read"), refused("read")]);
    memory.unprotect(&mut store, "none").unwrap();
    assert_eq!(seen(&mut store), [all(), refused("read"), refused("read")]);
    memory.unprotect(&mut store, "read").unwrap();
    // Beyond the present size there is nothing to be had.
    memory.protect(&mut store, 131_072..131_073, Protection::Inaccessible, "later").unwrap();
    assert_eq!(seen(&mut store), [all(), all(), all()]);
}

/// In a host function a forbidden access is an error of the host's, which its caller gets back as it was.
#[test]
fn a_host_function_is_told() {
    for tier in TIERS {
        let engine = engine(tier);
        let text = r#"(module (import "host" "f" (func $f))
          (memory (export "memory") 1) (func (export "run") (call $f)))"#;
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let f = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| -> etalon::Result<()> {
            let memory = caller.get_export("memory").unwrap().into_memory().unwrap();
            Ok(memory.write(&mut caller, 5, b"abc")?)
        });
        let instance = Instance::new(&mut store, &module, &[f.into()]).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        memory.protect(&mut store, 7..8, Protection::ReadOnly, "host").unwrap();
        let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        match error.downcast_ref() {
            Some(MemoryAccessError::Forbidden(access)) => assert_eq!(access.region(), "host"),
            _ => panic!("{tier}: {error:?}"),
        }
        assert!(error.downcast_ref::<ForbiddenAccess>().is_none(), "{tier}");
        assert_eq!(error.to_string(), "forbidden access to region host");
        assert_eq!(memory.slice(&store, 5..8).unwrap(), [0; 3], "{tier}");
    }
}
