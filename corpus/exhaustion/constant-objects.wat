;; Constant expressions that make objects.
(module
  (type $s (struct (field i32 i64 f32 f64 (mut i32))))
  (type $a (array (mut i32)))
  (global $s1 (ref $s) (struct.new $s (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4) (i32.const 5)))
  (global $s2 (ref $s) (struct.new_default $s))
  (global $a1 (ref $a) (array.new $a (i32.const 7) (i32.const 17)))
  (global $a2 (ref $a) (array.new_default $a (i32.const 9)))
  (global $a3 (ref $a) (array.new_fixed $a 3 (i32.const 1) (i32.const 2) (i32.const 3)))
  (global $i (ref i31) (ref.i31 (i32.const 4)))
  (func (export "f") (result i32)
    (i32.add (array.get $a (global.get $a1) (i32.const 16)) (struct.get $s 4 (global.get $s1)))))
