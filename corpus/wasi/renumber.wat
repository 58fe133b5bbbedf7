;; A descriptor gets the number of another one, which is closed by it.
;;
;; Other hosts let a program choose numbers that are not open, refuse folders of the beginning or streams, or close the descriptor
;; when it is given its own number.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "one") (func $"one" (result i32 i32) (i32.const 1024) (i32.const 3))
  (data (i32.const 1028) "two") (func $"two" (result i32 i32) (i32.const 1028) (i32.const 3))
  (data (i32.const 1032) "abc") (func $"abc" (result i32 i32) (i32.const 1032) (i32.const 3))
  (data (i32.const 1036) "bc") (func $"bc" (result i32 i32) (i32.const 1036) (i32.const 2))
  (data (i32.const 1039) ".") (func $"." (result i32 i32) (i32.const 1039) (i32.const 1))
  (data (i32.const 1041) "def") (func $"def" (result i32 i32) (i32.const 1041) (i32.const 3))
  (data (i32.const 1045) "three") (func $"three" (result i32 i32) (i32.const 1045) (i32.const 5))
  (data (i32.const 1051) "message") (func $"message" (result i32 i32) (i32.const 1051) (i32.const 7))
  (data (i32.const 1059) "lost") (func $"lost" (result i32 i32) (i32.const 1059) (i32.const 4))
  (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff)) (global $BADF i32 (i32.const 8))
  (global $DIRECTORY i32 (i32.const 2)) (global $FOLDER i64 (i64.const 0x7bffe18))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $is64 (param $check i32) (param $want i64) (param $got i64)
    (call $is (local.get $check) (i32.const 1) (i64.eq (local.get $want) (local.get $got))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; Ends the program with the number of a check unless something is so.
  (func $that (param $check i32) (param $so i32)
    (if (i32.eqz (local.get $so)) (then (call $proc_exit (local.get $check)))))
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
  ;; Writes from one buffer; how much it was is at 0 then.
  (func $write (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
  ;; Reads into one buffer; how much it was is at 0 then.
  (func $read (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_read (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
  ;; Opens a path of folder 3; the descriptor is at 0 then.
  (func $open (param $path i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (local.get $oflags)
      (local.get $rights) (i64.const 0xfffffff) (i32.const 0) (i32.const 0)))

  (func (export "_start") (local $one i32) (local $two i32) (local $three i32)
    ;; 1. The file takes the other's number with its place; its own is free.
    (call $ok (i32.const 1) (call $open (call $"one") (global.get $CREAT) (global.get $RW)))
    (local.set $one (i32.load (i32.const 0)))
    (call $ok (i32.const 1) (call $open (call $"two") (global.get $CREAT) (global.get $RW)))
    (local.set $two (i32.load (i32.const 0)))
    (call $ok (i32.const 1) (call $write (local.get $one) (call $"abc")))
    (call $ok (i32.const 1) (call $fd_renumber (local.get $one) (local.get $two)))
    (call $is (i32.const 1) (global.get $BADF) (call $fd_fdstat_get (local.get $one) (i32.const 64)))
    (call $ok (i32.const 1) (call $fd_tell (local.get $two) (i32.const 8)))
    (call $is64 (i32.const 1) (i64.const 3) (i64.load (i32.const 8)))
    (call $ok (i32.const 1) (call $fd_seek (local.get $two) (i64.const 1) (i32.const 0) (i32.const 8)))
    (call $ok (i32.const 1) (call $read (local.get $two) (i32.const 4096) (i32.const 10)))
    (call $holds (i32.const 1) (i32.const 4096) (call $"bc"))
    ;; 2. To itself changes nothing.
    (call $ok (i32.const 2) (call $fd_renumber (local.get $two) (local.get $two)))
    (call $ok (i32.const 2) (call $fd_tell (local.get $two) (i32.const 8)))
    (call $is64 (i32.const 2) (i64.const 3) (i64.load (i32.const 8)))
    ;; 3. Numbers that are not open, on either side.
    (call $is (i32.const 3) (global.get $BADF) (call $fd_renumber (local.get $one) (local.get $two)))
    (call $is (i32.const 3) (global.get $BADF) (call $fd_renumber (local.get $two) (local.get $one)))
    (call $is (i32.const 3) (global.get $BADF) (call $fd_renumber (local.get $two) (i32.const 1000000)))
    (call $is (i32.const 3) (global.get $BADF) (call $fd_renumber (i32.const -1) (local.get $two)))
    (call $is (i32.const 3) (global.get $BADF) (call $fd_renumber (local.get $one) (local.get $one)))
    (call $ok (i32.const 3) (call $fd_tell (local.get $two) (i32.const 8)))
    ;; 4. Over a folder of the beginning: its number is the new one's.
    (call $ok (i32.const 4) (call $fd_filestat_get (i32.const 3) (i32.const 64)))
    (call $ok (i32.const 4) (call $open (call $".") (global.get $DIRECTORY) (global.get $FOLDER)))
    (call $ok (i32.const 4) (call $fd_renumber (i32.load (i32.const 0)) (i32.const 4)))
    (call $ok (i32.const 4) (call $fd_filestat_get (i32.const 4) (i32.const 128)))
    (call $that (i32.const 4) (i64.eq (i64.load (i32.const 64)) (i64.load (i32.const 128))))
    (call $that (i32.const 4) (i64.eq (i64.load (i32.const 72)) (i64.load (i32.const 136))))
    ;; 5. Over a stream: what is written to it is in the file then.
    (call $ok (i32.const 5) (call $fd_renumber (local.get $two) (i32.const 1)))
    (call $ok (i32.const 5) (call $fd_seek (i32.const 1) (i64.const 0) (i32.const 2) (i32.const 8)))
    (call $ok (i32.const 5) (call $write (i32.const 1) (call $"def")))
    (call $is (i32.const 5) (global.get $BADF) (call $fd_close (local.get $two)))
    ;; 6. A stream gets a file's number and stays a stream.
    (call $ok (i32.const 6) (call $open (call $"three") (global.get $CREAT) (global.get $RW)))
    (local.set $three (i32.load (i32.const 0)))
    (call $ok (i32.const 6) (call $fd_renumber (i32.const 2) (local.get $three)))
    (call $ok (i32.const 6) (call $write (local.get $three) (call $"message")))
    (call $is (i32.const 6) (global.get $BADF) (call $write (i32.const 2) (call $"lost")))
    (call $proc_exit (i32.const 0))))
