;; Names move, over what has the new name if they may.
;;
;; Other hosts fail for a name that is there, let a folder take a file's name, move a folder into itself, or give different numbers
;; by the system they run on.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "file") (func $"file" (result i32 i32) (i32.const 1024) (i32.const 4))
  (data (i32.const 1029) "new") (func $"new" (result i32 i32) (i32.const 1029) (i32.const 3))
  (data (i32.const 1033) "old") (func $"old" (result i32 i32) (i32.const 1033) (i32.const 3))
  (data (i32.const 1037) "old text") (func $"old text" (result i32 i32) (i32.const 1037) (i32.const 8))
  (data (i32.const 1046) "file text") (func $"file text" (result i32 i32) (i32.const 1046) (i32.const 9))
  (data (i32.const 1056) "full") (func $"full" (result i32 i32) (i32.const 1056) (i32.const 4))
  (data (i32.const 1061) "moved") (func $"moved" (result i32 i32) (i32.const 1061) (i32.const 5))
  (data (i32.const 1067) "moved/inner") (func $"moved/inner" (result i32 i32) (i32.const 1067) (i32.const 11))
  (data (i32.const 1079) "full/inner") (func $"full/inner" (result i32 i32) (i32.const 1079) (i32.const 10))
  (data (i32.const 1090) "empty") (func $"empty" (result i32 i32) (i32.const 1090) (i32.const 5))
  (data (i32.const 1096) "empty/inner") (func $"empty/inner" (result i32 i32) (i32.const 1096) (i32.const 11))
  (data (i32.const 1108) "other") (func $"other" (result i32 i32) (i32.const 1108) (i32.const 5))
  (data (i32.const 1114) "empty/inside") (func $"empty/inside" (result i32 i32) (i32.const 1114) (i32.const 12))
  (data (i32.const 1127) "empty/inner/inside") (func $"empty/inner/inside" (result i32 i32) (i32.const 1127) (i32.const 18))
  (data (i32.const 1146) "twin") (func $"twin" (result i32 i32) (i32.const 1146) (i32.const 4))
  (data (i32.const 1151) "lost") (func $"lost" (result i32 i32) (i32.const 1151) (i32.const 4))
  (data (i32.const 1156) "dangling") (func $"dangling" (result i32 i32) (i32.const 1156) (i32.const 8))
  (data (i32.const 1165) "none") (func $"none" (result i32 i32) (i32.const 1165) (i32.const 4))
  (data (i32.const 1170) "some") (func $"some" (result i32 i32) (i32.const 1170) (i32.const 4))
  (data (i32.const 1175) "none/some") (func $"none/some" (result i32 i32) (i32.const 1175) (i32.const 9))
  (data (i32.const 1185) "twin/some") (func $"twin/some" (result i32 i32) (i32.const 1185) (i32.const 9))
  (global $NOENT i32 (i32.const 44)) (global $READ i64 (i64.const 0x2)) (global $NOTEMPTY i32 (i32.const 55))
  (global $EXIST i32 (i32.const 20)) (global $NOTDIR i32 (i32.const 54)) (global $ISDIR i32 (i32.const 31))
  (global $INVAL i32 (i32.const 28)) (global $XDEV i32 (i32.const 75))

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
  ;; Looks at a path of folder 3, following no link; the answer is at 64 then.
  (func $stat (param $path i32) (param $length i32) (result i32)
    (call $path_filestat_get (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (i32.const 64)))
  (func $mkdir (param $path i32) (param $length i32) (result i32)
    (call $path_create_directory (i32.const 3) (local.get $path) (local.get $length)))
  (func $rename (param $from i32) (param $from-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_rename (i32.const 3) (local.get $from) (local.get $from-length)
      (i32.const 3) (local.get $to) (local.get $to-length)))
  (func $link (param $from i32) (param $from-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_link (i32.const 3) (i32.const 0) (local.get $from) (local.get $from-length)
      (i32.const 3) (local.get $to) (local.get $to-length)))

  (func (export "_start") (local $fd i32)
    ;; 1. A file gets a name that nothing has.
    (call $ok (i32.const 1) (call $rename (call $"file") (call $"new")))
    (call $is (i32.const 1) (global.get $NOENT) (call $stat (call $"file")))
    (call $ok (i32.const 1) (call $stat (call $"new")))
    ;; 2. A file takes the name of another, which is gone; who has that open still reads it.
    (call $ok (i32.const 2) (call $open (call $"old") (i32.const 0) (global.get $READ)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 2) (call $rename (call $"new") (call $"old")))
    (call $ok (i32.const 2) (call $read (local.get $fd) (i32.const 4096) (i32.const 100)))
    (call $holds (i32.const 2) (i32.const 4096) (call $"old text"))
    (call $ok (i32.const 2) (call $open (call $"old") (i32.const 0) (global.get $READ)))
    (call $ok (i32.const 2) (call $read (i32.load (i32.const 0)) (i32.const 4096) (i32.const 100)))
    (call $holds (i32.const 2) (i32.const 4096) (call $"file text"))
    ;; 3. A folder gets a name that nothing has, with what is in it.
    (call $ok (i32.const 3) (call $rename (call $"full") (call $"moved")))
    (call $ok (i32.const 3) (call $stat (call $"moved/inner")))
    (call $is (i32.const 3) (global.get $NOENT) (call $stat (call $"full/inner")))
    ;; 4. It takes the name of an empty folder.
    (call $ok (i32.const 4) (call $rename (call $"moved") (call $"empty")))
    (call $ok (i32.const 4) (call $stat (call $"empty/inner")))
    ;; 5. But not of one with something in it.
    (call $ok (i32.const 5) (call $mkdir (call $"other")))
    (call $either (i32.const 5) (global.get $NOTEMPTY) (global.get $EXIST)
      (call $rename (call $"other") (call $"empty")))
    (call $ok (i32.const 5) (call $stat (call $"other")))
    ;; 6. A folder does not take a file's name, nor a file a folder's.
    (call $is (i32.const 6) (global.get $NOTDIR) (call $rename (call $"other") (call $"old")))
    (call $is (i32.const 6) (global.get $ISDIR) (call $rename (call $"old") (call $"other")))
    (call $ok (i32.const 6) (call $stat (call $"other")))
    (call $is (i32.const 6) (i32.const 3) (i32.load8_u (i32.const 80)))
    (call $ok (i32.const 6) (call $stat (call $"old")))
    (call $is (i32.const 6) (i32.const 4) (i32.load8_u (i32.const 80)))
    ;; 7. A folder is not moved into itself.
    (call $is (i32.const 7) (global.get $INVAL) (call $rename (call $"empty") (call $"empty/inside")))
    (call $is (i32.const 7) (global.get $INVAL) (call $rename (call $"empty") (call $"empty/inner/inside")))
    (call $ok (i32.const 7) (call $stat (call $"empty/inner")))
    ;; 8. Its own name is no change.
    (call $ok (i32.const 8) (call $rename (call $"old") (call $"old")))
    (call $ok (i32.const 8) (call $rename (call $"empty") (call $"empty")))
    (call $ok (i32.const 8) (call $stat (call $"old")))
    ;; 9. Two names of one file: both stay.
    (call $ok (i32.const 9) (call $link (call $"old") (call $"twin")))
    (call $ok (i32.const 9) (call $rename (call $"old") (call $"twin")))
    (call $ok (i32.const 9) (call $stat (call $"old")))
    (call $ok (i32.const 9) (call $stat (call $"twin")))
    ;; 10. A link is moved itself.
    (call $ok (i32.const 10) (call $rename (call $"lost") (call $"dangling")))
    (call $ok (i32.const 10) (call $stat (call $"dangling")))
    (call $is (i32.const 10) (i32.const 7) (i32.load8_u (i32.const 80)))
    ;; 11. What is not there is not moved, and not to where nothing is.
    (call $is (i32.const 11) (global.get $NOENT) (call $rename (call $"none") (call $"some")))
    (call $is (i32.const 11) (global.get $NOENT) (call $rename (call $"old") (call $"none/some")))
    (call $is (i32.const 11) (global.get $NOTDIR) (call $rename (call $"old") (call $"twin/some")))
    ;; 12. Into another file system nothing is moved.
    (call $is (i32.const 12) (global.get $XDEV)
      (call $path_rename (i32.const 3) (call $"old") (i32.const 4) (call $"old")))
    (call $ok (i32.const 12) (call $stat (call $"old")))
    (call $proc_exit (i32.const 0))))
