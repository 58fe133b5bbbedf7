;; A state machine of tail calls: each state is a function, which reads a letter and goes to the next state. It counts words,
;; numbers and lines.
(module
  (memory 1)
  (global $words (mut i32) (i32.const 0))
  (global $numbers (mut i32) (i32.const 0))
  (global $lines (mut i32) (i32.const 0))

  ;; 4096 letters: letters, digits, spaces and ends of lines; then a zero.
  (func $prepare
    (local $i i32) (local $x i32) (local $kind i32)
    (local.set $x (i32.const 99))
    (loop $next
      (local.set $x
        (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $kind (i32.shr_u (local.get $x) (i32.const 28)))
      (i32.store8
        (local.get $i)
        (select
          (i32.const 97)
          (select
            (i32.const 48)
            (select (i32.const 32) (i32.const 10) (i32.lt_u (local.get $kind) (i32.const 15)))
            (i32.lt_u (local.get $kind) (i32.const 12)))
          (i32.lt_u (local.get $kind) (i32.const 8))))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 4096)))))

  ;; Between words.
  (func $between (param $at i32) (param $sum i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $at)))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (if (i32.eqz (local.get $letter)) (then (return (local.get $sum))))
    (if (i32.eq (local.get $letter) (i32.const 10))
      (then (return_call $line (local.get $at) (local.get $sum))))
    (if (i32.ge_u (local.get $letter) (i32.const 97))
      (then
        (global.set $words (i32.add (global.get $words) (i32.const 1)))
        (return_call $word (local.get $at) (i32.add (local.get $sum) (local.get $at)))))
    (if (i32.ge_u (local.get $letter) (i32.const 48))
      (then
        (global.set $numbers (i32.add (global.get $numbers) (i32.const 1)))
        (return_call $number (local.get $at) (i32.xor (local.get $sum) (local.get $at)))))
    (return_call $between (local.get $at) (local.get $sum)))

  ;; In a word: letters and digits.
  (func $word (param $at i32) (param $sum i32) (result i32)
    (if (i32.ge_u (i32.load8_u (local.get $at)) (i32.const 48))
      (then
        (return_call $word
          (i32.add (local.get $at) (i32.const 1))
          (i32.add (i32.rotl (local.get $sum) (i32.const 5)) (i32.const 1)))))
    (return_call $between (local.get $at) (local.get $sum)))

  ;; In a number: digits; a letter makes it a word.
  (func $number (param $at i32) (param $sum i32) (result i32)
    (local $letter i32)
    (local.set $letter (i32.load8_u (local.get $at)))
    (if (i32.ge_u (local.get $letter) (i32.const 97))
      (then (return_call $word (local.get $at) (local.get $sum))))
    (if (i32.ge_u (local.get $letter) (i32.const 48))
      (then
        (return_call $number
          (i32.add (local.get $at) (i32.const 1))
          (i32.add (i32.mul (local.get $sum) (i32.const 10)) (i32.const 3)))))
    (return_call $between (local.get $at) (local.get $sum)))

  ;; At the end of a line.
  (func $line (param $at i32) (param $sum i32) (result i32)
    (global.set $lines (i32.add (global.get $lines) (i32.const 1)))
    (return_call $between (local.get $at) (local.get $sum)))

  ;; n texts
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (call $prepare)
    (global.set $words (i32.const 0))
    (global.set $numbers (i32.const 0))
    (global.set $lines (i32.const 0))
    (loop $again
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 3))
          (i64.extend_i32_u (call $between (i32.const 0) (local.get $n)))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.add
      (local.get $sum)
      (i64.extend_i32_u
        (i32.add
          (global.get $words)
          (i32.add (global.get $numbers) (global.get $lines)))))))
