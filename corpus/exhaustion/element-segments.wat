;; What active element segments and their expressions cost.
(module
  (table $t 20 funcref)
  (elem (i32.const 0) func $f $f $f $f $f $f $f $f $f)
  (elem (table $t) (i32.const 10) funcref (ref.func $f) (ref.null func) (ref.func $f))
  (elem funcref (ref.func $f) (ref.null func))
  (func $f (export "f") (result i32) (ref.is_null (table.get $t (i32.const 11)))))
