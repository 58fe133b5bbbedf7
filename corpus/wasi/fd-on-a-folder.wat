;; What reads and writes files does not work on a folder, be it one of the beginning or one that was opened.
;;
;; Other hosts let seek and tell through, since the systems they run on do, or give a number that programs do not know.
(module
  (import "wasi_snapshot_preview1" "fd_advise" (func $fd_advise (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate" (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "folder") (func $"folder" (result i32 i32) (i32.const 1024) (i32.const 6))
  (data (i32.const 1031) ".") (func $"." (result i32 i32) (i32.const 1031) (i32.const 1))
  (global $DIRECTORY i32 (i32.const 2)) (global $READ i64 (i64.const 0x2)) (global $SEEK i64 (i64.const 0x4))
  (global $ISDIR i32 (i32.const 31)) (global $RW i64 (i64.const 0x8e001ff)) (global $WRITE i64 (i64.const 0x40))
  (global $BADF i32 (i32.const 8)) (global $NOTCAPABLE i32 (i32.const 76)) (global $INVAL i32 (i32.const 28))

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
  ;; Opens a path of folder 3; the descriptor is at 0 then.
  (func $open (param $path i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (local.get $oflags)
      (local.get $rights) (i64.const 0xfffffff) (i32.const 0) (i32.const 0)))
  ;; A folder, or no descriptor for this, or one without the right.
  (func $refused (param $check i32) (param $errno i32)
    (call $any (local.get $check) (global.get $ISDIR) (global.get $BADF) (global.get $NOTCAPABLE) (local.get $errno)))
  ;; Every function for files on a folder.
  (func $try (param $check i32) (param $fd i32)
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.const 128))
    (call $refused (local.get $check) (call $fd_read (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
    (call $refused (local.get $check) (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
    (call $refused (local.get $check)
      (call $fd_pread (local.get $fd) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 0)))
    (call $refused (local.get $check)
      (call $fd_pwrite (local.get $fd) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 0)))
    ;; From the beginning, from where it is, from the end.
    (call $refused (local.get $check) (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 8)))
    (call $refused (local.get $check) (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 1) (i32.const 8)))
    (call $refused (local.get $check) (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 2) (i32.const 8)))
    (call $refused (local.get $check) (call $fd_tell (local.get $fd) (i32.const 8)))
    (call $refused (local.get $check) (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 1)))
    (call $refused (local.get $check)
      (call $fd_advise (local.get $fd) (i64.const 0) (i64.const 1) (i32.const 0)))
    ;; This one may be an argument that does not fit.
    (if (i32.ne (global.get $INVAL) (call $fd_filestat_set_size (local.get $fd) (i64.const 0)))
      (then (call $refused (local.get $check) (call $fd_filestat_set_size (local.get $fd) (i64.const 0))))))

  (func (export "_start") (local $folder i32)
    ;; 1. A folder is a folder.
    (call $ok (i32.const 1) (call $fd_filestat_get (i32.const 3) (i32.const 64)))
    (call $is (i32.const 1) (i32.const 3) (i32.load8_u (i32.const 80)))
    (call $ok (i32.const 1) (call $fd_fdstat_get (i32.const 3) (i32.const 64)))
    (call $is (i32.const 1) (i32.const 3) (i32.load8_u (i32.const 64)))
    ;; 2. One that is opened with the rights of a file does not get them.
    (call $ok (i32.const 2) (call $open (call $"folder") (global.get $DIRECTORY) (global.get $READ)))
    (local.set $folder (i32.load (i32.const 0)))
    (call $ok (i32.const 2) (call $open (call $"folder") (global.get $DIRECTORY) (global.get $SEEK)))
    (call $ok (i32.const 2) (call $fd_fdstat_get (i32.load (i32.const 0)) (i32.const 64)))
    (call $is64 (i32.const 2) (i64.const 0) (i64.and (i64.load (i32.const 72)) (global.get $SEEK)))
    ;; 3. To open one to write fails, with and without the flag.
    (call $is (i32.const 3) (global.get $ISDIR) (call $open (call $"folder") (i32.const 0) (global.get $RW)))
    (call $is (i32.const 3) (global.get $ISDIR)
      (call $open (call $"folder") (global.get $DIRECTORY) (global.get $WRITE)))
    (call $is (i32.const 3) (global.get $ISDIR) (call $open (call $".") (global.get $DIRECTORY) (global.get $RW)))
    ;; 4 and 5. All of it on a folder of the beginning, and on one that was opened.
    (call $try (i32.const 4) (i32.const 3))
    (call $try (i32.const 5) (local.get $folder))
    (call $proc_exit (i32.const 0))))
