;; With gas, a loop that is left in its middle: each turn pays once, for what is before the exit and for what is behind it.
;; --show asm --schedule etalon-1
(module
  (memory 1)
  (func (export "f") (param $at i32)
    (block $out
      (loop $next
        (br_if $out (i32.ge_u (local.get $at) (i32.const 8192)))
        (i32.store8 (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 3)))
        (br $next)))))
