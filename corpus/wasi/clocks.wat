;; Clocks: their resolution and their time.
;;
;; Other hosts give a resolution of 0, refuse a precision that they cannot keep, or write a result although they fail.
(module
  (import "wasi_snapshot_preview1" "clock_res_get" (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (global $INVAL i32 (i32.const 28))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $is64 (param $check i32) (param $want i64) (param $got i64)
    (call $is (local.get $check) (i32.const 1) (i64.eq (local.get $want) (local.get $got))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; The document leaves open which of two numbers it is.
  (func $either (param $check i32) (param $one i32) (param $other i32) (param $got i32)
    (call $is (local.get $check) (i32.const 1)
      (i32.or (i32.eq (local.get $got) (local.get $one)) (i32.eq (local.get $got) (local.get $other)))))
  ;; Ends the program with the number of a check unless something is so.
  (func $that (param $check i32) (param $so i32)
    (if (i32.eqz (local.get $so)) (then (call $proc_exit (local.get $check)))))

  (func (export "_start") (local $left i32) (local $clock i32)
    ;; 1. The resolution of the two clocks that there must be is not 0.
    (call $ok (i32.const 1) (call $clock_res_get (i32.const 0) (i32.const 0)))
    (call $that (i32.const 1) (i64.ne (i64.load (i32.const 0)) (i64.const 0)))
    (call $ok (i32.const 1) (call $clock_res_get (i32.const 1) (i32.const 0)))
    (call $that (i32.const 1) (i64.ne (i64.load (i32.const 0)) (i64.const 0)))
    ;; 2. The clock of real time is beyond 1970.
    (call $ok (i32.const 2) (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 0)))
    (call $that (i32.const 2) (i64.ne (i64.load (i32.const 0)) (i64.const 0)))
    ;; 3. The monotonic clock goes on, and never back.
    (call $ok (i32.const 3) (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
    (call $ok (i32.const 3) (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
    (call $that (i32.const 3) (i64.le_u (i64.load (i32.const 0)) (i64.load (i32.const 8))))
    ;; 4. It does not stand still: it goes on within a thousand questions.
    (local.set $left (i32.const 1000))
    (loop $again
      (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
      (if (i64.eq (i64.load (i32.const 0)) (i64.load (i32.const 8)))
        (then (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))
    (call $that (i32.const 4) (i64.lt_u (i64.load (i32.const 0)) (i64.load (i32.const 8))))
    ;; 5. A clock is as precise as it is: any precision may be asked for, 0 and the largest among them.
    (call $ok (i32.const 5) (call $clock_time_get (i32.const 1) (i64.const -1) (i32.const 0)))
    (call $ok (i32.const 5) (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 0)))
    ;; 6. There is no clock of another number, and nothing is written.
    (i64.store (i32.const 0) (i64.const 7))
    (call $is (i32.const 6) (global.get $INVAL) (call $clock_time_get (i32.const 4) (i64.const 0) (i32.const 0)))
    (call $is (i32.const 6) (global.get $INVAL) (call $clock_time_get (i32.const -1) (i64.const 0) (i32.const 0)))
    (call $is (i32.const 6) (global.get $INVAL) (call $clock_res_get (i32.const 4) (i32.const 0)))
    (call $is (i32.const 6) (global.get $INVAL) (call $clock_res_get (i32.const 0x80000000) (i32.const 0)))
    (call $is64 (i32.const 6) (i64.const 7) (i64.load (i32.const 0)))
    ;; 7. The clocks of the processor need not be there, but what there is has a resolution.
    (local.set $clock (i32.const 2))
    (loop $next
      (call $either (i32.const 7) (i32.const 0) (global.get $INVAL) (call $clock_res_get (local.get $clock) (i32.const 0)))
      (call $that (i32.const 7) (i64.ne (i64.load (i32.const 0)) (i64.const 0)))
      (local.set $clock (i32.add (local.get $clock) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $clock) (i32.const 4))))
    (call $proc_exit (i32.const 0))))
