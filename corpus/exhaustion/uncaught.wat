;; An exception that nobody catches, with the callers' segments open.
(module
  (import "env" "h" (func $h (param i32)))
  (tag $e (param i32))
  (func $thrower nop nop (call $h (i32.const 1)) (throw $e (i32.const 3)))
  (func (export "f") nop (call $thrower) nop nop nop))
