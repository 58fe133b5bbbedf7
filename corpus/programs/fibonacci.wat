;; Fibonacci numbers twice over: by recursion, which is all calls, and by a loop, which has none.
(module
  ;; n -> F(n), in about F(n) calls.
  (func $recursive (export "recursive") (param $n i32) (result i64)
    (if (i32.lt_u (local.get $n) (i32.const 2))
      (then (return (i64.extend_i32_u (local.get $n)))))
    (i64.add
      (call $recursive (i32.sub (local.get $n) (i32.const 1)))
      (call $recursive (i32.sub (local.get $n) (i32.const 2)))))

  ;; n -> F(n) modulo 2^64.
  (func (export "iterative") (param $n i32) (result i64)
    (local $a i64) (local $b i64) (local $next i64)
    (local.set $b (i64.const 1))
    (block $done
      (loop $step
        (br_if $done (i32.eqz (local.get $n)))
        (local.set $next (i64.add (local.get $a) (local.get $b)))
        (local.set $a (local.get $b))
        (local.set $b (local.get $next))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $step)))
    (local.get $a)))
