//! How much a guest may compute, and the ways in which it stops other than by returning.

use etalon::{Config, Engine, Exhaustion, Instance, Module, Result, Site, Store, Trap};

pub(crate) fn main() -> Result<()> {
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let module = Module::new(
        &engine,
        r#"(module
            (func (export "divide") (param i32 i32) (result i32)
                (i32.div_s (local.get 0) (local.get 1)))
            (func (export "spin") (loop $again (br $again))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;

    // What a call takes is the same on every machine and every tier.
    store.set_fuel(1_000)?;
    let divide = instance.get_typed_func::<(i32, i32), i32>(&store, "divide")?;
    assert_eq!(divide.call(&mut store, (7, 2))?, 3);
    let used = 1_000 - store.get_fuel()?;
    assert!(used > 0 && used < 100);

    // A trap, and the instruction that raised it.
    let error = divide.call(&mut store, (7, 0)).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::IntegerDivideByZero));
    assert_eq!(error.downcast_ref::<Site>().map(|site| site.func), Some(0));

    // A loop without end stops when the gas is used up, and the store runs again with a new limit.
    let spin = instance.get_typed_func::<(), ()>(&store, "spin")?;
    let error = spin.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Exhaustion>(), Some(&Exhaustion::Gas));
    assert_eq!(store.get_fuel()?, 0);
    store.set_fuel(1_000)?;
    assert_eq!(divide.call(&mut store, (9, 3))?, 3);
    Ok(())
}
