;; Quicksort of 1024 numbers, again and again.
(module
  (memory 1)

  ;; Numbers without order, from a seed.
  (func $prepare (param $seed i32)
    (local $i i32)
    (loop $next
      (local.set $seed
        (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store (local.get $i) (i32.shr_u (local.get $seed) (i32.const 4)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 4)))
          (i32.const 4096)))))

  ;; Sorts the words from $low to $high, both included, by their addresses.
  (func $sort (param $low i32) (param $high i32)
    (local $i i32) (local $j i32) (local $pivot i32) (local $x i32) (local $y i32)
    (loop $part
      (if (i32.ge_s (local.get $low) (local.get $high)) (then (return)))
      (local.set $pivot
        (i32.load
          (i32.and
            (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1))
            (i32.const -4))))
      (local.set $i (local.get $low))
      (local.set $j (local.get $high))
      (loop $exchange
        ;; from below to what is not smaller, from above to what is not greater
        (loop $up
          (if (i32.lt_s (local.tee $x (i32.load (local.get $i))) (local.get $pivot))
            (then
              (local.set $i (i32.add (local.get $i) (i32.const 4)))
              (br $up))))
        (loop $down
          (if (i32.gt_s (local.tee $y (i32.load (local.get $j))) (local.get $pivot))
            (then
              (local.set $j (i32.sub (local.get $j) (i32.const 4)))
              (br $down))))
        (if (i32.le_s (local.get $i) (local.get $j))
          (then
            (i32.store (local.get $i) (local.get $y))
            (i32.store (local.get $j) (local.get $x))
            (local.set $i (i32.add (local.get $i) (i32.const 4)))
            (local.set $j (i32.sub (local.get $j) (i32.const 4)))))
        (br_if $exchange (i32.le_s (local.get $i) (local.get $j))))
      (call $sort (local.get $low) (local.get $j))
      ;; the upper part in the same frame
      (local.set $low (local.get $i))
      (br $part)))

  ;; n arrays; the checksum depends on the place of every number
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (loop $again
      (call $prepare (local.get $n))
      (call $sort (i32.const 0) (i32.const 4092))
      (local.set $i (i32.const 0))
      (loop $next
        (local.set $sum
          (i64.add
            (i64.mul (local.get $sum) (i64.const 3))
            (i64.load32_s (local.get $i))))
        (br_if $next
          (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 4)))
            (i32.const 4096))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
