;; Tail calls through a table.
(module
  (type $t (func (param i32) (result i32)))
  (table funcref (elem $even $odd))
  (func $even (type $t)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 1))
      (else (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))))
  (func $odd (type $t)
    (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
      (else (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
  (func (export "f") (result i32) (call $even (i32.const 5)))
  (func (export "g") (result i32) nop (return_call_indirect (type $t) (i32.const 1) (i32.const 5))))
