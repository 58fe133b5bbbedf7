;; features: threads
;; memory.atomic.wait and memory.atomic.notify: who waits is woken, in the order in which the waits began; a wait whose
;; time is up gives 2; and one that comes too late gives 1.

(module $Mem (memory (export "shared") 1 1 shared))
(register "mem")

(module $Main
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "wake") (param i32 i32) (result i32)
    (memory.atomic.notify (local.get 0) (local.get 1)))
  (func (export "wake-some") (param i32 i32) (result i32) (local i32)
    (loop $again
      (br_if $again (i32.eqz
        (local.tee 2 (memory.atomic.notify (local.get 0) (local.get 1))))))
    (local.get 2))
  (func (export "wait32") (param i32 i32 i64) (result i32)
    (memory.atomic.wait32 (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wait64") (param i32 i64 i64) (result i32)
    (memory.atomic.wait64 (local.get 0) (local.get 1) (local.get 2))))

;; Nobody waits.
(assert_return (invoke "wake" (i32.const 0) (i32.const 1)) (i32.const 0))
;; Another value; no time; a time that passes.
(assert_return (invoke "wait32" (i32.const 0) (i32.const 7) (i64.const -1)) (i32.const 1))
(assert_return (invoke "wait32" (i32.const 0) (i32.const 0) (i64.const 0)) (i32.const 2))
(assert_return (invoke "wait64" (i32.const 8) (i64.const 0) (i64.const 1000)) (i32.const 2))
(assert_trap (invoke "wait32" (i32.const 2) (i32.const 0) (i64.const 0)) "unaligned atomic")
(assert_trap (invoke "wake" (i32.const 65536) (i32.const 0)) "out of bounds memory access")

(thread $Sleeper (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "sleep") (result i32)
      (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
    (func (export "nap") (result i32)
      (memory.atomic.wait64 (i32.const 8) (i64.const 0) (i64.const 5_000_000))))
  ;; The script wakes it.
  (assert_return (invoke "sleep") (i32.const 0))
  ;; Nobody does.
  (assert_return (invoke "nap") (i32.const 2)))

;; A count of none wakes nobody.
(assert_return (invoke "wake" (i32.const 0) (i32.const 0)) (i32.const 0))
(assert_return (invoke "wake-some" (i32.const 0) (i32.const 9)) (i32.const 1))
(wait $Sleeper)

;; Two that wait at one address, and one that waits elsewhere.
(thread $A (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "sleep") (result i32)
      (memory.atomic.wait32 (i32.const 16) (i32.const 0) (i64.const -1))))
  (assert_return (invoke "sleep") (i32.const 0)))
(thread $B (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "sleep") (result i32)
      (memory.atomic.wait32 (i32.const 16) (i32.const 0) (i64.const -1))))
  (assert_return (invoke "sleep") (i32.const 0)))
(assert_return (invoke $Main "wake-some" (i32.const 16) (i32.const 1)) (i32.const 1))
(assert_return (invoke $Main "wake-some" (i32.const 16) (i32.const 1)) (i32.const 1))
(wait $A)
(wait $B)
