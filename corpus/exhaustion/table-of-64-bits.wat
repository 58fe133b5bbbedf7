;; Growth and fills of a table with indices of 64 bits.
(module
  (import "env" "h" (func $h (param i64)))
  (table $t i64 1 externref)
  (func (export "f")
    (call $h (table.grow $t (ref.null extern) (i64.const 20)))
    (table.fill $t (i64.const 1) (ref.null extern) (i64.const 9))
    (table.copy $t $t (i64.const 2) (i64.const 1) (i64.const 17))
    (call $h (table.size $t)))
  (func (export "g") (table.fill $t (i64.const -1) (ref.null extern) (i64.const 9))))
