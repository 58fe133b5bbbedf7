;; The host calls the guest back: imports of `reenter` call the export of the same name.
(module
  (import "reenter" "leaf" (func $leaf (param i32 i64) (result i64 i32)))
  (import "reenter" "divides" (func $divides (param i32) (result i32)))
  (import "reenter" "throws" (func $throws (param i32)))
  (import "reenter" "around" (func $around (param i32) (result i32)))
  (import "reenter" "grows" (func $grows (result i32)))
  (tag $x (param i32))
  (memory 1 3)
  (global $sum (export "sum") (mut i64) (i64.const 0))

  (func (export "leaf") (param i32 i64) (result i64 i32)
    (global.set $sum (i64.add (global.get $sum) (local.get 1)))
    (i64.rotl (local.get 1) (i64.const 8))
    (i32.add (local.get 0) (i32.const 1)))

  ;; Values of all types live over the call.
  (func (export "over") (param i32 f32 f64) (result f64)
    (local i64 v128)
    (local.set 4 (f32x4.splat (local.get 1)))
    (call $leaf (local.get 0) (i64.const 5))
    (drop)
    (local.set 3)
    (f64.add
      (f64.add (f64.convert_i64_s (local.get 3)) (local.get 2))
      (f64.promote_f32 (f32x4.extract_lane 3 (local.get 4)))))

  ;; The memory that the caller has at hand is another one then.
  (func (export "grows") (result i32)
    (i32.store (i32.const 8) (i32.const 77))
    (memory.grow (i32.const 1)))
  (func (export "after") (result i32)
    (i32.store (i32.const 8) (i32.const 1))
    (i32.add
      (i32.mul (call $grows) (i32.const 1000000))
      (i32.add (i32.mul (memory.size) (i32.const 1000)) (i32.load (i32.const 8)))))

  (func (export "divides") (param i32) (result i32) (i32.div_s (i32.const 100) (local.get 0)))
  ;; A trap is no exception, on either side of the host.
  (func (export "trap") (param i32) (result i32)
    (block $caught
      (try_table (catch_all $caught) (return (call $divides (local.get 0)))))
    (i32.const -1))

  (func (export "throws") (param i32) (throw $x (local.get 0)))
  (func (export "catches") (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $x $caught) (call $throws (local.get 0)))
      (i32.const 0)))

  ;; There and back, until the frames are used up or the number is.
  (func (export "around") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $around (i32.sub (local.get 0) (i32.const 1))))))))
