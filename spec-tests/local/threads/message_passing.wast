;; features: threads
;; Message passing: who sees the flag sees the message.

(module $Mem (memory (export "shared") 1 1 shared))
(register "mem")

(thread $Sender (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "send")
      (i32.store (i32.const 0) (i32.const 42))
      (i32.atomic.store (i32.const 4) (i32.const 1))))
  (invoke "send"))

(thread $Receiver (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "receive")
      (i32.store (i32.const 16) (i32.atomic.load (i32.const 4)))
      (i32.store (i32.const 20) (i32.load (i32.const 0)))))
  (invoke "receive"))

(wait $Sender)
(wait $Receiver)

(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "read") (result i32 i32) (i32.load (i32.const 16)) (i32.load (i32.const 20)))
  (func (export "allowed") (result i32)
    (i32.or (i32.eqz (i32.load (i32.const 16))) (i32.eq (i32.load (i32.const 20)) (i32.const 42)))))

(invoke "read")
(assert_return (invoke "allowed") (i32.const 1))
