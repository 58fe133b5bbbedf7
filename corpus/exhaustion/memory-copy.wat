;; Copies of no bytes, of a granule, of one more, and out of bounds.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 1)
  (data (i32.const 0) "etalon")
  (func $copy (param i32 i32 i32) nop (memory.copy (local.get 0) (local.get 1) (local.get 2)) nop)
  (func (export "f")
    (call $copy (i32.const 100) (i32.const 0) (i32.const 0))
    (call $copy (i32.const 100) (i32.const 0) (i32.const 64))
    (call $copy (i32.const 3) (i32.const 0) (i32.const 65))
    (call $h (i32.load (i32.const 101))))
  (func (export "g") (call $copy (i32.const 65535) (i32.const 0) (i32.const 640))))
