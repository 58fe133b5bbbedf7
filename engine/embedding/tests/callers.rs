//! What a host function sees of its caller, and what comes out of it, on every tier.

use etalon::{
    Caller, Config, Engine, Error, Exhaustion, Extern, Func, FuncType, Instance, LinkError, Linker,
    Mismatch, Module, Ref, Result, RootScope, Rooted, Store, Table, TableType, ThrownException,
    Tier, TierUp, Trap, Val, WrongStore, unstable,
};
use std::fmt;

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Auto];

fn engine(tier: Tier) -> Engine {
    let mut config = Config::new();
    config.tier(tier).tier_up(TierUp::new().baseline_after(1).speed_after(2).background(false));
    Engine::new(config.consume_fuel(true)).unwrap()
}

/// Two instances of one module, and one of another, call the same host function in every way that there is.
const CALLS: &str = r#"(module
  (type $f (func (result i32)))
  (import "host" "who" (func $who (type $f)))
  (import "host" "table" (table $t 4 funcref))
  (import "other" "again" (func $again (type $f)))
  (global (export "me") (mut i32) (i32.const 0))
  (elem declare func $who)
  (func (export "call") (result i32) (call $who))
  (func (export "indirect") (result i32) (call_indirect $t (type $f) (i32.const 0)))
  (func (export "ref") (result i32) (call_ref $f (ref.func $who)))
  (func (export "tail") (result i32) (return_call $who))
  (func $tail_ref (result i32) (return_call_ref $f (ref.func $who)))
  (func (export "tail ref") (result i32) (i32.add (call $tail_ref) (i32.const 0)))
  (func (export "tail indirect") (result i32) (return_call_indirect $t (type $f) (i32.const 0)))
  ;; Another instance calls on its own behalf; afterwards this one does on its own again.
  (func (export "both") (result i32)
    (i32.add (i32.mul (call $again) (i32.const 100)) (call $who)))
  (func (export "tail to another") (result i32) (return_call $again)))"#;

const OTHER: &str = r#"(module
  (import "host" "who" (func $who (result i32)))
  (global (export "me") (mut i32) (i32.const 0))
  (func (export "again") (result i32) (return_call $who)))"#;

#[test]
fn the_calling_instance_is_known() {
    let placements: &[fn(u32) -> Tier] = &[
        |_| Tier::Oracle,
        |_| Tier::Interp,
        |_| Tier::Jit,
        |n| [Tier::Jit, Tier::Oracle][n as usize % 2],
        |n| [Tier::Interp, Tier::Jit][n as usize % 2],
        |n| [Tier::Oracle, Tier::Interp][n as usize % 2],
    ];
    for (i, upper) in placements.iter().enumerate() {
        for (j, lower) in placements.iter().enumerate() {
            let engine = engine(Tier::Jit);
            let module = |text: &str, tier: &fn(u32) -> Tier| {
                unstable::mixed(&engine, &wat::parse_str(text).unwrap(), tier).unwrap()
            };
            let mut store = Store::new(&engine, ());
            let who = Func::wrap(&mut store, |mut caller: Caller<'_, ()>| -> Result<i32> {
                match caller.get_export("me") {
                    Some(Extern::Global(me)) => Ok(me.get(&mut caller).unwrap_i32()),
                    _ => Ok(-1),
                }
            });
            // A host function that the embedder calls has no caller.
            let mut result = [Val::I32(0)];
            who.call(&mut store, &[], &mut result).unwrap();
            assert_eq!(result[0].unwrap_i32(), -1);
            let ty = TableType::new(etalon::RefType::FUNCREF, 4, None);
            let table = Table::new(&mut store, ty, Ref::Func(Some(who))).unwrap();
            let mut linker = Linker::new(&engine);
            linker.define(&store, "host", "who", who).unwrap();
            linker.define(&store, "host", "table", table).unwrap();
            let other = linker.instantiate(&mut store, &module(OTHER, lower)).unwrap();
            linker.instance(&store, "other", other).unwrap();
            let module = module(CALLS, upper);
            let first = linker.instantiate(&mut store, &module).unwrap();
            let second = linker.instantiate(&mut store, &module).unwrap();
            for (n, instance) in [(7, other), (1, first), (2, second)] {
                let me = instance.get_global(&store, "me").unwrap();
                me.set(&mut store, Val::I32(n)).unwrap();
            }
            for (n, instance) in [(1, first), (2, second), (1, first)] {
                for (name, expected) in [
                    ("call", n),
                    ("indirect", n),
                    ("ref", n),
                    ("tail", n),
                    ("tail ref", n),
                    ("tail indirect", n),
                    ("both", 700 + n),
                    ("tail to another", 7),
                ] {
                    let func = instance.get_typed_func::<(), i32>(&store, name).unwrap();
                    let got = func.call(&mut store, ()).unwrap();
                    assert_eq!(got, expected, "{name} of {n}, placements {i} and {j}");
                }
            }
        }
    }
}

/// An error of the embedder's own, which cannot be cloned.
#[derive(Debug)]
struct Own(Box<u32>);

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "my own {}", self.0)
    }
}

impl std::error::Error for Own {}

const NESTED: &str = r#"(module
  (import "host" "f" (func $f (param i32)))
  (tag $e (export "e") (param i32))
  (func $down (export "down") (param i32 i32)
    (if (local.get 0)
      (then (call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
      (else (call $f (local.get 1)))))
  (func (export "trap") unreachable)
  (func (export "throw") (throw $e (i32.const 42)))
  (func (export "caught") (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (call $down (i32.const 3) (i32.const 3)))
      (i32.const 0))))"#;

fn nested(tier: Tier) -> (Store<()>, Instance) {
    let engine = engine(tier);
    let mut linker = Linker::new(&engine);
    let f = |mut caller: Caller<'_, ()>, what: i32| -> Result<()> {
        let mut again = |name: &str| -> Result<()> {
            let func = caller.get_export(name).and_then(|item| item.into_func());
            func.expect("it is exported").call(&mut caller, &[], &mut [])
        };
        match what {
            0 => Err(Own(Box::new(5)).into()),
            1 => Err(Error::new(Own(Box::new(6))).context("with more to say")),
            2 => again("trap"),
            3 => again("throw"),
            4 => again("trap").map_err(|error| error.context("in the host")),
            5 => caller.charge(u64::MAX >> 1),
            // It ignores that the gas ran out, and does not get away with it.
            _ => {
                let _ignored = caller.charge(u64::MAX >> 1);
                Ok(())
            }
        }
    };
    linker.func_wrap("host", "f", f).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(100_000).unwrap();
    let instance = linker.instantiate(&mut store, &Module::new(&engine, NESTED).unwrap()).unwrap();
    (store, instance)
}

#[test]
fn an_error_of_the_host_comes_out_as_it_was() {
    for tier in TIERS {
        let (mut store, instance) = nested(*tier);
        let down = instance.get_typed_func::<(i32, i32), ()>(&store, "down").unwrap();
        let mut call = |what| {
            store.set_fuel(100_000).unwrap();
            down.call(&mut store, (20, what)).unwrap_err()
        };
        // By value: nothing is wrapped around it, or copied.
        assert_eq!(*call(0).downcast::<Own>().unwrap().0, 5, "{tier}");
        let error = call(1);
        assert_eq!(format!("{error:#}"), "with more to say: my own 6", "{tier}");
        assert_eq!(*error.downcast_ref::<Own>().unwrap().0, 6);
        assert_eq!(call(2).downcast_ref(), Some(&Trap::Unreachable), "{tier}");
        assert_eq!(call(2).downcast_ref::<etalon::Site>().unwrap().func, 2, "{tier}");
        let error = call(4);
        assert_eq!(error.downcast_ref(), Some(&Trap::Unreachable), "{tier}");
        assert!(format!("{error:#}").starts_with("in the host: unreachable"), "{error:#}");
        for what in [5, 6] {
            assert_eq!(call(what).downcast_ref(), Some(&Exhaustion::Gas), "{tier} {what}");
        }
    }
}

#[test]
fn an_exception_passes_through_the_host() {
    for tier in TIERS {
        let (mut store, instance) = nested(*tier);
        let down = instance.get_typed_func::<(i32, i32), ()>(&store, "down").unwrap();
        let error = down.call(&mut store, (3, 3)).unwrap_err();
        let exception = error.downcast_ref::<ThrownException>().unwrap().exception();
        let fields = exception.fields(&mut store).unwrap();
        assert_eq!(fields[0].unwrap_i32(), 42, "{tier}");
        let tag = instance.get_tag(&store, "e").unwrap();
        assert_eq!(exception.tag(&store).unwrap(), tag);
        assert_eq!(tag.ty(&store).ty().to_string(), "[i32] -> []");
        let caught = instance.get_typed_func::<(), i32>(&store, "caught").unwrap();
        assert_eq!(caught.call(&mut store, ()).unwrap(), 42, "{tier}");
    }
}

#[test]
fn a_start_function_may_fail_too() {
    for tier in TIERS {
        let engine = engine(*tier);
        let mut linker = Linker::<()>::new(&engine);
        linker.func_wrap("", "f", || -> Result<()> { Err(Own(Box::new(1)).into()) }).unwrap();
        let module = Module::new(&engine, r#"(module (import "" "f" (func $f)) (start $f))"#);
        let mut store = Store::new(&engine, ());
        let error = linker.instantiate(&mut store, &module.unwrap()).unwrap_err();
        assert!(error.is::<Own>(), "{tier}: {error}");
        let module = Module::new(&engine, r#"(module (import "" "g" (func $f)))"#).unwrap();
        let error = linker.instantiate(&mut store, &module).unwrap_err();
        assert!(error.is::<LinkError>(), "{tier}: {error}");
    }
}

/// The types of Rust in every number, with and without the caller, to the guest and back.
#[test]
fn closures_have_up_to_sixteen_parameters() {
    for tier in TIERS {
        let engine = engine(*tier);
        let mut store = Store::new(&engine, 10u64);
        type Many = (
            (i32, u32, i64, u64, f32, f64, u128, Option<Func>),
            (i32, u32, i64, u64, f32, f64, u128, Option<Func>),
        );
        let _: Option<Many> = None;
        let sum = Func::wrap(
            &mut store,
            |caller: Caller<'_, u64>,
             a: i32,
             b: u32,
             c: i64,
             d: u64,
             e: f32,
             f: f64,
             g: u128,
             h: Option<Func>,
             i: i32,
             j: u32,
             k: i64,
             l: u64,
             m: f32,
             n: f64,
             o: u128,
             p: Option<Func>| {
                let ints = a as u64 + u64::from(b) + c as u64 + d + i as u64 + u64::from(j);
                let more = k as u64 + l + g as u64 + o as u64;
                let floats = f64::from(e + m) + f + n;
                let funcs = u32::from(h.is_some()) + u32::from(p.is_some());
                (ints + more + caller.data(), floats, funcs)
            },
        );
        let ty = sum.ty(&store).to_string();
        let half = "i32 i32 i64 i64 f32 f64 v128 funcref";
        assert_eq!(ty, format!("[{half} {half}] -> [i64 f64 i32]"));
        let text = format!(
            r#"(module (import "" "f" (func $f (param {params} {params}) (result i64 f64 i32)))
                (func (export "g") (param {params}) (result i64 f64 i32)
                  (call $f {half} {half})))"#,
            params = "i32 i32 i64 i64 f32 f64 v128 funcref",
            half = (0..8).map(|i| format!("(local.get {i})")).collect::<String>(),
        );
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[sum.into()]).unwrap();
        type Half = (i32, u32, i64, u64, f32, f64, u128, Option<Func>);
        let g = instance.get_typed_func::<Half, (u64, f64, u32)>(&store, "g").unwrap();
        let got = g.call(&mut store, (1, 2, 3, 4, 0.5, 0.25, 5, Some(sum))).unwrap();
        assert_eq!(got, (2 * 15 + 10, 1.5, 2), "{tier}");
        let none = Func::wrap(&mut store, || ());
        assert_eq!(none.ty(&store).to_string(), "[] -> []");
        let error = none.typed::<i32, ()>(&store).unwrap_err();
        assert!(error.is::<Mismatch>());
    }
}

/// A function whose type is known only when the program runs, and which gives what is not of it.
#[test]
fn results_of_another_type_are_refused() {
    for tier in TIERS {
        let engine = engine(*tier);
        let mut store = Store::new(&engine, ());
        let ty = FuncType::new([], [etalon::ValType::I32]);
        let bad = Func::new(&mut store, ty.clone(), |_, _, results| {
            results[0] = Val::I64(1);
            Ok(())
        });
        let mut result = [Val::I32(0)];
        let error = bad.call(&mut store, &[], &mut result).unwrap_err();
        assert!(error.is::<Mismatch>(), "{tier}: {error}");
        // A reference of another store, through a guest.
        let mut other = Store::new(&engine, ());
        let foreign = Func::wrap(&mut other, || ());
        let ty = FuncType::new([], [etalon::ValType::FUNCREF]);
        let bad = Func::new(&mut store, ty, move |_, _, results| {
            results[0] = foreign.into();
            Ok(())
        });
        let text = r#"(module (import "" "f" (func $f (result funcref)))
            (func (export "g") (result i32) (ref.is_null (call $f))))"#;
        let module = Module::new(&engine, text).unwrap();
        let instance = Instance::new(&mut store, &module, &[bad.into()]).unwrap();
        let g = instance.get_typed_func::<(), i32>(&store, "g").unwrap();
        let error = g.call(&mut store, ()).unwrap_err();
        assert!(error.is::<WrongStore>(), "{tier}: {error}");
    }
}

/// References that are made in a host function are given up when it returns.
#[test]
fn references_of_a_call_end_with_it() {
    for tier in TIERS {
        let engine = engine(*tier);
        let text = r#"(module (type $s (struct))
            (import "" "f" (func $f (param anyref)))
            (func (export "g") (call $f (struct.new $s)))
            (func (export "make") (result anyref) (struct.new $s)))"#;
        let module = Module::new(&engine, text).unwrap();
        let mut linker = Linker::new(&engine);
        type Kept = Option<Rooted<etalon::AnyRef>>;
        let f = |mut caller: Caller<'_, Kept>, r: Kept| *caller.data_mut() = r;
        linker.func_wrap("", "f", f).unwrap();
        let mut store = Store::new(&engine, None);
        let instance = linker.instantiate(&mut store, &module).unwrap();
        instance.get_func(&store, "g").unwrap().call(&mut store, &[], &mut []).unwrap();
        let kept = store.data().unwrap();
        let error = kept.is_struct(&store).unwrap_err();
        assert!(error.is::<etalon::Unrooted>(), "{tier}: {error}");
        let make = instance.get_typed_func::<(), Kept>(&store, "make").unwrap();
        let outside = make.call(&mut store, ()).unwrap().unwrap();
        let inside = {
            let mut scope = RootScope::new(&mut store);
            make.call(&mut scope, ()).unwrap().unwrap()
        };
        store.gc();
        assert_eq!(unstable::heap(&store).0, 1, "{tier}");
        assert!(outside.is_struct(&store).unwrap() && inside.is_struct(&store).is_err());
    }
}
