;; Growth of a memory whose pages are bytes.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 10 200000 (pagesize 1))
  (func (export "f")
    (call $h (memory.grow (i32.const 1)))
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 11))
    (call $h (memory.grow (i32.const 300000)))
    (call $h (memory.size))))
