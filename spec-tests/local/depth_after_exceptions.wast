;; features: exceptions, tail-call, function-references, simd
;;
;; A call that an exception leaves gives back the room that it took, like one that returns: calls that throw can be made
;; any number of times. The functions that throw have many locals, so that each takes much room.

(module
  (import "spectest" "print_i32" (func $print (param i32)))
  (tag $e (param i64))
  (tag $other)
  (type $t (func (param i64)))
  (table $t funcref (elem $throw $deep))

  (func $throw (param i64)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (throw $e (local.get 0)))
  (func $throw_last (param i64)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (return_call $throw (local.get 0)))
  ;; Through as many frames as it says.
  (func $deep (param i64)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (if (i64.eqz (local.get 0)) (then (throw $e (local.get 0))))
    (call $deep (i64.sub (local.get 0) (i64.const 1))))
  ;; It catches, and throws again.
  (func $again (param i64)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (block $h (result exnref)
      (try_table (catch_all_ref $h) (call $throw (local.get 0)))
      (unreachable))
    (throw_ref))
  ;; Its handler is for another exception.
  (func $passes (param i64)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (block $h (try_table (catch $other $h) (call $throw (local.get 0)))))
  ;; A handled exception and a call that returns come first.
  (func $returns_first (param i64)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (block $h (result i64) (try_table (result i64) (catch $e $h) (call $throw (local.get 0)) (i64.const 0)))
    (call $print (i32.const 0))
    (call $throw))

  (func (export "throw") (param $n i32)
    (loop $l
      (block $h (result i64) (try_table (catch $e $h) (call $throw (i64.const 5))) (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "throw after a tail call") (param $n i32)
    (loop $l
      (block $h (result i64) (try_table (catch $e $h) (call $throw_last (i64.const 5))) (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "throw deep") (param $n i32)
    (loop $l
      (block $h (result i64) (try_table (catch $e $h) (call $deep (i64.const 100))) (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "throw indirectly") (param $n i32)
    (loop $l
      (block $h (result i64)
        (try_table (catch $e $h) (call_indirect $t (type $t) (i64.const 3) (i32.and (local.get $n) (i32.const 1))))
        (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "throw again") (param $n i32)
    (loop $l
      (block $h (result i64) (try_table (catch $e $h) (call $again (i64.const 5))) (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "pass") (param $n i32)
    (loop $l
      (block $h (result i64) (try_table (catch $e $h) (call $passes (i64.const 5))) (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "return first") (param $n i32)
    (loop $l
      (block $h (result i64) (try_table (catch $e $h) (call $returns_first (i64.const 5))) (unreachable))
      (drop)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
)
(assert_return (invoke "throw" (i32.const 10000)))
(assert_return (invoke "throw after a tail call" (i32.const 10000)))
(assert_return (invoke "throw deep" (i32.const 1000)))
(assert_return (invoke "throw indirectly" (i32.const 10000)))
(assert_return (invoke "throw again" (i32.const 10000)))
(assert_return (invoke "pass" (i32.const 10000)))
(assert_return (invoke "return first" (i32.const 1000)))
