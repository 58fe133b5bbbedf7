;; A call of the module's own function is direct, and passes the gas that is left in its register.
;; --show asm --schedule etalon-1
(module
  (func $g (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))
  (func (export "f") (param i32) (result i32)
    (i32.add (call $g (local.get 0)) (i32.const 1))))
