;; A start function that calls the host.
(module
  (import "env" "h" (func $h (param i32)))
  (global $g (mut i32) (i32.const 0))
  (func $start (local i32)
    (loop $l (call $h (local.get 0))
      (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 3))))
    (global.set $g (i32.const 9)))
  (start $start)
  (func (export "f") (result i32) (global.get $g)))
