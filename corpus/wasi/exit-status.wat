;; A program ends where it calls `proc_exit`, however deep it is, and its status is its own.
;;
;; Other hosts show the end as a trap, give a status of their own, lose what was written before, or go on.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 1024) "before\n") (func $"before\n" (result i32 i32) (i32.const 1024) (i32.const 7))
  (data (i32.const 1032) "after\n") (func $"after\n" (result i32 i32) (i32.const 1032) (i32.const 6))

  ;; Writes from one buffer; how much it was is at 0 then.
  (func $write (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 0)))
  (table funcref (elem $deep))
  ;; Calls itself some times, and then ends the program with status 7.
  (func $deep (param $left i32)
    (if (local.get $left)
      (then (call $deep (i32.sub (local.get $left) (i32.const 1))))
      (else (call $proc_exit (i32.const 7))))
    (drop (call $write (i32.const 1) (call $"after\n"))))

  (func (export "_start")
    ;; What is written before the end is there afterwards.
    (drop (call $write (i32.const 1) (call $"before\n")))
    (block $out
      (loop $again
        (call_indirect (param i32) (i32.const 20) (i32.const 0))
        ;; Nobody comes back from the end.
        (drop (call $write (i32.const 1) (call $"after\n")))
        (br $out)))
    (drop (call $write (i32.const 1) (call $"after\n")))
    (call $proc_exit (i32.const 0))))
