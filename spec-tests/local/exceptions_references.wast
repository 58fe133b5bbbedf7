;; features: exceptions, function-references, gc
;;
;; References to exceptions: caught with one, thrown again with it, and the null one, which is a trap that nobody catches.

(module
  (tag $a (param i32 i64))
  (tag $b)

  (func $throw_a (throw $a (i32.const 1) (i64.const 2)))

  ;; The reference comes above the fields.
  (func (export "catch_ref") (result i32 i64)
    (block $other (result exnref)
      (block $caught (result i32 i64 exnref)
        (try_table (catch_ref $b $other) (catch_ref $a $caught) (call $throw_a))
        (unreachable))
      (drop)
      (return))
    (unreachable))

  ;; Thrown again it is the same exception: the fields are there.
  (func (export "rethrow") (result i32 i64)
    (block $again (result i32 i64)
      (try_table (catch $a $again)
        (block $caught (result exnref)
          (try_table (catch_all_ref $caught) (call $throw_a))
          (unreachable))
        (throw_ref))
      (unreachable)))

  ;; A handler is gone when its clause has been chosen: the second time it does not catch.
  (func (export "rethrow inside") (result i32)
    (block $outer
      (try_table (catch_all $outer)
        (block $caught (result exnref)
          (try_table (catch_all_ref $caught) (throw $b))
          (return (i32.const 0)))
        (throw_ref))
      (return (i32.const 1)))
    (i32.const 2))

  (func (export "throw_ref null") (result i32)
    (block $caught
      (try_table (catch_all $caught)
        (throw_ref (ref.null exn))))
    (i32.const 3))
  (func (export "is null") (param i32) (result i32)
    (local $e exnref)
    (if (local.get 0)
      (then
        (local.set $e
          (block $caught (result exnref)
            (try_table (catch_all_ref $caught) (throw $b))
            (unreachable)))))
    (ref.is_null (local.get $e)))
)

(assert_return (invoke "catch_ref") (i32.const 1) (i64.const 2))
(assert_return (invoke "rethrow") (i32.const 1) (i64.const 2))
(assert_return (invoke "rethrow inside") (i32.const 2))
(assert_trap (invoke "throw_ref null") "null exception reference")
(assert_return (invoke "is null" (i32.const 0)) (i32.const 1))
(assert_return (invoke "is null" (i32.const 1)) (i32.const 0))
