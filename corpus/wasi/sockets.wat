;; A program that was given no socket has none: whatever it tries is no socket, or nothing at all.
;;
;; Other hosts answer NOTSUP or NOSYS, or BADF for a descriptor that is open.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $sock_accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_recv" (func $sock_recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_send" (func $sock_send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown" (func $sock_shutdown (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "file") (func $"file" (result i32 i32) (i32.const 1024) (i32.const 4))
  (data (i32.const 1029) "text") (func $"text" (result i32 i32) (i32.const 1029) (i32.const 4))
  (global $READ i64 (i64.const 0x2)) (global $NOTSOCK i32 (i32.const 57)) (global $NOTCAPABLE i32 (i32.const 76))
  (global $BADF i32 (i32.const 8))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; The document leaves open which of two numbers it is.
  (func $either (param $check i32) (param $one i32) (param $other i32) (param $got i32)
    (call $is (local.get $check) (i32.const 1)
      (i32.or (i32.eq (local.get $got) (local.get $one)) (i32.eq (local.get $got) (local.get $other)))))
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
  ;; Reads into one buffer; how much it was is at 0 then.
  (func $read (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_read (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
  ;; Opens a path of folder 3; the descriptor is at 0 then.
  (func $open (param $path i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (local.get $oflags)
      (local.get $rights) (i64.const 0xfffffff) (i32.const 0) (i32.const 0)))

  (func (export "_start") (local $file i32)
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.const 16))
    ;; 1. To end the traffic of a stream, a file and a folder, which are no sockets.
    (call $ok (i32.const 1) (call $open (call $"file") (i32.const 0) (global.get $READ)))
    (local.set $file (i32.load (i32.const 0)))
    (call $is (i32.const 1) (global.get $NOTSOCK) (call $sock_shutdown (i32.const 1) (i32.const 1)))
    (call $is (i32.const 1) (global.get $NOTSOCK) (call $sock_shutdown (local.get $file) (i32.const 2)))
    (call $is (i32.const 1) (global.get $NOTSOCK) (call $sock_shutdown (i32.const 3) (i32.const 3)))
    ;; 2. To send on one.
    (call $either (i32.const 2) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_send (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 0)))
    (call $either (i32.const 2) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_send (local.get $file) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 0)))
    (call $either (i32.const 2) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_send (i32.const 3) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 0)))
    ;; 3. To receive from one.
    (call $either (i32.const 3) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_recv (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 4)))
    (call $either (i32.const 3) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_recv (local.get $file) (i32.const 16) (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 4)))
    (call $either (i32.const 3) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_recv (i32.const 3) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 4)))
    ;; 4. To accept on one.
    (call $either (i32.const 4) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_accept (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $either (i32.const 4) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_accept (local.get $file) (i32.const 0) (i32.const 0)))
    (call $either (i32.const 4) (global.get $NOTSOCK) (global.get $NOTCAPABLE)
      (call $sock_accept (i32.const 3) (i32.const 4) (i32.const 0)))
    ;; 5. A number that is not open is no descriptor.
    (call $is (i32.const 5) (global.get $BADF) (call $sock_shutdown (i32.const 99) (i32.const 1)))
    (call $is (i32.const 5) (global.get $BADF)
      (call $sock_send (i32.const 99) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 0)))
    (call $is (i32.const 5) (global.get $BADF)
      (call $sock_recv (i32.const 99) (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 4)))
    (call $is (i32.const 5) (global.get $BADF) (call $sock_accept (i32.const 99) (i32.const 0) (i32.const 0)))
    ;; 6. Nothing was read or written.
    (call $ok (i32.const 6) (call $read (local.get $file) (i32.const 4096) (i32.const 16)))
    (call $is (i32.const 6) (i32.const 4) (i32.load (i32.const 0)))
    (call $holds (i32.const 6) (i32.const 4096) (call $"text"))
    (call $proc_exit (i32.const 0))))
