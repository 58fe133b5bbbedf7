;; A memory with addresses of 64 bits: a table of 64 x 64 numbers is summed by columns and turned about its diagonal.
(module
  (memory i64 1)

  (func $prepare
    (local $at i64)
    (loop $next
      (i64.store
        (local.get $at)
        (i64.mul (local.get $at) (i64.const 0x9e3779b97f4a7c15)))
      (br_if $next
        (i64.lt_u
          (local.tee $at (i64.add (local.get $at) (i64.const 8)))
          (i64.const 32768)))))

  ;; Down each column.
  (func $sum (result i64)
    (local $column i64) (local $at i64) (local $sum i64)
    (loop $columns
      (local.set $at (local.get $column))
      (loop $rows
        (local.set $sum
          (i64.add
            (i64.rotl (local.get $sum) (i64.const 1))
            (i64.load (local.get $at))))
        (br_if $rows
          (i64.lt_u
            (local.tee $at (i64.add (local.get $at) (i64.const 512)))
            (i64.const 32768))))
      (br_if $columns
        (i64.lt_u
          (local.tee $column (i64.add (local.get $column) (i64.const 8)))
          (i64.const 512))))
    (local.get $sum))

  (func $turn
    (local $row i64) (local $column i64) (local $a i64) (local $b i64) (local $kept i64)
    (local.set $row (i64.const 1))
    (loop $rows
      (local.set $column (i64.const 0))
      (loop $columns
        (local.set $a
          (i64.add
            (i64.shl (local.get $row) (i64.const 9))
            (i64.shl (local.get $column) (i64.const 3))))
        (local.set $b
          (i64.add
            (i64.shl (local.get $column) (i64.const 9))
            (i64.shl (local.get $row) (i64.const 3))))
        (local.set $kept (i64.load (local.get $a)))
        (i64.store (local.get $a) (i64.load (local.get $b)))
        (i64.store (local.get $b) (local.get $kept))
        (br_if $columns
          (i64.lt_u
            (local.tee $column (i64.add (local.get $column) (i64.const 1)))
            (local.get $row))))
      (br_if $rows
        (i64.lt_u
          (local.tee $row (i64.add (local.get $row) (i64.const 1)))
          (i64.const 64)))))

  ;; n times
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (call $prepare)
    (loop $again
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 31))
          (call $sum)))
      (call $turn)
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
