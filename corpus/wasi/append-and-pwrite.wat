;; A descriptor that appends writes at the end, wherever it or another one is; a write at a given place is another matter.
;;
;; Hosts differ here: POSIX says that pwrite goes where it is told, Linux appends. The public tests let both through, but the place
;; of the descriptor must not move. Others forget the end when another descriptor has moved it, or that the flag can be taken back.
(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "log") (func $"log" (result i32 i32) (i32.const 1024) (i32.const 3))
  (data (i32.const 1028) "ab") (func $"ab" (result i32 i32) (i32.const 1028) (i32.const 2))
  (data (i32.const 1031) "cd") (func $"cd" (result i32 i32) (i32.const 1031) (i32.const 2))
  (data (i32.const 1034) "bc") (func $"bc" (result i32 i32) (i32.const 1034) (i32.const 2))
  (data (i32.const 1037) "ef") (func $"ef" (result i32 i32) (i32.const 1037) (i32.const 2))
  (data (i32.const 1040) "gh") (func $"gh" (result i32 i32) (i32.const 1040) (i32.const 2))
  (data (i32.const 1043) "abcdefgh") (func $"abcdefgh" (result i32 i32) (i32.const 1043) (i32.const 8))
  (data (i32.const 1052) "AB") (func $"AB" (result i32 i32) (i32.const 1052) (i32.const 2))
  (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff)) (global $APPEND i32 (i32.const 1))

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
  ;; The size of an open file.
  (func $size (param $fd i32) (result i64)
    (drop (call $fd_filestat_get (local.get $fd) (i32.const 64)))
    (i64.load (i32.const 96)))
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

  (func (export "_start") (local $fd i32) (local $other i32) (local $end64 i64)
    ;; 1. Two writes from the beginning: the second goes behind the first.
    (call $ok (i32.const 1)
      (call $path_open (i32.const 3) (i32.const 0) (call $"log") (global.get $CREAT) (global.get $RW)
        (global.get $RW) (global.get $APPEND) (i32.const 0)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 1) (call $write (local.get $fd) (call $"ab")))
    (call $ok (i32.const 1) (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $ok (i32.const 1) (call $write (local.get $fd) (call $"cd")))
    (call $ok (i32.const 1) (call $fd_tell (local.get $fd) (i32.const 8)))
    (call $is64 (i32.const 1) (i64.const 4) (i64.load (i32.const 8)))
    ;; 2. The descriptor says that it appends.
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 64)))
    (call $is (i32.const 2) (i32.const 1) (i32.and (i32.const 1) (i32.load16_u (i32.const 66))))
    ;; 3. To read goes from where it is, not from the end.
    (call $ok (i32.const 3) (call $fd_seek (local.get $fd) (i64.const 1) (i32.const 0) (i32.const 8)))
    (call $ok (i32.const 3) (call $read (local.get $fd) (i32.const 4096) (i32.const 2)))
    (call $holds (i32.const 3) (i32.const 4096) (call $"bc"))
    ;; 4. Another descriptor makes the file longer: the end is a new one.
    (call $ok (i32.const 4) (call $open (call $"log") (i32.const 0) (global.get $RW)))
    (local.set $other (i32.load (i32.const 0)))
    (call $ok (i32.const 4) (call $fd_seek (local.get $other) (i64.const 0) (i32.const 2) (i32.const 8)))
    (call $ok (i32.const 4) (call $write (local.get $other) (call $"ef")))
    (call $ok (i32.const 4) (call $write (local.get $fd) (call $"gh")))
    (call $is64 (i32.const 4) (i64.const 8) (call $size (local.get $fd)))
    (call $ok (i32.const 4) (call $fd_seek (local.get $other) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $ok (i32.const 4) (call $read (local.get $other) (i32.const 4096) (i32.const 100)))
    (call $holds (i32.const 4) (i32.const 4096) (call $"abcdefgh"))
    ;; 5. Without the flag it writes where it is.
    (call $ok (i32.const 5) (call $fd_fdstat_set_flags (local.get $fd) (i32.const 0)))
    (call $ok (i32.const 5) (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $ok (i32.const 5) (call $write (local.get $fd) (call $"AB")))
    (call $is64 (i32.const 5) (i64.const 8) (call $size (local.get $fd)))
    ;; 6. With the flag, a write at a place goes to it or to the end, and moves the descriptor in no case.
    (call $ok (i32.const 6) (call $fd_fdstat_set_flags (local.get $fd) (global.get $APPEND)))
    (call $ok (i32.const 6) (call $fd_seek (local.get $fd) (i64.const 3) (i32.const 0) (i32.const 8)))
    (i32.store (i32.const 16) (i32.const 4200))
    (i32.store (i32.const 20) (i32.const 3))
    (call $ok (i32.const 6)
      (call $fd_pwrite (local.get $fd) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 0)))
    (call $is (i32.const 6) (i32.const 3) (i32.load (i32.const 0)))
    (call $ok (i32.const 6) (call $fd_tell (local.get $fd) (i32.const 8)))
    (call $is64 (i32.const 6) (i64.const 3) (i64.load (i32.const 8)))
    (local.set $end64 (call $size (local.get $fd)))
    (call $that (i32.const 6) (i32.or (i64.eq (local.get $end64) (i64.const 8)) (i64.eq (local.get $end64) (i64.const 11))))
    (call $proc_exit (i32.const 0))))
