;; A short fill of a length that is known.
;; --show asm
(module (memory 1)
  (func (export "f") (param i32)
    (memory.fill (local.get 0) (i32.const 0) (i32.const 16))))
