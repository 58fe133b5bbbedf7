;; The bits of NaNs that arithmetic makes and a store writes: the canonical, positive one in the deterministic profile. Infinities are what
;; they are, and so is whatever is stored as it came.

(module
  (memory 1)
  (func (export "mul64") (param f64 f64) (result i64)
    (f64.store offset=3 (i32.const 5) (f64.mul (local.get 0) (local.get 1)))
    (i64.load offset=3 (i32.const 5)))
  (func (export "mul32") (param f32 f32) (result i32)
    (f32.store offset=3 (i32.const 6) (f32.mul (local.get 0) (local.get 1)))
    (i32.load offset=3 (i32.const 6)))
  (func (export "same64") (param f64) (result i64)
    (f64.store (i32.const 16) (local.get 0))
    (i64.load (i32.const 16)))
  (func (export "same32") (param f32) (result i32)
    (f32.store (i32.const 16) (local.get 0))
    (i32.load (i32.const 16)))
  ;; What is stored twice, and goes on into arithmetic and out of the function.
  (func (export "twice") (param f64) (result i64 i64 f64 i64)
    (local f64)
    (local.set 1 (f64.sub (local.get 0) (local.get 0)))
    (f64.store (i32.const 24) (local.get 1))
    (f64.store (i32.const 32) (local.get 1))
    (f64.store (i32.const 40) (f64.neg (f64.add (local.get 1) (local.get 1))))
    (i64.load (i32.const 24))
    (i64.load (i32.const 32))
    (local.get 1)
    (i64.load (i32.const 40)))
  ;; Lanes of numbers of the other width: the upper half of a double is stored as a number of 32 bits.
  (func (export "lane") (param f64) (result i32)
    (f32.store (i32.const 48)
      (f32x4.extract_lane 1 (f64x2.mul (f64x2.splat (local.get 0)) (v128.const f64x2 0 0))))
    (i32.load (i32.const 48)))
  (func (export "turns") (param $n i32) (param $x f64) (result i64)
    (loop $next
      (local.set $x (f64.mul (local.get $x) (local.get $x)))
      (f64.store (i32.const 56) (local.get $x))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.load (i32.const 56))))
