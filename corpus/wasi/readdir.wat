;; A folder is read entry by entry, from a cookie on, with buffers of any size, while it changes.
;;
;; Other hosts leave "." and ".." out, ignore the cookie, count cookies by what the folder has now, so that entries are skipped or
;; come twice after a change, or fail when a buffer is too small for one entry. The order of the entries is nobody's business.
(module
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "a") (func $"a" (result i32 i32) (i32.const 1024) (i32.const 1))
  (data (i32.const 1026) "d") (func $"d" (result i32 i32) (i32.const 1026) (i32.const 1))
  (data (i32.const 1028) "b") (func $"b" (result i32 i32) (i32.const 1028) (i32.const 1))
  (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff)) (global $NOTDIR i32 (i32.const 54))
  (global $BADF i32 (i32.const 8)) (global $NOTCAPABLE i32 (i32.const 76))

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
  ;; Ends the program with the number of a check unless something is so.
  (func $that (param $check i32) (param $so i32)
    (if (i32.eqz (local.get $so)) (then (call $proc_exit (local.get $check)))))
  ;; Opens a path of folder 3; the descriptor is at 0 then.
  (func $open (param $path i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (local.get $oflags)
      (local.get $rights) (i64.const 0xfffffff) (i32.const 0) (i32.const 0)))
  ;; Looks at a path of folder 3, following no link; the answer is at 64 then.
  (func $stat (param $path i32) (param $length i32) (result i32)
    (call $path_filestat_get (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (i32.const 64)))
  (func $unlink (param $path i32) (param $length i32) (result i32)
    (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length)))
  ;; The names that came, as bits: a 1, b 2, c 4, s 8, e 16, d 32, "." 64, ".." 128.
  (global $SEEN (mut i32) (i32.const 0))
  (global $LAST (mut i64) (i64.const 0))
  (global $INODE_A (mut i64) (i64.const 0))
  (global $TYPE_A (mut i32) (i32.const 0))
  (global $TYPE_S (mut i32) (i32.const 0))
  ;; Reads one entry with a buffer that is just large enough, notes its name, and gives the next cookie; 0 at the end.
  (func $step (param $cookie i64) (result i64) (local $bit i32) (local $name i32)
    (call $ok (i32.const 100) (call $fd_readdir (i32.const 3) (i32.const 200) (i32.const 26) (local.get $cookie) (i32.const 0)))
    (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 25)) (then (return (i64.const 0))))
    (local.set $name (i32.load8_u (i32.const 224)))
    (local.set $bit (i32.const 64))
    (if (i32.eq (i32.load (i32.const 216)) (i32.const 2)) (then (local.set $bit (i32.const 128))))
    (if (i32.eq (local.get $name) (i32.const 97)) (then (local.set $bit (i32.const 1))
      (global.set $INODE_A (i64.load (i32.const 208))) (global.set $TYPE_A (i32.load8_u (i32.const 220)))))
    (if (i32.eq (local.get $name) (i32.const 98)) (then (local.set $bit (i32.const 2))))
    (if (i32.eq (local.get $name) (i32.const 99)) (then (local.set $bit (i32.const 4))))
    (if (i32.eq (local.get $name) (i32.const 100)) (then (local.set $bit (i32.const 32))))
    (if (i32.eq (local.get $name) (i32.const 101)) (then (local.set $bit (i32.const 16))))
    (if (i32.eq (local.get $name) (i32.const 115)) (then (local.set $bit (i32.const 8))
      (global.set $TYPE_S (i32.load8_u (i32.const 220)))))
    ;; Nothing comes twice.
    (call $is (i32.const 101) (i32.const 0) (i32.and (global.get $SEEN) (local.get $bit)))
    (global.set $SEEN (i32.or (global.get $SEEN) (local.get $bit)))
    (global.set $LAST (i64.load (i32.const 200)))
    (global.get $LAST))
  ;; What comes from a cookie on, with what came before it.
  (func $rest (param $cookie i64) (result i32)
    (loop $next
      (local.set $cookie (call $step (local.get $cookie)))
      (br_if $next (i64.ne (local.get $cookie) (i64.const 0))))
    ;; Both dots must be there.
    (call $is (i32.const 102) (i32.const 192) (i32.and (global.get $SEEN) (i32.const 192)))
    (i32.and (global.get $SEEN) (i32.const 63)))
  (func $all (param $cookie i64) (result i32)
    (global.set $SEEN (i32.const 0))
    (call $rest (local.get $cookie)))

  (func (export "_start") (local $cookie64 i64)
    ;; 1. Everything comes once: ".", ".." and the five that are there.
    (call $is (i32.const 1) (i32.const 0x1f) (call $all (i64.const 0)))
    ;; 2. A file's entry has its number and its kind, a folder's too.
    (call $ok (i32.const 2) (call $stat (call $"a")))
    (call $that (i32.const 2) (i64.eq (i64.load (i32.const 72)) (global.get $INODE_A)))
    (call $is (i32.const 2) (i32.const 4) (global.get $TYPE_A))
    (call $is (i32.const 2) (i32.const 3) (global.get $TYPE_S))
    ;; 3. A buffer that is too small is filled: with a part of the first entry, or with nothing.
    (call $ok (i32.const 3)
      (call $fd_readdir (i32.const 3) (i32.const 4096) (i32.const 10) (i64.const 0) (i32.const 0)))
    (call $is (i32.const 3) (i32.const 10) (i32.load (i32.const 0)))
    (call $ok (i32.const 3)
      (call $fd_readdir (i32.const 3) (i32.const 65536) (i32.const 0) (i64.const 0) (i32.const 0)))
    (call $ok (i32.const 3) (i32.load (i32.const 0)))
    ;; 4. A buffer that has room for all is not filled, which says that it is the end.
    (call $ok (i32.const 4)
      (call $fd_readdir (i32.const 3) (i32.const 4096) (i32.const 4096) (i64.const 0) (i32.const 0)))
    (call $that (i32.const 4) (i32.lt_u (i32.load (i32.const 0)) (i32.const 4096)))
    ;; 5. After four entries the folder changes; each of those that stay comes once, the others may.
    (global.set $SEEN (i32.const 0))
    (local.set $cookie64 (call $step (i64.const 0)))
    (local.set $cookie64 (call $step (local.get $cookie64)))
    (local.set $cookie64 (call $step (local.get $cookie64)))
    (local.set $cookie64 (call $step (local.get $cookie64)))
    (call $ok (i32.const 5) (call $open (call $"d") (global.get $CREAT) (global.get $RW)))
    (call $ok (i32.const 5) (call $unlink (call $"a")))
    (call $ok (i32.const 5) (call $unlink (call $"b")))
    (call $is (i32.const 5) (i32.const 0x1c) (i32.and (i32.const 0x1c) (call $rest (local.get $cookie64))))
    ;; 6. From the beginning, what is new is there and what is gone is not.
    (call $is (i32.const 6) (i32.const 0x3c) (call $all (i64.const 0)))
    ;; 7. Behind the last entry there is nothing.
    (call $ok (i32.const 7)
      (call $fd_readdir (i32.const 3) (i32.const 4096) (i32.const 4096) (global.get $LAST) (i32.const 0)))
    (call $ok (i32.const 7) (i32.load (i32.const 0)))
    ;; 8. What is not a folder cannot be read so.
    (call $any (i32.const 8) (global.get $NOTDIR) (global.get $BADF) (global.get $NOTCAPABLE)
      (call $fd_readdir (i32.const 0) (i32.const 4096) (i32.const 100) (i64.const 0) (i32.const 0)))
    (call $is (i32.const 8) (global.get $BADF)
      (call $fd_readdir (i32.const 99) (i32.const 4096) (i32.const 100) (i64.const 0) (i32.const 0)))
    (call $proc_exit (i32.const 0))))
