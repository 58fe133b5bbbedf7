//! Operations on ranges of a memory: nothing is written if a region forbids any byte, and what has no bytes is no access.

use crate::{Ended, Guest, TIERS, forbidden};
use etalon::{Protection, Tier, Trap, Val};

const WAT: &str = r#"(module
  (memory $m (export "memory") 2)
  (memory $n (export "other") 2)
  (data $d "abcdefghijklmnop")
  (func (export "set") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
  (func (export "fill") (param i32 i32 i32)
    (memory.fill $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32)
    (memory.copy $m $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "out") (param i32 i32 i32)
    (memory.copy $n $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "in") (param i32 i32 i32)
    (memory.copy $m $n (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32)
    (memory.init $m $d (local.get 0) (local.get 1) (local.get 2))))"#;

const ZERO: i32 = 0;
const SIZE: i32 = 131_072;
/// `read` is at 100 to 110, `none` at 200 to 210, and `end` covers the last byte and more.
const READ: i32 = 100;
const NONE: i32 = 200;

/// What is called with which operands, and which region forbids it; with `None` it returns.
const CASES: &[(&str, [i32; 3], Option<&str>)] = &[
    // Destination, value, length.
    ("fill", [90, 7, 10], None),
    ("fill", [90, 7, 11], Some("read")),
    ("fill", [0, 7, SIZE], Some("read")),
    ("fill", [109, 7, 1], Some("read")),
    ("fill", [110, 7, 90], None),
    ("fill", [110, 7, 91], Some("none")),
    ("fill", [105, 7, 100], Some("read")),
    ("fill", [210, 7, SIZE - 211], None),
    ("fill", [210, 7, SIZE - 210], Some("end")),
    ("fill", [READ, 7, ZERO], None),
    ("fill", [105, 7, ZERO], None),
    ("fill", [NONE + 5, 7, ZERO], None),
    ("fill", [SIZE, 7, ZERO], None),
    // Destination, source, length: reading is allowed of what is read-only.
    ("copy", [0, READ, 10], None),
    ("copy", [0, 90, 30], None),
    ("copy", [95, 0, 5], None),
    ("copy", [95, 0, 6], Some("read")),
    ("copy", [95, 96, 6], Some("read")),
    ("copy", [0, 195, 6], Some("none")),
    ("copy", [0, 209, 5], Some("none")),
    ("copy", [0, 210, 5], None),
    // The destination is asked first.
    ("copy", [READ, NONE, 1], Some("read")),
    ("copy", [NONE, READ, 1], Some("none")),
    ("copy", [READ, NONE, ZERO], None),
    ("copy", [0, 0, SIZE], Some("read")),
    // Between memories, each has its own regions: the other has none there.
    ("out", [READ, READ, 10], None),
    ("out", [NONE, 0, 100], None),
    ("out", [0, 191, 10], Some("none")),
    ("in", [0, NONE, 10], None),
    ("in", [91, 0, 10], Some("read")),
    ("in", [300, 400, 1], Some("elsewhere")),
    ("in", [300, 401, 100], None),
    ("in", [READ, 400, 1], Some("read")),
    ("out", [400, 0, 1], Some("elsewhere")),
    // Destination, source, length.
    ("init", [84, 0, 16], None),
    ("init", [85, 0, 16], Some("read")),
    ("init", [110, 3, 5], None),
    ("init", [104, 0, 0], None),
    ("init", [194, 0, 16], Some("none")),
];

/// What is out of bounds is so first, wherever regions lie.
const OUT: &[(&str, [i32; 3])] = &[
    ("fill", [READ, 7, SIZE]),
    ("fill", [SIZE - 1, 7, 2]),
    ("fill", [-1, 7, -1]),
    ("copy", [READ, SIZE - 5, 6]),
    ("copy", [SIZE - 5, NONE, 6]),
    ("out", [SIZE, NONE, 1]),
    ("in", [READ, SIZE, 1]),
    ("init", [READ, 10, 7]),
    ("init", [SIZE - 1, 0, 2]),
];

fn guest(tier: Tier) -> Guest {
    let mut guest = Guest::new(tier, WAT);
    for at in (0..400).chain(131_000..SIZE) {
        guest.call("set", &[Val::I32(at), Val::I32(at * 7)]);
    }
    let other = guest.instance.get_memory(&guest.store, "other").unwrap();
    let regions = [
        (guest.memory, 100..110, Protection::ReadOnly, "read"),
        (guest.memory, 200..210, Protection::Inaccessible, "none"),
        (guest.memory, 131_071..1 << 40, Protection::ReadOnly, "end"),
        (other, 400..401, Protection::Inaccessible, "elsewhere"),
    ];
    // In another order than that of the addresses.
    for (memory, range, held, name) in regions.into_iter().rev() {
        memory.protect(&mut guest.store, range, held, name).unwrap();
    }
    guest
}

#[test]
fn nothing_is_written_if_one_byte_is_forbidden() {
    let mut guests = TIERS.map(|tier| (tier, guest(tier)));
    let out = OUT.iter().map(|(name, args)| (*name, *args, Some("")));
    for (name, args, region) in CASES.iter().copied().chain(out) {
        let mut oracle = None;
        for (tier, guest) in &mut guests {
            let before = guest.digest();
            let seen = guest.call(name, &args.map(Val::I32));
            let case = format!("{tier}: {name} {args:?}");
            match region {
                Some("") => assert_eq!(seen.0, Ended::Trapped(Trap::MemoryOutOfBounds), "{case}"),
                Some(region) => assert_eq!(seen.0, forbidden(region), "{case}"),
                None => assert_eq!(seen.0, Ended::Returned(Vec::new()), "{case}"),
            }
            if !matches!(seen.0, Ended::Returned(_)) {
                assert_eq!(seen.3, before, "{case}: something was written");
            }
            assert_eq!(*oracle.get_or_insert_with(|| seen.clone()), seen, "{case}");
        }
    }
}

/// `memory.discard` (proposal *memory control*) writes whole pages, and those are asked about, not the range that was asked for.
#[test]
fn pages_that_are_discarded_are_written() {
    let text = r#"(module (memory (export "memory") 3)
      (func (export "set") (i32.store8 (i32.const 65536) (i32.const 1)))
      (func (export "discard") (param i32 i32) (memory.discard (local.get 0) (local.get 1))))"#;
    let cases = [
        ([65_536, 1], Some("page 1")),
        ([65_540, 0], None),
        ([131_072, 65_536], None),
        ([0, 65_536], Some("byte 0")),
        ([65_535, 1], Some("byte 0")),
        ([131_071, 1], Some("page 1")),
        // From the first page, as many as hold the bytes.
        ([100, 65_536], Some("byte 0")),
        ([131_072, 1], None),
        ([131_072, 65_537], Some("")),
    ];
    let mut seen = Vec::new();
    for tier in TIERS {
        let mut guest = Guest::new(tier, text);
        guest.call("set", &[]);
        let Guest { store, memory, .. } = &mut guest;
        memory.protect(&mut *store, 0..1, Protection::ReadOnly, "byte 0").unwrap();
        memory.protect(&mut *store, 131_071..131_072, Protection::ReadOnly, "page 1").unwrap();
        let mut all = Vec::new();
        for (args, region) in cases {
            let call = guest.call("discard", &args.map(Val::I32));
            let end = match region {
                None => Ended::Returned(Vec::new()),
                Some("") => Ended::Trapped(Trap::MemoryOutOfBounds),
                Some(region) => forbidden(region),
            };
            assert_eq!(call.0, end, "{tier}: {args:?}");
            all.push(call);
        }
        seen.push(all);
    }
    assert!(seen.iter().all(|all| *all == seen[0]), "{seen:#?}");
}

/// The dynamic charge comes after the regions: what is forbidden costs the same whatever the length.
#[test]
fn what_is_forbidden_is_not_charged() {
    for tier in TIERS {
        let mut guest = guest(tier);
        let mut gas = |len| guest.call("fill", &[105, 1, len].map(Val::I32)).2;
        assert_eq!(gas(1), gas(100_000), "{tier}");
    }
}
