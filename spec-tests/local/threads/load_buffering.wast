;; features: threads
;; Load buffering: each thread reads one cell and then writes the other. That both read what the other writes later is
;; no sequentially consistent outcome.

(module $Mem (memory (export "shared") 1 1 shared))
(register "mem")

(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (result i32) (local i32)
      (local.set 0 (i32.atomic.load (i32.const 0)))
      (i32.atomic.store (i32.const 4) (i32.const 1))
      (i32.store (i32.const 16) (local.get 0))
      (local.get 0)))
  (invoke "run"))

(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run") (result i32) (local i32)
      (local.set 0 (i32.atomic.load (i32.const 4)))
      (i32.atomic.store (i32.const 0) (i32.const 1))
      (i32.store (i32.const 20) (local.get 0))
      (local.get 0)))
  (invoke "run"))

(wait $T1)
(wait $T2)

(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "both") (result i32)
    (i32.and (i32.load (i32.const 16)) (i32.load (i32.const 20)))))

(assert_return (invoke "both") (i32.const 0))
