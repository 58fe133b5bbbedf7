;; Arrays made of segments, and written from them.
(module
  (import "env" "h" (func $h (param i32)))
  (type $a (array (mut i8)))
  (type $r (array (mut funcref)))
  (data $d "0123456789")
  (elem $e func $f $f $f $f $f $f $f $f $f)
  (func $f (export "f") (local (ref null $a) (ref null $r))
    (local.set 0 (array.new_data $a $d (i32.const 1) (i32.const 9)))
    (array.init_data $a $d (local.get 0) (i32.const 2) (i32.const 0) (i32.const 7)) nop
    (call $h (array.get_u $a (local.get 0) (i32.const 8)))
    (local.set 1 (array.new_elem $r $e (i32.const 0) (i32.const 9)))
    (array.init_elem $r $e (local.get 1) (i32.const 1) (i32.const 2) (i32.const 6)) nop
    (call $h (ref.is_null (array.get $r (local.get 1) (i32.const 8)))))
  (func (export "g") (drop (array.new_data $a $d (i32.const 5) (i32.const 9))) nop)
  (func (export "k") (drop (array.new_elem $r $e (i32.const 5) (i32.const 9))) nop))
