;; A loop whose exit is in its middle.
(module
  (func (export "f") (result i32) (local i32)
    (block $out
      (loop $l
        (br_if $out (i32.ge_u (local.get 0) (i32.const 5)))
        (local.set 0 (i32.add (local.get 0) (i32.const 1)))
        (br $l)))
    (local.get 0)))
