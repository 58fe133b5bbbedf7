;; An indirect call looks at the bounds, at null and at the type.
;; --show asm
(module (table 4 funcref)
  (type $t (func (param i32) (result i32)))
  (func (export "f") (param i32 i32) (result i32)
    (i32.add (call_indirect (type $t) (local.get 0) (local.get 1)) (i32.const 1))))
