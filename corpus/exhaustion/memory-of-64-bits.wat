;; Growth, fills and copies with addresses of 64 bits.
(module
  (import "env" "h" (func $h (param i64)))
  (memory i64 1 3)
  (data (i64.const 0) "etalon")
  (func (export "f")
    (call $h (memory.grow (i64.const 1)))
    (memory.fill (i64.const 65500) (i32.const 3) (i64.const 130))
    (memory.copy (i64.const 70000) (i64.const 0) (i64.const 65))
    (call $h (i64.load (i64.const 70000)))
    (call $h (memory.grow (i64.const 0x1000000000000))))
  (func (export "g") (memory.copy (i64.const -1) (i64.const 0) (i64.const 65))))
