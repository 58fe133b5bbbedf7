;; Stores before a trap stay; a store that crosses the end of the memory writes none of its bytes.
(module
  (memory (export "memory") 1 1)
  (func (export "store_then_trap") (i32.store (i32.const 0) (i32.const 7)) unreachable)
  (func (export "cross") (i64.store (i32.const 65532) (i64.const -1)))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))
