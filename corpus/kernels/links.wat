;; Objects that refer to each other: a ring with links both ways, of which members leave and come back elsewhere.
(module
  (type $node (struct
    (field $next (mut (ref null $node)))
    (field $before (mut (ref null $node)))
    (field $n i32)))

  ;; Puts a node behind another.
  (func $link (param $at (ref $node)) (param $node (ref $node))
    (local $next (ref $node))
    (local.set $next (ref.as_non_null (struct.get $node $next (local.get $at))))
    (struct.set $node $next (local.get $node) (local.get $next))
    (struct.set $node $before (local.get $node) (local.get $at))
    (struct.set $node $before (local.get $next) (local.get $node))
    (struct.set $node $next (local.get $at) (local.get $node)))

  ;; Takes a node out of its ring.
  (func $leave (param $node (ref $node))
    (struct.set $node $next
      (struct.get $node $before (local.get $node))
      (struct.get $node $next (local.get $node)))
    (struct.set $node $before
      (struct.get $node $next (local.get $node))
      (struct.get $node $before (local.get $node))))

  ;; A ring of 64 nodes, by the first of them.
  (func $ring (result (ref $node))
    (local $first (ref $node)) (local $i i32)
    (local.set $first (struct.new $node (ref.null $node) (ref.null $node) (i32.const 0)))
    (struct.set $node $next (local.get $first) (local.get $first))
    (struct.set $node $before (local.get $first) (local.get $first))
    (loop $more
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (call $link
        (local.get $first)
        (struct.new $node (ref.null $node) (ref.null $node) (local.get $i)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 63))))
    (local.get $first))

  ;; Moves 64 nodes: each two places on.
  (func $shuffle (param $node (ref $node)) (result i64)
    (local $left i32) (local $next (ref $node)) (local $sum i64)
    (local.set $left (i32.const 64))
    (loop $more
      (local.set $next
        (ref.as_non_null
          (struct.get $node $next
            (struct.get $node $next (local.get $node)))))
      (call $leave (local.get $node))
      (call $link (local.get $next) (local.get $node))
      (local.set $sum
        (i64.add
          (i64.mul (local.get $sum) (i64.const 5))
          (i64.extend_i32_u (struct.get $node $n (local.get $next)))))
      (local.set $node (ref.as_non_null (struct.get $node $next (local.get $next))))
      (br_if $more
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (local.get $sum))

  ;; n rings, each of which is then garbage that refers to itself
  (func (export "run") (param $n i32) (result i64)
    (local $ring (ref $node)) (local $sum i64)
    (loop $again
      (local.set $ring (call $ring))
      (local.set $sum
        (i64.add
          (i64.rotl (local.get $sum) (i64.const 9))
          (i64.xor
            (call $shuffle (local.get $ring))
            (call $shuffle (ref.as_non_null (struct.get $node $before (local.get $ring)))))))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
