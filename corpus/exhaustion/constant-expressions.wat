;; Constant expressions of globals.
(module
  (global $a i32 (i32.const 3))
  (global $b i32 (i32.add (i32.mul (global.get $a) (i32.const 4)) (i32.const 5)))
  (global $c (mut i64) (i64.sub (i64.const 9) (i64.const 4)))
  (global $d v128 (v128.const i64x2 1 2))
  (func (export "f") (result i32) (global.get $b)))
