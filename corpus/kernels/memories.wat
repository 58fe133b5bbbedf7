;; Two memories: letters in the one are replaced by what a table in the other says, and the table changes with them.
(module
  (memory $text 1)
  (memory $table 1)

  (func $prepare
    (local $i i32)
    (loop $next
      (i32.store8 $text
        (local.get $i)
        (i32.shr_u (i32.mul (local.get $i) (i32.const 0x9e3779b1)) (i32.const 24)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 4096))))
    (local.set $i (i32.const 0))
    (loop $next
      (i32.store8 $table
        (local.get $i)
        (i32.add (i32.mul (local.get $i) (i32.const 167)) (i32.const 13)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 256)))))

  ;; One pass over the text.
  (func $pass (result i64)
    (local $i i32) (local $letter i32) (local $new i32) (local $sum i64)
    (loop $next
      (local.set $letter (i32.load8_u $text (local.get $i)))
      (local.set $new (i32.load8_u $table (local.get $letter)))
      (i32.store8 $text (local.get $i) (local.get $new))
      (i32.store8 $table (local.get $letter) (i32.add (local.get $new) (local.get $i)))
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 3))
          (i64.extend_i32_u (local.get $new))))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 4096))))
    (local.get $sum))

  ;; n passes; after each, a piece of the text is copied behind the table and back to another place
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (call $prepare)
    (loop $again
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 5))
          (call $pass)))
      (memory.copy $table $text (i32.const 1024) (i32.const 512) (i32.const 1000))
      (memory.copy $text $table (i32.const 2000) (i32.const 1024) (i32.const 1000))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
