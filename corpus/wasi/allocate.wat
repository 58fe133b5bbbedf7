;; Room for a file: it grows as far as it must, and never shrinks.
;;
;; Other hosts set the size to the sum even if the file is longer, take no bytes for something, or have no such function.
(module
  (import "wasi_snapshot_preview1" "fd_allocate" (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "file") (func $"file" (result i32 i32) (i32.const 1024) (i32.const 4))
  (data (i32.const 1029) "abc") (func $"abc" (result i32 i32) (i32.const 1029) (i32.const 3))
  (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff)) (global $INVAL i32 (i32.const 28))
  (global $FBIG i32 (i32.const 22)) (global $NOSPC i32 (i32.const 51)) (global $NOMEM i32 (i32.const 48))
  (global $READ i64 (i64.const 0x2)) (global $NOTCAPABLE i32 (i32.const 76)) (global $BADF i32 (i32.const 8))
  (global $ISDIR i32 (i32.const 31)) (global $SPIPE i32 (i32.const 70))

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
  ;; The document leaves open which of three numbers it is.
  (func $any (param $check i32) (param $one i32) (param $two i32) (param $three i32) (param $got i32)
    (if (i32.ne (local.get $got) (local.get $one))
      (then (call $either (local.get $check) (local.get $two) (local.get $three) (local.get $got)))))
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

  (func (export "_start") (local $fd i32) (local $reader i32)
    ;; 1. An empty file grows.
    (call $ok (i32.const 1) (call $open (call $"file") (global.get $CREAT) (global.get $RW)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 1) (call $write (local.get $fd) (call $"abc")))
    (call $ok (i32.const 1) (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 100)))
    (call $is64 (i32.const 1) (i64.const 100) (call $size (local.get $fd)))
    ;; 2. Room that is there already changes nothing.
    (call $ok (i32.const 2) (call $fd_allocate (local.get $fd) (i64.const 10) (i64.const 10)))
    (call $is64 (i32.const 2) (i64.const 100) (call $size (local.get $fd)))
    ;; 3. Room that goes beyond the end makes the file longer, from anywhere.
    (call $ok (i32.const 3) (call $fd_allocate (local.get $fd) (i64.const 90) (i64.const 20)))
    (call $is64 (i32.const 3) (i64.const 110) (call $size (local.get $fd)))
    (call $ok (i32.const 3) (call $fd_allocate (local.get $fd) (i64.const 200) (i64.const 1)))
    (call $is64 (i32.const 3) (i64.const 201) (call $size (local.get $fd)))
    ;; 4. What was there stays, what is new is zeros, and the descriptor did not move.
    (call $ok (i32.const 4) (call $fd_tell (local.get $fd) (i32.const 8)))
    (call $is64 (i32.const 4) (i64.const 3) (i64.load (i32.const 8)))
    (call $ok (i32.const 4) (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $ok (i32.const 4) (call $read (local.get $fd) (i32.const 4096) (i32.const 300)))
    (call $is (i32.const 4) (i32.const 201) (i32.load (i32.const 0)))
    (call $holds (i32.const 4) (i32.const 4096) (call $"abc"))
    (call $is64 (i32.const 4) (i64.const 0) (i64.load (i32.const 4100)))
    ;; 5. No bytes are no room.
    (call $is (i32.const 5) (global.get $INVAL) (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 0)))
    (call $is64 (i32.const 5) (i64.const 201) (call $size (local.get $fd)))
    ;; 6. A file has an end: sums that are too large, or wrap.
    (call $any (i32.const 6) (global.get $FBIG) (global.get $INVAL) (global.get $NOSPC)
      (call $fd_allocate (local.get $fd) (i64.const 0x7fffffffffffffff) (i64.const 1)))
    (call $any (i32.const 6) (global.get $FBIG) (global.get $INVAL) (global.get $NOSPC)
      (call $fd_allocate (local.get $fd) (i64.const -1) (i64.const 2)))
    (call $is64 (i32.const 6) (i64.const 201) (call $size (local.get $fd)))
    ;; 7. More than there is room for.
    (call $any (i32.const 7) (global.get $NOSPC) (global.get $FBIG) (global.get $NOMEM)
      (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 0x4000000000000000)))
    (call $is64 (i32.const 7) (i64.const 201) (call $size (local.get $fd)))
    ;; 8. Who may not write may not do this.
    (call $ok (i32.const 8) (call $open (call $"file") (i32.const 0) (global.get $READ)))
    (local.set $reader (i32.load (i32.const 0)))
    (call $either (i32.const 8) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $fd_allocate (local.get $reader) (i64.const 0) (i64.const 1000)))
    (call $is64 (i32.const 8) (i64.const 201) (call $size (local.get $fd)))
    ;; 9. Folders, streams and closed descriptors have no room.
    (call $any (i32.const 9) (global.get $BADF) (global.get $ISDIR) (global.get $NOTCAPABLE)
      (call $fd_allocate (i32.const 3) (i64.const 0) (i64.const 1)))
    (call $any (i32.const 9) (global.get $SPIPE) (global.get $BADF) (global.get $NOTCAPABLE)
      (call $fd_allocate (i32.const 1) (i64.const 0) (i64.const 1)))
    (call $is (i32.const 9) (global.get $BADF) (call $fd_allocate (i32.const 99) (i64.const 0) (i64.const 1)))
    (call $proc_exit (i32.const 0))))
