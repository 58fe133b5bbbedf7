;; A memory with addresses of 64 bits: an index beyond the end goes to the end, behind which everything faults. No branch.
;; --show asm
(module
  (memory i64 1)
  (func (export "f") (param $at i64) (result i64)
    (i64.load offset=8 (local.get $at))))
