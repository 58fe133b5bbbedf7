;; A hash over bytes of memory: per step 64-bit words, their product in 128 bits by four partial
;; products, and a tail byte by byte.
(module
  (memory 1)

  ;; High and low half of the product, folded into one word.
  (func $fold (param $a i64) (param $b i64) (result i64)
    (local $al i64) (local $ah i64) (local $bl i64) (local $bh i64) (local $mid i64) (local $low i64)
    (local.set $al (i64.and (local.get $a) (i64.const 0xffffffff)))
    (local.set $ah (i64.shr_u (local.get $a) (i64.const 32)))
    (local.set $bl (i64.and (local.get $b) (i64.const 0xffffffff)))
    (local.set $bh (i64.shr_u (local.get $b) (i64.const 32)))
    (local.set $low (i64.mul (local.get $al) (local.get $bl)))
    (local.set $mid
      (i64.add
        (i64.mul (local.get $ah) (local.get $bl))
        (i64.shr_u (local.get $low) (i64.const 32))))
    (i64.xor
      (i64.mul (local.get $a) (local.get $b))
      (i64.add
        (i64.add
          (i64.mul (local.get $ah) (local.get $bh))
          (i64.shr_u (local.get $mid) (i64.const 32)))
        (i64.shr_u
          (i64.add
            (i64.mul (local.get $al) (local.get $bh))
            (i64.and (local.get $mid) (i64.const 0xffffffff)))
          (i64.const 32)))))

  (func $hash (param $at i32) (param $end i32) (param $seed i64) (result i64)
    (block $words
      (loop $next
        (br_if $words
          (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
        (local.set $seed
          (call $fold
            (i64.xor (i64.load (local.get $at)) (i64.const 0xa0761d6478bd642f))
            (i64.xor (i64.load offset=8 (local.get $at)) (local.get $seed))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (block $bytes
      (loop $next
        (br_if $bytes (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $seed
          (i64.mul
            (i64.xor (local.get $seed) (i64.load8_u (local.get $at)))
            (i64.const 0x100000001b3)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $seed))

  ;; n hashes of 1000 bytes, each written into what the next reads
  (func (export "run") (param $n i32) (result i64)
    (local $hash i64)
    (memory.fill (i32.const 0) (i32.const 0x5a) (i32.const 1000))
    (loop $again
      (local.set $hash (call $hash (i32.const 0) (i32.const 1000) (local.get $hash)))
      (i64.store (i32.and (local.get $n) (i32.const 0x1f8)) (local.get $hash))
      (br_if $again
        (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $hash)))
