;; A walk through memory: a ring of 16384 cells, each with the address of the next, that leads
;; through all of them in no order a cache would guess; each visit reads and changes the cell.
(module
  (memory 4)

  ;; Cell i is followed by cell (5 i + 12345) modulo 16384, which is a single cycle.
  (func $prepare
    (local $i i32)
    (loop $next
      (i64.store
        (i32.shl (local.get $i) (i32.const 4))
        (i64.extend_i32_u
          (i32.shl
            (i32.and
              (i32.add (i32.mul (local.get $i) (i32.const 5)) (i32.const 12345))
              (i32.const 16383))
            (i32.const 4))))
      (i64.store offset=8
        (i32.shl (local.get $i) (i32.const 4))
        (i64.extend_i32_u (local.get $i)))
      (br_if $next
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 16384)))))

  ;; n rounds
  (func (export "run") (param $n i32) (result i64)
    (local $left i32) (local $at i32) (local $sum i64)
    (call $prepare)
    (local.set $left (i32.mul (local.get $n) (i32.const 16384)))
    (loop $next
      (local.set $sum (i64.add (local.get $sum) (i64.load offset=8 (local.get $at))))
      (i64.store offset=8 (local.get $at) (local.get $sum))
      (local.set $at (i32.load (local.get $at)))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
