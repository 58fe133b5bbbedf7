;; Copies and fills of tables, then one out of bounds.
(module
  (import "env" "h" (func $h (param i32)))
  (table $t 30 funcref)
  (table $u 30 funcref)
  (elem declare func $f)
  (func $f (export "f")
    (table.fill $t (i32.const 2) (ref.func $f) (i32.const 20)) nop
    (table.copy $u $t (i32.const 0) (i32.const 1) (i32.const 9)) nop
    (call $h (ref.is_null (table.get $u (i32.const 0))))
    (call $h (ref.is_null (table.get $u (i32.const 1)))))
  (func (export "g") (table.copy $u $t (i32.const 25) (i32.const 1) (i32.const 9)) nop)
  (func (export "k") (table.fill $t (i32.const 25) (ref.null func) (i32.const 9)) nop))
