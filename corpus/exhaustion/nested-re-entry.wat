;; The guest that the host called calls it again.
(module
  (import "reenter" "down" (func $again (param i32) (result i32)))
  (func (export "down") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
      (else (i32.add (i32.const 2) (call $again (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "f") (result i32) (call $again (i32.const 3))))
