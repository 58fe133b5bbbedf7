;; An interpreter of a small stack machine: br_table in a loop, over a program in a data segment.
;;
;; An instruction is a byte, and an operand byte b for some:
;;   0 halt   1 push b   2 add   3 sub   4 mul   5 get register b   6 set register b   7 jump to b unless zero
;; Anything else is a fault of the program and traps.
(module
  (memory (export "memory") 1)
  ;; The factorial of register 0, by way of register 1.
  (data (i32.const 0)
    "\01\01\06\01"              ;;  0: push 1, set 1
    "\05\01\05\00\04\06\01"     ;;  4: get 1, get 0, mul, set 1
    "\05\00\01\01\03\06\00"     ;; 11: get 0, push 1, sub, set 0
    "\05\00\07\04\05\01\00")    ;; 18: get 0, jump to 4 unless zero, get 1, halt
  (data (i32.const 128) "\63")  ;; 128: no instruction
  (global $steps (export "steps") (mut i64) (i64.const 0))

  ;; Runs the program at pc with n in register 0; returns the top of the stack when it halts.
  (func (export "run") (param $pc i32) (param $n i32) (result i32)
    ;; Registers are words from 256 on; the stack begins at 512, $top is the first free word.
    (local $top i32) (local $b i32)
    (local.set $top (i32.const 512))
    (i32.store (i32.const 256) (local.get $n))
    (loop $fetch
      (global.set $steps (i64.add (global.get $steps) (i64.const 1)))
      ;; The operand is read ahead, whether there is one or not.
      (local.set $b (i32.load8_u offset=1 (local.get $pc)))
      (block $fault (block $jump (block $set (block $get (block $mul (block $sub (block $add
        (block $push (block $halt
          (br_table $halt $push $add $sub $mul $get $set $jump $fault
            (i32.load8_u (local.get $pc))))
        ;; halt
        (return (i32.load (i32.sub (local.get $top) (i32.const 4)))))
        ;; push b
        (i32.store (local.get $top) (local.get $b))
        (local.set $top (i32.add (local.get $top) (i32.const 4)))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
        ;; add
        (local.set $top (i32.sub (local.get $top) (i32.const 4)))
        (i32.store (i32.sub (local.get $top) (i32.const 4))
          (i32.add
            (i32.load (i32.sub (local.get $top) (i32.const 4)))
            (i32.load (local.get $top))))
        (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
        (br $fetch))
        ;; sub
        (local.set $top (i32.sub (local.get $top) (i32.const 4)))
        (i32.store (i32.sub (local.get $top) (i32.const 4))
          (i32.sub
            (i32.load (i32.sub (local.get $top) (i32.const 4)))
            (i32.load (local.get $top))))
        (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
        (br $fetch))
        ;; mul
        (local.set $top (i32.sub (local.get $top) (i32.const 4)))
        (i32.store (i32.sub (local.get $top) (i32.const 4))
          (i32.mul
            (i32.load (i32.sub (local.get $top) (i32.const 4)))
            (i32.load (local.get $top))))
        (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
        (br $fetch))
        ;; get register b
        (i32.store (local.get $top) (i32.load offset=256 (i32.shl (local.get $b) (i32.const 2))))
        (local.set $top (i32.add (local.get $top) (i32.const 4)))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
        ;; set register b
        (local.set $top (i32.sub (local.get $top) (i32.const 4)))
        (i32.store offset=256 (i32.shl (local.get $b) (i32.const 2)) (i32.load (local.get $top)))
        (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
        (br $fetch))
        ;; jump to b unless zero
        (local.set $top (i32.sub (local.get $top) (i32.const 4)))
        (local.set $pc
          (select
            (local.get $b)
            (i32.add (local.get $pc) (i32.const 2))
            (i32.load (local.get $top))))
        (br $fetch)))
    unreachable))
