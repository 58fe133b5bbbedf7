;; features: exceptions, tail-call, function-references, gc
;;
;; Every instruction that branches, from inside handlers: to the label of its `try_table`, to one outside of handlers,
;; and to the function's own. Whoever is on the way is left without being run.

(module
  (tag $e (param i32))
  (type $pair (struct (field i32)))
  (type $unary (func (param i32) (result i32)))

  ;; Taken with 1, to: 0 the label of its `try_table`, 1 a block around that, 2 the function's label.
  (func (export "br_if") (param $to i32) (param $if i32) (result i32)
    (block $h
      (block $out (result i32)
        (try_table $try (catch_all $h)
          (if (i32.eqz (local.get $to)) (then (br_if $try (local.get $if))))
          (if (i32.eq (local.get $to) (i32.const 1))
            (then (drop (br_if $out (i32.const 10) (local.get $if)))))
          (if (i32.eq (local.get $to) (i32.const 2))
            (then (drop (br_if 4 (i32.const 20) (local.get $if)))))
          (return (i32.const -1)))
        (return (i32.const 0)))
      (return))
    (i32.const -2))

  (func (export "br_if own") (param i32) (result i32)
    (block $h
      (try_table $try (catch_all $h)
        (br_if $try (local.get 0))
        (return (i32.const 1)))
      (return (i32.const 2)))
    (i32.const 3))

  (func (export "br_table") (param i32) (result i32)
    (block $h
      (block $out
        (try_table $try (catch_all $h)
          (br_table $try $out (local.get 0)))
        (return (i32.const 0)))
      (return (i32.const 1)))
    (i32.const -1))

  (func (export "br_on_null") (param anyref) (result i32)
    (block $h
      (block $out
        (try_table (catch_all $h)
          (drop (br_on_null $out (local.get 0))))
        (try_table $try (catch_all $h)
          (drop (br_on_null $try (ref.null any)))
          (unreachable))
        (return (i32.const 0)))
      (return (i32.const 1)))
    (i32.const -1))
  (func (export "br_on_null out") (param anyref)
    (block (drop (br_on_null 1 (local.get 0))))
    (unreachable))

  (func (export "br_on_non_null") (param anyref) (result i32)
    (block $h
      (drop
        (block $out (result (ref any))
          (try_table (catch_all $h)
            (br_on_non_null $out (local.get 0)))
          (drop
            (try_table $try (result (ref any)) (catch_all $h)
              (br_on_non_null $try (ref.i31 (i32.const 1)))
              (unreachable)))
          (return (i32.const 0))))
      (return (i32.const 1)))
    (i32.const -1))
  (func (export "br_on_non_null out") (param anyref) (result anyref)
    (block (br_on_non_null 1 (local.get 0)))
    (ref.null any))

  (func (export "br_on_cast") (param i32) (result i32)
    (local $r anyref)
    (if (local.get 0) (then (local.set $r (ref.i31 (i32.const 1)))))
    (block $h
      (drop
        (block $out (result (ref i31))
          (try_table (catch_all $h)
            (drop (br_on_cast $out anyref (ref i31) (local.get $r))))
          (drop
            (try_table $try (result i31ref) (catch_all $h)
              (drop (br_on_cast $try anyref i31ref (local.get $r)))
              (unreachable)))
          (return (i32.const 0))))
      (return (i32.const 1)))
    (i32.const -1))
  (func (export "br_on_cast out") (param i32) (result i31ref)
    (drop (br_on_cast 0 anyref i31ref (ref.i31 (local.get 0))))
    (unreachable))

  (func (export "br_on_cast_fail") (param i32) (result i32)
    (local $r anyref)
    (if (local.get 0) (then (local.set $r (ref.i31 (i32.const 1)))))
    (block $h
      (drop
        (block $out (result (ref any))
          (try_table (catch_all $h)
            (drop (br_on_cast_fail $out anyref nullref (local.get $r))))
          (drop
            (try_table $try (result anyref) (catch_all $h)
              (drop (br_on_cast_fail $try anyref (ref i31) (local.get $r)))
              (unreachable)))
          (return (i32.const 0))))
      (return (i32.const 1)))
    (i32.const -1))
  (func (export "br_on_cast_fail out") (param i32) (result anyref)
    (drop (br_on_cast_fail 0 anyref (ref $pair) (ref.i31 (local.get 0))))
    (unreachable))

  ;; A clause branches as well: out of handlers around it, to the label of one, to the function's.
  (func (export "throw") (param i32) (result i32)
    (block $h
      (return
        (block $out (result i32)
          (try_table (catch_all $h)
            (try_table (catch $e $out) (throw $e (local.get 0))))
          (unreachable))))
    (i32.const -1))
  (func (export "throw to a handler's label") (param i32) (result i32)
    (block $h
      (return
        (try_table $try (result i32) (catch_all $h)
          (try_table (catch $e $try) (throw $e (local.get 0)))
          (unreachable))))
    (i32.const -1))
  (func (export "throw out") (param i32) (result i32)
    (try_table (catch $e 0) (throw $e (local.get 0)))
    (unreachable))

  (func $caught (param i32) (result exnref)
    (block $ref (result i32 exnref)
      (try_table (catch_ref $e $ref) (throw $e (local.get 0)))
      (unreachable))
    (return))
  (func (export "throw_ref") (param i32) (result i32)
    (block $h
      (return
        (block $out (result i32)
          (try_table (catch_all $h)
            (try_table (catch $e $out)
              (try_table
                (drop (i32.const 7))
                (throw_ref (call $caught (local.get 0)))
                (nop))))
          (unreachable))))
    (i32.const -1))
  (func (export "throw_ref to a handler's label") (param i32) (result i32)
    (block $h
      (return
        (try_table $try (result i32) (catch_all $h)
          (try_table (catch $e $try) (throw_ref (call $caught (local.get 0))))
          (unreachable))))
    (i32.const -1))
  (func (export "throw_ref out") (param i32) (result i32)
    (try_table (catch $e 0) (throw_ref (call $caught (local.get 0))))
    (unreachable))
  (tag $other)
  (func (export "throw_ref again") (param i32) (result i32)
    (ref.is_null
      (block $ref (result exnref)
        (block $h
          (try_table (catch $other $h) (catch_all_ref $ref) (throw_ref (call $caught (local.get 0)))))
        (unreachable))))

  ;; A tail call through a reference, out of a handler; and through an entry of a table that is null.
  (elem declare func $negate)
  (func $negate (type $unary) (i32.sub (i32.const 0) (local.get 0)))
  (func (export "return_call_ref") (param i32) (result i32)
    (block $h
      (try_table (catch_all $h)
        (return_call_ref $unary (local.get 0) (ref.func $negate))))
    (i32.const -1))
  (table $null 1 funcref)
  (func (export "return_call_indirect null") (param i32) (result i32)
    (block $h
      (try_table (catch_all $h)
        (return_call_indirect $null (type $unary) (local.get 0) (i32.const 0))))
    (i32.const -1))
)

(assert_return (invoke "br_if" (i32.const 0) (i32.const 1)) (i32.const 0))
(assert_return (invoke "br_if" (i32.const 1) (i32.const 1)) (i32.const 10))
(assert_return (invoke "br_if" (i32.const 2) (i32.const 1)) (i32.const 20))
(assert_return (invoke "br_if" (i32.const 0) (i32.const 0)) (i32.const -1))
(assert_return (invoke "br_if" (i32.const 2) (i32.const 0)) (i32.const -1))
(assert_return (invoke "br_if own" (i32.const 1)) (i32.const 2))
(assert_return (invoke "br_if own" (i32.const 0)) (i32.const 1))
(assert_return (invoke "br_table" (i32.const 0)) (i32.const 0))
(assert_return (invoke "br_table" (i32.const 1)) (i32.const 1))
(assert_return (invoke "br_table" (i32.const -1)) (i32.const 1))
(assert_return (invoke "br_on_null" (ref.null any)) (i32.const 1))
(assert_return (invoke "br_on_null" (ref.host 1)) (i32.const 0))
(assert_return (invoke "br_on_null out" (ref.null any)))
(assert_return (invoke "br_on_non_null" (ref.host 1)) (i32.const 1))
(assert_return (invoke "br_on_non_null" (ref.null any)) (i32.const 0))
(assert_return (invoke "br_on_non_null out" (ref.host 1)) (ref.host 1))
(assert_return (invoke "br_on_non_null out" (ref.null any)) (ref.null any))
(assert_return (invoke "br_on_cast" (i32.const 1)) (i32.const 1))
(assert_return (invoke "br_on_cast" (i32.const 0)) (i32.const 0))
(assert_return (invoke "br_on_cast out" (i32.const 1)) (ref.i31))
(assert_return (invoke "br_on_cast_fail" (i32.const 1)) (i32.const 1))
(assert_return (invoke "br_on_cast_fail" (i32.const 0)) (i32.const 0))
(assert_return (invoke "br_on_cast_fail out" (i32.const 1)) (ref.i31))
(assert_return (invoke "throw" (i32.const 5)) (i32.const 5))
(assert_return (invoke "throw to a handler's label" (i32.const 6)) (i32.const 6))
(assert_return (invoke "throw out" (i32.const 7)) (i32.const 7))
(assert_return (invoke "throw_ref" (i32.const 8)) (i32.const 8))
(assert_return (invoke "throw_ref to a handler's label" (i32.const 9)) (i32.const 9))
(assert_return (invoke "throw_ref out" (i32.const 10)) (i32.const 10))
(assert_return (invoke "throw_ref again" (i32.const 11)) (i32.const 0))
(assert_return (invoke "return_call_ref" (i32.const 12)) (i32.const -12))
(assert_trap (invoke "return_call_indirect null" (i32.const 0)) "uninitialized element")
