;; Each way out of a branch table.
(module
  (import "env" "h" (func $h (param i32)))
  (func $way (param i32)
    (block $a (block $b (block $c (br_table $a $b $c (local.get 0)))
      (call $h (i32.const 3))) (call $h (i32.const 2))) (call $h (i32.const 1)))
  (func (export "f")
    (call $way (i32.const 0)) (call $way (i32.const 1)) (call $way (i32.const 9))))
