;; The Collatz sequence: how many steps lead from a number to 1. A branch that no processor guesses well.
(module
  (func $steps (param $x i64) (result i64)
    (local $steps i64)
    (block $one
      (loop $next
        (br_if $one (i64.eq (local.get $x) (i64.const 1)))
        (local.set $steps (i64.add (local.get $steps) (i64.const 1)))
        (if (i64.eqz (i64.and (local.get $x) (i64.const 1)))
          (then (local.set $x (i64.shr_u (local.get $x) (i64.const 1))))
          (else
            (local.set $x
              (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1)))))
        (br $next)))
    (local.get $steps))

  ;; n * 100 numbers
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (local.set $i (i32.mul (local.get $n) (i32.const 100)))
    (loop $next
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 3))
          (call $steps (i64.extend_i32_u (local.get $i)))))
      (br_if $next
        (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $sum)))
