;; The effective address is a sum in more than 32 bits: it does not wrap.
(module
  (memory 1 1)
  (func (export "load8") (param i32) (result i32) (i32.load8_u offset=0xffffffff (local.get 0)))
  (func (export "last") (result i32) (i32.load8_u (i32.const 65535)))
  (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1))))
