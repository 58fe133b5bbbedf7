;; Arguments and variables: how many, how many bytes, and which.
;;
;; Several variables are where other hosts go wrong: one that is empty, one with "=" in its value, text that is not ASCII, an empty
;; argument. Each text ends with a zero byte, which counts, and nothing is written beside the list and the texts.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "args-and-environ\00\00two words\00\c3\bc\00") (func $"args" (result i32 i32) (i32.const 1024) (i32.const 31))
  (data (i32.const 1056) "A=1\00EMPTY=\00LONG=a=b=c\00") (func $"environ" (result i32 i32) (i32.const 1056) (i32.const 22))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; Whether the memory has these bytes from an address on.
  (func $holds (param $check i32) (param $at i32) (param $text i32) (param $length i32)
    (loop $next
      (if (local.get $length)
        (then
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (call $is (local.get $check)
            (i32.load8_u (i32.add (local.get $text) (local.get $length)))
            (i32.load8_u (i32.add (local.get $at) (local.get $length))))
          (br $next)))))

  (func (export "_start")
    ;; 1. Four arguments, whose bytes are counted with a zero byte for each.
    (call $ok (i32.const 1) (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (call $is (i32.const 1) (i32.const 4) (i32.load (i32.const 0)))
    (call $is (i32.const 1) (i32.const 31) (i32.load (i32.const 4)))
    ;; 2. The texts lie one after the other, and nothing is written before or behind them.
    (i32.store8 (i32.const 4095) (i32.const 0xaa))
    (i32.store8 (i32.const 4127) (i32.const 0xaa))
    (i32.store (i32.const 80) (i32.const 0xaaaaaaaa))
    (call $ok (i32.const 2) (call $args_get (i32.const 64) (i32.const 4096)))
    (call $holds (i32.const 2) (i32.const 4096) (call $"args"))
    (call $is (i32.const 2) (i32.const 0xaa) (i32.load8_u (i32.const 4095)))
    (call $is (i32.const 2) (i32.const 0xaa) (i32.load8_u (i32.const 4127)))
    ;; 3. The list says where each begins, and has no more entries than there are arguments.
    (call $is (i32.const 3) (i32.const 4096) (i32.load (i32.const 64)))
    (call $is (i32.const 3) (i32.const 4113) (i32.load (i32.const 68)))
    (call $is (i32.const 3) (i32.const 4114) (i32.load (i32.const 72)))
    (call $is (i32.const 3) (i32.const 4124) (i32.load (i32.const 76)))
    (call $is (i32.const 3) (i32.const 0xaaaaaaaa) (i32.load (i32.const 80)))
    ;; 4. Three variables, as NAME=VALUE.
    (call $ok (i32.const 4) (call $environ_sizes_get (i32.const 0) (i32.const 4)))
    (call $is (i32.const 4) (i32.const 3) (i32.load (i32.const 0)))
    (call $is (i32.const 4) (i32.const 22) (i32.load (i32.const 4)))
    ;; 5. Their bytes, and nothing behind them.
    (i32.store8 (i32.const 8214) (i32.const 0xaa))
    (call $ok (i32.const 5) (call $environ_get (i32.const 64) (i32.const 8192)))
    (call $holds (i32.const 5) (i32.const 8192) (call $"environ"))
    (call $is (i32.const 5) (i32.const 0xaa) (i32.load8_u (i32.const 8214)))
    ;; 6. Where each begins.
    (call $is (i32.const 6) (i32.const 8192) (i32.load (i32.const 64)))
    (call $is (i32.const 6) (i32.const 8196) (i32.load (i32.const 68)))
    (call $is (i32.const 6) (i32.const 8203) (i32.load (i32.const 72)))
    ;; 7. To ask once more gives the same.
    (call $ok (i32.const 7) (call $environ_get (i32.const 128) (i32.const 8300)))
    (call $holds (i32.const 7) (i32.const 8300) (call $"environ"))
    (call $ok (i32.const 7) (call $args_get (i32.const 160) (i32.const 8400)))
    (call $holds (i32.const 7) (i32.const 8400) (call $"args"))
    (call $proc_exit (i32.const 0))))
