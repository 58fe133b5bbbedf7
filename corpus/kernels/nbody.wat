;; Floating point with roots and quotients: five bodies that attract each other.
;; A body is seven numbers: place, speed and mass, 56 bytes.
(module
  (memory 1)

  (func $body (param $at i32) (param $x f64) (param $y f64) (param $z f64)
    (param $vx f64) (param $vy f64) (param $vz f64) (param $mass f64)
    (f64.store offset=0 (local.get $at) (local.get $x))
    (f64.store offset=8 (local.get $at) (local.get $y))
    (f64.store offset=16 (local.get $at) (local.get $z))
    (f64.store offset=24 (local.get $at) (local.get $vx))
    (f64.store offset=32 (local.get $at) (local.get $vy))
    (f64.store offset=40 (local.get $at) (local.get $vz))
    (f64.store offset=48 (local.get $at) (local.get $mass)))

  ;; A sun and four planets, in units that make their numbers near 1.
  (func $prepare
    (call $body (i32.const 0) (f64.const 0) (f64.const 0) (f64.const 0)
      (f64.const 0) (f64.const 0) (f64.const 0) (f64.const 40))
    (call $body (i32.const 56) (f64.const 4.875) (f64.const -1.125) (f64.const -0.125)
      (f64.const 0.625) (f64.const 2.75) (f64.const -0.03125) (f64.const 0.0375))
    (call $body (i32.const 112) (f64.const 8.375) (f64.const 4.125) (f64.const -0.375)
      (f64.const -1) (f64.const 1.8125) (f64.const 0.0078125) (f64.const 0.01125))
    (call $body (i32.const 168) (f64.const 12.875) (f64.const -15.125) (f64.const -0.25)
      (f64.const 1.0625) (f64.const 0.875) (f64.const -0.0109375) (f64.const 0.00175))
    (call $body (i32.const 224) (f64.const 15.375) (f64.const -25.875) (f64.const 0.1875)
      (f64.const 0.96875) (f64.const 0.59375) (f64.const -0.034375) (f64.const 0.00203125)))

  ;; Each pair changes the speeds of both; then each body moves.
  (func $advance (param $dt f64)
    (local $a i32) (local $b i32)
    (local $dx f64) (local $dy f64) (local $dz f64) (local $square f64) (local $pull f64)
    (local $by f64)
    (loop $first
      (local.set $b (i32.add (local.get $a) (i32.const 56)))
      (loop $second
        (local.set $dx
          (f64.sub (f64.load offset=0 (local.get $a)) (f64.load offset=0 (local.get $b))))
        (local.set $dy
          (f64.sub (f64.load offset=8 (local.get $a)) (f64.load offset=8 (local.get $b))))
        (local.set $dz
          (f64.sub (f64.load offset=16 (local.get $a)) (f64.load offset=16 (local.get $b))))
        (local.set $square
          (f64.add
            (f64.add
              (f64.mul (local.get $dx) (local.get $dx))
              (f64.mul (local.get $dy) (local.get $dy)))
            (f64.mul (local.get $dz) (local.get $dz))))
        (local.set $pull
          (f64.div
            (local.get $dt)
            (f64.mul (local.get $square) (f64.sqrt (local.get $square)))))
        (local.set $by (f64.mul (f64.load offset=48 (local.get $b)) (local.get $pull)))
        (f64.store offset=24 (local.get $a)
          (f64.sub (f64.load offset=24 (local.get $a)) (f64.mul (local.get $dx) (local.get $by))))
        (f64.store offset=32 (local.get $a)
          (f64.sub (f64.load offset=32 (local.get $a)) (f64.mul (local.get $dy) (local.get $by))))
        (f64.store offset=40 (local.get $a)
          (f64.sub (f64.load offset=40 (local.get $a)) (f64.mul (local.get $dz) (local.get $by))))
        (local.set $by (f64.mul (f64.load offset=48 (local.get $a)) (local.get $pull)))
        (f64.store offset=24 (local.get $b)
          (f64.add (f64.load offset=24 (local.get $b)) (f64.mul (local.get $dx) (local.get $by))))
        (f64.store offset=32 (local.get $b)
          (f64.add (f64.load offset=32 (local.get $b)) (f64.mul (local.get $dy) (local.get $by))))
        (f64.store offset=40 (local.get $b)
          (f64.add (f64.load offset=40 (local.get $b)) (f64.mul (local.get $dz) (local.get $by))))
        (br_if $second
          (i32.lt_u
            (local.tee $b (i32.add (local.get $b) (i32.const 56)))
            (i32.const 280))))
      (br_if $first
        (i32.lt_u
          (local.tee $a (i32.add (local.get $a) (i32.const 56)))
          (i32.const 224))))
    (local.set $a (i32.const 0))
    (loop $move
      (f64.store offset=0 (local.get $a)
        (f64.add
          (f64.load offset=0 (local.get $a))
          (f64.mul (local.get $dt) (f64.load offset=24 (local.get $a)))))
      (f64.store offset=8 (local.get $a)
        (f64.add
          (f64.load offset=8 (local.get $a))
          (f64.mul (local.get $dt) (f64.load offset=32 (local.get $a)))))
      (f64.store offset=16 (local.get $a)
        (f64.add
          (f64.load offset=16 (local.get $a))
          (f64.mul (local.get $dt) (f64.load offset=40 (local.get $a)))))
      (br_if $move
        (i32.lt_u
          (local.tee $a (i32.add (local.get $a) (i32.const 56)))
          (i32.const 280)))))

  ;; n * 10 steps; the result is where the first planet is
  (func (export "run") (param $n i32) (result f64)
    (local $left i32)
    (call $prepare)
    (local.set $left (i32.mul (local.get $n) (i32.const 10)))
    (loop $next
      (call $advance (f64.const 0.01))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (f64.load (i32.const 56))))
