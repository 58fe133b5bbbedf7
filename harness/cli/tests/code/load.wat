;; A load from a memory of 32 bits needs no check: the pages behind it have no rights.
;; --show asm
(module (memory 1)
  (func (export "f") (param i32) (result i32)
    (i32.load offset=16 (local.get 0))))
