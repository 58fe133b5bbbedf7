//! Every load, store and atomic access of the table of instructions, before, across, inside and behind regions.

use crate::{Ended, Guest, PROTECTIONS, Seen, TIERS, forbidden};
use etalon::{Protection, Tier, Trap, Val};
use etalon_module::{Class, Opcode};
use std::fmt::Write as _;

/// Memories: how they are declared, the type of their addresses, and what comes first where the memory is not the only one.
const MEMORIES: &[(&str, &str)] = &[
    ("(memory $m (export \"memory\") 2)", "i32"),
    ("(memory $m (export \"memory\") i64 2)", "i64"),
    ("(memory 1) (memory $m (export \"memory\") 2)", "i32"),
    ("(memory $m (export \"memory\") 131072 (pagesize 1))", "i32"),
];
const SIZE: u64 = 131_072;

/// Regions: from and to, and whether they lie so that aligned accesses of every width go across their edges.
const REGIONS: &[(u64, u64)] = &[(64, 128), (67, 125), (SIZE - 21, SIZE + 9)];

/// The offset of half of the functions.
const OFFSET: u64 = 40;

fn is_access(op: Opcode) -> bool {
    use Class as C;
    let class = op.class();
    class.is_some_and(Class::accesses_memory) && !matches!(class, Some(C::Memory | C::MemoryBulk))
}

fn is_atomic(name: &str) -> bool {
    name.contains(".atomic.")
}

/// Whether it writes, whatever the operands.
fn writes(op: Opcode) -> bool {
    use Class as C;
    let stores = [C::Store, C::VectorStore, C::VectorStoreLane, C::AtomicStore, C::AtomicRmw];
    stores.contains(&op.class().unwrap())
}

/// The bytes that an instruction accesses, as its name has them: bits where it says some, lanes times bits, or its type.
fn width(name: &str) -> u64 {
    let (ty, rest) = name.split_once('.').unwrap();
    let digits = |text: &str| -> Option<u64> {
        let from = text.find(|c: char| c.is_ascii_digit())?;
        let text = &text[from..];
        let to = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..to].parse().ok()
    };
    match (digits(rest), ty) {
        (Some(bits), "v128") if rest.contains('x') => {
            bits * digits(&rest[rest.find('x').unwrap()..]).unwrap() / 8
        }
        (Some(bits), _) => bits / 8,
        (None, "i32" | "f32" | "memory") => 4,
        (None, "i64" | "f64") => 8,
        (None, _) => 16,
    }
}

/// The operands behind the address.
fn operands(name: &str, op: Opcode) -> Vec<&'static str> {
    let (ty, rest) = name.split_once('.').unwrap();
    let number = match ty {
        "i32" => "(i32.const 0x71727374)",
        "i64" => "(i64.const 0x7172737475767778)",
        "f32" => "(f32.const 1.5)",
        "f64" => "(f64.const 2.5)",
        _ => "(v128.const i64x2 0x0102030405060708 0x090a0b0c0d0e0f10)",
    };
    match op.class().unwrap() {
        Class::Store | Class::VectorStore | Class::VectorStoreLane | Class::AtomicStore => {
            vec![number]
        }
        Class::VectorLoadLane => vec![number],
        Class::AtomicRmw if rest.contains("cmpxchg") => vec![number, number],
        Class::AtomicRmw => vec![number],
        Class::AtomicWait => match rest {
            "atomic.notify" => vec!["(i32.const 1)"],
            "atomic.wait32" => vec!["(i32.const 5)", "(i64.const 0)"],
            _ => vec!["(i64.const 5)", "(i64.const 0)"],
        },
        _ => Vec::new(),
    }
}

/// The type of the result; none if there is none.
fn result(name: &str, op: Opcode) -> &'static str {
    match (op.class().unwrap(), name.split_once('.').unwrap().0) {
        (Class::Store | Class::VectorStore | Class::VectorStoreLane | Class::AtomicStore, _) => "",
        (_, "i32" | "memory") => "(result i32)",
        (_, "i64") => "(result i64)",
        (_, "f32") => "(result f32)",
        (_, "f64") => "(result f64)",
        _ => "(result v128)",
    }
}

fn accesses() -> Vec<(String, Opcode)> {
    let all = Opcode::ALL.iter().filter(|op| op.is_executed() && is_access(**op));
    let all: Vec<_> = all.map(|op| (op.name().to_owned(), *op)).collect();
    // Loads and stores, those of vectors and lanes, and atomic ones.
    assert_eq!(all.len(), 23 + 22 + 66);
    all
}

/// A module with two functions for each access: one with an offset and one without.
fn module(memory: &str, ty: &str) -> String {
    let mut text = format!("(module {memory}\n");
    for (name, op) in accesses() {
        let lane = if name.ends_with("_lane") { "0" } else { "" };
        let (result, operands) = (result(&name, op), operands(&name, op).join(" "));
        for offset in [0, OFFSET] {
            writeln!(
                text,
                "(func (export \"{name}+{offset}\") (param {ty}) {result}
                   ({name} $m offset={offset} {lane} (local.get 0) {operands}))"
            )
            .unwrap();
        }
    }
    text + ")"
}

/// How an access ends by the rules alone; `None` if it returns.
fn expected(
    name: &str,
    op: Opcode,
    at: u64,
    region: (u64, u64),
    held: Protection,
) -> Option<Ended> {
    let end = at + width(name);
    if is_atomic(name) && !at.is_multiple_of(width(name)) {
        return Some(Ended::Trapped(Trap::UnalignedAtomic));
    }
    if end > SIZE {
        return Some(Ended::Trapped(Trap::MemoryOutOfBounds));
    }
    let forbids = writes(op) || held == Protection::Inaccessible;
    let bytes = region.0..region.1;
    if forbids && (at..end).any(|byte| bytes.contains(&byte)) {
        return Some(forbidden("the middle"));
    }
    let waits = name.contains("atomic.wait");
    waits.then_some(Ended::Trapped(Trap::ExpectedSharedMemory))
}

/// Before, across the first byte, inside, across the end, and after; and the same aligned.
fn positions(width: u64, (start, end): (u64, u64)) -> Vec<u64> {
    let mut all = Vec::new();
    for edge in [start, end] {
        all.extend((edge - width - 1)..=(edge + 1));
    }
    all.push(start.midpoint(end) / 16 * 16);
    all.extend([start, end].map(|edge| edge / width * width));
    all
}

/// What one tier shows of all accesses to a memory.
fn seen(tier: Tier, memory: &str, ty: &str) -> Vec<(String, Seen)> {
    let mut guest = Guest::new(tier, &module(memory, ty));
    let (mut all, mut before) = (Vec::new(), guest.digest());
    for (region, held) in REGIONS.iter().flat_map(|r| PROTECTIONS.map(|p| (*r, p))) {
        guest.memory.protect(&mut guest.store, region.0..region.1, held, "the middle").unwrap();
        for (name, op) in accesses() {
            for (at, offset) in positions(width(&name), region)
                .into_iter()
                .flat_map(|at| [0, OFFSET].map(|offset| (at, offset)))
            {
                let Some(operand) = at.checked_sub(offset) else { continue };
                let operand = match ty {
                    "i32" => Val::I32(operand as i32),
                    _ => Val::I64(operand as i64),
                };
                let seen = guest.call(&format!("{name}+{offset}"), &[operand]);
                let case = format!("{tier}, {memory}: {name} at {at} in {region:?} {held:?}");
                match expected(&name, op, at, region, held) {
                    Some(end) => {
                        assert_eq!(seen.0, end, "{case}");
                        assert!(seen.1.is_some(), "{case}: no place");
                        assert_eq!(seen.3, before, "{case}: something was written");
                    }
                    None => assert!(matches!(seen.0, Ended::Returned(_)), "{case}: {seen:?}"),
                }
                before.clone_from(&seen.3);
                all.push((case[tier.name().len()..].to_owned(), seen));
            }
        }
        guest.memory.unprotect(&mut guest.store, "the middle").unwrap();
    }
    all
}

#[test]
fn every_access_asks_for_regions_on_every_tier() {
    for (memory, ty) in MEMORIES {
        let oracle = seen(Tier::Oracle, memory, ty);
        let forbidden = oracle.iter().filter(|(_, seen)| matches!(seen.0, Ended::Forbidden(_)));
        assert!(forbidden.count() * 4 > oracle.len());
        for tier in TIERS {
            let others = seen(tier, memory, ty);
            assert_eq!(others.len(), oracle.len());
            for (one, other) in oracle.iter().zip(&others) {
                assert_eq!(one, other, "{tier}");
            }
        }
    }
}

#[test]
fn widths_are_those_of_the_names() {
    let cases = [
        ("i32.load", 4),
        ("i64.load32_u", 4),
        ("f64.store", 8),
        ("v128.load", 16),
        ("v128.load8x8_s", 8),
        ("v128.load16x4_u", 8),
        ("v128.load64_zero", 8),
        ("v128.store16_lane", 2),
        ("i64.atomic.rmw8.cmpxchg_u", 1),
        ("i64.atomic.rmw.add", 8),
        ("memory.atomic.wait64", 8),
        ("memory.atomic.notify", 4),
    ];
    for (name, bytes) in cases {
        assert_eq!(width(name), bytes, "{name}");
    }
}

/// As many regions as a memory can have, beside each other and apart, found by every address and width.
#[test]
fn each_of_many_regions_is_found_where_it_is() {
    let wat = r#"(module (memory (export "memory") 1)
        (func (export "load") (param i32 i32) (drop (i64.load (local.get 0))))
        (func (export "store") (param i32 i32) (i64.store (local.get 0) (i64.const -1)))
        (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
        (func (export "copy") (param i32 i32) (memory.copy (i32.const 60000) (local.get 0) (local.get 1))))"#;
    // Gaps of 0 to 10 bytes, and regions of 1 to 13.
    let mut at = 100;
    let mut regions = Vec::new();
    for n in 0..etalon::MemoryRegion::MOST as u64 {
        let (start, len) = (at + n % 11, 1 + n % 13);
        regions.push((start, start + len, PROTECTIONS[(n % 2) as usize], format!("r{n}")));
        at = start + len;
    }
    let expected = |from: u64, len: u64, writes: bool| {
        let hit = regions.iter().find(|(start, end, protection, _)| {
            let forbids = writes || *protection == Protection::Inaccessible;
            from.max(*start) < (from + len).min(*end) && forbids
        });
        hit.map(|(.., name)| name.as_str())
    };
    for tier in TIERS {
        let mut guest = Guest::new(tier, wat);
        for (start, end, protection, name) in regions.iter().rev() {
            guest.memory.protect(&mut guest.store, *start..*end, *protection, name).unwrap();
        }
        for from in (80..at + 20).step_by(if tier == Tier::Oracle { 1 } else { 3 }) {
            let len = from * 7 % 40;
            let calls =
                [("load", 8, false), ("store", 8, true), ("fill", len, true), ("copy", len, false)];
            for (name, len, writes) in calls {
                let args = [Val::I32(from as i32), Val::I32(len as i32)];
                let func = guest.instance.get_func(&guest.store, name).unwrap();
                let found = match func.call(&mut guest.store, &args, &mut []) {
                    Ok(()) => Ended::Returned(Vec::new()),
                    Err(error) => crate::ended(&error),
                };
                let expected = expected(from, len, writes);
                let expected = expected.map_or(Ended::Returned(Vec::new()), forbidden);
                assert_eq!(found, expected, "{tier}: {name} of {len} bytes at {from}");
            }
            // The host is held to the same.
            let bytes = from as usize..(from + len) as usize;
            let reads = guest.memory.slice(&guest.store, bytes.clone()).err();
            let writes = guest.memory.slice_mut(&mut guest.store, bytes).err();
            for (error, writes) in [(reads, false), (writes, true)] {
                let expected = expected(from, len, writes)
                    .map(|name| format!("forbidden access to region {name}"));
                assert_eq!(
                    error.map(|error| error.to_string()),
                    expected,
                    "{tier}: {len} at {from}"
                );
            }
        }
    }
}
