;; Dispatch through a table: areas and names of shapes by call_indirect, as objects with methods compile to it.
(module
  (type $area (func (param f64 f64) (result f64)))
  (type $sides (func (result i32)))
  (table (export "methods") 8 funcref)
  ;; A shape of kind k has its methods at 2k: area, sides. Kind 3 has none.
  (elem (i32.const 0) $square_area $four $triangle_area $three $circle_area $none)

  (func $square_area (type $area) (f64.mul (local.get 0) (local.get 1)))
  (func $triangle_area (type $area)
    (f64.div (f64.mul (local.get 0) (local.get 1)) (f64.const 2)))
  ;; An ellipse with half axes a and b.
  (func $circle_area (type $area)
    (f64.mul (f64.const 3.141592653589793) (f64.mul (local.get 0) (local.get 1))))
  (func $four (type $sides) (i32.const 4))
  (func $three (type $sides) (i32.const 3))
  (func $none (type $sides) (i32.const 0))

  ;; kind, a, b -> area
  (func (export "area") (param $kind i32) (param $a f64) (param $b f64) (result f64)
    (call_indirect (type $area)
      (local.get $a) (local.get $b) (i32.shl (local.get $kind) (i32.const 1))))

  ;; slot -> sides; a slot with an even number holds an area
  (func (export "sides_at") (param $slot i32) (result i32)
    (call_indirect (type $sides) (local.get $slot)))

  ;; n -> the sum of the areas of n shapes, their kinds by turns
  (func (export "total") (param $n i32) (result f64)
    (local $sum f64) (local $size f64)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $size (f64.convert_i32_u (local.get $n)))
        (local.set $sum
          (f64.add (local.get $sum)
            (call_indirect (type $area)
              (local.get $size) (f64.const 0.5)
              (i32.shl (i32.rem_u (local.get $n) (i32.const 3)) (i32.const 1)))))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (local.get $sum)))
