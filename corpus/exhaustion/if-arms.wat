;; Both arms of a conditional, and one without an else.
(module
  (import "env" "h" (func $h (param i32)))
  (func $arms (param i32)
    (if (local.get 0) (then (call $h (i32.const 1))) (else nop nop (call $h (i32.const 2))))
    (if (local.get 0) (then (call $h (i32.const 3)) nop)))
  (func (export "f") (call $arms (i32.const 0)) (call $arms (i32.const 1))))
