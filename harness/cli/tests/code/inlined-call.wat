;; A call of a small function is the function, as long as gas, depth and memory are there; the call stands aside.
;; --show asm --schedule etalon-1
(module
  (memory 1)
  (func $second (param i32) (result i32)
    (i32.load offset=4 (local.get 0)))
  (func $f (export "f") (param i32) (result i32)
    (i32.add (call $second (local.get 0)) (i32.const 1))))
