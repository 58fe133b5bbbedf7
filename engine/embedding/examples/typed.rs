//! Calls that the compiler of Rust checks, and calls of functions whose type is known only when the program runs.

use etalon::{Engine, Instance, Mismatch, Module, Result, Store, Val};

pub(crate) fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
            (func $double (export "double") (param i64) (result i64)
                (i64.shl (local.get 0) (i64.const 1)))
            (func (export "which") (result funcref) (ref.func $double)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;

    // Parameters and results are tuples of Rust's types. The type is compared once.
    let swap = instance.get_typed_func::<(i32, f64), (f64, i32)>(&store, "swap")?;
    assert_eq!(swap.call(&mut store, (1, 0.5))?, (0.5, 1));
    let error = instance.get_typed_func::<i32, i32>(&store, "swap").unwrap_err();
    assert!(error.is::<Mismatch>());

    // A reference to a function is a function.
    let which = instance.get_typed_func::<(), Option<etalon::Func>>(&store, "which")?;
    let double = which.call(&mut store, ())?.expect("it is not null");
    assert_eq!(double.typed::<i64, i64>(&store)?.call(&mut store, 21)?, 42);

    // Without types of Rust: values in slices, and the type to look at.
    let ty = double.ty(&store);
    assert_eq!(ty.to_string(), "[i64] -> [i64]");
    let mut results = [Val::I64(0)];
    double.call(&mut store, &[Val::I64(4)], &mut results)?;
    assert_eq!(results[0].unwrap_i64(), 8);
    assert!(double.call(&mut store, &[Val::I32(4)], &mut results).is_err());
    Ok(())
}
