;; Atomic accesses, and one that is not aligned.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 1)
  (func (export "f")
    (call $h (i32.atomic.rmw.add (i32.const 8) (i32.const 5)))
    (call $h (i32.atomic.load (i32.const 8)))
    (call $h (memory.atomic.notify (i32.const 8) (i32.const 1))))
  (func (export "g") nop (drop (i32.atomic.load (i32.const 9))) nop nop))
