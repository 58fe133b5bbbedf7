;; A list of buffers at an address that is not a multiple of 4 ends the program, as the document of types demands.
;;
;; Other hosts read it, since the processors that they run on can, or give INVAL.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; Writes from one buffer; how much it was is at 0 then.
  (func $write (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))

  (func (export "_start")
    ;; 1. Buffers themselves may be anywhere.
    (call $ok (i32.const 1) (call $write (i32.const 1) (i32.const 1025) (i32.const 0)))
    ;; 2. A list and a result at multiples of 4 are in order.
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 0))
    (call $ok (i32.const 2) (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 4)))
    ;; 3. The same list two bytes further on. There is no way back from here.
    (i32.store (i32.const 18) (i32.const 1024))
    (i32.store (i32.const 22) (i32.const 0))
    (drop (call $fd_write (i32.const 1) (i32.const 18) (i32.const 1) (i32.const 0)))
    ;; It came back.
    (call $proc_exit (i32.const 99))))
