;; Fills, the last of them out of bounds.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 1)
  (func (export "f")
    (memory.fill (i32.const 8) (i32.const 7) (i32.const 200)) nop
    (call $h (i32.load (i32.const 100)))
    (memory.fill (i32.const 8) (i32.const 9) (i32.const 0)))
  (func (export "g") (memory.fill (i32.const 65500) (i32.const 7) (i32.const 1000)) nop))
