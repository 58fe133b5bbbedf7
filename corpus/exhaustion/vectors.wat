;; Vectors in locals, memory and calls.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 1)
  (func $twice (param v128) (result v128) (local v128)
    (local.set 1 (i32x4.add (local.get 0) (local.get 0))) (local.get 1))
  (func (export "f")
    (v128.store (i32.const 16) (call $twice (v128.const i32x4 1 2 3 4)))
    (call $h (i32x4.extract_lane 2 (v128.load (i32.const 16)))))
  (func (export "g") nop (drop (v128.load (i32.const 65530))) nop))
