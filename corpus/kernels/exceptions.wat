;; Exceptions in a loop: of four calls one throws, through a function that does not catch it.
(module
  (tag $odd (param i32))

  (func $check (param $x i32) (result i32)
    (if (i32.eqz (i32.and (local.get $x) (i32.const 3)))
      (then (throw $odd (i32.mul (local.get $x) (i32.const 31)))))
    (i32.add (local.get $x) (i32.const 7)))

  (func $through (param $x i32) (result i32)
    (i32.xor (call $check (local.get $x)) (i32.const 0x55)))

  ;; n * 10 calls
  (func (export "run") (param $n i32) (result i64)
    (local $left i32) (local $sum i64)
    (local.set $left (i32.mul (local.get $n) (i32.const 10)))
    (loop $next
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 3))
          (i64.extend_i32_u
            (block $caught (result i32)
              (try_table (result i32) (catch $odd $caught)
                (call $through (local.get $left)))))))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
