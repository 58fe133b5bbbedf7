;; features: multi-value, reference-types, simd, function-references, exceptions, legacy-exceptions
;; The exceptions of before version 3.0: try, catch, catch_all, delegate, rethrow.

(module
  (tag $a (param i32))
  (tag $b (param i64 f64))
  (tag $empty)
  (import "spectest" "print" (func $host))

  (func $throw_a (param i32) (throw $a (local.get 0)))
  ;; 0: $a, 1: $b, 2: $empty, else nothing
  (func $throw (export "throw") (param i32)
    (if (i32.eq (local.get 0) (i32.const 0)) (then (throw $a (i32.const 10))))
    (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $b (i64.const 20) (f64.const 2.5))))
    (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $empty))))

  ;; Each catch gets what it asks for, and nothing when nothing is thrown.
  (func (export "which") (param i32) (result i32)
    try (result i32)
      local.get 0
      call $throw
      i32.const 1
    catch $a
      i32.const 1
      i32.add
    catch $b
      i32.trunc_f64_s
      i32.const 100
      i32.add
      local.set 0
      i32.wrap_i64
      local.get 0
      i32.add
    catch_all
      i32.const 77
    end)

  ;; No clause: the exception goes on.
  (func (export "no_clause") (param i32) (result i32)
    try
      local.get 0
      call $throw
    end
    i32.const 5)

  ;; A clause of another tag does not catch; operands below the block stay.
  (func (export "around") (param i32) (result i32)
    i32.const 1000
    try (result i32)
      try (result i32)
        local.get 0
        call $throw
        i32.const 1
      catch $b
        drop
        drop
        i32.const 2
      end
    catch $a
    catch_all
      i32.const 3
    end
    i32.add)

  ;; Parameters of a block are its body's, not its catches'.
  (func (export "parameters") (param i32) (result i32)
    i32.const 7
    local.get 0
    try (param i32 i32) (result i32)
      call $throw
    catch_all
      i32.const 9
    end)

  ;; What a catch throws is not for the same try.
  (func (export "from_catch") (param i32) (result i32)
    try (result i32)
      try (result i32)
        local.get 0
        call $throw
        i32.const 0
      catch $a
        i32.const 1
        i32.add
        throw $a
      catch_all
        i32.const 4
      end
    catch $a
      i32.const 100
      i32.add
    end)

  ;; Values of a catch reach its branches too.
  (func (export "branch_from_catch") (param i32) (result i32)
    try $out (result i32)
      i32.const 6
      throw $a
    catch $a
      local.get 0
      br_if $out
      drop
      i32.const 8
      br $out
    end)

  ;; A local that was set before the exception stays set.
  (func (export "locals_stay") (result i32)
    (local i32)
    try
      i32.const 3
      local.set 0
      i32.const 1
      call $throw_a
      i32.const 4
      local.set 0
    catch_all
    end
    local.get 0)

  (func (export "rethrow") (param i32) (result i32)
    try (result i32)
      try (result i32)
        local.get 0
        call $throw
        i32.const 0
      catch $a
        drop
        rethrow 0
      catch_all
        i32.const 2
      end
    catch $a
      i32.const 50
      i32.add
    end)

  ;; Of two caught exceptions the label says which goes on; calls in between change neither.
  (func (export "rethrow_which") (param i32) (result i32)
    try (result i32)
      try (result i32)
        i32.const 1
        throw $a
      catch $a
        drop
        try (result i32)
          i32.const 2
          throw $a
        catch $a
          drop
          i32.const 3
          call $throw
          local.get 0
          if
            rethrow 2
          end
          rethrow 0
        end
      end
    catch $a
    end)

  ;; The second time round it is another exception.
  (func (export "rethrow_in_loop") (param i32) (result i32)
    (local i32)
    loop $again
      try
        try
          local.get 0
          throw $a
        catch_all
          rethrow 0
        end
      catch $a
        local.get 1
        i32.const 10
        i32.mul
        i32.add
        local.set 1
      end
      local.get 0
      i32.const 1
      i32.sub
      local.tee 0
      br_if $again
    end
    local.get 1)

  ;; Past the handler in between, to the one that the label is of.
  (func (export "delegate") (param i32) (result i32)
    try $outer (result i32)
      try (result i32)
        try (result i32)
          local.get 0
          call $throw
          i32.const 0
        delegate $outer
      catch_all
        i32.const 1
      end
    catch_all
      i32.const 2
    end)

  ;; To the handler next to it: as without it.
  (func (export "delegate_next") (result i32)
    try (result i32)
      try $inner (result i32)
        try (result i32)
          i32.const 4
          throw $a
        delegate $inner
      catch_all
        i32.const 1
      end
    catch_all
      i32.const 2
    end)

  ;; A block that catches nothing hands on to what is around it.
  (func (export "delegate_block") (result i32)
    try (result i32)
      block $b (result i32)
        try (result i32)
          try (result i32)
            i32.const 4
            throw $a
          delegate $b
        catch_all
          i32.const 1
        end
      end
    catch $a
    end)

  ;; The function's own label: past all its handlers.
  (func $out_of (result i32)
    try (result i32)
      try (result i32)
        i32.const 4
        throw $a
      delegate 1
    catch_all
      i32.const 1
    end)
  (func (export "delegate_out") (result i32)
    try (result i32)
      call $out_of
    catch $a
      i32.const 40
      i32.add
    end)

  ;; In a catch, the label of its try stands for what is around that.
  (func (export "delegate_from_catch") (result i32)
    try (result i32)
      try $t (result i32)
        i32.const 1
        throw $a
      catch $a
        drop
        try (result i32)
          i32.const 2
          throw $a
        delegate $t
      end
    catch $a
      i32.const 30
      i32.add
    end)

  ;; Two in a row, and values on the way that are dropped.
  (func (export "delegate_twice") (result i32)
    try $first (result i32)
      try (result i32)
        i32.const 99
        try $second (result i32)
          i32.const 97
          try (result i32)
            i32.const 98
            i32.const 5
            throw $a
          delegate $second
          i32.add
        delegate $first
        i32.add
      catch_all
        i32.const 1
      end
    catch $a
    end)

  ;; Nothing is thrown: its values go through.
  (func (export "delegate_idle") (param i32) (result i32)
    i32.const 1
    try (result i32)
      local.get 0
    delegate 0
    i32.add)

  ;; The old and the new, in one another.
  (func (export "both") (param i32) (result i32)
    block $h (result i32)
      try_table (result i32) (catch $a $h)
        try (result i32)
          local.get 0
          call $throw
          i32.const 0
        catch_all
          rethrow 0
        end
      end
    end)
  (func (export "both_delegate") (result i32)
    try (result i32)
      block $h (result i32)
        try_table $t (result i32) (catch $a $h)
          try (result i32)
            try (result i32)
              i32.const 11
              throw $a
            delegate $t
          catch_all
            i32.const 1
          end
        end
      end
    catch_all
      i32.const 2
    end)

  ;; Traps are nobody's.
  (func (export "trap") (result i32)
    try (result i32)
      unreachable
    catch_all
      i32.const 1
    end)

  ;; Through many frames, each of which catches something else.
  (func $deep (param i32) (result i32)
    local.get 0
    i32.eqz
    if
      i32.const 6
      throw $a
    end
    try (result i32)
      local.get 0
      i32.const 1
      i32.sub
      call $deep
    catch $b
      drop
      drop
      i32.const 1
    catch $empty
      i32.const 2
    end)
  (func (export "deep") (param i32) (result i32)
    try (result i32)
      local.get 0
      call $deep
    catch $a
    end)

  ;; Code that cannot be reached has all of them too.
  (func (export "dead") (result i32)
    i32.const 3
    return
    try (result i32)
      try
        nop
      delegate 0
      i32.const 1
    catch $a
      rethrow 0
    catch_all
      i32.const 2
    end)
  (func (export "dead_body") (result i32)
    try (result i32)
      i32.const 8
      br 0
    catch $a
      i32.const 1
      i32.add
    end))

(assert_return (invoke "which" (i32.const 0)) (i32.const 11))
(assert_return (invoke "which" (i32.const 1)) (i32.const 122))
(assert_return (invoke "which" (i32.const 2)) (i32.const 77))
(assert_return (invoke "which" (i32.const 3)) (i32.const 1))
(assert_exception (invoke "no_clause" (i32.const 0)))
(assert_return (invoke "no_clause" (i32.const 3)) (i32.const 5))
(assert_return (invoke "around" (i32.const 0)) (i32.const 1010))
(assert_return (invoke "around" (i32.const 1)) (i32.const 1002))
(assert_return (invoke "around" (i32.const 2)) (i32.const 1003))
(assert_return (invoke "around" (i32.const 3)) (i32.const 1001))
(assert_return (invoke "parameters" (i32.const 2)) (i32.const 9))
(assert_return (invoke "parameters" (i32.const 3)) (i32.const 7))
(assert_return (invoke "from_catch" (i32.const 0)) (i32.const 111))
(assert_return (invoke "from_catch" (i32.const 1)) (i32.const 4))
(assert_return (invoke "from_catch" (i32.const 3)) (i32.const 0))
(assert_return (invoke "branch_from_catch" (i32.const 1)) (i32.const 6))
(assert_return (invoke "branch_from_catch" (i32.const 0)) (i32.const 8))
(assert_return (invoke "locals_stay") (i32.const 3))
(assert_return (invoke "rethrow" (i32.const 0)) (i32.const 60))
(assert_return (invoke "rethrow" (i32.const 1)) (i32.const 2))
(assert_return (invoke "rethrow_which" (i32.const 0)) (i32.const 2))
(assert_return (invoke "rethrow_which" (i32.const 1)) (i32.const 1))
(assert_return (invoke "rethrow_in_loop" (i32.const 3)) (i32.const 321))
(assert_return (invoke "delegate" (i32.const 0)) (i32.const 2))
(assert_return (invoke "delegate" (i32.const 3)) (i32.const 0))
(assert_return (invoke "delegate_next") (i32.const 1))
(assert_return (invoke "delegate_block") (i32.const 4))
(assert_return (invoke "delegate_out") (i32.const 44))
(assert_return (invoke "delegate_from_catch") (i32.const 32))
(assert_return (invoke "delegate_twice") (i32.const 5))
(assert_return (invoke "delegate_idle" (i32.const 4)) (i32.const 5))
(assert_return (invoke "both" (i32.const 0)) (i32.const 10))
(assert_exception (invoke "both" (i32.const 1)))
(assert_return (invoke "both" (i32.const 3)) (i32.const 0))
(assert_return (invoke "both_delegate") (i32.const 11))
(assert_trap (invoke "trap") "unreachable")
(assert_return (invoke "deep" (i32.const 200)) (i32.const 6))
(assert_return (invoke "dead") (i32.const 3))
(assert_return (invoke "dead_body") (i32.const 8))

;; A rethrow is caught by every kind of clause, whose labels are near, far, outside of handlers, and the function's.
(module
  (tag $a (param i32))
  (tag $empty)
  (func $again
    try
      i32.const 5
      throw $a
    catch_all
      rethrow 0
      nop
    end)

  (func (export "catch_ref") (result i32)
    block $h (result i32 exnref)
      try_table (catch_ref $a $h)
        call $again
      end
      unreachable
    end
    drop)
  (func (export "catch_all_ref") (result i32)
    block $h (result exnref)
      try_table (catch_all_ref $h)
        call $again
      end
      unreachable
    end
    ref.is_null)
  (func (export "catch_all_far") (result i32)
    block $h
      try_table (catch $empty $h)
        block
          try_table (catch_all $h)
            call $again
          end
        end
      end
      unreachable
    end
    i32.const 6)
  (func (export "to_handler") (result i32)
    try_table $t (result i32)
      try_table (catch $a $t)
        call $again
      end
      i32.const 0
    end)
  (func (export "to_body") (result i32)
    try_table (catch $a 0)
      call $again
    end
    i32.const 0))
(assert_return (invoke "catch_ref") (i32.const 5))
(assert_return (invoke "catch_all_ref") (i32.const 0))
(assert_return (invoke "catch_all_far") (i32.const 6))
(assert_return (invoke "to_handler") (i32.const 5))
(assert_return (invoke "to_body") (i32.const 5))

;; A vector is as wide as two values; the exception is kept behind it.
(module
  (tag $v (param v128 i32))
  (func (export "vector") (param v128) (result i32)
    (local v128 i32)
    try (result i32)
      try (result i32)
        local.get 0
        i32.const 5
        throw $v
      catch $v
        local.set 2
        local.set 1
        rethrow 0
      end
    catch $v
      local.get 1
      i32x4.extract_lane 3
      i32.add
      local.set 2
      i32x4.extract_lane 2
      local.get 2
      i32.add
    end))
(assert_return (invoke "vector" (v128.const i32x4 1 2 30 400)) (i32.const 435))

(assert_invalid
  (module (func try rethrow 0 end))
  "invalid rethrow label")
(assert_invalid
  (module (func block rethrow 0 end))
  "invalid rethrow label")
(assert_invalid
  (module (func try delegate 1))
  "unknown label")
(assert_malformed
  (module (func try catch_all catch_all end))
  "unexpected token")
(assert_malformed
  (module (tag $e) (func try catch_all catch $e end))
  "unexpected token")
(assert_invalid
  (module (tag $e (param i32)) (func (result i32) try (result i32) i32.const 0 catch $e drop end))
  "type mismatch")
