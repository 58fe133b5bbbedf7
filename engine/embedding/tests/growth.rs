//! A 32-bit memory with pages of one byte has at most 2^32 - 1 of them: one more, and its size would be 0 and the result of the growth
//! that of a failure (proposal *custom page sizes*, growing memories).

use etalon::{Config, Engine, Instance, Module, Store, Tier};

const WAT: &str = r#"(module (memory 0 (pagesize 1))
  (func (export "f") (result i32 i32 i32)
    (memory.grow (i32.const -1))
    (memory.grow (i32.const 1))
    (memory.size))
  (func (export "last") (result i32) (i32.load8_u (i32.const -2)))
  (func (export "beyond") (result i32) (i32.load8_u (i32.const -1))))"#;

#[test]
fn a_size_stays_a_number_of_the_address_type() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit] {
        let engine = Engine::new(Config::new().tier(tier)).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let sizes = instance.get_typed_func::<(), (u32, u32, u32)>(&store, "f").unwrap();
        assert_eq!(sizes.call(&mut store, ()).unwrap(), (0, u32::MAX, u32::MAX), "{tier}");
        let last = instance.get_typed_func::<(), i32>(&store, "last").unwrap();
        assert_eq!(last.call(&mut store, ()).unwrap(), 0, "{tier}");
        let beyond = instance.get_typed_func::<(), i32>(&store, "beyond").unwrap();
        assert!(beyond.call(&mut store, ()).is_err(), "{tier}");
    }
}
