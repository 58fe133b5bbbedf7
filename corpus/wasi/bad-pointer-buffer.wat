;; A buffer that is not in the memory ends the program, before anything is written from the buffers that are.
;;
;; Other hosts write the first buffers, or give FAULT and go on.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "text") (func $"text" (result i32 i32) (i32.const 1024) (i32.const 4))

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
    ;; 1. The last byte of the memory may be a buffer.
    (i32.store8 (i32.const 65535) (i32.const 0x0a))
    (call $ok (i32.const 1) (call $write (i32.const 1) (i32.const 65535) (i32.const 1)))
    ;; 2. A buffer of no bytes may be at the end.
    (call $ok (i32.const 2) (call $write (i32.const 1) (i32.const 65536) (i32.const 0)))
    ;; 3. Two buffers, of which only the first is in the memory: nothing of it is written.
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 4))
    (i32.store (i32.const 24) (i32.const 65535))
    (i32.store (i32.const 28) (i32.const 2))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 0)))
    ;; It came back.
    (drop (call $write (i32.const 1) (call $"text")))
    (call $proc_exit (i32.const 99))))
