;; Calls of functions with parameters and declared locals.
(module
  (import "env" "h" (func $h (param i32)))
  (func $inner (param i32 i64 f32) (result i32) (local i32 i64 v128)
    (call $h (local.get 0)) (i32.add (local.get 0) (local.get 3)))
  (func $outer (param i32) (result i32) (local i32 i32)
    (call $inner (call $inner (local.get 0) (i64.const 1) (f32.const 2)) (i64.const 3) (f32.const 4)))
  (func (export "f") (result i32) (call $outer (i32.const 8)))
  (func (export "g") (result i32) (call $outer (i32.const 9))))
