;; Calls of a reference, the last of null.
(module
  (type $t (func (result i32)))
  (elem declare func $a)
  (func $a (type $t) (i32.const 5) nop)
  (func (export "f") (result i32) (call_ref $t (ref.func $a)) nop)
  (func (export "g") (result i32) nop (call_ref $t (ref.null $t))))
