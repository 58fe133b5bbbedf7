;; A function so small that a compiler takes it in place of its call.
(module
  (memory 1)
  (func $put (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func $sum (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "f") (result i32)
    (call $put (i32.const 8) (call $sum (i32.const 2) (i32.const 3)))
    (call $sum (i32.load (i32.const 8)) (call $sum (i32.const 1) (i32.const 1))))
  (func (export "g") (call $put (i32.const -1) (i32.const 1))))
