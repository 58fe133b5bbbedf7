;; A folder that may only be read: every function that would change something says so, and nothing changes.
;;
;; Other hosts guard what opens a file, and forget times, names and links. ROFS is what the host's documentation says; a right that
;; is missing or a thing that is not permitted would do as well.
(module
  (import "wasi_snapshot_preview1" "fd_allocate" (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times" (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times"
    (func $path_filestat_set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink" (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "file") (func $"file" (result i32 i32) (i32.const 1024) (i32.const 4))
  (data (i32.const 1029) "text") (func $"text" (result i32 i32) (i32.const 1029) (i32.const 4))
  (data (i32.const 1034) "folder") (func $"folder" (result i32 i32) (i32.const 1034) (i32.const 6))
  (data (i32.const 1041) "short") (func $"short" (result i32 i32) (i32.const 1041) (i32.const 5))
  (data (i32.const 1047) "new") (func $"new" (result i32 i32) (i32.const 1047) (i32.const 3))
  (data (i32.const 1051) "other") (func $"other" (result i32 i32) (i32.const 1051) (i32.const 5))
  (data (i32.const 1057) "folder/inner") (func $"folder/inner" (result i32 i32) (i32.const 1057) (i32.const 12))
  (global $RO i64 (i64.const 0x82000ae)) (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff))
  (global $READ i64 (i64.const 0x2)) (global $TRUNC i32 (i32.const 8)) (global $FOLLOW i32 (i32.const 1))
  (global $NOTCAPABLE i32 (i32.const 76)) (global $BADF i32 (i32.const 8)) (global $INVAL i32 (i32.const 28))
  (global $ROFS i32 (i32.const 69)) (global $DIRECTORY i32 (i32.const 2)) (global $FOLDER i64 (i64.const 0x7bffe18))
  (global $NOENT i32 (i32.const 44)) (global $PERM i32 (i32.const 63))

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
  ;; A change is refused.
  (func $out (param $check i32) (param $errno i32)
    (call $any (local.get $check) (global.get $ROFS) (global.get $PERM) (global.get $NOTCAPABLE) (local.get $errno)))

  (func (export "_start") (local $fd i32) (local $folder i32)
    ;; 1. Reading works: a file, its attributes, a link, the folder.
    (call $ok (i32.const 1) (call $open (call $"file") (i32.const 0) (global.get $RO)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 1) (call $read (local.get $fd) (i32.const 4096) (i32.const 100)))
    (call $holds (i32.const 1) (i32.const 4096) (call $"text"))
    (call $ok (i32.const 1) (call $stat (call $"folder")))
    (call $ok (i32.const 1)
      (call $path_readlink (i32.const 3) (call $"short") (i32.const 4096) (i32.const 100) (i32.const 0)))
    (call $ok (i32.const 1)
      (call $fd_readdir (i32.const 3) (i32.const 4096) (i32.const 1000) (i64.const 0) (i32.const 0)))
    ;; 2. No file is made, opened to write, or emptied.
    (call $out (i32.const 2) (call $open (call $"new") (global.get $CREAT) (global.get $RW)))
    (call $out (i32.const 2) (call $open (call $"new") (global.get $CREAT) (global.get $READ)))
    (call $out (i32.const 2) (call $open (call $"file") (i32.const 0) (global.get $RW)))
    (call $out (i32.const 2) (call $open (call $"file") (global.get $TRUNC) (global.get $READ)))
    ;; 3. No folder is made or removed, no file removed.
    (call $out (i32.const 3) (call $path_create_directory (i32.const 3) (call $"new")))
    (call $out (i32.const 3) (call $path_remove_directory (i32.const 3) (call $"folder")))
    (call $out (i32.const 3) (call $path_unlink_file (i32.const 3) (call $"file")))
    ;; 4. No name is moved or added.
    (call $out (i32.const 4) (call $path_rename (i32.const 3) (call $"file") (i32.const 3) (call $"new")))
    (call $out (i32.const 4)
      (call $path_link (i32.const 3) (i32.const 0) (call $"file") (i32.const 3) (call $"new")))
    (call $out (i32.const 4) (call $path_symlink (call $"file") (i32.const 3) (call $"new")))
    ;; 5. No time is set: by path, through a link, by descriptor, of the folder.
    (call $out (i32.const 5)
      (call $path_filestat_set_times (i32.const 3) (i32.const 0) (call $"file") (i64.const 1) (i64.const 1)
        (i32.const 5)))
    (call $out (i32.const 5)
      (call $path_filestat_set_times (i32.const 3) (global.get $FOLLOW) (call $"short") (i64.const 1) (i64.const 1)
        (i32.const 5)))
    (call $out (i32.const 5) (call $fd_filestat_set_times (i32.const 3) (i64.const 1) (i64.const 1) (i32.const 5)))
    ;; 6. A descriptor that reads changes nothing.
    (call $either (i32.const 6) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
    (call $any (i32.const 6) (global.get $NOTCAPABLE) (global.get $BADF) (global.get $INVAL)
      (call $fd_filestat_set_size (local.get $fd) (i64.const 0)))
    (call $any (i32.const 6) (global.get $NOTCAPABLE) (global.get $BADF) (global.get $ROFS)
      (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 100)))
    (call $either (i32.const 6) (global.get $NOTCAPABLE) (global.get $BADF)
      (call $fd_pwrite (local.get $fd) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 0)))
    ;; 7. A folder in it may only be read too.
    (call $ok (i32.const 7) (call $open (call $"folder") (global.get $DIRECTORY) (global.get $FOLDER)))
    (local.set $folder (i32.load (i32.const 0)))
    (call $out (i32.const 7) (call $path_create_directory (local.get $folder) (call $"new")))
    ;; 8. Nothing goes from it to another one, nor the other way.
    (call $fails (i32.const 8) (call $path_rename (i32.const 3) (call $"file") (i32.const 4) (call $"file")))
    (call $fails (i32.const 8) (call $path_rename (i32.const 4) (call $"other") (i32.const 3) (call $"new")))
    (call $ok (i32.const 8) (call $path_filestat_get (i32.const 4) (i32.const 0) (call $"other") (i32.const 64)))
    ;; 9. Everything is as it was.
    (call $ok (i32.const 9) (call $stat (call $"file")))
    (call $is64 (i32.const 9) (i64.const 4) (i64.load (i32.const 96)))
    (call $that (i32.const 9) (i64.ne (i64.const 1) (i64.load (i32.const 112))))
    (call $is (i32.const 9) (global.get $NOENT) (call $stat (call $"new")))
    (call $ok (i32.const 9) (call $stat (call $"folder/inner")))
    (call $proc_exit (i32.const 0))))
