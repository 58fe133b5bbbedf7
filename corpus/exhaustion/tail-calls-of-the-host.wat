;; A tail call that leaves for the host.
(module
  (import "env" "h" (func $h (param i32)))
  (func $last (param i32) nop nop (return_call $h (local.get 0)))
  (func (export "f") (call $last (i32.const 1)) nop (call $last (i32.const 2))))
