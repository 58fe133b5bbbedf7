;; Prints numbers through an imported function, digit by digit: what the host sees, in which order, and what it costs.
(module
  (import "spectest" "print_i32" (func $print (param i32)))
  (import "spectest" "print_f64_f64" (func $print_pair (param f64 f64)))
  (global $printed (export "printed") (mut i32) (i32.const 0))

  ;; Prints the decimal digits of n, the highest first; returns how many there are.
  (func $digits (export "digits") (param $n i32) (result i32)
    (local $rest i32) (local $count i32)
    (local.set $rest (i32.div_u (local.get $n) (i32.const 10)))
    (if (local.get $rest)
      (then (local.set $count (call $digits (local.get $rest)))))
    (call $print (i32.rem_u (local.get $n) (i32.const 10)))
    (global.set $printed (i32.add (global.get $printed) (i32.const 1)))
    (i32.add (local.get $count) (i32.const 1)))

  ;; Prints steps of Newton's iteration for the square root of x, each with its square, until they stand still.
  (func (export "root") (param $x f64) (result f64)
    (local $guess f64) (local $next f64)
    (local.set $next (f64.add (local.get $x) (f64.const 1)))
    (loop $step
      (local.set $guess (local.get $next))
      (call $print_pair (local.get $guess) (f64.mul (local.get $guess) (local.get $guess)))
      (local.set $next
        (f64.mul (f64.const 0.5)
          (f64.add (local.get $guess) (f64.div (local.get $x) (local.get $guess)))))
      ;; From above, the guesses fall until they are as good as they get.
      (br_if $step (f64.lt (local.get $next) (local.get $guess))))
    (local.get $guess)))
