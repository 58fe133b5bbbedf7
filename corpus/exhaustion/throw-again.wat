;; A caught exception that is thrown again, and one of null.
(module
  (import "env" "h" (func $h (param i32)))
  (tag $e (param i32 i64))
  (func $again
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (throw $e (i32.const 3) (i64.const 4)))
      (return))
    (call $h (i32.const 1))
    throw_ref)
  (func (export "f") (result i32) (local i64)
    (block $caught (result i32 i64)
      (try_table (catch $e $caught) (call $again))
      (i32.const 0) (i64.const 0))
    (local.set 0))
  (func (export "g") nop (throw_ref (ref.null exn))))
