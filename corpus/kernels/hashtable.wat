;; A hash table with open addressing: 16384 slots of a key and a count, 16 bytes each; the key 0 is a free slot.
(module
  (memory 4)

  ;; The address of the slot of a key, or of the free one where it belongs.
  (func $slot (param $key i64) (result i32)
    (local $at i32) (local $found i64)
    (local.set $at
      (i32.wrap_i64
        (i64.shr_u
          (i64.mul (local.get $key) (i64.const 0x9e3779b97f4a7c15))
          (i64.const 50))))
    (loop $probe
      (local.set $found (i64.load (i32.shl (local.get $at) (i32.const 4))))
      (if (i64.eqz (local.get $found))
        (then (return (i32.shl (local.get $at) (i32.const 4)))))
      (if (i64.ne (local.get $found) (local.get $key))
        (then
          (local.set $at
            (i32.and (i32.add (local.get $at) (i32.const 1)) (i32.const 16383)))
          (br $probe))))
    (i32.shl (local.get $at) (i32.const 4)))

  ;; n * 100 keys out of 8192, each counted
  (func (export "run") (param $n i32) (result i64)
    (local $left i32) (local $x i32) (local $key i64) (local $at i32) (local $sum i64)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 0x40000))
    (local.set $left (i32.mul (local.get $n) (i32.const 100)))
    (loop $next
      (local.set $x
        (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $key
        (i64.mul
          (i64.extend_i32_u (i32.add (i32.shr_u (local.get $x) (i32.const 19)) (i32.const 1)))
          (i64.const 1000003)))
      (local.set $at (call $slot (local.get $key)))
      (i64.store (local.get $at) (local.get $key))
      (i64.store offset=8
        (local.get $at)
        (i64.add (i64.load offset=8 (local.get $at)) (i64.const 1)))
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 1))
          (i64.mul (i64.load offset=8 (local.get $at)) (local.get $key))))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
