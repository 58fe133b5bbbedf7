;; An exception that is left to an outer handler.
(module
  (import "env" "h" (func $h (param i32)))
  (tag $e (param i32))
  (func $thrower (param i32) (if (local.get 0) (then (throw $e (i32.const 9)))) nop)
  (func $try (param i32) (result i32)
    try $outer (result i32)
      try
        (call $thrower (local.get 0)) nop
      delegate $outer
      (call $h (i32.const 1)) (i32.const 2)
    catch $e
      nop
    end)
  (func (export "f") (result i32) (i32.add (call $try (i32.const 0)) (call $try (i32.const 1)))))
