;; features: memory-control, threads, custom-page-sizes
;; memory.discard sets whole pages to zero. There are no official scripts; this one follows the text of the memory-control
;; proposal, proposals/memory-control/discard.md at commit 800e145: the instruction takes an address and a size in bytes,
;; aligns the address down and the size up to the page size, and traps if the requested range is out of bounds.
;;
;; Each half of that is taken by its words. The requested range is that of the operands, before they are aligned. The size
;; is aligned for itself, wherever the address lies, so the last bytes of a requested range may keep what they hold.

(module
  (memory (export "memory") 3 4)
  (func (export "mark")
    (memory.fill (i32.const 0) (i32.const 0xff) (i32.shl (memory.size) (i32.const 16))))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func (export "discard") (param i32 i32) (memory.discard (local.get 0) (local.get 1)))
  (func (export "set") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "get") (param i32) (result i32) (i32.load8_u (local.get 0)))
  ;; The first and the last byte of each of the three pages.
  (func (export "edges") (result i32 i32 i32 i32 i32 i32)
    (i32.load8_u (i32.const 0)) (i32.load8_u (i32.const 65535))
    (i32.load8_u (i32.const 65536)) (i32.load8_u (i32.const 131071))
    (i32.load8_u (i32.const 131072)) (i32.load8_u (i32.const 196607)))
  ;; How many words of eight bytes are not zero.
  (func (export "words") (result i32) (local $at i32) (local $words i32)
    (loop $next
      (local.set $words
        (i32.add (local.get $words) (i64.ne (i64.load (local.get $at)) (i64.const 0))))
      (br_if $next
        (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 8)))
          (i32.shl (memory.size) (i32.const 16)))))
    (local.get $words))
  ;; Constants for operands, and an operand below them.
  (func (export "among others") (result i32 i32)
    (i32.const 7)
    (memory.discard (i32.const 65537) (i32.const 1))
    (i32.load8_u (i32.const 65536)))
  ;; From the last page to the first, then one that is out of bounds.
  (func (export "in a loop") (local $at i32)
    (local.set $at (i32.const 131072))
    (loop $next
      (memory.discard (local.get $at) (i32.const 65536))
      (local.set $at (i32.sub (local.get $at) (i32.const 65536)))
      (br $next)))
)

;; Pages, asked for as pages: one, the next, the last, two, all.
(invoke "mark")
(assert_return (invoke "words") (i32.const 24576))
(assert_return (invoke "discard" (i32.const 0) (i32.const 65536)))
(assert_return (invoke "edges")
  (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255))
(assert_return (invoke "words") (i32.const 16384))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 65536) (i32.const 65536)))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 131072) (i32.const 65536)))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 65536) (i32.const 131072)))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 0) (i32.const 196608)))
(assert_return (invoke "words") (i32.const 0))

;; What was discarded is memory like any other, and may be discarded again.
(assert_return (invoke "set" (i32.const 65536) (i32.const 9)))
(assert_return (invoke "get" (i32.const 65536)) (i32.const 9))
(assert_return (invoke "discard" (i32.const 65536) (i32.const 65536)))
(assert_return (invoke "discard" (i32.const 65536) (i32.const 65536)))
(assert_return (invoke "get" (i32.const 65536)) (i32.const 0))

;; The size is aligned up.
(invoke "mark")
(assert_return (invoke "discard" (i32.const 65536) (i32.const 1)))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 0) (i32.const 65535)))
(assert_return (invoke "edges")
  (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 0) (i32.const 65537)))
(assert_return (invoke "edges")
  (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))

;; The address is aligned down.
(invoke "mark")
(assert_return (invoke "discard" (i32.const 131071) (i32.const 1)))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 65537) (i32.const 65535)))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 65535) (i32.const 65537)))
(assert_return (invoke "edges")
  (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))

;; Each for itself: the page in which the requested range ends is not always among those that are discarded.
(invoke "mark")
(assert_return (invoke "discard" (i32.const 65535) (i32.const 2)))
(assert_return (invoke "edges")
  (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_return (invoke "discard" (i32.const 1) (i32.const 65536)))
(assert_return (invoke "edges")
  (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255))

;; No bytes: nothing is discarded, at the end too. One beyond is out of bounds.
(invoke "mark")
(assert_return (invoke "discard" (i32.const 0) (i32.const 0)))
(assert_return (invoke "discard" (i32.const 65535) (i32.const 0)))
(assert_return (invoke "discard" (i32.const 196607) (i32.const 0)))
(assert_return (invoke "discard" (i32.const 196608) (i32.const 0)))
(assert_trap (invoke "discard" (i32.const 196609) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 262144) (i32.const 0)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const -1) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "words") (i32.const 24576))

;; The last byte is inside; what reaches beyond it traps and discards nothing.
(assert_trap (invoke "discard" (i32.const 196607) (i32.const 2)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 196608) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 0) (i32.const 196609)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 65536) (i32.const 131073)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 65536) (i32.const 196608)) "out of bounds memory access")
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255))
(assert_return (invoke "discard" (i32.const 196607) (i32.const 1)))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0))

;; The pages would fit; the requested range does not, and it is what counts.
(invoke "mark")
(assert_trap (invoke "discard" (i32.const 131073) (i32.const 65536)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 1) (i32.const 196608)) "out of bounds memory access")
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255))

;; The sum of address and size does not wrap around, and neither does a size that is aligned.
(assert_trap (invoke "discard" (i32.const -1) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 1) (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 0) (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const -1) (i32.const -1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 65536) (i32.const -65536)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const -65536) (i32.const 65536)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 0x80000000) (i32.const 0x80000000)) "out of bounds memory access")
(assert_return (invoke "words") (i32.const 24576))

(assert_return (invoke "among others") (i32.const 7) (i32.const 0))
(assert_return (invoke "edges")
  (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_trap (invoke "in a loop") "out of bounds memory access")
(assert_return (invoke "words") (i32.const 0))

;; A page that came by growth is a page.
(invoke "mark")
(assert_trap (invoke "discard" (i32.const 196608) (i32.const 65536)) "out of bounds memory access")
(assert_return (invoke "grow") (i32.const 3))
(assert_return (invoke "set" (i32.const 262143) (i32.const 1)))
(assert_return (invoke "discard" (i32.const 196608) (i32.const 65536)))
(assert_return (invoke "get" (i32.const 262143)) (i32.const 0))
(assert_return (invoke "words") (i32.const 24576))

;; No page at all.
(module
  (memory 0)
  (func (export "discard") (param i32 i32) (memory.discard (local.get 0) (local.get 1)))
)
(assert_return (invoke "discard" (i32.const 0) (i32.const 0)))
(assert_trap (invoke "discard" (i32.const 0) (i32.const 1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 1) (i32.const 0)) "out of bounds memory access")

;; Addresses of 64 bits, of which all count.
(module
  (memory i64 2)
  (func (export "mark") (memory.fill (i64.const 0) (i32.const 0xff) (i64.const 131072)))
  (func (export "discard") (param i64 i64) (memory.discard (local.get 0) (local.get 1)))
  (func (export "edges") (result i32 i32 i32 i32)
    (i32.load8_u (i64.const 0)) (i32.load8_u (i64.const 65535))
    (i32.load8_u (i64.const 65536)) (i32.load8_u (i64.const 131071)))
)
(invoke "mark")
(assert_return (invoke "discard" (i64.const 131071) (i64.const 1)))
(assert_return (invoke "edges") (i32.const 255) (i32.const 255) (i32.const 0) (i32.const 0))
(invoke "mark")
(assert_return (invoke "discard" (i64.const 65535) (i64.const 2)))
(assert_return (invoke "edges") (i32.const 0) (i32.const 0) (i32.const 255) (i32.const 255))
(invoke "mark")
(assert_return (invoke "discard" (i64.const 131072) (i64.const 0)))
(assert_trap (invoke "discard" (i64.const 131073) (i64.const 0)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const 131071) (i64.const 2)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const 0) (i64.const 0x1_0000_0001)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const 0x1_0000_0000) (i64.const 1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const 0x1_0000_0000) (i64.const 0)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const -1) (i64.const 1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const 1) (i64.const -1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const 0) (i64.const -1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const -1) (i64.const -1)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const 65536) (i64.const -65536)) "out of bounds memory access")
(assert_trap (invoke "discard" (i64.const -65536) (i64.const 65536)) "out of bounds memory access")
(assert_return (invoke "edges") (i32.const 255) (i32.const 255) (i32.const 255) (i32.const 255))
(assert_return (invoke "discard" (i64.const 0) (i64.const 131072)))
(assert_return (invoke "edges") (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))

;; Memories other than the first: imported, with addresses of another width, shared; and nothing but the one that is named.
(module $owner
  (memory (export "memory") 1)
  (data (i32.const 0) "\01")
  (func (export "get") (result i32) (i32.load8_u (i32.const 0)))
)
(register "owner" $owner)
(module
  (memory $imported (import "owner" "memory") 1)
  (memory $first 2)
  (memory $far i64 1)
  (memory $shared 1 1 shared)
  (data (memory $first) (i32.const 0) "\02")
  (data (memory $far) (i64.const 0) "\03")
  (data (memory $shared) (i32.const 0) "\04")
  (func (export "first") (param i32 i32)
    (memory.discard $first (local.get 0) (local.get 1)))
  (func (export "far") (param i64 i64) (memory.discard $far (local.get 0) (local.get 1)))
  (func (export "shared") (param i32 i32)
    (memory.discard $shared (local.get 0) (local.get 1)))
  (func (export "imported") (param i32 i32)
    (memory.discard $imported (local.get 0) (local.get 1)))
  (func (export "all") (result i32 i32 i32 i32)
    (i32.load8_u $imported (i32.const 0)) (i32.load8_u $first (i32.const 0))
    (i32.load8_u $far (i64.const 0)) (i32.atomic.load8_u $shared (i32.const 0)))
)
(assert_return (invoke "all") (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4))
(assert_return (invoke "first" (i32.const 131071) (i32.const 1)))
(assert_return (invoke "all") (i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4))
(assert_trap (invoke "far" (i64.const 131071) (i64.const 1)) "out of bounds memory access")
(assert_trap (invoke "shared" (i32.const 65535) (i32.const 2)) "out of bounds memory access")
(assert_trap (invoke "imported" (i32.const 65537) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "far" (i64.const 65535) (i64.const 1)))
(assert_return (invoke "all") (i32.const 1) (i32.const 2) (i32.const 0) (i32.const 4))
(assert_return (invoke "shared" (i32.const 8) (i32.const 8)))
(assert_return (invoke "all") (i32.const 1) (i32.const 2) (i32.const 0) (i32.const 0))
(assert_return (invoke "first" (i32.const 0) (i32.const 65536)))
(assert_return (invoke "all") (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0))
(assert_return (invoke $owner "get") (i32.const 1))
(assert_return (invoke "imported" (i32.const 0) (i32.const 1)))
(assert_return (invoke "all") (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
(assert_return (invoke $owner "get") (i32.const 0))

;; The page size is the memory's own: with pages of one byte, there is nothing to align.
(module
  (memory 8 8 (pagesize 1))
  (func (export "mark") (i64.store (i32.const 0) (i64.const -1)))
  (func (export "discard") (param i32 i32) (memory.discard (local.get 0) (local.get 1)))
  (func (export "get") (result i64) (i64.load (i32.const 0)))
)
(invoke "mark")
(assert_return (invoke "discard" (i32.const 3) (i32.const 2)))
(assert_return (invoke "get") (i64.const 0xffffff0000ffffff))
(assert_return (invoke "discard" (i32.const 7) (i32.const 1)))
(assert_return (invoke "get") (i64.const 0x00ffff0000ffffff))
(assert_return (invoke "discard" (i32.const 8) (i32.const 0)))
(assert_trap (invoke "discard" (i32.const 7) (i32.const 2)) "out of bounds memory access")
(assert_trap (invoke "discard" (i32.const 9) (i32.const 0)) "out of bounds memory access")
(assert_return (invoke "get") (i64.const 0x00ffff0000ffffff))

;; Validation: there is a memory, the operands are as wide as its addresses, and there is no result.
(assert_invalid
  (module (func (memory.discard (i32.const 0) (i32.const 0))))
  "unknown memory")
(assert_invalid
  (module (memory 1) (func (memory.discard 1 (i32.const 0) (i32.const 0))))
  "unknown memory")
(assert_invalid
  (module (memory 1) (func (memory.discard (i64.const 0) (i32.const 0))))
  "type mismatch")
(assert_invalid
  (module (memory 1) (func (memory.discard (i32.const 0) (i64.const 0))))
  "type mismatch")
(assert_invalid
  (module (memory i64 1) (func (memory.discard (i32.const 0) (i64.const 0))))
  "type mismatch")
(assert_invalid
  (module (memory i64 1) (func (memory.discard (i64.const 0) (i32.const 0))))
  "type mismatch")
(assert_invalid
  (module (memory 1) (func (memory.discard (i32.const 0))))
  "type mismatch")
(assert_invalid
  (module (memory 1) (func (result i32) (memory.discard (i32.const 0) (i32.const 0))))
  "type mismatch")
