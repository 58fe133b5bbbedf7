;; Pages that are given back, of a memory whose pages are bytes.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 200 (pagesize 1))
  (func (export "f")
    (i32.store (i32.const 100) (i32.const 7))
    (memory.discard (i32.const 64) (i32.const 65)) nop
    (call $h (i32.load (i32.const 100))))
  (func (export "g") (memory.discard (i32.const 164) (i32.const 65)) nop))
