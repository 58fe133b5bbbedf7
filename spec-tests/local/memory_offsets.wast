;; Effective addresses: the sum of the operand and the offset has 33 bits and never wraps around.

(module
  (memory 1)
  (data (i32.const 0) "\01\02\03\04")
  (data (i32.const 65532) "\05\06\07\08")
  (func (export "load 0") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "load 1") (param i32) (result i32) (i32.load offset=1 (local.get 0)))
  (func (export "load 65532") (param i32) (result i32) (i32.load offset=65532 (local.get 0)))
  (func (export "load 65533") (param i32) (result i32) (i32.load offset=65533 (local.get 0)))
  (func (export "load 2^31") (param i32) (result i32) (i32.load offset=0x80000000 (local.get 0)))
  (func (export "load 2^32-4") (param i32) (result i32) (i32.load offset=0xfffffffc (local.get 0)))
  (func (export "load 2^32-1") (param i32) (result i32) (i32.load offset=0xffffffff (local.get 0)))
  (func (export "load8 2^32-1") (param i32) (result i32) (i32.load8_u offset=0xffffffff (local.get 0)))
  (func (export "store 2^32-1") (param i32 i32)
    (i32.store offset=0xffffffff (local.get 0) (local.get 1)))
  (func (export "store64 2^32-4") (param i32 i64)
    (i64.store offset=0xfffffffc (local.get 0) (local.get 1)))
)

(assert_return (invoke "load 0" (i32.const 0)) (i32.const 0x04030201))
(assert_return (invoke "load 1" (i32.const 0)) (i32.const 0x00040302))
(assert_trap (invoke "load 1" (i32.const -1)) "out of bounds memory access")
(assert_return (invoke "load 65532" (i32.const 0)) (i32.const 0x08070605))
(assert_trap (invoke "load 65532" (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "load 65532" (i32.const -65532)) "out of bounds memory access")
(assert_trap (invoke "load 65533" (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "load 65533" (i32.const -65533)) "out of bounds memory access")
(assert_trap (invoke "load 2^31" (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "load 2^31" (i32.const 0x80000000)) "out of bounds memory access")
(assert_trap (invoke "load 2^32-4" (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "load 2^32-4" (i32.const 4)) "out of bounds memory access")
(assert_trap (invoke "load 2^32-1" (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "load 2^32-1" (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "load 2^32-1" (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "load8 2^32-1" (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "load8 2^32-1" (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "store 2^32-1" (i32.const 1) (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "store64 2^32-4" (i32.const 4) (i64.const -1)) "out of bounds memory access")
(assert_return (invoke "load 0" (i32.const 0)) (i32.const 0x04030201))

;; An operand that is a constant is no different.

(module
  (memory 1)
  (func (export "constant, inside") (result i32) (i32.load (i32.const 65532)))
  (func (export "constant, across") (result i32) (i32.load (i32.const 65533)))
  (func (export "constant, wrapping") (result i32) (i32.load offset=1 (i32.const -1)))
  (func (export "constant, dropped") (drop (i32.load offset=0xffffffff (i32.const -1))))
)

(assert_return (invoke "constant, inside") (i32.const 0))
(assert_trap (invoke "constant, across") "out of bounds memory access")
(assert_trap (invoke "constant, wrapping") "out of bounds memory access")
(assert_trap (invoke "constant, dropped") "out of bounds memory access")

;; A memory of no pages has no address at all.

(module
  (memory 0 1)
  (func (export "load") (result i32) (i32.load8_u (i32.const 0)))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
)

(assert_trap (invoke "load") "out of bounds memory access")
(assert_return (invoke "grow") (i32.const 0))
(assert_return (invoke "load") (i32.const 0))
(assert_return (invoke "grow") (i32.const -1))

;; What grew is there at once, also for a loop that was running meanwhile.

(module
  (memory 1 3)
  (func (export "grow in a loop") (result i32)
    (local $pages i32)
    (loop $again
      (drop (memory.grow (i32.const 1)))
      (local.set $pages (memory.size))
      (i32.store (i32.sub (i32.mul (local.get $pages) (i32.const 65536)) (i32.const 4))
        (local.get $pages))
      (br_if $again (i32.lt_u (local.get $pages) (i32.const 3))))
    (i32.add
      (i32.load (i32.const 131068))
      (i32.load (i32.const 196604))))
)

(assert_return (invoke "grow in a loop") (i32.const 5))
