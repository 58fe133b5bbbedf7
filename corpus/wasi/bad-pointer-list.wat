;; A list of buffers that is not in the memory ends the program: it is no error that a program could go on with.
;;
;; Other hosts give FAULT or INVAL, or read what lies behind the memory.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))

  (func (export "_start")
    ;; 1. The last place where a list may be: it ends with the memory.
    (i32.store (i32.const 65528) (i32.const 1024))
    (i32.store (i32.const 65532) (i32.const 0))
    (call $ok (i32.const 1) (call $fd_write (i32.const 1) (i32.const 65528) (i32.const 1) (i32.const 0)))
    ;; 2. No list is nowhere, even at the end.
    (call $ok (i32.const 2) (call $fd_write (i32.const 1) (i32.const 65536) (i32.const 0) (i32.const 0)))
    ;; 3. A list of which the second entry is not in the memory. There is no way back from here.
    (drop (call $fd_write (i32.const 1) (i32.const 65528) (i32.const 2) (i32.const 0)))
    ;; It came back.
    (call $proc_exit (i32.const 99))))
