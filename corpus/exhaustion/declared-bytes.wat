;; Host functions that declare the bytes that they touch.
(module
  (import "touch" "a" (func $a (param i32)))
  (import "touch" "b" (func $b (param i32 i32)))
  (func (export "f") (call $a (i32.const 0)) (call $a (i32.const 64)) (call $a (i32.const 65)))
  (func (export "g") nop (call $b (i32.const 640) (i32.const 7)) nop))
