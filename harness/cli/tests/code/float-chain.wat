;; A chain of additions makes a NaN canonical once, where its bits can be seen.
;; --show asm
;; --show clif
(module
  (func (export "f") (param f64 f64 f64) (result f64)
    (f64.add (f64.add (f64.add (local.get 0) (local.get 1)) (local.get 2)) (f64.const 1))))
