;; Folders are made and removed, files removed, each by its own function.
;;
;; Other hosts remove a folder with the function for files, or a file with the one for folders, give NOTEMPTY, EXIST or IO for the
;; same thing by the system they run on, or lose a folder that is still open.
(module
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "new") (func $"new" (result i32 i32) (i32.const 1024) (i32.const 3))
  (data (i32.const 1028) "new/inner") (func $"new/inner" (result i32 i32) (i32.const 1028) (i32.const 9))
  (data (i32.const 1038) "file") (func $"file" (result i32 i32) (i32.const 1038) (i32.const 4))
  (data (i32.const 1043) "lost") (func $"lost" (result i32 i32) (i32.const 1043) (i32.const 4))
  (data (i32.const 1048) "none/inner") (func $"none/inner" (result i32 i32) (i32.const 1048) (i32.const 10))
  (data (i32.const 1059) "file/inner") (func $"file/inner" (result i32 i32) (i32.const 1059) (i32.const 10))
  (data (i32.const 1070) "way") (func $"way" (result i32 i32) (i32.const 1070) (i32.const 3))
  (data (i32.const 1074) "none") (func $"none" (result i32 i32) (i32.const 1074) (i32.const 4))
  (data (i32.const 1079) ".") (func $"." (result i32 i32) (i32.const 1079) (i32.const 1))
  (data (i32.const 1081) "folder") (func $"folder" (result i32 i32) (i32.const 1081) (i32.const 6))
  (data (i32.const 1088) "file/none") (func $"file/none" (result i32 i32) (i32.const 1088) (i32.const 9))
  (data (i32.const 1098) "text") (func $"text" (result i32 i32) (i32.const 1098) (i32.const 4))
  (global $EXIST i32 (i32.const 20)) (global $NOENT i32 (i32.const 44)) (global $NOTDIR i32 (i32.const 54))
  (global $NOTEMPTY i32 (i32.const 55)) (global $ISDIR i32 (i32.const 31)) (global $PERM i32 (i32.const 63))
  (global $BUSY i32 (i32.const 10)) (global $RW i64 (i64.const 0x8e001ff)) (global $DIRECTORY i32 (i32.const 2))
  (global $FOLDER i64 (i64.const 0x7bffe18)) (global $CREAT i32 (i32.const 1))
  (global $NOTCAPABLE i32 (i32.const 76)) (global $BADF i32 (i32.const 8))

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
  ;; Looks at a path of folder 3, following no link; the answer is at 64 then.
  (func $stat (param $path i32) (param $length i32) (result i32)
    (call $path_filestat_get (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (i32.const 64)))
  (func $mkdir (param $path i32) (param $length i32) (result i32)
    (call $path_create_directory (i32.const 3) (local.get $path) (local.get $length)))
  (func $rmdir (param $path i32) (param $length i32) (result i32)
    (call $path_remove_directory (i32.const 3) (local.get $path) (local.get $length)))
  (func $unlink (param $path i32) (param $length i32) (result i32)
    (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length)))

  (func (export "_start") (local $fd i32)
    ;; 1. A folder is made, and one in it.
    (call $ok (i32.const 1) (call $mkdir (call $"new")))
    (call $ok (i32.const 1) (call $mkdir (call $"new/inner")))
    (call $ok (i32.const 1) (call $stat (call $"new/inner")))
    (call $is (i32.const 1) (i32.const 3) (i32.load8_u (i32.const 80)))
    ;; 2. What is there cannot be made: a folder, a file, a link that leads nowhere.
    (call $is (i32.const 2) (global.get $EXIST) (call $mkdir (call $"new")))
    (call $is (i32.const 2) (global.get $EXIST) (call $mkdir (call $"file")))
    (call $is (i32.const 2) (global.get $EXIST) (call $mkdir (call $"lost")))
    ;; 3. There must be a folder to make it in.
    (call $is (i32.const 3) (global.get $NOENT) (call $mkdir (call $"none/inner")))
    (call $is (i32.const 3) (global.get $NOTDIR) (call $mkdir (call $"file/inner")))
    ;; 4. Only an empty one is removed.
    (call $is (i32.const 4) (global.get $NOTEMPTY) (call $rmdir (call $"new")))
    (call $ok (i32.const 4) (call $rmdir (call $"new/inner")))
    (call $ok (i32.const 4) (call $rmdir (call $"new")))
    (call $is (i32.const 4) (global.get $NOENT) (call $rmdir (call $"new")))
    ;; 5. A file is no folder, and a link to a folder is none.
    (call $is (i32.const 5) (global.get $NOTDIR) (call $rmdir (call $"file")))
    (call $is (i32.const 5) (global.get $NOTDIR) (call $rmdir (call $"way")))
    (call $is (i32.const 5) (global.get $NOENT) (call $rmdir (call $"none")))
    ;; 6. The folder that a path begins in is not removed.
    (call $fails (i32.const 6) (call $rmdir (call $".")))
    (call $ok (i32.const 6) (call $stat (call $"file")))
    ;; 7. A folder is no file: the document says ISDIR, and some systems say that it is not permitted.
    (call $either (i32.const 7) (global.get $ISDIR) (global.get $PERM) (call $unlink (call $"folder")))
    (call $any (i32.const 7) (global.get $ISDIR) (global.get $PERM) (global.get $BUSY) (call $unlink (call $".")))
    (call $is (i32.const 7) (global.get $NOENT) (call $unlink (call $"none")))
    (call $is (i32.const 7) (global.get $NOTDIR) (call $unlink (call $"file/none")))
    ;; 8. A link is removed itself, not what it leads to.
    (call $ok (i32.const 8) (call $unlink (call $"way")))
    (call $ok (i32.const 8) (call $stat (call $"folder")))
    (call $ok (i32.const 8) (call $unlink (call $"lost")))
    ;; 9. A file is removed; who has it open keeps it, without a name.
    (call $ok (i32.const 9) (call $open (call $"file") (i32.const 0) (global.get $RW)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 9) (call $unlink (call $"file")))
    (call $is (i32.const 9) (global.get $NOENT) (call $stat (call $"file")))
    (call $ok (i32.const 9) (call $read (local.get $fd) (i32.const 4096) (i32.const 10)))
    (call $holds (i32.const 9) (i32.const 4096) (call $"text"))
    (call $ok (i32.const 9) (call $fd_filestat_get (local.get $fd) (i32.const 64)))
    (call $is64 (i32.const 9) (i64.const 0) (i64.load (i32.const 88)))
    ;; 10. In a folder that is open and removed nothing can be made.
    (call $ok (i32.const 10) (call $open (call $"folder") (global.get $DIRECTORY) (global.get $FOLDER)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 10) (call $rmdir (call $"folder")))
    (call $is (i32.const 10) (global.get $NOENT) (call $path_create_directory (local.get $fd) (call $"new")))
    (call $is (i32.const 10) (global.get $NOENT)
      (call $path_open (local.get $fd) (i32.const 0) (call $"new") (global.get $CREAT) (global.get $RW)
        (global.get $RW) (i32.const 0) (i32.const 0)))
    (call $ok (i32.const 10) (call $fd_close (local.get $fd)))
    ;; 11. A folder must be a descriptor that is one.
    (call $any (i32.const 11) (global.get $NOTDIR) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $path_create_directory (i32.const 0) (call $"new")))
    (call $is (i32.const 11) (global.get $BADF) (call $path_create_directory (i32.const 99) (call $"new")))
    (call $proc_exit (i32.const 0))))
