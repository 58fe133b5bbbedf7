;; A recursion without end exhausts the stack after the same number of calls everywhere.
(module
  (global $depth (export "depth") (mut i32) (i32.const 0))
  (func $down (export "down")
    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
    (call $down)))
