;; Operators that only compute, in one segment.
(module
  (func (export "f") (result i32)
    (i32.mul (i32.add (i32.const 3) (i32.const 4)) (i32.sub (i32.const 9) (i32.const 2)))))
