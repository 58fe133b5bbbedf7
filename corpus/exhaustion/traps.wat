;; A trap in the midst of a segment, of each of several kinds.
(module
  (memory 1)
  (func (export "a") (result i32) nop (i32.div_s (i32.const 1) (i32.const 0)) nop nop nop)
  (func (export "b") (result i32) nop (i32.load (i32.const -1)) nop nop)
  (func (export "c") nop nop unreachable)
  (func (export "d") (result i32) (i32.trunc_f32_s (f32.const nan)) nop nop)
  (func (export "e") (i64.store (i32.const 65530) (i64.const 1)) nop))
