//! A 32-bit memory with pages of one byte has at most 2^32 - 1 of them: one more, and its size would be 0 and the result of the growth
//! that of a failure (proposal *custom page sizes*, growing memories).

use etalon::{Config, Engine, Linker, Module, Store, Tier, Value};

const WAT: &str = r#"(module (memory 0 (pagesize 1))
  (func (export "f") (result i32 i32 i32)
    (memory.grow (i32.const -1))
    (memory.grow (i32.const 1))
    (memory.size))
  (func (export "last") (result i32) (i32.load8_u (i32.const -2)))
  (func (export "beyond") (result i32) (i32.load8_u (i32.const -1))))"#;

#[test]
fn a_size_stays_a_number_of_the_address_type() {
    let wasm = wat::parse_str(WAT).unwrap();
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit] {
        let engine = Engine::new(Config::new(tier));
        let module = Module::new(&engine, &wasm).unwrap();
        let mut store = Store::new(&engine, None).unwrap();
        let instance = store.instantiate(&module, &Linker::new()).unwrap();
        let mut call = |name: &str| {
            let func = store.func(instance, name).unwrap();
            store.invoke(func, &[])
        };
        let sizes = vec![Value::I32(0), Value::I32(u32::MAX), Value::I32(u32::MAX)];
        assert_eq!(call("f"), Ok(sizes), "{tier}");
        assert_eq!(call("last"), Ok(vec![Value::I32(0)]), "{tier}");
        assert!(call("beyond").is_err(), "{tier}");
    }
}
