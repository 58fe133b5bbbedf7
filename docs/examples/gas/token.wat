;; A token of two accounts, whose balances the chain keeps.
(module
  (import "env" "storage_read" (func $storage_read (param i32 i32)))
  (import "env" "storage_write" (func $storage_write (param i32 i32)))
  (memory (export "memory") 1)

  ;; The chain writes the balance of an account to address 64.
  (func $balance (param $account i32) (result i64)
    (call $storage_read (local.get $account) (i32.const 64))
    (i64.load (i32.const 64)))

  (func $keep (param $account i32) (param $balance i64)
    (i64.store (i32.const 64) (local.get $balance))
    (call $storage_write (local.get $account) (i32.const 64)))

  (func $fee (param $amount i64) (result i64)
    (i64.div_u (local.get $amount) (i64.const 100)))

  (func (export "transfer") (param $from i32) (param $to i32) (param $amount i64)
    (local $left i64)
    (local.set $left
      (i64.sub (call $balance (local.get $from))
        (i64.add (local.get $amount) (call $fee (local.get $amount)))))
    (if (i64.lt_s (local.get $left) (i64.const 0)) (then unreachable))
    (call $keep (local.get $from) (local.get $left))
    (call $keep (local.get $to) (i64.add (call $balance (local.get $to)) (local.get $amount)))))
