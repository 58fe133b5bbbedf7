;; Garbage: binary trees of structures are made, walked and dropped.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree)) (field $n i32)))

  (func $grow (param $depth i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $depth))
      (then (struct.new $tree (ref.null $tree) (ref.null $tree) (i32.const 1)))
      (else
        (struct.new $tree
          (call $grow (i32.sub (local.get $depth) (i32.const 1)))
          (call $grow (i32.sub (local.get $depth) (i32.const 1)))
          (local.get $depth)))))

  (func $sum (param $tree (ref null $tree)) (result i64)
    (if (result i64) (ref.is_null (local.get $tree))
      (then (i64.const 0))
      (else
        (i64.add
          (i64.extend_i32_u (struct.get $tree $n (local.get $tree)))
          (i64.add
            (call $sum (struct.get $tree $left (local.get $tree)))
            (call $sum (struct.get $tree $right (local.get $tree))))))))

  ;; n trees of 127 nodes
  (func (export "run") (param $n i32) (result i64)
    (local $total i64)
    (loop $again
      (local.set $total
        (i64.add
          (i64.mul (local.get $total) (i64.const 3))
          (call $sum (call $grow (i32.const 6)))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $total)))
