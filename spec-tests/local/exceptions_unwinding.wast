;; features: exceptions, tail-call, function-references
;;
;; What leaves handlers: branches, returns, tail calls and traps do not run them; exceptions try their clauses in order.

(module
  (tag $a (param i32))
  (tag $b)

  ;; A branch out of a `try_table` passes its label and its handler.
  (func (export "branch out") (param i32) (result i32)
    (block $out (result i32)
      (block $caught
        (try_table (catch_all $caught)
          (br $out (local.get 0))))
      (i32.const -1)))
  (func (export "branch out if") (param i32) (result i32)
    (block $out (result i32)
      (block $caught
        (try_table (catch_all $caught)
          (drop (br_if $out (i32.const 10) (local.get 0)))))
      (i32.const 20)))
  (func (export "branch out by table") (param i32) (result i32)
    (block $c (block $b (block $a
      (try_table (catch_all $a)
        (br_table $a $b $c (local.get 0)))
      (unreachable))
      (return (i32.const 1)))
      (return (i32.const 2)))
    (i32.const 3))

  ;; To its own label: the handler ends with the values.
  (func (export "branch to its end") (param i32) (result i32)
    (block $caught
      (return
        (try_table $end (result i32) (catch_all $caught)
          (br $end (i32.add (local.get 0) (i32.const 1))))))
    (i32.const -1))

  ;; A return passes every handler of its function, and of none other.
  (func (export "return out") (param i32) (result i32)
    (block $caught
      (try_table (catch_all $caught)
        (try_table (catch_all $caught)
          (return (local.get 0)))))
    (i32.const -1))
  (func $returns (result i32)
    (block $caught (try_table (catch_all $caught) (return (i32.const 7))))
    (i32.const 8))
  (func (export "return into a handler") (result i32)
    (block $caught
      (return (try_table (result i32) (catch_all $caught) (call $returns))))
    (i32.const -1))

  ;; A tail call leaves the handlers before it calls: what it throws is not caught here.
  (func $throws (result i32) (throw $a (i32.const 3)))
  (func (export "tail call out") (result i32)
    (block $caught (try_table (catch_all $caught) (return_call $throws)))
    (i32.const -1))

  ;; No clause catches a trap.
  (func (export "trap out") (param i32) (result i32)
    (block $caught
      (return
        (try_table (result i32) (catch_all $caught)
          (i32.div_u (i32.const 1) (local.get 0)))))
    (i32.const -1))
  (func $divides (param i32) (result i32)
    (block $caught
      (return
        (try_table (result i32) (catch_all $caught)
          (i32.add (i32.const 1) (i32.div_s (i32.const 0x8000_0000) (local.get 0))))))
    (i32.const -1))
  (func (export "trap out of calls") (param i32) (result i32)
    (i32.add (i32.const 1) (call $divides (local.get 0))))

  ;; Clauses are tried in their order; one that does not match passes on, and so does a handler without any.
  (func (export "in order") (param i32) (result i32)
    (block $all
      (block $first
        (try_table (result i32) (catch $b $first) (catch_all $all) (catch $b $all)
          (try_table (result i32)
            (if (local.get 0) (then (throw $b)))
            (throw $a (i32.const 1))))
        (return))
      (return (i32.const 1)))
    (i32.const 2))
  (func (export "payload") (result i32)
    (block $other
      (return
        (block $caught (result i32)
          (try_table (result i32) (catch $b $other) (catch $a $caught)
            (i32.add (i32.const 1) (call $throws))))))
    (i32.const -1))
  (func (export "out of everything") (param i32)
    (try_table (catch $b 0)
      (block (throw $a (local.get 0)))))
)

(assert_return (invoke "branch out" (i32.const 5)) (i32.const 5))
(assert_return (invoke "branch out if" (i32.const 1)) (i32.const 10))
(assert_return (invoke "branch out if" (i32.const 0)) (i32.const 20))
(assert_return (invoke "branch out by table" (i32.const 0)) (i32.const 1))
(assert_return (invoke "branch out by table" (i32.const 1)) (i32.const 2))
(assert_return (invoke "branch out by table" (i32.const -1)) (i32.const 3))
(assert_return (invoke "branch to its end" (i32.const 0x7fff_ffff)) (i32.const 0x8000_0000))
(assert_return (invoke "return out" (i32.const 6)) (i32.const 6))
(assert_return (invoke "return into a handler") (i32.const 7))
(assert_exception (invoke "tail call out"))
(assert_return (invoke "trap out" (i32.const 1)) (i32.const 1))
(assert_trap (invoke "trap out" (i32.const 0)) "integer divide by zero")
(assert_trap (invoke "trap out of calls" (i32.const -1)) "integer overflow")
(assert_trap (invoke "trap out of calls" (i32.const 0)) "integer divide by zero")
(assert_return (invoke "in order" (i32.const 1)) (i32.const 1))
(assert_return (invoke "in order" (i32.const 0)) (i32.const 2))
(assert_return (invoke "payload") (i32.const 3))
(assert_exception (invoke "out of everything" (i32.const 0)))
