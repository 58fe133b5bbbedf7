;; A host function that calls the guest, which goes on afterwards.
(module
  (import "reenter" "inner" (func $again (param i32) (result i32)))
  (import "env" "h" (func $h (param i32)))
  (func (export "inner") (param i32) (result i32)
    (call $h (local.get 0)) (i32.add (local.get 0) (i32.const 1)))
  (func (export "f") (result i32)
    (i32.add (call $again (i32.const 1)) (call $again (i32.const 2))) nop nop))
