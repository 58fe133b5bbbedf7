;; A loop that counts, with a call of the host in each turn.
(module
  (import "env" "h" (func $h (param i32)))
  (func (export "f") (local i32)
    (loop $l
      (call $h (local.get 0))
      (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 4))))))
