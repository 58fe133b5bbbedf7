;; The sieve of Eratosthenes over one byte a number: loops, and bytes of memory.
(module
  (memory (export "memory") 1 4)

  ;; limit -> how many primes are below it. Grows the memory if it must; -1 if it cannot.
  (func (export "primes_below") (param $limit i32) (result i32)
    (local $i i32) (local $j i32) (local $count i32)
    (if (i32.gt_u (local.get $limit) (i32.mul (memory.size) (i32.const 65536)))
      (then
        (if (i32.eq (i32.const -1) (memory.grow
              ;; pages that are missing, rounded up
              (i32.sub
                (i32.div_u (i32.add (local.get $limit) (i32.const 65535)) (i32.const 65536))
                (memory.size))))
          (then (return (i32.const -1))))))
    ;; Zero means: not crossed out. The memory may hold what an earlier call left.
    (memory.fill (i32.const 0) (i32.const 0) (local.get $limit))
    (local.set $i (i32.const 2))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $limit)))
        (if (i32.eqz (i32.load8_u (local.get $i)))
          (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (local.set $j (i32.mul (local.get $i) (i32.const 2)))
            (block $crossed
              (loop $cross
                (br_if $crossed (i32.ge_u (local.get $j) (local.get $limit)))
                (i32.store8 (local.get $j) (i32.const 1))
                (local.set $j (i32.add (local.get $j) (local.get $i)))
                (br $cross)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $count)))
