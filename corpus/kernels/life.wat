;; Conway's game of life on a torus of 64 x 64 cells, a byte each: one generation at 0, the next at 4096.
(module
  (memory 1)

  (func $prepare
    (local $i i32) (local $x i32)
    (local.set $x (i32.const 2024))
    (loop $next
      (local.set $x
        (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store8
        (local.get $i)
        (i32.lt_u (i32.shr_u (local.get $x) (i32.const 24)) (i32.const 96)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 4096)))))

  ;; The cell in a row, which is an address, and a column; both may be one beyond the edge.
  (func $cell (param $row i32) (param $column i32) (result i32)
    (i32.load8_u
      (i32.or
        (i32.and (local.get $row) (i32.const 4032))
        (i32.and (local.get $column) (i32.const 63)))))

  (func $three (param $row i32) (param $column i32) (result i32)
    (i32.add
      (call $cell (local.get $row) (i32.sub (local.get $column) (i32.const 1)))
      (i32.add
        (call $cell (local.get $row) (local.get $column))
        (call $cell (local.get $row) (i32.add (local.get $column) (i32.const 1))))))

  ;; The next generation, and a number that depends on it.
  (func $generation (result i64)
    (local $at i32) (local $row i32) (local $column i32) (local $around i32) (local $sum i64)
    (loop $next
      (local.set $row (i32.and (local.get $at) (i32.const 4032)))
      (local.set $column (i32.and (local.get $at) (i32.const 63)))
      ;; three rows of three, the cell itself among them
      (local.set $around
        (i32.add
          (call $three (i32.sub (local.get $row) (i32.const 64)) (local.get $column))
          (i32.add
            (call $three (local.get $row) (local.get $column))
            (call $three (i32.add (local.get $row) (i32.const 64)) (local.get $column)))))
      (i32.store8 offset=4096
        (local.get $at)
        (i32.or
          (i32.eq (local.get $around) (i32.const 3))
          (i32.and
            (i32.eq (local.get $around) (i32.const 4))
            (i32.load8_u (local.get $at)))))
      (local.set $sum
        (i64.add
          (local.get $sum)
          (i64.extend_i32_u
            (i32.mul
              (local.get $at)
              (i32.load8_u offset=4096 (local.get $at))))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 1)))
          (i32.const 4096))))
    (memory.copy (i32.const 0) (i32.const 4096) (i32.const 4096))
    (local.get $sum))

  ;; n generations
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (call $prepare)
    (loop $again
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 3))
          (call $generation)))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
