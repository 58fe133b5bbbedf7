;; Tail calls of oneself and of another.
(module
  (import "env" "h" (func $h (param i32)))
  (func $end (param i32) (call $h (local.get 0)))
  (func $down (param i32) (local i64 i64)
    (if (i32.eqz (local.get 0)) (then (return_call $end (i32.const 99))))
    (call $h (local.get 0))
    (return_call $down (i32.sub (local.get 0) (i32.const 1))))
  (func (export "f") (call $down (i32.const 4))))
