;; memory.copy, memory.fill and memory.init: overlap in both directions, no bytes at the very end, nothing written by
;; what traps, and what is left of a segment that was dropped.

(module
  (memory 1)
  (data (i32.const 0) "\00\01\02\03\04\05\06\07\08\09")
  (data $passive "\a0\a1\a2\a3")
  (func (export "reset")
    (i64.store (i32.const 0) (i64.const 0x0706050403020100))
    (i64.store (i32.const 8) (i64.const 0x0908)))
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32)
    (memory.init $passive (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $passive))
  (func (export "get") (param i32) (result i64) (i64.load (local.get 0)))
)

;; Forwards, backwards, onto itself.
(assert_return (invoke "copy" (i32.const 1) (i32.const 0) (i32.const 7)))
(assert_return (invoke "get" (i32.const 0)) (i64.const 0x0605040302010000))
(invoke "reset")
(assert_return (invoke "copy" (i32.const 0) (i32.const 1) (i32.const 7)))
(assert_return (invoke "get" (i32.const 0)) (i64.const 0x0707060504030201))
(invoke "reset")
(assert_return (invoke "copy" (i32.const 3) (i32.const 3) (i32.const 4)))
(assert_return (invoke "get" (i32.const 0)) (i64.const 0x0706050403020100))

;; No bytes: at the end is inside, one beyond is not.
(assert_return (invoke "copy" (i32.const 65536) (i32.const 0) (i32.const 0)))
(assert_return (invoke "copy" (i32.const 0) (i32.const 65536) (i32.const 0)))
(assert_return (invoke "copy" (i32.const 65536) (i32.const 65536) (i32.const 0)))
(assert_trap (invoke "copy" (i32.const 65537) (i32.const 0) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "copy" (i32.const 0) (i32.const 65537) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "fill" (i32.const 65536) (i32.const 1) (i32.const 0)))
(assert_trap (invoke "fill" (i32.const 65537) (i32.const 1) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "init" (i32.const 65536) (i32.const 0) (i32.const 0)))
(assert_return (invoke "init" (i32.const 0) (i32.const 4) (i32.const 0)))
(assert_trap (invoke "init" (i32.const 65537) (i32.const 0) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "init" (i32.const 0) (i32.const 5) (i32.const 0)) "out of bounds memory access")

;; What does not fit writes nothing.
(assert_trap (invoke "copy" (i32.const 65530) (i32.const 0) (i32.const 7)) "out of bounds memory access")
(assert_return (invoke "get" (i32.const 65528)) (i64.const 0))
(assert_trap (invoke "copy" (i32.const 0) (i32.const 65530) (i32.const 7)) "out of bounds memory access")
(assert_return (invoke "get" (i32.const 0)) (i64.const 0x0706050403020100))
(assert_trap (invoke "fill" (i32.const 65530) (i32.const 1) (i32.const 7)) "out of bounds memory access")
(assert_return (invoke "get" (i32.const 65528)) (i64.const 0))
(assert_trap (invoke "init" (i32.const 65534) (i32.const 0) (i32.const 3)) "out of bounds memory access")
(assert_trap (invoke "init" (i32.const 65528) (i32.const 2) (i32.const 3)) "out of bounds memory access")
(assert_return (invoke "get" (i32.const 65528)) (i64.const 0))

;; Lengths and places that wrap around.
(assert_trap (invoke "copy" (i32.const 1) (i32.const 0) (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "copy" (i32.const -1) (i32.const 0) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "copy" (i32.const 0) (i32.const -1) (i32.const 2)) "out of bounds memory access")
(assert_trap (invoke "fill" (i32.const -1) (i32.const 0) (i32.const 2)) "out of bounds memory access")
(assert_trap (invoke "fill" (i32.const 2) (i32.const 0) (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "init" (i32.const 0) (i32.const -1) (i32.const 2)) "out of bounds memory access")

;; A fill takes the lowest byte of its value.
(assert_return (invoke "fill" (i32.const 2) (i32.const 0x1234ff) (i32.const 3)))
(assert_return (invoke "get" (i32.const 0)) (i64.const 0x070605ffffff0100))

;; A segment that was dropped has no bytes, may be dropped again, and its nothing may be copied.
(assert_return (invoke "init" (i32.const 16) (i32.const 1) (i32.const 2)))
(assert_return (invoke "get" (i32.const 16)) (i64.const 0xa2a1))
(assert_return (invoke "drop"))
(assert_return (invoke "drop"))
(assert_trap (invoke "init" (i32.const 0) (i32.const 0) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "init" (i32.const 0) (i32.const 1) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "init" (i32.const 0) (i32.const 0) (i32.const 0)))

;; An active segment is dropped when it has been written.
(module
  (memory 1)
  (data $active (i32.const 0) "\01\02")
  (func (export "init") (param i32) (memory.init $active (i32.const 8) (i32.const 0) (local.get 0)))
)
(assert_return (invoke "init" (i32.const 0)))
(assert_trap (invoke "init" (i32.const 1)) "out of bounds memory access")
