;; Floating point in locals: how often points of the plane can be iterated before they escape.
(module
  (func $escape (param $cx f64) (param $cy f64) (result i32)
    (local $x f64) (local $y f64) (local $xx f64) (local $yy f64) (local $count i32)
    (block $out
      (loop $next
        (local.set $xx (f64.mul (local.get $x) (local.get $x)))
        (local.set $yy (f64.mul (local.get $y) (local.get $y)))
        (br_if $out
          (f64.gt (f64.add (local.get $xx) (local.get $yy)) (f64.const 4)))
        (local.set $y
          (f64.add
            (f64.mul (f64.mul (local.get $x) (f64.const 2)) (local.get $y))
            (local.get $cy)))
        (local.set $x
          (f64.add (f64.sub (local.get $xx) (local.get $yy)) (local.get $cx)))
        (br_if $next
          (i32.lt_u
            (local.tee $count (i32.add (local.get $count) (i32.const 1)))
            (i32.const 64)))))
    (local.get $count))

  ;; n rows of 32 points; every 32 rows the picture begins anew
  (func (export "run") (param $n i32) (result i64)
    (local $column i32) (local $sum i64)
    (loop $row
      (local.set $column (i32.const 32))
      (loop $point
        (local.set $column (i32.sub (local.get $column) (i32.const 1)))
        (local.set $sum
          (i64.add
            (i64.mul (local.get $sum) (i64.const 3))
            (i64.extend_i32_u
              (call $escape
                (f64.sub
                  (f64.mul (f64.convert_i32_u (local.get $column)) (f64.const 0.09375))
                  (f64.const 2))
                (f64.sub
                  (f64.mul
                    (f64.convert_i32_u (i32.and (local.get $n) (i32.const 31)))
                    (f64.const 0.0625))
                  (f64.const 1))))))
        (br_if $point (local.get $column)))
      (br_if $row
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
