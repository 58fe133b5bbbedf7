;; What the host called traps.
(module
  (import "reenter" "inner" (func $again (param i32) (result i32)))
  (func (export "inner") (param i32) (result i32)
    nop (i32.div_u (i32.const 1) (local.get 0)) nop nop nop)
  (func (export "f") (result i32) (call $again (i32.const 1)) nop)
  (func (export "g") (result i32) nop (call $again (i32.const 0)) nop))
