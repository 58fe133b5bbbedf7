//! What a safe program can get wrong gives an error, or the panic that its documentation announces, and nothing else. What
//! does not even compile is in `src/misuse.rs`.

use etalon::{
    Config, Engine, Extern, Func, Global, GlobalType, GrowthError, Instance, LinkError, Linker,
    Memory, MemoryAccessError, MemoryType, Mismatch, Module, Mutability, Ref, RefType, Result,
    Store, StoreLimits, StoreLimitsBuilder, Table, TableAccessError, TableType, Tag, TagType, Tier,
    Val, ValType, WrongStore,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

const TIERS: &[Tier] = &[Tier::Oracle, Tier::Interp, Tier::Jit];

const WAT: &str = r#"(module
  (memory (export "m") 1 3)
  (table (export "t") 2 4 funcref)
  (global (export "g") (mut i32) (i32.const 1))
  (global (export "c") i32 (i32.const 2))
  (tag (export "e"))
  (func (export "f") (result i32) (i32.const %))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow table") (param i32) (result i32)
    (table.grow (ref.null func) (local.get 0))))"#;

fn world(engine: &Engine, number: &str) -> (Store<StoreLimits>, Instance) {
    let module = Module::new(engine, WAT.replace('%', number)).unwrap();
    let mut store = Store::new(engine, StoreLimits::default());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

fn engine(tier: Tier) -> Engine {
    Engine::new(Config::new().tier(tier)).unwrap()
}

fn wrong_store<T>(result: Result<T>) {
    match result {
        Ok(_) => panic!("a handle of another store is taken"),
        Err(error) => assert!(error.is::<WrongStore>(), "{error}"),
    }
}

#[track_caller]
fn panics<T>(what: impl FnOnce() -> T) {
    let panic = catch_unwind(AssertUnwindSafe(what)).err().expect("it panics");
    let text = panic.downcast_ref::<String>().expect("it has a message");
    assert_eq!(text, &WrongStore.to_string());
}

#[test]
fn a_handle_of_another_store_is_refused() {
    for tier in TIERS {
        let engine = engine(*tier);
        let (mut a, in_a) = world(&engine, "1");
        let (mut b, in_b) = world(&engine, "666");
        let f = in_a.get_func(&a, "f").unwrap();
        let typed = in_a.get_typed_func::<(), i32>(&a, "f").unwrap();
        // The same number of a function means another in the other store.
        assert_eq!(typed.call(&mut a, ()).unwrap(), 1);
        wrong_store(f.call(&mut b, &[], &mut [Val::I32(0)]));
        wrong_store(typed.call(&mut b, ()));
        wrong_store(f.typed::<(), i32>(&b));
        let table = in_b.get_table(&b, "t").unwrap();
        wrong_store(table.set(&mut b, 0, Ref::Func(Some(f))));
        wrong_store(Global::new(
            &mut b,
            GlobalType::new(ValType::FUNCREF, Mutability::Var),
            Val::FuncRef(Some(f)),
        ));
        let mut linker = Linker::new(&engine);
        wrong_store(linker.define(&b, "", "f", f));
        linker.define(&a, "", "f", f).unwrap();
        let text = r#"(module (import "" "f" (func (result i32))))"#;
        let module = Module::new(&engine, text).unwrap();
        wrong_store(linker.instantiate(&mut b, &module));
        wrong_store(Instance::new(&mut b, &module, &[f.into()]));
        let memory = in_a.get_memory(&a, "m").unwrap();
        panics(|| memory.data(&b).len());
        panics(|| memory.grow(&mut b, 1));
        panics(|| in_a.get_table(&a, "t").unwrap().size(&b));
        panics(|| in_a.get_global(&a, "g").unwrap().get(&mut b));
        panics(|| in_a.get_tag(&a, "e").unwrap().ty(&b));
        panics(|| f.ty(&b));
        panics(|| in_a.get_func(&b, "f"));
        panics(|| Extern::from(f).ty(&b));
        // After all that, both work.
        for (store, instance, number) in [(&mut a, in_a, 1), (&mut b, in_b, 666)] {
            let f = instance.get_typed_func::<(), i32>(&*store, "f").unwrap();
            assert_eq!(f.call(store, ()).unwrap(), number);
        }
    }
}

/// What is imported may be of the host or of a guest; of another store it is a fault of linking, and the cause stays with it.
#[test]
fn an_import_of_another_store_is_an_error_of_linking() {
    let imports = [
        ("f", r#"(import "m" "f" (func (result i32)))"#),
        ("h", r#"(import "m" "h" (func))"#),
        ("m", r#"(import "m" "m" (memory 1))"#),
        ("g", r#"(import "m" "g" (global (mut i32)))"#),
        ("t", r#"(import "m" "t" (table 1 funcref))"#),
    ];
    for tier in TIERS {
        let engine = engine(*tier);
        let (mut a, in_a) = world(&engine, "1");
        let (mut b, _) = world(&engine, "2");
        for (name, import) in imports {
            let item = match name {
                "h" => Func::wrap(&mut a, || ()).into(),
                _ => in_a.get_export(&a, name).unwrap(),
            };
            let module = Module::new(&engine, format!("(module {import})")).unwrap();
            let mut linker = Linker::new(&engine);
            linker.define(&a, "m", name, item).unwrap();
            let fails = |result: Result<Instance>| {
                let error = result.unwrap_err();
                let (module, name) = ("m".to_owned(), name.to_owned());
                let expected = LinkError::OtherStore { module, name };
                assert_eq!(error.downcast_ref(), Some(&expected), "{tier}: {error}");
                assert!(error.root_cause().is::<WrongStore>(), "{tier}: {error:#}");
            };
            fails(linker.instantiate(&mut b, &module));
            fails(Instance::new(&mut b, &module, &[item]));
            assert!(linker.instantiate(&mut a, &module).is_ok(), "{tier}: {name}");
        }
    }
}

#[test]
fn what_does_not_fit_a_type_is_refused() {
    for tier in TIERS {
        let engine = engine(*tier);
        let (mut store, instance) = world(&engine, "1");
        let mismatch = |result: Result<()>| {
            let error = result.unwrap_err();
            assert!(error.is::<Mismatch>(), "{error}");
        };
        let f = instance.get_func(&store, "f").unwrap();
        mismatch(f.call(&mut store, &[], &mut []));
        mismatch(f.call(&mut store, &[Val::I32(1)], &mut [Val::I32(0)]));
        let global = instance.get_global(&store, "g").unwrap();
        mismatch(global.set(&mut store, Val::I64(1)));
        mismatch(instance.get_global(&store, "c").unwrap().set(&mut store, Val::I32(1)));
        global.set(&mut store, Val::I32(9)).unwrap();
        assert_eq!(global.get(&mut store).unwrap_i32(), 9);
        let table = instance.get_table(&store, "t").unwrap();
        let i31 = etalon::AnyRef::from_i31(&mut store, 1);
        mismatch(table.set(&mut store, 0, Ref::Any(Some(i31))));
        let error = table.set(&mut store, 2, Ref::Func(Some(f))).unwrap_err();
        assert!(error.is::<TableAccessError>());
        let error = table.fill(&mut store, 1, Ref::Func(None), u64::MAX).unwrap_err();
        assert!(error.is::<TableAccessError>());
        table.set(&mut store, 1, Ref::Func(Some(f))).unwrap();
        assert!(matches!(table.get(&mut store, 1), Some(Ref::Func(Some(got))) if got == f));
        assert!(table.get(&mut store, 2).is_none());
        // A function of a narrower type is none of a wider one.
        let ty = TableType::new(RefType::new(false, etalon::HeapType::Func), 1, None);
        assert!(Table::new(&mut store, ty, Ref::Func(None)).is_err(), "null is not of the type");
        let tag = Tag::new(&mut store, &TagType::new(etalon::FuncType::new([], []))).unwrap();
        let module = Module::new(&engine, r#"(module (import "" "e" (tag (param i32))))"#).unwrap();
        let error = Instance::new(&mut store, &module, &[tag.into()]).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(LinkError::Incompatible { .. })));
    }
}

#[test]
fn a_module_of_another_engine_is_refused() {
    let (a, b) = (engine(Tier::Jit), engine(Tier::Jit));
    let module = Module::new(&a, "(module)").unwrap();
    let error = Instance::new(&mut Store::new(&b, ()), &module, &[]).unwrap_err();
    assert!(error.is::<Mismatch>(), "{error}");
}

#[test]
fn memories_are_read_and_written_within_their_bounds() {
    let mut store = Store::new(&Engine::default(), 5);
    let memory = Memory::new(&mut store, MemoryType::new(1, Some(2))).unwrap();
    assert_eq!((memory.size(&store), memory.data_size(&store)), (1, 65536));
    memory.write(&mut store, 65535, &[7]).unwrap();
    for at in [65536, usize::MAX] {
        assert_eq!(memory.write(&mut store, at, &[7]), Err(MemoryAccessError::OutOfBounds));
        assert_eq!(memory.read(&store, at, &mut [0]), Err(MemoryAccessError::OutOfBounds));
    }
    let (bytes, data) = memory.data_and_store_mut(&mut store);
    *data += u32::from(bytes[65535]);
    bytes[0] = 3;
    assert_eq!((*store.data(), memory.data(&store)[0]), (12, 3));
    assert_eq!(memory.grow(&mut store, 1).unwrap(), 1);
    let error = memory.grow(&mut store, 1).unwrap_err();
    assert!(error.is::<GrowthError>());
    assert!(Memory::new(&mut store, MemoryType::new64(u64::MAX, None)).is_err());
    assert!(Memory::new(&mut store, MemoryType::new64(1 << 48, None)).is_err());
    assert_eq!(store.into_data(), 12);
}

/// Guests and the embedder are held to the same limits, on every tier.
#[test]
fn limits_hold_for_guests_and_for_the_embedder() {
    for tier in TIERS {
        let engine = engine(*tier);
        let (mut store, instance) = world(&engine, "1");
        store.limiter(|limits| limits);
        let new = StoreLimitsBuilder::new;
        let grow = instance.get_typed_func::<i32, i32>(&store, "grow").unwrap();
        let grow_table = instance.get_typed_func::<i32, i32>(&store, "grow table").unwrap();
        *store.data_mut() = new().memory_size(2 << 16).build();
        assert_eq!(grow.call(&mut store, 2).unwrap(), -1, "{tier}");
        assert_eq!(grow.call(&mut store, 1).unwrap(), 1, "{tier}");
        let memory = instance.get_memory(&store, "m").unwrap();
        assert!(memory.grow(&mut store, 1).unwrap_err().is::<GrowthError>());
        *store.data_mut() = new().table_elements(3).build();
        assert_eq!(grow_table.call(&mut store, 2).unwrap(), -1, "{tier}");
        assert_eq!(grow_table.call(&mut store, 1).unwrap(), 2, "{tier}");
        // One sum for all that grows from here on.
        *store.data_mut() = new().total_bytes(10).build();
        assert_eq!(grow_table.call(&mut store, 1).unwrap(), 3, "{tier}");
        let ty = TableType::new(RefType::FUNCREF, 1, None);
        assert!(Table::new(&mut store, ty, Ref::Func(None)).is_err());
        assert_eq!(grow.call(&mut store, 1).unwrap(), -1, "{tier}");
        *store.data_mut() = new().memory_size(0).trap_on_grow_failure(true).build();
        let error = grow.call(&mut store, 1).unwrap_err();
        assert!(error.to_string().contains("a limit of the store forbids a memory"), "{error}");
        let module = Module::new(&engine, WAT.replace('%', "2")).unwrap();
        for limits in [new().instances(1), new().memories(1), new().tables(1)] {
            *store.data_mut() = limits.build();
            let error = Instance::new(&mut store, &module, &[]).unwrap_err();
            assert!(error.is::<etalon::InstantiateError>(), "{tier}: {error}");
        }
        *store.data_mut() = new().instances(2).memories(2).tables(2).build();
        assert!(Instance::new(&mut store, &module, &[]).is_ok(), "{tier}");
        assert_eq!(grow.call(&mut store, 1).unwrap(), 2, "{tier}");
    }
}

#[test]
fn names_are_defined_once() {
    let mut linker = Linker::<()>::new(&Engine::default());
    linker.func_wrap("a", "b", || ()).unwrap();
    let error = linker.func_wrap("a", "b", || ()).unwrap_err();
    assert!(error.is::<etalon::Redefinition>());
    linker.allow_shadowing(true).func_wrap("a", "b", || 1i32).unwrap();
}

/// The gas of a store is the embedder's, and there is none where none is charged.
#[test]
fn fuel_is_an_error_without_metering() {
    let mut store = Store::new(&Engine::default(), ());
    assert!(store.set_fuel(1).is_err() && store.get_fuel().is_err());
    assert_eq!(store.fuel_consumed(), None);
    let mut store = Store::new(&Engine::new(Config::new().consume_fuel(true)).unwrap(), ());
    assert_eq!(store.get_fuel().unwrap(), u64::MAX);
    assert!(store.set_fuel(u64::MAX).is_err(), "a limit is below 2^63");
    store.set_fuel(7).unwrap();
    assert_eq!((store.get_fuel().unwrap(), store.fuel_consumed()), (7, Some(0)));
}

/// Values of the host that guests pass around.
#[test]
fn external_references_have_their_values() {
    for tier in TIERS {
        let engine = engine(*tier);
        let text = r#"(module
            (func (export "same") (param externref) (result externref) (local.get 0))
            (func (export "i31") (result externref) (extern.convert_any (ref.i31 (i32.const 4)))))"#;
        let module = Module::new(&engine, text).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        type External = Option<etalon::Rooted<etalon::ExternRef>>;
        let same = instance.get_typed_func::<External, External>(&store, "same").unwrap();
        let text = etalon::ExternRef::new(&mut store, "text".to_owned()).unwrap();
        let back = same.call(&mut store, Some(text)).unwrap().unwrap();
        let value = back.data_mut(&mut store).unwrap().unwrap();
        value.downcast_mut::<String>().unwrap().push_str(" of mine");
        let value = text.data(&store).unwrap().unwrap();
        assert_eq!(value.downcast_ref::<String>().unwrap(), "text of mine", "{tier}");
        assert!(etalon::Rooted::ref_eq(&store, &text, &back).unwrap());
        assert!(same.call(&mut store, None).unwrap().is_none());
        let i31 = instance.get_typed_func::<(), External>(&store, "i31").unwrap();
        assert!(i31.call(&mut store, ()).unwrap().unwrap().data(&store).unwrap().is_none());
        let mut other = Store::new(&engine, ());
        wrong_store(text.data(&other).map(drop));
        let there = Instance::new(&mut other, &module, &[]).unwrap();
        let there = there.get_typed_func::<External, External>(&other, "same").unwrap();
        wrong_store(there.call(&mut other, Some(text)));
    }
}

/// What a module says of itself, in types that mean the same in any store.
#[test]
fn imports_can_be_made_of_their_types() {
    let engine = engine(Tier::Interp);
    let text = r#"(module
        (type $s (struct (field i32))) (type $g (func (param (ref null $s)) (result (ref null $s))))
        (import "a" "f" (func (type $g)))
        (import "a" "t" (table 1 2 (ref null $g)))
        (import "a" "m" (memory 1))
        (import "a" "v" (global (mut (ref null $s))))
        (export "f" (func 0)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_default_values(&module).unwrap();
    let mut store = Store::new(&engine, ());
    for import in module.imports() {
        let item: Extern = match import.ty() {
            etalon::ExternType::Func(_) => continue,
            etalon::ExternType::Table(ty) => {
                Table::new(&mut store, ty.clone(), Ref::Func(None)).unwrap().into()
            }
            etalon::ExternType::Memory(ty) => Memory::new(&mut store, ty.clone()).unwrap().into(),
            etalon::ExternType::Global(ty) => {
                let value = Val::default_for_ty(ty.content()).unwrap();
                Global::new(&mut store, ty.clone(), value).unwrap().into()
            }
            etalon::ExternType::Tag(ty) => Tag::new(&mut store, ty).unwrap().into(),
        };
        linker.define(&store, import.module(), import.name(), item).unwrap();
    }
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let f: Func = instance.get_func(&store, "f").unwrap();
    let mut result = [Val::I32(0)];
    f.call(&mut store, &[Val::AnyRef(None)], &mut result).unwrap();
    assert!(matches!(result[0], Val::AnyRef(None)));
    // A type of one store is none of another; a type of a module is one of any.
    let ty = f.ty(&store);
    let mut other = Store::new(&engine, ());
    assert!(
        catch_unwind(AssertUnwindSafe(|| Func::new(&mut other, ty, |_, _, _| Ok(())))).is_err()
    );
    assert_eq!(module.exports().map(|export| export.name().to_owned()).collect::<Vec<_>>(), ["f"]);
    let Some(etalon::ExternType::Func(ty)) = module.get_export("f") else { panic!("no function") };
    let f = Func::new(&mut other, ty, |_, _, _| Ok(()));
    f.call(&mut other, &[Val::AnyRef(None)], &mut result).unwrap();
}
