;; Elements of a passive segment, which is dropped then.
(module
  (import "env" "h" (func $h (param i32)))
  (table $t 30 funcref)
  (elem $e func $f $f $f $f $f $f $f $f $f $f)
  (func $f (export "f")
    (table.init $t $e (i32.const 3) (i32.const 1) (i32.const 9)) nop
    (call $h (ref.is_null (table.get $t (i32.const 11))))
    (elem.drop $e)
    (table.init $t $e (i32.const 3) (i32.const 0) (i32.const 0)))
  (func (export "g") (table.init $t $e (i32.const 3) (i32.const 0) (i32.const 1))))
