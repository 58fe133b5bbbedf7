;; Growth of a table, and beyond what is declared.
(module
  (import "env" "h" (func $h (param i32)))
  (table $t 1 40 funcref)
  (func (export "f")
    (call $h (table.grow $t (ref.null func) (i32.const 17)))
    (call $h (table.grow $t (ref.null func) (i32.const 100)))
    (call $h (table.size $t))))
