;; Floating point in memory: the product of two matrices of 24 x 24, again and again.
(module
  (memory 1)

  ;; Fills both factors: at 0 and at 8192; the product is at 16384.
  (func $prepare
    (local $i i32)
    (loop $next
      (f64.store
        (i32.shl (local.get $i) (i32.const 3))
        (f64.div (f64.convert_i32_u (local.get $i)) (f64.const 64)))
      (f64.store offset=8192
        (i32.shl (local.get $i) (i32.const 3))
        (f64.sub (f64.const 1) (f64.sqrt (f64.convert_i32_u (local.get $i)))))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 576)))))

  (func $multiply
    (local $row i32) (local $column i32) (local $k i32)
    (local $a i32) (local $b i32) (local $sum f64)
    (loop $rows
      (local.set $column (i32.const 0))
      (loop $columns
        (local.set $sum (f64.const 0))
        (local.set $a (i32.mul (local.get $row) (i32.const 192)))
        (local.set $b (i32.shl (local.get $column) (i32.const 3)))
        (local.set $k (i32.const 24))
        (loop $products
          (local.set $sum
            (f64.add
              (local.get $sum)
              (f64.mul
                (f64.load (local.get $a))
                (f64.load offset=8192 (local.get $b)))))
          (local.set $a (i32.add (local.get $a) (i32.const 8)))
          (local.set $b (i32.add (local.get $b) (i32.const 192)))
          (br_if $products
            (local.tee $k (i32.sub (local.get $k) (i32.const 1)))))
        (f64.store offset=16384
          (i32.shl
            (i32.add (i32.mul (local.get $row) (i32.const 24)) (local.get $column))
            (i32.const 3))
          (local.get $sum))
        (br_if $columns
          (i32.lt_u
            (local.tee $column (i32.add (local.get $column) (i32.const 1)))
            (i32.const 24))))
      (br_if $rows
        (i32.lt_u
          (local.tee $row (i32.add (local.get $row) (i32.const 1)))
          (i32.const 24)))))

  ;; n products; the result is one number of the last
  (func (export "run") (param $n i32) (result f64)
    (call $prepare)
    (loop $again
      (call $multiply)
      ;; The next product is of another factor.
      (f64.store (i32.const 0)
        (f64.add (f64.load (i32.const 0)) (f64.const 1)))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (f64.load (i32.const 16400))))
