//! Engines of others that are on some machines: where one is, it does what the oracle does, and shows all that is compared.

mod program;

use std::fs;

/// Vectors, bits of NaNs, references, host functions, one of which the start function calls, a name that needs quoting, a trap, and a
/// memory that nobody reads.
const MODULE: &str = r#"(module
  (import "a \"b" "log" (func $log (param i32 f64 v128)))
  (import "c" "begun" (func $begun (param i32)))
  (func $begin (call $begun (i32.const 3)))
  (start $begin)
  (memory (export "m") 1)
  (global $g (export "g") (mut f32) (f32.const nan:0x5))
  (func (export "pass \"\n") (param v128 f32 f64) (result v128 f32 f64)
    (local.get 0) (local.get 1) (local.get 2))
  (func (export "null") (param externref) (result i32 externref)
    (ref.is_null (local.get 0)) (local.get 0))
  (func (export "store") (param i64) (result i32)
    (i64.store offset=4096 (i32.const 8) (local.get 0))
    (call $log (i32.const -1) (f64.const nan:0x4000000000001) (v128.const i32x4 1 2 3 -4))
    (i32.const 7))
  (func (export "count") (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (i32.load (i32.const 0)))
  (func (export "div") (param i32 i32) (result i32)
    (global.set $g (f32.convert_i32_s (local.get 0)))
    (i32.div_s (local.get 0) (local.get 1))))"#;

#[test]
fn engines_that_are_installed_do_what_the_oracle_does() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    fs::write(folder.path().join("m.wat"), MODULE).expect("it is writable");
    for engine in ["node", "jsc", "bun", "firefox", "wasm-interp"] {
        let mut command = program::etalon();
        command.args(["diff", "m.wat", "--engine", &format!("oracle,{engine}")]);
        let output = command.current_dir(folder.path()).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let why = String::from_utf8_lossy(&output.stderr);
        if why.contains("cannot be started") || why.contains("in the path") {
            assert_eq!(output.status.code(), Some(2), "{engine}: {why}");
            // It is passed over, and the reason is told.
            continue;
        }
        assert!(output.status.success(), "{engine}: {said}{why}");
        assert!(said.contains("no divergence"), "{engine}: {said}{why}");
        assert!(said.contains("integer divide by zero"), "{engine}: {said}");
    }
}
