;; features: threads
;; Two increments: with an atomic addition none is lost; with a load and a store one may be.

(module $Mem (memory (export "shared") 1 1 shared))
(register "mem")

(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run")
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))))
  (invoke "run"))

(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "run")
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))))
  (invoke "run"))

(wait $T1)
(wait $T2)

(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "atomic") (result i32) (i32.load (i32.const 0)))
  (func (export "plain") (result i32) (i32.load (i32.const 4)))
  (func (export "plausible") (result i32)
    (i32.le_u (i32.sub (i32.load (i32.const 4)) (i32.const 1)) (i32.const 1))))

(assert_return (invoke "atomic") (i32.const 2))
(invoke "plain")
(assert_return (invoke "plausible") (i32.const 1))
