;; A tail call is a jump.
;; --show asm
(module
  (func $f (export "f") (param i64 i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (local.get 1))
      (else (return_call $f
        (i64.sub (local.get 0) (i64.const 1))
        (i64.mul (local.get 0) (local.get 1)))))))
