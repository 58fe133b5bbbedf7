;; The three streams: read piece by piece into several buffers, written from several, some of them empty.
;;
;; Other hosts take only the first buffer that is not empty, stop at an empty one, or let a program write its input and read its output.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "one\ntwo and three\n") (func $"one\ntwo and three\n" (result i32 i32) (i32.const 1024) (i32.const 18))
  (global $BADF i32 (i32.const 8)) (global $NOTCAPABLE i32 (i32.const 76)) (global $SPIPE i32 (i32.const 70))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
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

  (func (export "_start") (local $at i32)
    ;; 1. Input is read to its end, in pieces of eight bytes at most over three buffers, the second of which is empty.
    (local.set $at (i32.const 4096))
    (loop $next
      (i32.store (i32.const 16) (local.get $at))
      (i32.store (i32.const 20) (i32.const 3))
      (i32.store (i32.const 24) (i32.const 0x100))
      (i32.store (i32.const 28) (i32.const 0))
      (i32.store (i32.const 32) (i32.add (local.get $at) (i32.const 3)))
      (i32.store (i32.const 36) (i32.const 5))
      (call $ok (i32.const 1) (call $fd_read (i32.const 0) (i32.const 16) (i32.const 3) (i32.const 0)))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 0))))
      (br_if $next (i32.load (i32.const 0))))
    (call $is (i32.const 1) (i32.const 4114) (local.get $at))
    (call $holds (i32.const 1) (i32.const 4096) (call $"one\ntwo and three\n"))
    ;; 2. The end stays the end.
    (call $ok (i32.const 2) (call $read (i32.const 0) (i32.const 8192) (i32.const 100)))
    (call $ok (i32.const 2) (i32.load (i32.const 0)))
    ;; 3. Output from three buffers, the second of which is empty; what counts is the sum.
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.const 4))
    (i32.store (i32.const 24) (i32.const 0))
    (i32.store (i32.const 28) (i32.const 0))
    (i32.store (i32.const 32) (i32.const 4104))
    (i32.store (i32.const 36) (i32.const 10))
    (call $ok (i32.const 3) (call $fd_write (i32.const 1) (i32.const 16) (i32.const 3) (i32.const 0)))
    (call $is (i32.const 3) (i32.const 14) (i32.load (i32.const 0)))
    ;; 4. No buffers at all, and only empty ones, are no error and nothing.
    (call $ok (i32.const 4) (call $fd_write (i32.const 1) (i32.const 16) (i32.const 0) (i32.const 0)))
    (call $ok (i32.const 4) (i32.load (i32.const 0)))
    (call $ok (i32.const 4) (call $fd_read (i32.const 0) (i32.const 16) (i32.const 0) (i32.const 0)))
    (call $ok (i32.const 4) (i32.load (i32.const 0)))
    (call $ok (i32.const 4) (call $write (i32.const 2) (i32.const 65536) (i32.const 0)))
    (call $ok (i32.const 4) (i32.load (i32.const 0)))
    ;; 5. Messages go another way.
    (call $ok (i32.const 5) (call $write (i32.const 2) (i32.const 4096) (i32.const 4)))
    (call $is (i32.const 5) (i32.const 4) (i32.load (i32.const 0)))
    ;; 6. Input cannot be written, output not be read.
    (call $either (i32.const 6) (global.get $BADF) (global.get $NOTCAPABLE)
      (call $write (i32.const 0) (i32.const 4096) (i32.const 4)))
    (call $either (i32.const 6) (global.get $BADF) (global.get $NOTCAPABLE)
      (call $read (i32.const 1) (i32.const 8192) (i32.const 4)))
    (call $either (i32.const 6) (global.get $BADF) (global.get $NOTCAPABLE)
      (call $read (i32.const 2) (i32.const 8192) (i32.const 4)))
    ;; 7. A stream has no place to seek, to tell, to read or to write at.
    (call $any (i32.const 7) (global.get $SPIPE) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $fd_seek (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $any (i32.const 7) (global.get $SPIPE) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $fd_tell (i32.const 1) (i32.const 8)))
    (call $any (i32.const 7) (global.get $SPIPE) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $fd_pread (i32.const 0) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 0)))
    (call $any (i32.const 7) (global.get $SPIPE) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $fd_pwrite (i32.const 1) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 0)))
    ;; 8. What is closed is closed.
    (call $ok (i32.const 8) (call $fd_close (i32.const 0)))
    (call $is (i32.const 8) (global.get $BADF) (call $read (i32.const 0) (i32.const 8192) (i32.const 4)))
    (call $is (i32.const 8) (global.get $BADF) (call $fd_close (i32.const 0)))
    (call $proc_exit (i32.const 0))))
