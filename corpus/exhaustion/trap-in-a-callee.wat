;; A trap two calls deep, with something left to do in each caller.
(module
  (import "env" "h" (func $h (param i32)))
  (func $c (param i32) (result i32) nop (i32.rem_u (i32.const 1) (local.get 0)) nop nop)
  (func $b (param i32) (result i32) (call $h (i32.const 1)) (call $c (local.get 0)) nop nop nop)
  (func (export "f") (result i32) (call $b (i32.const 1)) nop)
  (func (export "g") (result i32) (call $b (i32.const 0)) nop nop (call $h (i32.const 2))))
