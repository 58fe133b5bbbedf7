;; Functions that return before their end.
(module
  (func $some (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 5))))
    (i32.const 6) (nop) (return))
  (func (export "f") (result i32)
    (i32.add (call $some (i32.const 1)) (call $some (i32.const 0)))))
