;; Bytes of a passive segment, which is dropped then.
(module
  (import "env" "h" (func $h (param i32)))
  (memory 1)
  (data $d "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefetalon")
  (func (export "f")
    (memory.init $d (i32.const 1) (i32.const 0) (i32.const 70)) nop
    (call $h (i32.load (i32.const 60)))
    (data.drop $d)
    (memory.init $d (i32.const 1) (i32.const 0) (i32.const 0)))
  (func (export "g") (memory.init $d (i32.const 1) (i32.const 0) (i32.const 1))))
