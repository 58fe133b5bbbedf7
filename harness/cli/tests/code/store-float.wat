;; A number that may be a NaN is stored as it is. The upper half is read again as an integer, and what may be a NaN is made canonical out of the way.
;; --show asm
(module
  (memory 1)
  (func (export "f") (param $at i32) (param $x f64) (param $y f64)
    (f64.store (local.get $at) (f64.mul (local.get $x) (local.get $y)))))
