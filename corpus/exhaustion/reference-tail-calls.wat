;; Tail calls of a reference.
(module
  (type $t (func (param i32) (result i32)))
  (elem declare func $a $b)
  (func $a (type $t) (return_call_ref $t (i32.add (local.get 0) (i32.const 1)) (ref.func $b)))
  (func $b (type $t) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "f") (result i32) (call $a (i32.const 20)))
  (func (export "g") (result i32) nop (return_call_ref $t (i32.const 1) (ref.null $t))))
