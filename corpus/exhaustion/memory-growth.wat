;; Growth by nothing, by a page, and beyond what is declared.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 1 2)
  (func (export "f")
    (call $h (memory.grow (i32.const 0)))
    (call $h (memory.grow (i32.const 1)))
    (call $h (memory.grow (i32.const 1)))
    (call $h (memory.size))))
