;; Exceptions of before 3.0: caught, thrown again, and not thrown.
(module
  (import "env" "h" (func $h (param i32)))
  (tag $e (param i32))
  (func $thrower (param i32) nop (if (local.get 0) (then (throw $e (i32.const 9)))) (call $h (i32.const 1)))
  (func $try (param i32) (result i32)
    try (result i32)
      (call $thrower (local.get 0)) (i32.const 4)
    catch $e
      nop nop
    catch_all
      (i32.const 6)
    end
    nop)
  (func $again (result i32)
    try (result i32)
      try (result i32) (call $thrower (i32.const 1)) (i32.const 1)
      catch_all (call $h (i32.const 2)) rethrow 0 end
    catch $e
    end)
  (func (export "f") (result i32) (i32.add (call $try (i32.const 0)) (call $try (i32.const 1))))
  (func (export "g") (result i32) (call $again)))
