;; Bulk operations: memory is filled and copied in pieces of 16 to 1039 bytes.
(module
  (memory 1)

  ;; n * 100 pieces
  (func (export "run") (param $n i32) (result i64)
    (local $left i32) (local $x i32) (local $size i32) (local $sum i64)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))
    (local.set $left (i32.mul (local.get $n) (i32.const 100)))
    (loop $next
      (local.set $x
        (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (local.set $size
        (i32.add (i32.shr_u (local.get $x) (i32.const 22)) (i32.const 16)))
      (memory.fill
        (i32.and (local.get $x) (i32.const 0x3fff))
        (local.get $left)
        (local.get $size))
      (memory.copy
        (i32.add (i32.const 0x8000) (i32.and (local.get $left) (i32.const 0x3fff)))
        (i32.and (i32.shr_u (local.get $x) (i32.const 3)) (i32.const 0x3fff))
        (local.get $size))
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 1))
          (i64.load offset=0x8000 (i32.and (local.get $x) (i32.const 0x3fff)))))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
