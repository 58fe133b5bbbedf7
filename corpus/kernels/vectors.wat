;; Vectors: sums of products of 16-bit lanes, of floats, and of what a shuffle and a comparison give.
(module
  (memory 1)

  (func $prepare
    (local $i i32)
    (loop $next
      (i32.store
        (local.get $i)
        (i32.and (i32.mul (local.get $i) (i32.const 0x9e3779b1)) (i32.const 0x3f7f3f7f)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 4)))
          (i32.const 8192)))))

  ;; n passes over 4096 + 4096 bytes
  (func (export "run") (param $n i32) (result i64)
    (local $at i32) (local $a v128) (local $b v128) (local $sum v128) (local $floats v128)
    (call $prepare)
    (loop $pass
      (local.set $at (i32.const 0))
      (loop $next
        (local.set $a (v128.load (local.get $at)))
        (local.set $b (v128.load offset=4096 (local.get $at)))
        (local.set $sum
          (i32x4.add (local.get $sum) (i32x4.dot_i16x8_s (local.get $a) (local.get $b))))
        (local.set $floats
          (f32x4.add
            (local.get $floats)
            (f32x4.mul
              (f32x4.convert_i32x4_s (local.get $a))
              (f32x4.splat (f32.const 0.0009765625)))))
        (local.set $sum
          (v128.xor
            (local.get $sum)
            (i8x16.shuffle 3 2 1 0 7 6 5 4 27 26 25 24 31 30 29 28
              (i8x16.max_u (local.get $a) (local.get $b))
              (i16x8.gt_s (local.get $a) (local.get $b)))))
        (br_if $next
          (i32.lt_u
            (local.tee $at (i32.add (local.get $at) (i32.const 16)))
            (i32.const 4096))))
      (br_if $pass
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.set $sum (v128.xor (local.get $sum) (local.get $floats)))
    (i64.xor
      (i64x2.extract_lane 0 (local.get $sum))
      (i64x2.extract_lane 1 (local.get $sum)))))
