//! Damaged stores: a state that was changed and given a right digest is refused, or it runs and ends somehow. It never panics.

use super::guest::{Guest, MODULE, Outcome, host};
use super::mutate::Random;
use etalon_oracle::{ExecutionsImage, Oracle, PauseLimits};
use etalon_runtime::{
    Extern, FuncAddr, HostImport, Placement, RefKind, Store, StoreConfig, StoreImage, Value,
    instantiate,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a snapshot holds, without the modules.
#[derive(Serialize, Deserialize)]
struct Saved {
    state: StoreImage,
    executions: ExecutionsImage,
}

/// A guest that has done something of everything, with an execution that is paused.
fn saved() -> Saved {
    let mut guest = Guest::new("objects", 30);
    for name in ["memory", "exceptions", "calls", "objects", "numbers"] {
        let Some(Extern::Func(func)) = guest.store.instances[0].export(name) else {
            panic!("no function {name}")
        };
        guest.store.invoke(func, &[Value::I32(3)]).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    if let Value::Ref(r) = guest.store.globals[2].get() {
        guest.store.root(r);
    }
    let state = guest.store.image().expect("nothing runs");
    Saved { state, executions: guest.oracle.image() }
}

/// A store of what was saved.
fn restored(saved: Saved) -> Result<Guest, String> {
    let mut store = Store::new(StoreConfig::metered(Some(100_000))).expect("a small limit");
    let oracle = Arc::new(Oracle::new());
    store.add_executor(Arc::clone(&oracle) as Arc<_>);
    let mut hosts = |import: &HostImport<'_>| host(import.name);
    let modules = vec![Arc::clone(&MODULE); saved.state.modules().len().min(1)];
    store.take_up(saved.state, &modules, &mut hosts).map_err(|e| e.to_string())?;
    oracle.take_up(&store, saved.executions).map_err(|e| e.to_string())?;
    let execution = oracle.paused().first().copied();
    Ok(Guest { store, oracle, execution: execution.unwrap_or(etalon_oracle::Execution(0)) })
}

/// Does everything with a store that an embedder can do.
fn use_up(guest: &mut Guest) {
    for execution in guest.oracle.paused() {
        let _ended = guest.end_of_execution(execution);
    }
    guest.store.digest();
    for func in 0..guest.store.funcs.len() as u32 {
        let func = FuncAddr(func);
        let args: Option<Vec<Value>> =
            guest.store.func_type(func).params.iter().map(|ty| Value::default_of(*ty)).collect();
        let Some(args) = args else { continue };
        let oracle = Arc::clone(&guest.oracle);
        if let Ok(execution) = oracle.start(&mut guest.store, func, &args) {
            let _ended =
                oracle.resume(&mut guest.store, execution, &PauseLimits::instructions(300));
        }
    }
    for global in 0..guest.store.globals.len() {
        if let Value::Ref(r) = guest.store.globals[global].get()
            && let Some(RefKind::Struct(addr)) = r.kind()
        {
            let _field = guest.store.heap.struct_get(addr, 1);
        }
    }
    guest.store.collect(&());
    guest.store.digest();
    let tier = guest.tier();
    let imports = super::guest::imports(&mut guest.store);
    let _again = instantiate(&mut guest.store, &MODULE, &imports, &Placement::all(tier));
    let _image = guest.store.image().map(|image| serde_json::to_string(&image).is_ok());
    guest.store.collect(&());
}

/// Whether a state was refused. The text tells what it was, if using it panics.
fn is_refused(read: impl FnOnce() -> Option<Saved>, what: &dyn Fn() -> String) -> bool {
    let used = catch_unwind(AssertUnwindSafe(|| {
        let Some(Ok(mut guest)) = read().map(restored) else { return true };
        use_up(&mut guest);
        false
    }));
    used.unwrap_or_else(|_| panic!("it panicked: {}", what()))
}

#[test]
fn what_was_saved_is_taken_up() {
    let bytes = postcard::to_stdvec(&saved()).unwrap();
    assert!(!is_refused(|| postcard::from_bytes(&bytes).ok(), &|| "nothing was changed".into()));
    let mut guest = restored(saved()).unwrap_or_else(|e| panic!("{e}"));
    let outcome = guest.end_of_execution(guest.execution);
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
}

/// What is wrong, and the change of the state that makes it so.
type Lie = (&'static str, fn(&mut Json));

/// What no store can have been, one lie at a time: each is refused, and none by accident.
#[test]
fn stores_that_lie_are_refused() {
    let image = serde_json::to_value(saved()).unwrap();
    let lies: [Lie; 8] = [
        ("a function of no instance", |state| {
            let mut stray = state["funcs"].as_array().unwrap().last().unwrap().clone();
            stray["kind"]["Wasm"]["instance"] = json!(9);
            state["funcs"].as_array_mut().unwrap().push(stray);
        }),
        ("a function that is another of its instance", |state| {
            let stray = state["funcs"].as_array().unwrap().last().unwrap().clone();
            state["funcs"].as_array_mut().unwrap().push(stray);
        }),
        ("a memory of pages that no proposal has", |state| {
            let mut stray = state["memories"][0].clone();
            stray["ty"]["page_size_log2"] = json!(5);
            stray["ty"]["limits"]["min"] = json!(0);
            stray["pieces"] = json!([]);
            state["memories"].as_array_mut().unwrap().push(stray);
        }),
        ("an exception without its fields", |state| {
            let exns = state["heap"]["exns"]["cells"].as_array_mut().unwrap();
            exns.iter_mut().find(|exn| !exn.is_null()).unwrap()["fields"] = json!([]);
        }),
        ("an exception of other fields", |state| {
            let exns = state["heap"]["exns"]["cells"].as_array_mut().unwrap();
            let exn = exns.iter_mut().find(|exn| !exn.is_null()).unwrap();
            exn["fields"][0] = json!({"I64": 1});
        }),
        ("no handle left", |state| state["handles"]["next"] = json!(u64::MAX)),
        ("a table of elements beyond it", |state| {
            let pieces = state["tables"][0]["pieces"].as_array_mut().unwrap();
            let refs = pieces[0][1].clone();
            pieces.push(json!([u64::MAX / 512, refs]));
        }),
        ("a collection in the future", |state| {
            state["heap"]["collected_at"] = json!(u64::MAX);
        }),
    ];
    for (what, lie) in lies {
        let mut changed = image.clone();
        lie(&mut changed["state"]);
        let read = || Some(serde_json::from_value(changed.clone()).unwrap());
        assert!(is_refused(read, &|| what.into()), "{what} is taken up");
    }
}

/// Each byte, with its lowest bit, its highest bit or all bits changed.
#[test]
fn no_byte_that_is_changed_makes_it_panic() {
    let bytes = postcard::to_stdvec(&saved()).unwrap();
    let (mut refused, mut used) = (0, 0);
    for at in 0..bytes.len() {
        for mask in [0x01, 0x80, 0xff] {
            // The bytes of a memory may be anything.
            if bytes[at..].iter().take(64).all(|byte| *byte == 0) && at % 64 != 0 {
                continue;
            }
            let mut bytes = bytes.clone();
            bytes[at] ^= mask;
            let what = || format!("byte {at} ^ {mask:#x}");
            match is_refused(|| postcard::from_bytes(&bytes).ok(), &what) {
                true => refused += 1,
                false => used += 1,
            }
        }
    }
    assert!(refused > 300 && used > 300, "{refused} {used}");
}

/// Thousands of changes to what the bytes mean, the same in every run.
#[test]
fn no_field_that_is_changed_makes_it_panic() {
    let mut random = Random::new(0x5ea1_ed00);
    let image = serde_json::to_value(saved()).unwrap();
    let (mut refused, mut used) = (0, 0);
    for _ in 0..4000 {
        let mut changed: Json = image.clone();
        for _ in 0..=random.below(2) {
            random.change_anything(&mut changed);
        }
        let text = || {
            let mut text = changed.clone();
            text["state"]["memories"] = Json::Null;
            text.to_string()
        };
        match is_refused(|| serde_json::from_value(changed.clone()).ok(), &text) {
            true => refused += 1,
            false => used += 1,
        }
    }
    assert!(refused > 500 && used > 500, "{refused} {used}");
}
