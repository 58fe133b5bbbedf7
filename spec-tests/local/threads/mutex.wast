;; features: threads
;; A lock of compare-exchange, wait and notify: what it guards is never seen half done.

(module $Mem (memory (export "shared") 1 1 shared))
(register "mem")

(thread $T1 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func $lock
      (block $done
        (loop $again
          (br_if $done (i32.eqz
            (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
          (br $again))))
    (func $unlock
      (i32.atomic.store (i32.const 0) (i32.const 0))
      (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
    (func (export "run") (param i32) (result i32) (local i32)
      (loop $more
        (call $lock)
        (local.set 1 (i32.or (local.get 1)
          (i32.ne (i32.load (i32.const 4)) (i32.load (i32.const 8)))))
        (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
        (call $unlock)
        (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1)))
  (assert_return (invoke "run" (i32.const 10)) (i32.const 0)))

(thread $T2 (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func $lock
      (block $done
        (loop $again
          (br_if $done (i32.eqz
            (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1))))
          (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const -1)))
          (br $again))))
    (func $unlock
      (i32.atomic.store (i32.const 0) (i32.const 0))
      (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
    (func (export "run") (param i32) (result i32) (local i32)
      (loop $more
        (call $lock)
        (local.set 1 (i32.or (local.get 1)
          (i32.ne (i32.load (i32.const 4)) (i32.load (i32.const 8)))))
        (i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 1)))
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 1)))
        (call $unlock)
        (br_if $more (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1)))
  (assert_return (invoke "run" (i32.const 10)) (i32.const 0)))

(wait $T1)
(wait $T2)

(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "sum") (result i32) (i32.load (i32.const 4))))
(assert_return (invoke "sum") (i32.const 20))
