;; Structures with fields, and with defaults.
(module
  (import "env" "h" (func $h (param i32)))
  (type $s (struct (field (mut i32)) (field i64) (field f32) (field i8) (field (ref null any))))
  (func $make (result (ref $s))
    (struct.new $s (i32.const 1) (i64.const 2) (f32.const 3) (i32.const 4) (ref.null any)))
  (func (export "f") (local (ref null $s))
    (local.set 0 (call $make)) nop
    (struct.set $s 0 (local.get 0) (i32.const 9))
    (call $h (struct.get $s 0 (local.get 0)))
    (call $h (struct.get $s 0 (struct.new_default $s))))
  (func (export "g") (local (ref null $s)) nop (struct.set $s 0 (local.get 0) (i32.const 9)) nop))
