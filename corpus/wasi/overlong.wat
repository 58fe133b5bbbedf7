;; Names, paths, lists and sums that are too long.
;;
;; Other hosts crash, allocate what they are told to, or add lengths until they wrap and write less than they say. The memory has
;; 65 pages: enough for a buffer of 4 MiB, of which 1024 are exactly 2^32 bytes.
(module
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 65)
  (data (i32.const 1024) "file\00") (func $"file-zero" (result i32 i32) (i32.const 1024) (i32.const 5))
  (data (i32.const 1030) "zero\00in") (func $"zero-in" (result i32 i32) (i32.const 1030) (i32.const 7))
  (data (i32.const 1038) "file") (func $"file" (result i32 i32) (i32.const 1038) (i32.const 4))
  (data (i32.const 1043) "new") (func $"new" (result i32 i32) (i32.const 1043) (i32.const 3))
  (global $NAMETOOLONG i32 (i32.const 37)) (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff))
  (global $NOENT i32 (i32.const 44)) (global $INVAL i32 (i32.const 28)) (global $ILSEQ i32 (i32.const 25))

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
  ;; The size of an open file.
  (func $size (param $fd i32) (result i64)
    (drop (call $fd_filestat_get (local.get $fd) (i32.const 64)))
    (i64.load (i32.const 96)))
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
  (func $rename (param $from i32) (param $from-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_rename (i32.const 3) (local.get $from) (local.get $from-length)
      (i32.const 3) (local.get $to) (local.get $to-length)))
  (func $symlink (param $text i32) (param $text-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_symlink (local.get $text) (local.get $text-length) (i32.const 3) (local.get $to) (local.get $to-length)))
  (func $link (param $from i32) (param $from-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_link (i32.const 3) (i32.const 0) (local.get $from) (local.get $from-length)
      (i32.const 3) (local.get $to) (local.get $to-length)))
  ;; A list of so many buffers at 16384, each of the same length and at 0.
  (func $buffers (param $count i32) (param $length i32)
    (loop $next
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (i64.store offset=16384 align=4 (i32.shl (local.get $count) (i32.const 3))
        (i64.shl (i64.extend_i32_u (local.get $length)) (i64.const 32)))
      (br_if $next (local.get $count))))

  (func (export "_start") (local $at i32) (local $fd i32)
    ;; 1. A name of 255 bytes is one, a longer one is none.
    (memory.fill (i32.const 8192) (i32.const 97) (i32.const 5000))
    (call $ok (i32.const 1) (call $mkdir (i32.const 8192) (i32.const 255)))
    (call $ok (i32.const 1) (call $rmdir (i32.const 8192) (i32.const 255)))
    (call $is (i32.const 1) (global.get $NAMETOOLONG) (call $mkdir (i32.const 8192) (i32.const 256)))
    (call $is (i32.const 1) (global.get $NAMETOOLONG)
      (call $open (i32.const 8192) (i32.const 256) (global.get $CREAT) (global.get $RW)))
    (call $is (i32.const 1) (global.get $NAMETOOLONG)
      (call $symlink (call $"file") (i32.const 8192) (i32.const 256)))
    (call $is (i32.const 1) (global.get $NAMETOOLONG) (call $link (call $"file") (i32.const 8192) (i32.const 256)))
    (call $is (i32.const 1) (global.get $NAMETOOLONG)
      (call $rename (call $"file") (i32.const 8192) (i32.const 256)))
    (call $ok (i32.const 1) (call $stat (call $"file")))
    ;; 2. To look for one is no better.
    (call $either (i32.const 2) (global.get $NAMETOOLONG) (global.get $NOENT)
      (call $stat (i32.const 8192) (i32.const 256)))
    ;; 3. A path that is too long, and a text of a link.
    (call $is (i32.const 3) (global.get $NAMETOOLONG) (call $stat (i32.const 8192) (i32.const 5000)))
    (call $is (i32.const 3) (global.get $NAMETOOLONG)
      (call $symlink (i32.const 8192) (i32.const 5000) (call $"new")))
    (call $is (i32.const 3) (global.get $NOENT) (call $stat (call $"new")))
    ;; 4. A long path of short names is none of those.
    (local.set $at (i32.const 8192))
    (loop $next
      (i32.store16 (local.get $at) (i32.const 0x2f2e))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 2))) (i32.const 10192))))
    (call $ok (i32.const 4) (call $stat (i32.const 8192) (i32.const 2000)))
    ;; 5. A path with a zero byte, at the end or in the midst, is no path.
    (call $any (i32.const 5) (global.get $INVAL) (global.get $ILSEQ) (global.get $NOENT)
      (call $stat (call $"file-zero")))
    (call $any (i32.const 5) (global.get $INVAL) (global.get $ILSEQ) (global.get $NOENT)
      (call $open (call $"zero-in") (global.get $CREAT) (global.get $RW)))
    (call $any (i32.const 5) (global.get $INVAL) (global.get $ILSEQ) (global.get $NOENT)
      (call $symlink (call $"zero-in") (call $"new")))
    (call $ok (i32.const 5) (call $stat (call $"file")))
    (call $is (i32.const 5) (global.get $NOENT) (call $stat (call $"new")))
    ;; 6. Nor is one of no bytes.
    (call $either (i32.const 6) (global.get $NOENT) (global.get $INVAL) (call $stat (i32.const 8192) (i32.const 0)))
    (call $either (i32.const 6) (global.get $NOENT) (global.get $INVAL)
      (call $symlink (i32.const 8192) (i32.const 0) (call $"new")))
    ;; 7. 1024 buffers of one byte are in order.
    (call $buffers (i32.const 1024) (i32.const 1))
    (call $ok (i32.const 7) (call $open (call $"file") (i32.const 0) (global.get $RW)))
    (local.set $fd (i32.load (i32.const 0)))
    (call $ok (i32.const 7) (call $fd_write (local.get $fd) (i32.const 16384) (i32.const 1024) (i32.const 0)))
    (call $is (i32.const 7) (i32.const 1024) (i32.load (i32.const 0)))
    ;; 8. 1024 buffers of 4 MiB are 2^32 bytes, which no result can say.
    (call $buffers (i32.const 1024) (i32.const 0x400000))
    (call $is (i32.const 8) (global.get $INVAL)
      (call $fd_write (local.get $fd) (i32.const 16384) (i32.const 1024) (i32.const 0)))
    (call $is (i32.const 8) (global.get $INVAL)
      (call $fd_read (local.get $fd) (i32.const 16384) (i32.const 1024) (i32.const 0)))
    (call $is (i32.const 8) (global.get $INVAL)
      (call $fd_pwrite (local.get $fd) (i32.const 16384) (i32.const 1024) (i64.const 0) (i32.const 0)))
    (call $is (i32.const 8) (global.get $INVAL)
      (call $fd_pread (local.get $fd) (i32.const 16384) (i32.const 1024) (i64.const 0) (i32.const 0)))
    (call $is64 (i32.const 8) (i64.const 1024) (call $size (local.get $fd)))
    ;; 9. More buffers than anyone needs: INVAL, or no more is written than the host takes at a time.
    (call $buffers (i32.const 4096) (i32.const 1))
    (call $either (i32.const 9) (i32.const 0) (global.get $INVAL)
      (call $fd_write (local.get $fd) (i32.const 16384) (i32.const 4096) (i32.const 0)))
    ;; 10. 2^32 - 1 buffers are nowhere in the memory, which ends the program.
    (drop (call $fd_write (local.get $fd) (i32.const 16384) (i32.const -1) (i32.const 0)))
    ;; It came back.
    (call $proc_exit (i32.const 99))))
