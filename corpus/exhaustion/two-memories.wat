;; A copy from one memory to another, of addresses of both widths.
(module
  (import "env" "h" (func $h (param i32)))
  (memory $a 1)
  (memory $b i64 1)
  (data $d (memory $b) (i64.const 0) "etalon")
  (func (export "f")
    (memory.copy $a $b (i32.const 10) (i64.const 0) (i32.const 100))
    (call $h (i32.load $a (i32.const 10)))
    (memory.fill $b (i64.const 0) (i32.const 1) (i64.const 65))
    (call $h (i32.load $b (i64.const 60)))))
