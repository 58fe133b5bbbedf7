;; The start function traps, so there is no instance.
(module (func $start (drop (i32.div_u (i32.const 1) (i32.const 0)))) (start $start))
