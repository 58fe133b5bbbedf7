;; call_indirect: which of eight small functions is called depends on the value so far.
(module
  (type $step (func (param i32) (result i32)))
  (table funcref (elem $f0 $f1 $f2 $f3 $f4 $f5 $f6 $f7))
  (func $f0 (type $step) (i32.add (local.get 0) (i32.const 40503)))
  (func $f1 (type $step) (i32.xor (local.get 0) (i32.const 0x5bd1e995)))
  (func $f2 (type $step) (i32.rotl (local.get 0) (i32.const 7)))
  (func $f3 (type $step) (i32.mul (local.get 0) (i32.const 0x9e3779b1)))
  (func $f4 (type $step) (i32.sub (local.get 0) (i32.const 977)))
  (func $f5 (type $step) (i32.xor (local.get 0) (i32.shr_u (local.get 0) (i32.const 13))))
  (func $f6 (type $step) (i32.rotr (local.get 0) (i32.const 11)))
  (func $f7 (type $step) (i32.or (i32.shl (local.get 0) (i32.const 3)) (i32.const 5)))

  ;; n * 1000 calls
  (func (export "run") (param $n i32) (result i32)
    (local $left i32) (local $x i32) (local $sum i32)
    (local.set $x (i32.const 1))
    (local.set $left (i32.mul (local.get $n) (i32.const 1000)))
    (loop $next
      (local.set $x
        (call_indirect (type $step)
          (local.get $x)
          (i32.and (i32.add (local.get $x) (local.get $left)) (i32.const 7))))
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get $x)))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum)))
