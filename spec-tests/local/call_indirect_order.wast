;; call_indirect: which of its traps comes first, and that its operands have been evaluated before.

(module
  (type $number (func (result i32)))
  (type $other (func (result i64)))
  (type $same (func (result i32)))
  (table 3 funcref)
  (elem (i32.const 0) $i32 $i64)
  (global $log (mut i32) (i32.const 0))
  (func $i32 (result i32) (i32.const 32))
  (func $i64 (result i64) (i64.const 64))
  (func $note (param $digit i32) (param $value i32) (result i32)
    (global.set $log (i32.add (i32.mul (global.get $log) (i32.const 10)) (local.get $digit)))
    (local.get $value))
  (func (export "call") (param i32) (result i32) (call_indirect (type $number) (local.get 0)))
  (func (export "call same") (param i32) (result i32) (call_indirect (type $same) (local.get 0)))
  (func (export "call other") (param i32) (result i64) (call_indirect (type $other) (local.get 0)))
  (func (export "operands first") (result i32)
    (call_indirect (param i32 i32) (result i32)
      (call $note (i32.const 1) (i32.const 0))
      (call $note (i32.const 2) (i32.const 0))
      (call $note (i32.const 3) (i32.const 99))))
  (func (export "log") (result i32) (global.get $log))
)

;; Beyond the table, then null, then the type.
(assert_trap (invoke "call" (i32.const 3)) "undefined element")
(assert_trap (invoke "call" (i32.const -1)) "undefined element")
(assert_trap (invoke "call" (i32.const 0x80000000)) "undefined element")
(assert_trap (invoke "call" (i32.const 2)) "uninitialized element")
(assert_trap (invoke "call other" (i32.const 2)) "uninitialized element")
(assert_trap (invoke "call" (i32.const 1)) "indirect call type mismatch")
(assert_trap (invoke "call other" (i32.const 0)) "indirect call type mismatch")
(assert_return (invoke "call" (i32.const 0)) (i32.const 32))
(assert_return (invoke "call other" (i32.const 1)) (i64.const 64))

;; Types are compared by what they are, not by where they are.
(assert_return (invoke "call same" (i32.const 0)) (i32.const 32))

;; The operands were evaluated, from left to right, before the trap.
(assert_trap (invoke "operands first") "undefined element")
(assert_return (invoke "log") (i32.const 123))
