;; Arrays of one value, of defaults, and of values one by one.
(module
  (import "env" "h" (func $h (param i32)))
  (type $a (array (mut i32)))
  (type $b (array i8))
  (func (export "f")
    (call $h (array.get $a (array.new $a (i32.const 5) (i32.const 17)) (i32.const 16)))
    (call $h (array.len (array.new_default $b (i32.const 9))))
    (call $h (array.get $a (array.new_fixed $a 3 (i32.const 1) (i32.const 2) (i32.const 3)) (i32.const 2)))
    (call $h (array.len (array.new_default $a (i32.const 0)))))
  (func (export "g") (call $h (array.get $a (array.new_default $a (i32.const 3)) (i32.const 3)))))
