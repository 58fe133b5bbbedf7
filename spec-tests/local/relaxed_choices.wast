;; features: relaxed-simd
;;
;; Where the specification leaves a choice: operands for which the alternatives differ. Every alternative that it lists
;; is a right answer.

(module
  (func (export "swizzle") (param v128 v128) (result v128)
    (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))
  (func (export "trunc_f32x4_s") (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_s (local.get 0)))
  (func (export "trunc_f32x4_u") (param v128) (result v128) (i32x4.relaxed_trunc_f32x4_u (local.get 0)))
  (func (export "trunc_f64x2_s_zero") (param v128) (result v128)
    (i32x4.relaxed_trunc_f64x2_s_zero (local.get 0)))
  (func (export "trunc_f64x2_u_zero") (param v128) (result v128)
    (i32x4.relaxed_trunc_f64x2_u_zero (local.get 0)))
  (func (export "laneselect") (param v128 v128 v128) (result v128)
    (i8x16.relaxed_laneselect (local.get 0) (local.get 1) (local.get 2)))
  (func (export "min") (param v128 v128) (result v128) (f64x2.relaxed_min (local.get 0) (local.get 1)))
  (func (export "max") (param v128 v128) (result v128) (f64x2.relaxed_max (local.get 0) (local.get 1)))
  (func (export "q15mulr") (param v128 v128) (result v128)
    (i16x8.relaxed_q15mulr_s (local.get 0) (local.get 1)))
  (func (export "madd") (param v128 v128 v128) (result v128)
    (f64x2.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))
  (func (export "nmadd") (param v128 v128 v128) (result v128)
    (f64x2.relaxed_nmadd (local.get 0) (local.get 1) (local.get 2)))
  (func (export "dot") (param v128 v128) (result v128)
    (i16x8.relaxed_dot_i8x16_i7x16_s (local.get 0) (local.get 1)))
)

;; Index 16 selects nothing, or is taken modulo 16; 128 and above never select.
(assert_return
  (invoke "swizzle" (v128.const i8x16 9 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    (v128.const i8x16 0 16 128 255 15 0 0 0 0 0 0 0 0 0 0 0))
  (either
    (v128.const i8x16 9 0 0 0 15 9 9 9 9 9 9 9 9 9 9 9)
    (v128.const i8x16 9 9 0 0 15 9 9 9 9 9 9 9 9 9 9 9)))

;; What fits is truncated towards zero; what does not, and NaN, is the nearest number (0 for NaN), or one fixed number.
(assert_return (invoke "trunc_f32x4_s" (v128.const f32x4 -1.9 1.9 0x1.fffffep+30 -0x1p+31))
  (v128.const i32x4 -1 1 0x7fffff80 0x80000000))
(assert_return (invoke "trunc_f32x4_s" (v128.const f32x4 0 0x1p+31 -inf 0))
  (either (v128.const i32x4 0 0x7fffffff 0x80000000 0) (v128.const i32x4 0 0x80000000 0x80000000 0)))
(assert_return (invoke "trunc_f32x4_s" (v128.const f32x4 nan 0 0 0))
  (either (v128.const i32x4 0 0 0 0) (v128.const i32x4 0x80000000 0 0 0)))
(assert_return (invoke "trunc_f32x4_u" (v128.const f32x4 -0.9 1.9 0x1.fffffep+31 0))
  (v128.const i32x4 0 1 0xffffff00 0))
(assert_return (invoke "trunc_f32x4_u" (v128.const f32x4 -1 0 0 0))
  (either (v128.const i32x4 0 0 0 0) (v128.const i32x4 -1 0 0 0)
    (v128.const i32x4 0xfffffffe 0 0 0) (v128.const i32x4 0x80000000 0 0 0)))
(assert_return (invoke "trunc_f64x2_s_zero" (v128.const f64x2 0x1.fffffffcp+30 -0x1p+31))
  (v128.const i32x4 0x7fffffff 0x80000000 0 0))
(assert_return (invoke "trunc_f64x2_s_zero" (v128.const f64x2 0x1p+31 0))
  (either (v128.const i32x4 0x7fffffff 0 0 0) (v128.const i32x4 0x80000000 0 0 0)))
(assert_return (invoke "trunc_f64x2_u_zero" (v128.const f64x2 0x1.fffffffep+31 0.9))
  (v128.const i32x4 0xffffffff 0 0 0))
(assert_return (invoke "trunc_f64x2_u_zero" (v128.const f64x2 nan 1))
  (either (v128.const i32x4 0 1 0 0) (v128.const i32x4 -1 1 0 0)
    (v128.const i32x4 0xfffffffe 1 0 0) (v128.const i32x4 0x80000000 1 0 0)))

;; Each bit of the mask, or the highest one of each lane.
(assert_return
  (invoke "laneselect" (v128.const i64x2 -1 -1) (v128.const i64x2 0 0)
    (v128.const i8x16 0x80 0x7f 0xff 0 0 0 0 0 0 0 0 0 0 0 0 0))
  (either (v128.const i8x16 0x80 0x7f 0xff 0 0 0 0 0 0 0 0 0 0 0 0 0)
    (v128.const i8x16 0xff 0 0xff 0 0 0 0 0 0 0 0 0 0 0 0 0)))

;; Zeros of opposite signs, and NaN with a number.
(assert_return (invoke "min" (v128.const f64x2 0 1) (v128.const f64x2 -0 2))
  (either (v128.const f64x2 -0 1) (v128.const f64x2 0 1)))
(assert_return (invoke "max" (v128.const f64x2 -0 1) (v128.const f64x2 0 2))
  (either (v128.const f64x2 0 2) (v128.const f64x2 -0 2)))
(assert_return (invoke "min" (v128.const f64x2 nan 1) (v128.const f64x2 3 2))
  (either (v128.const f64x2 nan:canonical 1) (v128.const f64x2 3 1)))

;; -1 times -1 is out of range.
(assert_return
  (invoke "q15mulr" (v128.const i16x8 0x8000 0x8000 0x7fff 0 0 0 0 0)
    (v128.const i16x8 0x8000 0x7fff 0x7fff 0 0 0 0 0))
  (either (v128.const i16x8 0x7fff 0x8001 0x7ffe 0 0 0 0 0)
    (v128.const i16x8 0x8000 0x8001 0x7ffe 0 0 0 0 0)))

;; (1 + e) * (1 - e) - 1 with e the least difference: rounded once it is -e * e, rounded twice it is 0.
(assert_return
  (invoke "madd" (v128.const f64x2 0x1.0000000000001p+0 2) (v128.const f64x2 0x1.ffffffffffffep-1 3)
    (v128.const f64x2 -1 1))
  (either (v128.const f64x2 0 7) (v128.const f64x2 -0x1p-104 7)))
(assert_return
  (invoke "nmadd" (v128.const f64x2 0x1.0000000000001p+0 2) (v128.const f64x2 0x1.ffffffffffffep-1 3)
    (v128.const f64x2 1 1))
  (either (v128.const f64x2 0 -5) (v128.const f64x2 0x1p-104 -5)))

;; The second operand's lanes are seven bits wide; with eight their sign is open.
(assert_return
  (invoke "dot" (v128.const i8x16 1 0 2 0 0 0 0 0 0 0 0 0 0 0 0 0)
    (v128.const i8x16 0x80 0 0x7f 0 0 0 0 0 0 0 0 0 0 0 0 0))
  (either (v128.const i16x8 -128 254 0 0 0 0 0 0) (v128.const i16x8 128 254 0 0 0 0 0 0)))
