;; A field of a structure, and an element of an array.
;; --show asm
(module
  (type $s (struct (field i32) (field i64)))
  (type $a (array i32))
  (func (export "f") (param (ref null $s) (ref null $a) i32) (result i64)
    (i64.add
      (struct.get $s 1 (local.get 0))
      (i64.extend_i32_u (array.get $a (local.get 1) (local.get 2))))))
