;; String search with a table of shifts (Horspool), and words counted in a text: bytes, bulk memory, sign extension.
(module
  (memory (export "memory") 1)
  (data (i32.const 512) "the quick brown fox jumps over the lazy dog and the other lazy fox sleeps")
  (data $needles "lazyfoxwolf")

  ;; Searches the text for the needle at `needle` of that length, which lies in the passive segment; from `start` on.
  ;; Returns the offset within the text, or -1. Memory: 0 to 255 shifts, 256 needle, 512 text.
  (func (export "find") (param $needle i32) (param $length i32) (param $start i32) (result i32)
    (local $i i32) (local $last i32) (local $end i32)
    (memory.init $needles (i32.const 256) (local.get $needle) (local.get $length))
    (memory.fill (i32.const 0) (local.get $length) (i32.const 256))
    (local.set $last (i32.sub (local.get $length) (i32.const 1)))
    ;; How far the window may move when its last byte is this one.
    (block $shifts
      (loop $next
        (br_if $shifts (i32.ge_s (local.get $i) (local.get $last)))
        (i32.store8
          (i32.load8_u offset=256 (local.get $i))
          (i32.sub (local.get $last) (local.get $i)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.set $end (i32.sub (i32.const 73) (local.get $length)))
    (block $missing
      (loop $window
        (br_if $missing (i32.gt_s (local.get $start) (local.get $end)))
        (local.set $i (local.get $last))
        (loop $compare
          (if (i32.eq
                (i32.load8_u offset=256 (local.get $i))
                (i32.load8_u offset=512 (i32.add (local.get $start) (local.get $i))))
            (then
              (if (i32.eqz (local.get $i)) (then (return (local.get $start))))
              (local.set $i (i32.sub (local.get $i) (i32.const 1)))
              (br $compare))))
        (local.set $start
          (i32.add (local.get $start)
            (i32.extend8_s
              (i32.load8_u
                (i32.load8_u offset=512 (i32.add (local.get $start) (local.get $last)))))))
        (br $window)))
    (i32.const -1)))
