;; On the tier `auto` each function and each loop here goes from the interpreter into compiled code while it runs.
(module
  (type $unary (func (param i32) (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $step $add)
  (tag $e (param i32))
  (memory 1)
  (global $sum (export "sum") (mut i64) (i64.const 0))

  (func $step (type $unary) (i32.add (local.get 0) (i32.const 1)))
  (func $add (type $unary)
    (global.set $sum (i64.add (global.get $sum) (i64.extend_i32_u (local.get 0))))
    (local.get 0))

  ;; A loop takes along its locals: of all types, parameters and others, one that nothing mentions, and a vector between others.
  (func $locals (export "locals") (param i32 f64) (result i64) (local i64 v128 i32 f32 i64 i32)
    (local.set 2 (i64.const 1000))
    (local.set 3 (v128.const i64x2 3 4))
    (local.set 5 (f32.const 0.25))
    (local.set 6 (i64.const 7))
    (loop $l
      (local.set 2 (i64.add (local.get 2) (i64x2.extract_lane 1 (local.get 3))))
      (local.set 3 (i64x2.add (local.get 3) (i64x2.splat (local.get 6))))
      (local.set 5 (f32.add (local.get 5) (f32.const 1)))
      (br_if $l (i32.lt_u (local.tee 7 (i32.add (local.get 7) (i32.const 1))) (i32.const 20))))
    (i64.add
      (i64.add (local.get 2) (i64.trunc_sat_f64_s (local.get 1)))
      (i64.add (i64.trunc_sat_f32_s (local.get 5)) (i64.extend_i32_s (local.get 0)))))

  ;; It takes along the operands below it, and those that it begins with.
  (func (export "operands") (param i32 f64) (result i64) (local i32)
    (i64.const 100)
    (v128.const i64x2 5 6)
    (f64.const 2.5)
    (i32.const 9) (f32.const 0.5)
    (block (param i32 f32) (result i32)
      (loop (param i32 f32) (result i32)
        (drop)
        (local.set 2 (i32.add (local.get 2) (i32.const 1)))
        (i32.add (i32.const 3)) (f32.const 0.25)
        (br_if 0 (i32.lt_u (local.get 2) (i32.const 20)))
        (drop)))
    (i64.extend_i32_u) (local.set 2 (i32.wrap_i64))
    (i64.trunc_sat_f64_s)
    (i64.add (i64.extend_i32_u (local.get 2)))
    (local.set 2 (i32.wrap_i64))
    (i64x2.extract_lane 1)
    (i64.add)
    (i64.add (i64.extend_i32_u (local.get 2))))

  ;; In a loop in a loop that is so only where there is nothing below.
  (func (export "inner") (param i32 f64) (result i64) (local i32 i32)
    (i64.const 1000)
    (local.set 2 (i32.const 4))
    (loop $outer (param i64) (result i64)
      (local.set 3 (i32.const 4))
      (loop $inner
        (br_if $inner (local.tee 3 (i32.sub (local.get 3) (i32.const 1)))))
      (i64.add (i64.const 7))
      (br_if $outer (local.tee 2 (i32.sub (local.get 2) (i32.const 1))))))

  ;; What is charged behind a call whose callee went on elsewhere, and behind calls of callees that moved.
  (func (export "behind") (param i32 f64) (result i64) (local i32)
    (local.set 2 (i32.const 12))
    (loop $l
      (drop (call_indirect (type $unary) (local.get 2) (i32.and (local.get 2) (i32.const 1))))
      (br_if $l (local.tee 2 (i32.sub (local.get 2) (i32.const 1)))))
    (i64.store (i32.const 8) (call $locals (local.get 0) (local.get 1)))
    (i64.load (i32.const 8)))

  ;; The same in a caller that is in the interpreter all the time.
  (func $waits (result i32) (local i32)
    (loop $l (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))))
    (local.get 0))
  (func (export "once") (result i32) (i32.mul (i32.add (call $waits) (i32.const 1)) (i32.const 10)))

  ;; A tail call replaces a frame that went on elsewhere.
  (func $even (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (local.set 1 (i32.const 6))
    (loop (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i32.const 3)))
  (func $odd (param i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $even (i32.sub (local.get 0) (i32.const 1)) (i32.const 4)))
  (func (export "tail") (result i32)
    (i32.add (call $even (i32.const 101) (i32.const 7)) (i32.const 100)))

  ;; So does an exception, and what it carries comes to the handler of its caller.
  (func $throws (param i32)
    (local.set 0 (i32.const 5))
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (throw $e (i32.const 42)))
  (func (export "caught") (result i32)
    (block $h (result i32)
      (try_table (catch $e $h) (call $throws (i32.const 4)))
      (unreachable)))

  ;; The depth of a frame is taken once as long as it goes on elsewhere, and is there again when it has returned. Both decide how deep
  ;; the recursion comes.
  (func $turns (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (local.set 0 (i32.const 9))
    (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 0))
  (func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))
  (func $within (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i32)
    (loop
      (if (i32.eq (local.tee 10 (i32.add (local.get 10) (i32.const 1))) (i32.const 9))
        (then (return (call $down (i32.const 0)))))
      (br 0))
    (unreachable))
  (func (export "deep") (result i32) (drop (call $turns (i32.const 0))) (call $within)))
