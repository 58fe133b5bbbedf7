;; The folded `try` of the exceptions of before 3.0 (legacy proposal, Text Format, "Folded Instructions").
;; features: legacy-exceptions

(module
  (tag $e (param i32))
  (tag $other)

  (func $throw (param i32) (throw $e (local.get 0)))

  (func (export "catch") (param i32) (result i32)
    (try (result i32)
      (do (throw $e (local.get 0)))
      (catch $e (i32.add (i32.const 1)))))

  (func (export "catch-all") (param i32) (result i32)
    (try (result i32)
      (do (call $throw (local.get 0)) (i32.const 1))
      (catch $other (i32.const 2))
      (catch_all (i32.const 3))))

  (func (export "delegate") (param i32) (result i32)
    (try $outer (result i32)
      (do
        (try (result i32)
          (do (try (result i32)
            (do (call $throw (local.get 0)) (i32.const 4))
            (delegate $outer)))
          (catch_all (i32.const 5))))
      (catch $e)))

  (func (export "rethrow") (param i32) (result i32)
    (try (result i32)
      (do (try (do (call $throw (local.get 0))) (catch $e (drop) (rethrow 0))) (i32.const 6))
      (catch $e (i32.add (i32.const 100)))))

  (func (export "operand") (param i32) (result i32)
    (i32.sub
      (try (result i32) (do (call $throw (local.get 0)) (i32.const 7)) (catch $e))
      (try (result i32) (do (i32.const 8)) (catch_all (i32.const 9)))))

  (func (export "condition") (param i32) (result i32)
    (if (result i32)
      (try (result i32) (do (call $throw (local.get 0)) (i32.const 10)) (catch $e))
      (then (i32.const 11))
      (else (i32.const 12))))

  (func (export "nothing thrown") (result i32)
    (try (do) (catch_all (unreachable)))
    (try (do (nop)))
    (i32.const 13)))

(assert_return (invoke "catch" (i32.const 41)) (i32.const 42))
(assert_return (invoke "catch-all" (i32.const 41)) (i32.const 3))
(assert_return (invoke "delegate" (i32.const 41)) (i32.const 41))
(assert_return (invoke "rethrow" (i32.const 41)) (i32.const 141))
(assert_return (invoke "operand" (i32.const 41)) (i32.const 33))
(assert_return (invoke "condition" (i32.const 1)) (i32.const 11))
(assert_return (invoke "condition" (i32.const 0)) (i32.const 12))
(assert_return (invoke "nothing thrown") (i32.const 13))
