;; A program that was given nothing has nothing.
;;
;; Other hosts let the variables of the process that runs them through, or a name of their own as the first argument, or a folder
;; that nobody named.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (global $BADF i32 (i32.const 8))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; Reads into one buffer; how much it was is at 0 then.
  (func $read (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_read (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))

  (func (export "_start")
    ;; 1. No arguments: none of their bytes either.
    (i32.store (i32.const 0) (i32.const 9))
    (i32.store (i32.const 4) (i32.const 9))
    (call $ok (i32.const 1) (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (call $ok (i32.const 1) (i32.load (i32.const 0)))
    (call $ok (i32.const 1) (i32.load (i32.const 4)))
    ;; 2. No variables.
    (i32.store (i32.const 0) (i32.const 9))
    (i32.store (i32.const 4) (i32.const 9))
    (call $ok (i32.const 2) (call $environ_sizes_get (i32.const 0) (i32.const 4)))
    (call $ok (i32.const 2) (i32.load (i32.const 0)))
    (call $ok (i32.const 2) (i32.load (i32.const 4)))
    ;; 3. To fetch nothing writes nothing, and a list and texts of no length may lie at the end of the memory.
    (i32.store (i32.const 64) (i32.const 0xaaaaaaaa))
    (i32.store (i32.const 128) (i32.const 0xaaaaaaaa))
    (call $ok (i32.const 3) (call $args_get (i32.const 64) (i32.const 128)))
    (call $ok (i32.const 3) (call $environ_get (i32.const 64) (i32.const 128)))
    (call $is (i32.const 3) (i32.const 0xaaaaaaaa) (i32.load (i32.const 64)))
    (call $is (i32.const 3) (i32.const 0xaaaaaaaa) (i32.load (i32.const 128)))
    (call $ok (i32.const 3) (call $environ_get (i32.const 65536) (i32.const 65536)))
    ;; 4. No folders: the first number behind the streams is not open.
    (call $is (i32.const 4) (global.get $BADF) (call $fd_prestat_get (i32.const 3) (i32.const 0)))
    (call $is (i32.const 4) (global.get $BADF) (call $fd_fdstat_get (i32.const 3) (i32.const 64)))
    ;; 5. Input is at its end at once.
    (call $ok (i32.const 5) (call $read (i32.const 0) (i32.const 4096) (i32.const 16)))
    (call $ok (i32.const 5) (i32.load (i32.const 0)))
    (call $proc_exit (i32.const 0))))
