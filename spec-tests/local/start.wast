;; Start functions: what one that traps leaves behind, and in which order instantiation goes.

(module $shared
  (memory (export "memory") 1)
  (table (export "table") 2 funcref)
  (global (export "global") (mut i32) (i32.const 0))
  (type $number (func (result i32)))
  (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "call") (param i32) (result i32) (call_indirect (type $number) (local.get 0)))
)
(register "shared" $shared)

;; Segments are written before the start function runs, and stay when it traps.
(assert_trap
  (module
    (import "shared" "memory" (memory 1))
    (import "shared" "table" (table 2 funcref))
    (import "shared" "global" (global $g (mut i32)))
    (data (i32.const 0) "\2a")
    (elem (i32.const 0) $f)
    (func $f (result i32) (i32.const 43))
    (func $main
      (global.set $g (i32.add (i32.load8_u (i32.const 0)) (i32.const 2)))
      (unreachable)
      (global.set $g (i32.const -1)))
    (start $main))
  "unreachable")
(assert_return (invoke $shared "byte" (i32.const 0)) (i32.const 42))
(assert_return (invoke $shared "call" (i32.const 0)) (i32.const 43))
(assert_return (get $shared "global") (i32.const 44))

;; With a segment that does not fit, the ones before it are written and the start function never runs.
(assert_trap
  (module
    (import "shared" "memory" (memory 1))
    (import "shared" "global" (global $g (mut i32)))
    (data (i32.const 1) "\01")
    (data (i32.const 65535) "\01\02")
    (data (i32.const 2) "\01")
    (func $main (global.set $g (i32.const 99)))
    (start $main))
  "out of bounds memory access")
(assert_return (invoke $shared "byte" (i32.const 1)) (i32.const 1))
(assert_return (invoke $shared "byte" (i32.const 2)) (i32.const 0))
(assert_return (invoke $shared "byte" (i32.const 65535)) (i32.const 0))
(assert_return (get $shared "global") (i32.const 44))

;; Elements before data.
(assert_trap
  (module
    (import "shared" "memory" (memory 1))
    (import "shared" "table" (table 2 funcref))
    (data (i32.const 3) "\01")
    (elem (i32.const 2) $f)
    (func $f))
  "out of bounds table access")
(assert_return (invoke $shared "byte" (i32.const 3)) (i32.const 0))

;; A start function that divides by zero, one that never ends, one that is imported.
(assert_trap
  (module (func $main (drop (i32.div_u (i32.const 1) (i32.const 0)))) (start $main))
  "integer divide by zero")
(module $imported
  (import "spectest" "print" (func $print))
  (start $print))
(module $counted
  (import "shared" "global" (global $g (mut i32)))
  (func $main (global.set $g (i32.add (global.get $g) (i32.const 1))))
  (start $main)
  (export "main" (func $main)))
(assert_return (get $shared "global") (i32.const 45))
(assert_return (invoke $counted "main"))
(assert_return (get $shared "global") (i32.const 46))
