;; Tables: the edges of every access, growth, and what a failed one leaves behind.

(module
  (table $t 4 6 externref)
  (table $f 2 funcref)
  (elem declare func $one)
  (func $one (result i32) (i32.const 1))
  (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
  (func (export "set") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))
  (func (export "size") (result i32) (table.size $t))
  (func (export "grow") (param externref i32) (result i32) (table.grow $t (local.get 0) (local.get 1)))
  (func (export "fill") (param i32 externref i32)
    (table.fill $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "set func") (param i32) (table.set $f (local.get 0) (ref.func $one)))
  (func (export "is null") (param i32) (result i32) (ref.is_null (table.get $f (local.get 0))))
)

(assert_return (invoke "get" (i32.const 3)) (ref.null extern))
(assert_trap (invoke "get" (i32.const 4)) "out of bounds table access")
(assert_trap (invoke "get" (i32.const -1)) "out of bounds table access")
(assert_return (invoke "set" (i32.const 3) (ref.extern 7)))
(assert_return (invoke "get" (i32.const 3)) (ref.extern 7))
(assert_trap (invoke "set" (i32.const 4) (ref.extern 7)) "out of bounds table access")
(assert_trap (invoke "set" (i32.const -1) (ref.extern 7)) "out of bounds table access")

;; Growth gives the old size, and -1 if it would be too much; then nothing has changed.
(assert_return (invoke "grow" (ref.extern 8) (i32.const 0)) (i32.const 4))
(assert_return (invoke "grow" (ref.extern 8) (i32.const 3)) (i32.const -1))
(assert_return (invoke "size") (i32.const 4))
(assert_return (invoke "grow" (ref.extern 8) (i32.const -1)) (i32.const -1))
(assert_return (invoke "grow" (ref.extern 8) (i32.const 2)) (i32.const 4))
(assert_return (invoke "size") (i32.const 6))
(assert_return (invoke "get" (i32.const 3)) (ref.extern 7))
(assert_return (invoke "get" (i32.const 4)) (ref.extern 8))
(assert_return (invoke "get" (i32.const 5)) (ref.extern 8))
(assert_trap (invoke "get" (i32.const 6)) "out of bounds table access")

;; A fill that does not fit writes nothing; one of nothing may be at the end.
(assert_trap (invoke "fill" (i32.const 4) (ref.extern 9) (i32.const 3)) "out of bounds table access")
(assert_return (invoke "get" (i32.const 4)) (ref.extern 8))
(assert_return (invoke "fill" (i32.const 6) (ref.extern 9) (i32.const 0)))
(assert_trap (invoke "fill" (i32.const 7) (ref.extern 9) (i32.const 0)) "out of bounds table access")
(assert_trap (invoke "fill" (i32.const 1) (ref.extern 9) (i32.const -1)) "out of bounds table access")
(assert_return (invoke "fill" (i32.const 4) (ref.extern 9) (i32.const 2)))
(assert_return (invoke "get" (i32.const 3)) (ref.extern 7))
(assert_return (invoke "get" (i32.const 5)) (ref.extern 9))

;; Functions.
(assert_return (invoke "is null" (i32.const 1)) (i32.const 1))
(assert_return (invoke "set func" (i32.const 1)))
(assert_return (invoke "is null" (i32.const 1)) (i32.const 0))
(assert_return (invoke "is null" (i32.const 0)) (i32.const 1))
(assert_trap (invoke "set func" (i32.const 2)) "out of bounds table access")
