;; Calls through a table, the last of which traps for its type.
(module
  (type $t (func (param i32) (result i32)))
  (table funcref (elem $a $b $c))
  (func $a (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $b (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $c)
  (func $at (param i32) (result i32)
    nop (call_indirect (type $t) (i32.const 7) (local.get 0)) nop)
  (func (export "f") (result i32) (i32.add (call $at (i32.const 0)) (call $at (i32.const 1))))
  (func (export "g") (result i32) (call $at (i32.const 2)))
  (func (export "h") (result i32) (call $at (i32.const 3))))
