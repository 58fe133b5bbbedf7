;; Descriptors are limited: the one that is too many is refused, and everything else goes on.
;;
;; Other hosts have no limit, so that a program takes those of the host away, or leave a file behind that they made and could not open.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "text") (func $"text" (result i32 i32) (i32.const 1024) (i32.const 4))
  (data (i32.const 1029) ".") (func $"." (result i32 i32) (i32.const 1029) (i32.const 1))
  (data (i32.const 1031) "new") (func $"new" (result i32 i32) (i32.const 1031) (i32.const 3))
  (data (i32.const 1035) "folder") (func $"folder" (result i32 i32) (i32.const 1035) (i32.const 6))
  (data (i32.const 1042) "file") (func $"file" (result i32 i32) (i32.const 1042) (i32.const 4))
  (global $READ i64 (i64.const 0x2)) (global $MFILE i32 (i32.const 33)) (global $NFILE i32 (i32.const 41))
  (global $DIRECTORY i32 (i32.const 2)) (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff))
  (global $NOENT i32 (i32.const 44))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; The document leaves open which of two numbers it is.
  (func $either (param $check i32) (param $one i32) (param $other i32) (param $got i32)
    (call $is (local.get $check) (i32.const 1)
      (i32.or (i32.eq (local.get $got) (local.get $one)) (i32.eq (local.get $got) (local.get $other)))))
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
  ;; Looks at a path of folder 3, following no link; the answer is at 64 then.
  (func $stat (param $path i32) (param $length i32) (result i32)
    (call $path_filestat_get (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (i32.const 64)))
  (func $mkdir (param $path i32) (param $length i32) (result i32)
    (call $path_create_directory (i32.const 3) (local.get $path) (local.get $length)))
  (func $rmdir (param $path i32) (param $length i32) (result i32)
    (call $path_remove_directory (i32.const 3) (local.get $path) (local.get $length)))

  (func (export "_start") (local $errno i32) (local $last i32) (local $count i32) (local $fd i32)
    ;; 1. They are opened until there are no more, which is said as such.
    (loop $next
      (local.set $errno (call $open (call $"file") (i32.const 0) (global.get $READ)))
      (if (i32.eqz (local.get $errno))
        (then
          (local.set $last (i32.load (i32.const 0)))
          ;; No host has a million.
          (call $that (i32.const 1) (i32.lt_u (local.get $count) (i32.const 1000000)))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br $next))))
    (call $either (i32.const 1) (global.get $MFILE) (global.get $NFILE) (local.get $errno))
    ;; 2. It was a number that one can work with, and the last one is a descriptor.
    (call $that (i32.const 2) (i32.gt_u (local.get $count) (i32.const 16)))
    (call $that (i32.const 2) (i32.ge_s (local.get $last) (i32.const 3)))
    (call $ok (i32.const 2) (call $read (local.get $last) (i32.const 4096) (i32.const 10)))
    (call $holds (i32.const 2) (i32.const 4096) (call $"text"))
    ;; 3. The next one is refused too, for a file or a folder, and a file that cannot be opened is not made.
    (call $either (i32.const 3) (global.get $MFILE) (global.get $NFILE)
      (call $open (call $".") (global.get $DIRECTORY) (i64.const 0)))
    (call $either (i32.const 3) (global.get $MFILE) (global.get $NFILE)
      (call $open (call $"new") (global.get $CREAT) (global.get $RW)))
    (call $is (i32.const 3) (global.get $NOENT) (call $stat (call $"new")))
    ;; 4. What needs no descriptor goes on.
    (call $ok (i32.const 4) (call $mkdir (call $"folder")))
    (call $ok (i32.const 4) (call $stat (call $"folder")))
    (call $ok (i32.const 4) (call $rmdir (call $"folder")))
    (call $ok (i32.const 4) (call $fd_renumber (local.get $last) (local.get $last)))
    ;; 5. One is closed, and one can be opened, but only one.
    (call $ok (i32.const 5) (call $fd_close (local.get $last)))
    (call $ok (i32.const 5) (call $open (call $"new") (global.get $CREAT) (global.get $RW)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 5) (call $write (local.get $fd) (call $"new")))
    (call $either (i32.const 5) (global.get $MFILE) (global.get $NFILE)
      (call $open (call $"file") (i32.const 0) (global.get $READ)))
    ;; 6. To renumber gives one back.
    (call $ok (i32.const 6) (call $fd_renumber (local.get $fd) (i32.const 3)))
    (call $ok (i32.const 6) (call $fd_seek (i32.const 3) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $ok (i32.const 6) (call $read (i32.const 3) (i32.const 4096) (i32.const 10)))
    (call $holds (i32.const 6) (i32.const 4096) (call $"new"))
    ;; 7. The streams are as they were.
    (call $ok (i32.const 7) (call $write (i32.const 1) (call $"text")))
    (call $proc_exit (i32.const 0))))
