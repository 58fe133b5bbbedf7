;; Arms that leave values, one of which branches out.
(module
  (func $pick (param i32) (result i32)
    (block $out (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (i32.const 2)))
        (else (br $out (i32.const 7))))))
  (func (export "f") (result i32)
    (i32.add (call $pick (i32.const 0)) (call $pick (i32.const 1)))))
