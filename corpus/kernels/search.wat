;; String search by the algorithm of Horspool: a text of four letters, and patterns that are pieces of it.
;; The text is at 4096, and a table of 256 bytes at 0: how far a pattern moves on for the last letter under it.
(module
  (memory 1)

  ;; Writes 8192 letters, a to d.
  (func $prepare
    (local $i i32) (local $x i32)
    (local.set $x (i32.const 12345))
    (loop $next
      (local.set $x
        (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store8 offset=4096
        (local.get $i)
        (i32.add (i32.shr_u (local.get $x) (i32.const 30)) (i32.const 97)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 8192)))))

  ;; How far the pattern moves on: as far as its last letter before the end is from there.
  (func $distances (param $pattern i32) (param $length i32)
    (local $i i32)
    (memory.fill (i32.const 0) (local.get $length) (i32.const 256))
    (local.set $length (i32.sub (local.get $length) (i32.const 1)))
    (loop $next
      (i32.store8
        (i32.load8_u (i32.add (local.get $pattern) (local.get $i)))
        (i32.sub (local.get $length) (local.get $i)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (local.get $length)))))

  ;; How often the pattern is in the text, and where, in one number.
  (func $find (param $pattern i32) (param $length i32) (result i64)
    (local $at i32) (local $i i32) (local $last i32) (local $sum i64)
    (call $distances (local.get $pattern) (local.get $length))
    (local.set $last (i32.sub (local.get $length) (i32.const 1)))
    (local.set $at (i32.const 4096))
    (block $end
      (loop $place
        (br_if $end
          (i32.gt_u (i32.add (local.get $at) (local.get $length)) (i32.const 12288)))
        ;; from the last letter to the first
        (local.set $i (local.get $last))
        (block $differs
          (loop $letter
            (br_if $differs
              (i32.ne
                (i32.load8_u (i32.add (local.get $at) (local.get $i)))
                (i32.load8_u (i32.add (local.get $pattern) (local.get $i)))))
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (br_if $letter (i32.ge_s (local.get $i) (i32.const 0))))
          (local.set $sum
            (i64.add
              (i64.mul (local.get $sum) (i64.const 31))
              (i64.extend_i32_u (local.get $at)))))
        (local.set $at
          (i32.add
            (local.get $at)
            (i32.load8_u
              (i32.load8_u (i32.add (local.get $at) (local.get $last))))))
        (br $place)))
    (local.get $sum))

  ;; n patterns of 5 to 12 letters
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (call $prepare)
    (loop $again
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 7))
          (call $find
            (i32.add
              (i32.const 4096)
              (i32.and (i32.mul (local.get $n) (i32.const 7919)) (i32.const 4095)))
            (i32.add (i32.const 5) (i32.and (local.get $n) (i32.const 7))))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
