;; A start function that traps.
(module
  (import "env" "h" (func $h (param i32)))
  (func $start (call $h (i32.const 1)) nop unreachable)
  (start $start)
  (func (export "f")))
