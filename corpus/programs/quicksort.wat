;; Quicksort of 32-bit integers in memory: recursion over loops, with loads and stores of words.
(module
  (memory (export "memory") 1)

  ;; Fills n words from address 0 with numbers of a linear congruential generator.
  (func $fill (param $n i32) (param $seed i32)
    (local $i i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $seed
          (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
        (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $seed))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next))))

  ;; Sorts the words at the addresses low to high, both included (Hoare's partition).
  (func $sort (param $low i32) (param $high i32)
    (local $i i32) (local $j i32) (local $pivot i32) (local $swap i32)
    (if (i32.ge_s (local.get $low) (local.get $high)) (then (return)))
    (local.set $i (local.get $low))
    (local.set $j (local.get $high))
    ;; The middle word; its address must stay a multiple of 4.
    (local.set $pivot
      (i32.load (i32.and
        (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1))
        (i32.const -4))))
    (loop $partition
      (loop $right
        (if (i32.lt_s (i32.load (local.get $i)) (local.get $pivot))
          (then (local.set $i (i32.add (local.get $i) (i32.const 4))) (br $right))))
      (loop $left
        (if (i32.gt_s (i32.load (local.get $j)) (local.get $pivot))
          (then (local.set $j (i32.sub (local.get $j) (i32.const 4))) (br $left))))
      (if (i32.le_s (local.get $i) (local.get $j))
        (then
          (local.set $swap (i32.load (local.get $i)))
          (i32.store (local.get $i) (i32.load (local.get $j)))
          (i32.store (local.get $j) (local.get $swap))
          (local.set $i (i32.add (local.get $i) (i32.const 4)))
          (local.set $j (i32.sub (local.get $j) (i32.const 4)))))
      (br_if $partition (i32.le_s (local.get $i) (local.get $j))))
    (call $sort (local.get $low) (local.get $j))
    (call $sort (local.get $i) (local.get $high)))

  ;; Sorts n generated words and returns how many neighbours are out of order, then the least and the greatest.
  (func (export "sort") (param $n i32) (param $seed i32) (result i32 i32 i32)
    (local $i i32) (local $wrong i32) (local $end i32)
    (local.set $end (i32.shl (i32.sub (local.get $n) (i32.const 1)) (i32.const 2)))
    (call $fill (local.get $n) (local.get $seed))
    (call $sort (i32.const 0) (local.get $end))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $i) (local.get $end)))
        (local.set $wrong
          (i32.add (local.get $wrong)
            (i32.gt_s (i32.load (local.get $i)) (i32.load offset=4 (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 4)))
        (br $next)))
    (local.get $wrong)
    (i32.load (i32.const 0))
    (i32.load (local.get $end))))
