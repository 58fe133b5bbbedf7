;; Random numbers, which come from a seed where each run must be the same.
;;
;; Other hosts fail for no bytes at all, or write more than they were asked for. The program prints the first eight bytes, which
;; the seed fixes.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; Ends the program with the number of a check unless something is so.
  (func $that (param $check i32) (param $so i32)
    (if (i32.eqz (local.get $so)) (then (call $proc_exit (local.get $check)))))
  ;; Writes from one buffer; how much it was is at 0 then.
  (func $write (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
  ;; Writes a hexadecimal digit.
  (func $digit (param $value i32)
    (i32.store8 (i32.const 200)
      (i32.add (local.get $value) (select (i32.const 87) (i32.const 48) (i32.gt_u (local.get $value) (i32.const 9)))))
    (drop (call $write (i32.const 1) (i32.const 200) (i32.const 1))))

  (func (export "_start") (local $i i32)
    ;; 1. No bytes are no error, and none are written: not even at the end of the memory.
    (i32.store8 (i32.const 4096) (i32.const 0xaa))
    (call $ok (i32.const 1) (call $random_get (i32.const 4096) (i32.const 0)))
    (call $is (i32.const 1) (i32.const 0xaa) (i32.load8_u (i32.const 4096)))
    (call $ok (i32.const 1) (call $random_get (i32.const 65536) (i32.const 0)))
    ;; 2. Thirteen bytes are thirteen bytes: those beside them stay.
    (i32.store8 (i32.const 4095) (i32.const 0xaa))
    (i32.store8 (i32.const 4109) (i32.const 0xaa))
    (call $ok (i32.const 2) (call $random_get (i32.const 4096) (i32.const 13)))
    (call $is (i32.const 2) (i32.const 0xaa) (i32.load8_u (i32.const 4095)))
    (call $is (i32.const 2) (i32.const 0xaa) (i32.load8_u (i32.const 4109)))
    (call $that (i32.const 2) (i64.ne (i64.load (i32.const 4096)) (i64.const 0)))
    ;; 3. The next ones are others.
    (call $ok (i32.const 3) (call $random_get (i32.const 4112) (i32.const 13)))
    (call $that (i32.const 3) (i64.ne (i64.load (i32.const 4096)) (i64.load (i32.const 4112))))
    ;; 4. Many at once.
    (call $ok (i32.const 4) (call $random_get (i32.const 8192) (i32.const 50000)))
    (call $that (i32.const 4) (i64.ne (i64.load (i32.const 58184)) (i64.const 0)))
    ;; 5. The first eight bytes go out as hexadecimal digits.
    (loop $next
      (call $digit (i32.shr_u (i32.load8_u offset=4096 (local.get $i)) (i32.const 4)))
      (call $digit (i32.and (i32.load8_u offset=4096 (local.get $i)) (i32.const 15)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
    (i32.store8 (i32.const 200) (i32.const 10))
    (call $ok (i32.const 5) (call $write (i32.const 1) (i32.const 200) (i32.const 1)))
    (call $proc_exit (i32.const 0))))
