;; Matrix multiplication of f64, three loops deep: effective addresses, floating-point sums in a fixed order.
(module
  (memory (export "memory") 1)

  ;; Address of the element at row i and column j of the matrix at base, n columns wide.
  (func $at (param $base i32) (param $n i32) (param $i i32) (param $j i32) (result i32)
    (i32.add (local.get $base)
      (i32.shl
        (i32.add (i32.mul (local.get $i) (local.get $n)) (local.get $j))
        (i32.const 3))))

  ;; A[i][j] = 1 / (i + j + 1), the Hilbert matrix, at address 0; B = A but for the sign of odd columns, behind it.
  (func $fill (param $n i32) (param $b i32)
    (local $i i32) (local $j i32) (local $x f64)
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $x
          (f64.div (f64.const 1)
            (f64.convert_i32_u
              (i32.add (i32.add (local.get $i) (local.get $j)) (i32.const 1)))))
        (f64.store (call $at (i32.const 0) (local.get $n) (local.get $i) (local.get $j))
          (local.get $x))
        (f64.store (call $at (local.get $b) (local.get $n) (local.get $i) (local.get $j))
          (select (f64.neg (local.get $x)) (local.get $x) (i32.and (local.get $j) (i32.const 1))))
        (br_if $columns
          (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (br_if $rows
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))

  ;; n -> the sum of the absolute values of the elements of A times B; n is at least 1.
  (func (export "multiply") (param $n i32) (result f64)
    (local $b i32) (local $i i32) (local $j i32) (local $k i32) (local $sum f64) (local $total f64)
    (local.set $b (i32.shl (i32.mul (local.get $n) (local.get $n)) (i32.const 3)))
    (call $fill (local.get $n) (local.get $b))
    (loop $rows
      (local.set $j (i32.const 0))
      (loop $columns
        (local.set $sum (f64.const 0))
        (local.set $k (i32.const 0))
        (loop $products
          (local.set $sum
            (f64.add (local.get $sum)
              (f64.mul
                (f64.load (call $at (i32.const 0) (local.get $n) (local.get $i) (local.get $k)))
                (f64.load (call $at (local.get $b) (local.get $n) (local.get $k) (local.get $j))))))
          (br_if $products
            (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (local.get $n))))
        (local.set $total (f64.add (local.get $total) (f64.abs (local.get $sum))))
        (br_if $columns
          (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
      (br_if $rows
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $total)))
