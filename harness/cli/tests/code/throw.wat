;; A call inside of a handler, and what throws.
;; --show asm
(module
  (tag $e (param i32))
  (func $g (param i32) (throw $e (local.get 0)))
  (func (export "f") (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $e $caught) (call $g (local.get 0)))
      (i32.const 0))))
