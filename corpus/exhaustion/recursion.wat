;; A function that calls itself.
(module
  (import "env" "h" (func $h (param i32)))
  (func $down (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (call $h (i32.const 0)) (i32.const 1))
      (else (i32.mul (local.get 0) (call $down (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "f") (result i32) (call $down (i32.const 5))))
