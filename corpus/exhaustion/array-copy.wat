;; Copies and fills of arrays, and one of null.
(module
  (import "env" "h" (func $h (param i32)))
  (type $a (array (mut i16)))
  (func (export "f") (local (ref null $a))
    (local.set 0 (array.new_default $a (i32.const 40)))
    (array.fill $a (local.get 0) (i32.const 3) (i32.const 77) (i32.const 17)) nop
    (array.copy $a $a (local.get 0) (i32.const 20) (local.get 0) (i32.const 2) (i32.const 9)) nop
    (call $h (array.get_s $a (local.get 0) (i32.const 21))))
  (func (export "g") (local (ref null $a)) nop
    (array.copy $a $a (local.get 0) (i32.const 20) (local.get 0) (i32.const 2) (i32.const 9)) nop))
