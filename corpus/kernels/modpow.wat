;; Powers modulo a prime, by squaring: a product and a remainder of 64 bits in each step.
(module
  (func $power (param $base i64) (param $exponent i64) (param $modulus i64) (result i64)
    (local $power i64)
    (local.set $power (i64.const 1))
    (loop $bit
      (if (i64.ne (i64.and (local.get $exponent) (i64.const 1)) (i64.const 0))
        (then
          (local.set $power
            (i64.rem_u
              (i64.mul (local.get $power) (local.get $base))
              (local.get $modulus)))))
      (local.set $base
        (i64.rem_u (i64.mul (local.get $base) (local.get $base)) (local.get $modulus)))
      (br_if $bit
        (i64.ne
          (local.tee $exponent (i64.shr_u (local.get $exponent) (i64.const 1)))
          (i64.const 0))))
    (local.get $power))

  ;; n * 10 powers
  (func (export "run") (param $n i32) (result i64)
    (local $left i32) (local $x i64)
    (local.set $x (i64.const 3))
    (local.set $left (i32.mul (local.get $n) (i32.const 10)))
    (loop $next
      (local.set $x
        (i64.add
          (call $power (local.get $x) (i64.const 0x5a5a5a5b) (i64.const 4294967291))
          (i64.extend_i32_u (local.get $left))))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $x)))
