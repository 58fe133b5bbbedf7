;; A loop that counts: what it keeps is in registers.
;; --show asm
(module
  (func (export "f") (param $n i64) (result i64) (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (local.get $n)))
      (br_if $next (i32.wrap_i64 (local.tee $n (i64.sub (local.get $n) (i64.const 1))))))
    (local.get $sum)))
