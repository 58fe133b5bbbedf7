;; Integer arithmetic in one loop, all in locals: a linear congruential step, mixed by shifts.
(module
  ;; n * 1000 steps
  (func (export "run") (param $n i32) (result i64)
    (local $left i32) (local $x i64) (local $sum i64)
    (local.set $x (i64.const 88172645463325252))
    (local.set $left (i32.mul (local.get $n) (i32.const 1000)))
    (loop $step
      (local.set $x
        (i64.add
          (i64.mul (local.get $x) (i64.const 6364136223846793005))
          (i64.const 1442695040888963407)))
      (local.set $sum
        (i64.xor
          (i64.rotl (local.get $sum) (i64.const 5))
          (i64.shr_u (local.get $x) (i64.const 33))))
      (if (i64.lt_s (local.get $x) (local.get $sum))
        (then (local.set $sum (i64.sub (local.get $sum) (local.get $x)))))
      (br_if $step
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
