;; Waiting: for clocks, for what can be read and written, for several of them.
;;
;; Other hosts wait for the longest instead of the first, forget `userdata`, take stdin for something that is never ready, or sleep
;; through an absolute time that has passed. Where time is deterministic nobody sleeps, but the clock goes on.
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "file") (func $"file" (result i32 i32) (i32.const 1024) (i32.const 4))
  (global $INVAL i32 (i32.const 28)) (global $CREAT i32 (i32.const 1)) (global $RW i64 (i64.const 0x8e001ff))
  (global $BADF i32 (i32.const 8)) (global $NOTSUP i32 (i32.const 58))

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
  ;; Ends the program with the number of a check unless something is so.
  (func $that (param $check i32) (param $so i32)
    (if (i32.eqz (local.get $so)) (then (call $proc_exit (local.get $check)))))
  ;; Reads into one buffer; how much it was is at 0 then.
  (func $read (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_read (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
  ;; Opens a path of folder 3; the descriptor is at 0 then.
  (func $open (param $path i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length) (local.get $oflags)
      (local.get $rights) (i64.const 0xfffffff) (i32.const 0) (i32.const 0)))
  ;; A subscription: to a clock, and to a descriptor.
  (func $clock (param $at i32) (param $userdata i64) (param $id i32) (param $time i64) (param $flags i32)
    (memory.fill (local.get $at) (i32.const 0) (i32.const 48))
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store offset=16 (local.get $at) (local.get $id))
    (i64.store offset=24 (local.get $at) (local.get $time))
    (i32.store16 offset=40 (local.get $at) (local.get $flags)))
  (func $stream (param $at i32) (param $userdata i64) (param $tag i32) (param $fd i32)
    (memory.fill (local.get $at) (i32.const 0) (i32.const 48))
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (local.get $tag))
    (i32.store offset=16 (local.get $at) (local.get $fd)))
  ;; Whether an event without an error has these.
  (func $event (param $check i32) (param $at i32) (param $userdata i64) (param $type i32)
    (call $is64 (local.get $check) (local.get $userdata) (i64.load (local.get $at)))
    (call $is (local.get $check) (i32.const 0) (i32.load16_u offset=8 (local.get $at)))
    (call $is (local.get $check) (local.get $type) (i32.load8_u offset=10 (local.get $at))))
  ;; What is wrong with one subscription: as the call says, or the event.
  (func $told (result i32) (local $errno i32)
    (local.set $errno (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 0)))
    (select (local.get $errno) (i32.load16_u (i32.const 8200)) (local.get $errno)))

  (func (export "_start")
    ;; 1. To wait for nothing would be for ever.
    (call $is (i32.const 1) (global.get $INVAL)
      (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 0) (i32.const 0)))
    ;; 2. One clock: an event with the userdata, and so much time has passed.
    (call $ok (i32.const 2) (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
    (call $clock (i32.const 4096) (i64.const 77) (i32.const 1) (i64.const 1000000000) (i32.const 0))
    (call $ok (i32.const 2) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 0)))
    (call $is (i32.const 2) (i32.const 1) (i32.load (i32.const 0)))
    (call $event (i32.const 2) (i32.const 8192) (i64.const 77) (i32.const 0))
    (call $ok (i32.const 2) (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 24)))
    (call $that (i32.const 2)
      (i64.le_u (i64.add (i64.const 1000000000) (i64.load (i32.const 8))) (i64.load (i32.const 24))))
    ;; 3. A time of the clock itself.
    (call $clock (i32.const 4096) (i64.const 78) (i32.const 1)
      (i64.add (i64.const 5000000) (i64.load (i32.const 24))) (i32.const 1))
    (call $ok (i32.const 3) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 0)))
    (call $event (i32.const 3) (i32.const 8192) (i64.const 78) (i32.const 0))
    (call $ok (i32.const 3) (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
    (call $that (i32.const 3)
      (i64.le_u (i64.add (i64.const 5000000) (i64.load (i32.const 24))) (i64.load (i32.const 8))))
    ;; 4. One that has passed long ago, and no time at all.
    (call $clock (i32.const 4096) (i64.const 79) (i32.const 1) (i64.const 1) (i32.const 1))
    (call $clock (i32.const 4144) (i64.const 80) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $ok (i32.const 4) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 2) (i32.const 0)))
    (call $is (i32.const 4) (i32.const 2) (i32.load (i32.const 0)))
    (call $event (i32.const 4) (i32.const 8192) (i64.const 79) (i32.const 0))
    (call $event (i32.const 4) (i32.const 8224) (i64.const 80) (i32.const 0))
    ;; 5. Two clocks: the first to come ends the wait, and an hour has not passed.
    (call $clock (i32.const 4096) (i64.const 81) (i32.const 1) (i64.const 3600000000000) (i32.const 0))
    (call $clock (i32.const 4144) (i64.const 82) (i32.const 1) (i64.const 1000000) (i32.const 0))
    (call $ok (i32.const 5) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 2) (i32.const 0)))
    (call $is (i32.const 5) (i32.const 1) (i32.load (i32.const 0)))
    (call $event (i32.const 5) (i32.const 8192) (i64.const 82) (i32.const 0))
    (call $ok (i32.const 5) (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 24)))
    (call $that (i32.const 5)
      (i64.lt_u (i64.load (i32.const 24)) (i64.add (i64.const 3600000000000) (i64.load (i32.const 8)))))
    ;; 6. Input that is there is ready before the clock.
    (call $clock (i32.const 4096) (i64.const 83) (i32.const 1) (i64.const 3600000000000) (i32.const 0))
    (call $stream (i32.const 4144) (i64.const 84) (i32.const 1) (i32.const 0))
    (call $ok (i32.const 6) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 2) (i32.const 0)))
    (call $is (i32.const 6) (i32.const 1) (i32.load (i32.const 0)))
    (call $event (i32.const 6) (i32.const 8192) (i64.const 84) (i32.const 1))
    (call $that (i32.const 6) (i64.ne (i64.const 0) (i64.load (i32.const 8208))))
    ;; 7. At its end it is ready too: who reads learns that it is the end.
    (call $ok (i32.const 7) (call $read (i32.const 0) (i32.const 12288) (i32.const 100)))
    (call $ok (i32.const 7) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 2) (i32.const 0)))
    (call $is (i32.const 7) (i32.const 1) (i32.load (i32.const 0)))
    (call $event (i32.const 7) (i32.const 8192) (i64.const 84) (i32.const 1))
    ;; 8. Both outputs can be written.
    (call $stream (i32.const 4096) (i64.const 85) (i32.const 2) (i32.const 1))
    (call $stream (i32.const 4144) (i64.const 86) (i32.const 2) (i32.const 2))
    (call $ok (i32.const 8) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 2) (i32.const 0)))
    (call $is (i32.const 8) (i32.const 2) (i32.load (i32.const 0)))
    (call $event (i32.const 8) (i32.const 8192) (i64.const 85) (i32.const 2))
    (call $event (i32.const 8) (i32.const 8224) (i64.const 86) (i32.const 2))
    ;; 9. A file can always be read and written, at its end as well.
    (call $ok (i32.const 9) (call $open (call $"file") (global.get $CREAT) (global.get $RW)))
    (call $stream (i32.const 4096) (i64.const 87) (i32.const 1) (i32.load (i32.const 0)))
    (call $stream (i32.const 4144) (i64.const 88) (i32.const 2) (i32.load (i32.const 0)))
    (call $ok (i32.const 9) (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 2) (i32.const 0)))
    (call $is (i32.const 9) (i32.const 2) (i32.load (i32.const 0)))
    (call $event (i32.const 9) (i32.const 8192) (i64.const 87) (i32.const 1))
    (call $event (i32.const 9) (i32.const 8224) (i64.const 88) (i32.const 2))
    ;; 10. A descriptor that there is not is told by the event or by the call.
    (call $stream (i32.const 4096) (i64.const 89) (i32.const 1) (i32.const 99))
    (call $is (i32.const 10) (global.get $BADF) (call $told))
    ;; 11. A clock that there is not, likewise.
    (call $clock (i32.const 4096) (i64.const 90) (i32.const 99) (i64.const 1) (i32.const 0))
    (call $either (i32.const 11) (global.get $INVAL) (global.get $NOTSUP) (call $told))
    ;; 12. A kind of event that there is not fails the call.
    (call $stream (i32.const 4096) (i64.const 91) (i32.const 3) (i32.const 0))
    (call $is (i32.const 12) (global.get $INVAL)
      (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 0)))
    ;; 13. To let others go first is no wait.
    (call $ok (i32.const 13) (call $sched_yield))
    (call $proc_exit (i32.const 0))))
