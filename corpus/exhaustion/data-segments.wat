;; What active data segments cost, of which the last is out of bounds.
(module
  (memory 1)
  (global $at i32 (i32.const 70))
  (data (i32.const 0) "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0")
  (data (offset (i32.add (global.get $at) (i32.const 2))) "some")
  (data (i32.const 65535) "beyond")
  (func (export "f")))
