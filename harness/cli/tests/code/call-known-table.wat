;; A table that nothing changes, of functions of one type: no comparison of types, and none of a masked index with the length.
;; --show asm
(module
  (type $t (func (param i32) (result i32)))
  (table 2 2 funcref)
  (elem (i32.const 0) $a $b)
  (func $a (type $t) (local.get 0))
  (func $b (type $t) (i32.const 1))
  (func (export "f") (param $which i32) (result i32)
    (call_indirect (type $t) (i32.const 7) (i32.and (local.get $which) (i32.const 1)))))
