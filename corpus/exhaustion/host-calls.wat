;; Calls of the host one after the other, with results.
(module
  (import "env" "h" (func $h (param i32) (result i32)))
  (import "env" "k" (func $k (param i64 f64)))
  (func (export "f") (result i32)
    (call $k (i64.const 1) (f64.const 2)) nop
    (i32.add (call $h (i32.const 1)) (call $h (i32.const 2))))
  (func (export "g") (call $k (i64.const 3) (f64.const 4))))
