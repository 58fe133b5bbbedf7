//! Element segments of an instantiation that fails: what has not been copied is still there for functions that got out.

use etalon::{Config, Engine, Instance, Module, Store, Tier, Trap};

const SHARED: &str = r#"(module (table (export "t") 2 funcref) (type $n (func (result i32)))
  (func (export "call") (param i32) (result i32) (call_indirect (type $n) (local.get 0))))"#;

/// The second segment does not fit. By then the first has put a function into the table of the other module.
const FAILS: &str = r#"(module (import "shared" "t" (table $t 2 funcref)) (table $own 4 funcref)
  (type $n (func (result i32)))
  (elem $copied (table $t) (i32.const 0) func $reads $again)
  (elem $fails (table $t) (i32.const 2) func $one)
  (elem $behind (table $own) (i32.const 0) func $two)
  (elem $declared declare func $four)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $four (result i32) (i32.const 4))
  (func $reads (result i32)
    (table.init $own $fails (i32.const 0) (i32.const 0) (i32.const 1))
    (table.init $own $behind (i32.const 1) (i32.const 0) (i32.const 1))
    (table.init $own $declared (i32.const 2) (i32.const 0) (i32.const 1))
    (i32.add (call_indirect $own (type $n) (i32.const 0))
      (i32.add (call_indirect $own (type $n) (i32.const 1)) (call_indirect $own (type $n) (i32.const 2)))))
  (func $again (result i32)
    (table.init $own $copied (i32.const 0) (i32.const 0) (i32.const 1)) (i32.const 0)))"#;

#[test]
fn what_was_not_copied_is_still_there() {
    for tier in [Tier::Oracle, Tier::Interp, Tier::Jit, Tier::Aot, Tier::Auto] {
        let engine = &Engine::new(Config::new().tier(tier)).unwrap();
        let [shared, fails] = [SHARED, FAILS].map(|text| Module::new(engine, text).unwrap());
        let mut store = Store::new(engine, ());
        let shared = Instance::new(&mut store, &shared, &[]).unwrap();
        let table = shared.get_export(&store, "t").unwrap();
        // Often enough for what the module's instances share to be there.
        for _ in 0..3 {
            let error = Instance::new(&mut store, &fails, &[table]).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::TableOutOfBounds));
            let call = shared.get_typed_func::<i32, i32>(&store, "call").unwrap();
            assert_eq!(call.call(&mut store, 0).unwrap(), 7);
            let dropped = call.call(&mut store, 1).unwrap_err();
            assert_eq!(dropped.downcast_ref(), Some(&Trap::TableOutOfBounds));
        }
    }
}
