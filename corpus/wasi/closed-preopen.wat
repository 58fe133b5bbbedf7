;; The folders of the beginning have names, and can be closed as any descriptor.
;;
;; Other hosts take every descriptor for a folder of the beginning, keep them open for ever, or give a new descriptor the name of
;; the folder that had its number.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "/one") (func $"/one" (result i32 i32) (i32.const 1024) (i32.const 4))
  (data (i32.const 1029) "/two") (func $"/two" (result i32 i32) (i32.const 1029) (i32.const 4))
  (data (i32.const 1034) "file") (func $"file" (result i32 i32) (i32.const 1034) (i32.const 4))
  (data (i32.const 1039) ".") (func $"." (result i32 i32) (i32.const 1039) (i32.const 1))
  (data (i32.const 1041) "text") (func $"text" (result i32 i32) (i32.const 1041) (i32.const 4))
  (data (i32.const 1046) "other") (func $"other" (result i32 i32) (i32.const 1046) (i32.const 5))
  (global $NAMETOOLONG i32 (i32.const 37)) (global $INVAL i32 (i32.const 28)) (global $BADF i32 (i32.const 8))
  (global $READ i64 (i64.const 0x2)) (global $DIRECTORY i32 (i32.const 2))
  (global $FOLDER i64 (i64.const 0x7bffe18))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; The document leaves open which of two numbers it is.
  (func $either (param $check i32) (param $one i32) (param $other i32) (param $got i32)
    (call $is (local.get $check) (i32.const 1)
      (i32.or (i32.eq (local.get $got) (local.get $one)) (i32.eq (local.get $got) (local.get $other)))))
  ;; The document leaves open which number it is, but none of them is 0.
  (func $fails (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 1) (i32.ne (local.get $errno) (i32.const 0))))
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

  (func (export "_start") (local $file i32) (local $folder i32) (local $new i32)
    ;; 1. Two folders, and how long their names are.
    (call $ok (i32.const 1) (call $fd_prestat_get (i32.const 3) (i32.const 0)))
    (call $ok (i32.const 1) (i32.load8_u (i32.const 0)))
    (call $is (i32.const 1) (i32.const 4) (i32.load (i32.const 4)))
    (call $ok (i32.const 1) (call $fd_prestat_get (i32.const 4) (i32.const 0)))
    (call $is (i32.const 1) (i32.const 4) (i32.load (i32.const 4)))
    ;; 2. Their names; more room than needed is no error, and stays as it is.
    (i32.store8 (i32.const 4100) (i32.const 0xaa))
    (call $ok (i32.const 2) (call $fd_prestat_dir_name (i32.const 3) (i32.const 4096) (i32.const 4)))
    (call $holds (i32.const 2) (i32.const 4096) (call $"/one"))
    (call $ok (i32.const 2) (call $fd_prestat_dir_name (i32.const 4) (i32.const 4096) (i32.const 100)))
    (call $holds (i32.const 2) (i32.const 4096) (call $"/two"))
    (call $is (i32.const 2) (i32.const 0xaa) (i32.load8_u (i32.const 4100)))
    ;; 3. Too little room is one.
    (call $either (i32.const 3) (global.get $NAMETOOLONG) (global.get $INVAL)
      (call $fd_prestat_dir_name (i32.const 3) (i32.const 4096) (i32.const 3)))
    (call $either (i32.const 3) (global.get $NAMETOOLONG) (global.get $INVAL)
      (call $fd_prestat_dir_name (i32.const 3) (i32.const 4096) (i32.const 0)))
    ;; 4. Behind the last there is no other.
    (call $is (i32.const 4) (global.get $BADF) (call $fd_prestat_get (i32.const 5) (i32.const 0)))
    (call $is (i32.const 4) (global.get $BADF)
      (call $fd_prestat_dir_name (i32.const 5) (i32.const 4096) (i32.const 100)))
    ;; 5. Nothing that the program opens is one, be it a file or a folder.
    (call $ok (i32.const 5) (call $open (call $"file") (i32.const 0) (global.get $READ)))
    (local.set $file (i32.load (i32.const 0)))
    (call $fails (i32.const 5) (call $fd_prestat_get (local.get $file) (i32.const 0)))
    (call $ok (i32.const 5) (call $open (call $".") (global.get $DIRECTORY) (global.get $FOLDER)))
    (local.set $folder (i32.load (i32.const 0)))
    (call $fails (i32.const 5) (call $fd_prestat_get (local.get $folder) (i32.const 0)))
    (call $fails (i32.const 5) (call $fd_prestat_dir_name (local.get $folder) (i32.const 4096) (i32.const 100)))
    ;; 6. The folder is closed, and what was opened in it is not.
    (call $ok (i32.const 6) (call $fd_close (i32.const 3)))
    (call $is (i32.const 6) (global.get $BADF) (call $fd_close (i32.const 3)))
    (call $is (i32.const 6) (global.get $BADF) (call $fd_prestat_get (i32.const 3) (i32.const 0)))
    (call $is (i32.const 6) (global.get $BADF) (call $fd_fdstat_get (i32.const 3) (i32.const 64)))
    (call $is (i32.const 6) (global.get $BADF) (call $open (call $"file") (i32.const 0) (global.get $READ)))
    (call $ok (i32.const 6) (call $read (local.get $file) (i32.const 4096) (i32.const 4)))
    (call $holds (i32.const 6) (i32.const 4096) (call $"text"))
    (call $ok (i32.const 6)
      (call $path_filestat_get (local.get $folder) (i32.const 0) (call $"file") (i32.const 64)))
    ;; 7. The other folder is as it was.
    (call $ok (i32.const 7) (call $fd_prestat_get (i32.const 4) (i32.const 0)))
    (call $ok (i32.const 7) (call $path_filestat_get (i32.const 4) (i32.const 0) (call $"other") (i32.const 64)))
    ;; 8. Whatever number the next descriptor gets, it is no folder of the beginning.
    (call $ok (i32.const 8)
      (call $path_open (i32.const 4) (i32.const 0) (call $".") (global.get $DIRECTORY) (global.get $FOLDER)
        (global.get $FOLDER) (i32.const 0) (i32.const 0)))
    (local.set $new (i32.load (i32.const 0)))
    (call $fails (i32.const 8) (call $fd_prestat_get (local.get $new) (i32.const 0)))
    (call $proc_exit (i32.const 0))))
