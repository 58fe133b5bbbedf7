;; features: threads
;; Store buffering: each thread writes one cell and reads the other. That both read the old value is no sequentially
;; consistent outcome.

(module $Mem (memory (export "shared") 1 1 shared))
(register "mem")

(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run")
      (i32.atomic.store (i32.const 0) (i32.const 1))
      (i32.store (i32.const 16) (i32.atomic.load (i32.const 4)))))
  (invoke "run"))

(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run")
      (i32.atomic.store (i32.const 4) (i32.const 1))
      (i32.store (i32.const 20) (i32.atomic.load (i32.const 0)))))
  (invoke "run"))

(wait $T1)
(wait $T2)

(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "read") (result i32 i32) (i32.load (i32.const 16)) (i32.load (i32.const 20)))
  (func (export "allowed") (result i32)
    (i32.or (i32.load (i32.const 16)) (i32.load (i32.const 20)))))

(invoke "read")
(assert_return (invoke "allowed") (i32.const 1))
