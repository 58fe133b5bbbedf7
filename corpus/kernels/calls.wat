;; Small functions as compilers write them: a stack in memory, its pointer in a global, results
;; through addresses.
(module
  (memory 1)
  (global $stack (mut i32) (i32.const 65536))

  ;; Writes quotient and remainder to where $to says.
  (func $divide (param $to i32) (param $a i32) (param $b i32)
    (i32.store (local.get $to) (i32.div_u (local.get $a) (local.get $b)))
    (i32.store offset=4 (local.get $to) (i32.rem_u (local.get $a) (local.get $b))))

  ;; The sum of the decimal digits of a number.
  (func $digits (param $a i32) (result i32)
    (local $frame i32) (local $sum i32)
    (global.set $stack (local.tee $frame (i32.sub (global.get $stack) (i32.const 16))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $a)))
        (call $divide (i32.add (local.get $frame) (i32.const 8)) (local.get $a) (i32.const 10))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=12 (local.get $frame))))
        (local.set $a (i32.load offset=8 (local.get $frame)))
        (br $next)))
    (global.set $stack (i32.add (local.get $frame) (i32.const 16)))
    (local.get $sum))

  ;; n * 100 numbers
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (local.set $i (i32.mul (local.get $n) (i32.const 100)))
    (loop $next
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 31))
          (i64.extend_i32_u
            (call $digits (i32.mul (local.get $i) (i32.const 7919))))))
      (br_if $next
        (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $sum)))
