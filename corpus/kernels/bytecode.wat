;; An interpreter in the guest: br_table in a loop, over a program in a data segment.
;;
;; An instruction is a byte and a register number; the registers are words from 64 on:
;;   0 halt   1 increment   2 decrement   3 add to the accumulator   4 accumulator to register
;;   5 double the accumulator   6 back by as many bytes as the next byte says, unless register is 0
(module
  (memory 1)
  ;; repeat: acc += r1; acc *= 2; r2 = acc; r1++; r0--; until r0 is 0
  (data (i32.const 0) "\03\01\05\00\04\02\01\01\02\00\06\00\0a\00\00")

  (func $execute (param $count i32) (result i32)
    (local $pc i32) (local $acc i32) (local $reg i32)
    (i32.store (i32.const 64) (local.get $count))
    (i32.store (i32.const 68) (i32.const 1))
    (loop $fetch
      (local.set $reg
        (i32.add
          (i32.shl (i32.load8_u offset=1 (local.get $pc)) (i32.const 2))
          (i32.const 64)))
      (block $back (block $double (block $put (block $add (block $decrement (block $increment
        (block $halt
          (br_table $halt $increment $decrement $add $put $double $back
            (i32.load8_u (local.get $pc))))
        ;; halt
        (return (local.get $acc)))
        ;; increment
        (i32.store (local.get $reg)
          (i32.add (i32.load (local.get $reg)) (i32.const 1)))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
        ;; decrement
        (i32.store (local.get $reg)
          (i32.sub (i32.load (local.get $reg)) (i32.const 1)))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
        ;; add
        (local.set $acc (i32.add (local.get $acc) (i32.load (local.get $reg))))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
        ;; put
        (i32.store (local.get $reg) (local.get $acc))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
        ;; double
        (local.set $acc (i32.shl (local.get $acc) (i32.const 1)))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
      ;; back
      (local.set $pc
        (select
          (i32.sub (local.get $pc) (i32.load8_u offset=2 (local.get $pc)))
          (i32.add (local.get $pc) (i32.const 3))
          (i32.load (local.get $reg))))
      (br $fetch))
    unreachable)

  ;; n times 100 repetitions
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $again
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 7))
          (i64.extend_i32_u
            (call $execute
              (i32.add (i32.const 100) (i32.and (local.get $n) (i32.const 3)))))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
