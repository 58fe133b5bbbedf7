;; CRC-32 (polynomial 0xedb88320) over data segments: a table that the start function fills, shifts and xors.
(module
  (memory (export "memory") 1)
  ;; The table of 256 words lies at 0, the text behind it.
  (data (i32.const 1024) "123456789The quick brown fox jumps over the lazy dog")

  (func $make_table
    (local $i i32) (local $bit i32) (local $word i32)
    (loop $entries
      (local.set $word (local.get $i))
      (local.set $bit (i32.const 8))
      (loop $bits
        (local.set $word
          (i32.xor
            (i32.shr_u (local.get $word) (i32.const 1))
            ;; the polynomial, if the bit that leaves is set
            (i32.and
              (i32.sub (i32.const 0) (i32.and (local.get $word) (i32.const 1)))
              (i32.const 0xedb88320))))
        (br_if $bits (local.tee $bit (i32.sub (local.get $bit) (i32.const 1)))))
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $word))
      (br_if $entries
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256)))))
  (start $make_table)

  ;; offset and length within the text -> its CRC
  (func (export "crc32") (param $at i32) (param $length i32) (result i32)
    (local $crc i32) (local $end i32)
    (local.set $at (i32.add (local.get $at) (i32.const 1024)))
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (local.set $crc (i32.const -1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $crc
          (i32.xor
            (i32.shr_u (local.get $crc) (i32.const 8))
            (i32.load
              (i32.shl
                (i32.and
                  (i32.xor (local.get $crc) (i32.load8_u (local.get $at)))
                  (i32.const 255))
                (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.xor (local.get $crc) (i32.const -1))))
