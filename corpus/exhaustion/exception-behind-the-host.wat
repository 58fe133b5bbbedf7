;; What the host called throws, and the guest that called the host catches it.
(module
  (tag $e (param i32))
  (import "reenter" "inner" (func $again (param i32)))
  (import "env" "h" (func $h (param i32)))
  (func (export "inner") (param i32)
    (if (local.get 0) (then nop (throw $e (i32.const 5)))) (call $h (i32.const 1)))
  (func (export "f") (result i32)
    (call $again (i32.const 0))
    (block $caught (result i32)
      (try_table (catch $e $caught) (call $again (i32.const 1)))
      (i32.const 0))
    nop))
