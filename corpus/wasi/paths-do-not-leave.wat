;; No path leaves the folder that it begins in, whatever function it is given to.
;;
;; The first folder has links that point out of it, and a second folder lies beside it. Other hosts look at the text of a path and
;; not at where its links lead, or only at the functions that open.
(module
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times"
    (func $path_filestat_set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "..") (func $".." (result i32 i32) (i32.const 1024) (i32.const 2))
  (data (i32.const 1027) "../outside/secret") (func $"../outside/secret" (result i32 i32) (i32.const 1027) (i32.const 17))
  (data (i32.const 1045) "folder/../../outside/secret") (func $"folder/../../outside/secret" (result i32 i32) (i32.const 1045) (i32.const 27))
  (data (i32.const 1073) "/outside/secret") (func $"/outside/secret" (result i32 i32) (i32.const 1073) (i32.const 15))
  (data (i32.const 1089) "/inside/file") (func $"/inside/file" (result i32 i32) (i32.const 1089) (i32.const 12))
  (data (i32.const 1102) "up") (func $"up" (result i32 i32) (i32.const 1102) (i32.const 2))
  (data (i32.const 1105) "way/secret") (func $"way/secret" (result i32 i32) (i32.const 1105) (i32.const 10))
  (data (i32.const 1116) "absolute") (func $"absolute" (result i32 i32) (i32.const 1116) (i32.const 8))
  (data (i32.const 1125) "root/outside/secret") (func $"root/outside/secret" (result i32 i32) (i32.const 1125) (i32.const 19))
  (data (i32.const 1145) "first") (func $"first" (result i32 i32) (i32.const 1145) (i32.const 5))
  (data (i32.const 1151) "folder/back/../outside/secret") (func $"folder/back/../outside/secret" (result i32 i32) (i32.const 1151) (i32.const 29))
  (data (i32.const 1181) "folder") (func $"folder" (result i32 i32) (i32.const 1181) (i32.const 6))
  (data (i32.const 1188) "../file") (func $"../file" (result i32 i32) (i32.const 1188) (i32.const 7))
  (data (i32.const 1196) "back/file") (func $"back/file" (result i32 i32) (i32.const 1196) (i32.const 9))
  (data (i32.const 1206) "../new") (func $"../new" (result i32 i32) (i32.const 1206) (i32.const 6))
  (data (i32.const 1213) "file") (func $"file" (result i32 i32) (i32.const 1213) (i32.const 4))
  (data (i32.const 1218) "new") (func $"new" (result i32 i32) (i32.const 1218) (i32.const 3))
  (data (i32.const 1222) "../outside") (func $"../outside" (result i32 i32) (i32.const 1222) (i32.const 10))
  (data (i32.const 1233) "/outside") (func $"/outside" (result i32 i32) (i32.const 1233) (i32.const 8))
  (data (i32.const 1242) "moved") (func $"moved" (result i32 i32) (i32.const 1242) (i32.const 5))
  (data (i32.const 1248) "folder/.//inner/../../file") (func $"folder/.//inner/../../file" (result i32 i32) (i32.const 1248) (i32.const 26))
  (data (i32.const 1275) "folder/back/file") (func $"folder/back/file" (result i32 i32) (i32.const 1275) (i32.const 16))
  (data (i32.const 1292) "folder/back/.") (func $"folder/back/." (result i32 i32) (i32.const 1292) (i32.const 13))
  (data (i32.const 1306) "secret") (func $"secret" (result i32 i32) (i32.const 1306) (i32.const 6))
  (global $DIRECTORY i32 (i32.const 2)) (global $FOLDER i64 (i64.const 0x7bffe18))
  (global $READ i64 (i64.const 0x2)) (global $FOLLOW i32 (i32.const 1)) (global $CREAT i32 (i32.const 1))
  (global $RW i64 (i64.const 0x8e001ff)) (global $NOENT i32 (i32.const 44)) (global $NOTCAPABLE i32 (i32.const 76))
  (global $PERM i32 (i32.const 63))

  ;; Ends the program with the number of a check unless a number is what it should be.
  (func $is (param $check i32) (param $want i32) (param $got i32)
    (if (i32.ne (local.get $want) (local.get $got)) (then (call $proc_exit (local.get $check)))))
  (func $ok (param $check i32) (param $errno i32)
    (call $is (local.get $check) (i32.const 0) (local.get $errno)))
  ;; The document leaves open which of two numbers it is.
  (func $either (param $check i32) (param $one i32) (param $other i32) (param $got i32)
    (call $is (local.get $check) (i32.const 1)
      (i32.or (i32.eq (local.get $got) (local.get $one)) (i32.eq (local.get $got) (local.get $other)))))
  ;; Opens a path of folder 3; the descriptor is at 0 then.
  (func $open (param $path i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (local.get $oflags)
      (local.get $rights) (i64.const 0xfffffff) (i32.const 0) (i32.const 0)))
  ;; Opens a path of folder 3 to read, following links; the descriptor is at 0 then.
  (func $follow (param $path i32) (param $length i32) (result i32)
    (call $path_open (i32.const 3) (global.get $FOLLOW) (local.get $path) (local.get $length) (i32.const 0)
      (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 0)))
  ;; Looks at a path of folder 3, following no link; the answer is at 64 then.
  (func $stat (param $path i32) (param $length i32) (result i32)
    (call $path_filestat_get (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (i32.const 64)))
  (func $mkdir (param $path i32) (param $length i32) (result i32)
    (call $path_create_directory (i32.const 3) (local.get $path) (local.get $length)))
  (func $rmdir (param $path i32) (param $length i32) (result i32)
    (call $path_remove_directory (i32.const 3) (local.get $path) (local.get $length)))
  (func $unlink (param $path i32) (param $length i32) (result i32)
    (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length)))
  (func $rename (param $from i32) (param $from-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_rename (i32.const 3) (local.get $from) (local.get $from-length)
      (i32.const 3) (local.get $to) (local.get $to-length)))
  (func $symlink (param $text i32) (param $text-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_symlink (local.get $text) (local.get $text-length) (i32.const 3) (local.get $to) (local.get $to-length)))
  (func $link (param $from i32) (param $from-length i32) (param $to i32) (param $to-length i32) (result i32)
    (call $path_link (i32.const 3) (i32.const 0) (local.get $from) (local.get $from-length)
      (i32.const 3) (local.get $to) (local.get $to-length)))
  ;; A path that leaves its folder is refused, as by the right that it lacks or as not permitted.
  (func $out (param $check i32) (param $errno i32)
    (call $either (local.get $check) (global.get $NOTCAPABLE) (global.get $PERM) (local.get $errno)))

  (func (export "_start") (local $folder i32)
    ;; 1. Above the folder.
    (call $out (i32.const 1) (call $follow (call $"..")))
    (call $out (i32.const 1) (call $follow (call $"../outside/secret")))
    ;; 2. Down, and up once too often.
    (call $out (i32.const 2) (call $follow (call $"folder/../../outside/secret")))
    ;; 3. From the root of everything.
    (call $out (i32.const 3) (call $follow (call $"/outside/secret")))
    (call $out (i32.const 3) (call $stat (call $"/inside/file")))
    ;; 4. A link whose text goes up, at the end and in the midst.
    (call $out (i32.const 4) (call $follow (call $"up")))
    (call $out (i32.const 4) (call $follow (call $"way/secret")))
    ;; 5. A link whose text is absolute.
    (call $out (i32.const 5) (call $follow (call $"absolute")))
    (call $out (i32.const 5) (call $stat (call $"root/outside/secret")))
    ;; 6. A link to a link that goes out.
    (call $out (i32.const 6) (call $follow (call $"first")))
    ;; 7. A link to the folder itself, and up from there.
    (call $out (i32.const 7) (call $follow (call $"folder/back/../outside/secret")))
    ;; 8. A descriptor of an inner folder is a folder of its own.
    (call $ok (i32.const 8) (call $open (call $"folder") (global.get $DIRECTORY) (global.get $FOLDER)))
    (local.set $folder (i32.load (i32.const 0)))
    (call $out (i32.const 8)
      (call $path_open (local.get $folder) (i32.const 0) (call $"..") (global.get $DIRECTORY) (i64.const 0)
        (i64.const 0) (i32.const 0) (i32.const 0)))
    (call $out (i32.const 8)
      (call $path_open (local.get $folder) (i32.const 0) (call $"../file") (i32.const 0) (global.get $READ)
        (global.get $READ) (i32.const 0) (i32.const 0)))
    (call $out (i32.const 8)
      (call $path_open (local.get $folder) (global.get $FOLLOW) (call $"back/file") (i32.const 0) (global.get $READ)
        (global.get $READ) (i32.const 0) (i32.const 0)))
    ;; 9. Nothing is made outside: no file, no folder, no link.
    (call $out (i32.const 9) (call $open (call $"../new") (global.get $CREAT) (global.get $RW)))
    (call $out (i32.const 9) (call $mkdir (call $"../new")))
    (call $out (i32.const 9) (call $symlink (call $"file") (call $"../new")))
    (call $out (i32.const 9) (call $link (call $"file") (call $"../new")))
    (call $out (i32.const 9)
      (call $path_open (i32.const 3) (global.get $FOLLOW) (call $"up") (global.get $CREAT) (global.get $RW)
        (global.get $RW) (i32.const 0) (i32.const 0)))
    ;; 10. Nothing is moved out or in.
    (call $out (i32.const 10) (call $rename (call $"file") (call $"../file")))
    (call $out (i32.const 10) (call $rename (call $"../outside/secret") (call $"new")))
    ;; 11. Nothing is removed or changed outside.
    (call $out (i32.const 11) (call $unlink (call $"../outside/secret")))
    (call $out (i32.const 11) (call $rmdir (call $"../outside")))
    (call $out (i32.const 11)
      (call $path_filestat_set_times (i32.const 3) (i32.const 0) (call $"../outside/secret") (i64.const 0)
        (i64.const 0) (i32.const 2)))
    ;; 12. A link to the root of everything is not even made.
    (call $out (i32.const 12) (call $symlink (call $"/outside") (call $"new")))
    (call $is (i32.const 12) (global.get $NOENT) (call $stat (call $"new")))
    ;; 13. Such a link is a name like others: it can be looked at, moved and removed.
    (call $ok (i32.const 13) (call $stat (call $"up")))
    (call $ok (i32.const 13) (call $rename (call $"up") (call $"moved")))
    (call $ok (i32.const 13) (call $unlink (call $"moved")))
    ;; 14. What stays inside is no matter how it goes.
    (call $ok (i32.const 14) (call $follow (call $"folder/.//inner/../../file")))
    (call $ok (i32.const 14) (call $stat (call $"folder/back/file")))
    (call $ok (i32.const 14) (call $stat (call $"folder/back/.")))
    ;; 15. Outside all is as it was.
    (call $ok (i32.const 15) (call $path_filestat_get (i32.const 4) (i32.const 0) (call $"secret") (i32.const 64)))
    (call $proc_exit (i32.const 0))))
