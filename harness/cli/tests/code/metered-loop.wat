;; The same with gas: one comparison and one subtraction each time round, in a register.
;; --show asm --schedule etalon-1
(module
  (func (export "f") (param $n i64) (result i64) (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (local.get $n)))
      (br_if $next (i32.wrap_i64 (local.tee $n (i64.sub (local.get $n) (i64.const 1))))))
    (local.get $sum)))
