//! Loads and stores of every width in every memory that an instance can have: its first, those below and above it in the store, with
//! addresses of 32 and 64 bits. All of them hold the same bytes and have the same end, so all accesses must do the same.

mod common;

use common::{access, module};
use etalon_interp::Interp;
use etalon_module::{AddrType, Opcode, ValType};
use etalon_runtime::{
    Extern, InstanceAddr, InvokeError, Placement, Stop, Store, StoreConfig, Trap, Value,
    instantiate,
};
use std::sync::Arc;

const SIZE: usize = 1 << 16;
/// Their addresses in the store are in this order.
const NAMES: [&str; 6] = ["low", "low64", "home", "home64", "high", "high64"];

fn accesses() -> impl Iterator<Item = Opcode> {
    Opcode::ALL.iter().copied().filter(|op| access(*op).is_some())
}

fn ty(name: &str) -> &'static str {
    if name.ends_with("64") { "i64" } else { "i32" }
}

/// A function for each access, memory and offset.
fn text(home: &str, offsets: &[u64]) -> String {
    let import = |name: &str| format!("(import \"\" \"{name}\" (memory ${name} {} 1))\n", ty(name));
    let others = NAMES.iter().filter(|name| **name != home);
    let mut text = format!("(module {}", import(home));
    text.extend(others.map(|name| import(name)));
    for op in accesses() {
        let (value, result) = access(op).unwrap_or_default();
        let lane = if op.name().ends_with("_lane") { "1" } else { "" };
        let value = match value {
            Some(ValType::V128) => "v128.const i64x2 0x1122334455667788 -2".to_owned(),
            Some(ty) => format!("{ty}.const 0x7f6e5d4c"),
            None => String::new(),
        };
        let result = result.map_or(String::new(), |ty| format!("(result {ty})"));
        for name in NAMES {
            for offset in offsets.iter().filter(|o| ty(name) == "i64" || **o < 1 << 32) {
                let at = ty(name);
                text.push_str(&format!(
                    "(func (export \"{op} {name} {offset}\") (param {at}) {result}
                        local.get 0 {value} {op} ${name} offset={offset} {lane})
                     (func (export \"{op} {name} {offset} sum\") (param {at}) {result} (local $zero {at})
                        local.get 0 local.get $zero {at}.add {value} {op} ${name} offset={offset} {lane})\n"
                ));
            }
        }
    }
    text + ")"
}

/// A store with the memories, and an instance whose first one has this name.
fn guest(home: &str, offsets: &[u64]) -> (Store, InstanceAddr) {
    let mut store = Store::new(StoreConfig::unmetered()).unwrap();
    let tier = store.add_executor(Arc::new(Interp::new()));
    let placement = Placement::all(tier);
    let memory = |name: &&str| format!("(memory (export \"{name}\") {} 1)\n", ty(name));
    let memories = format!("(module {})", NAMES.iter().map(memory).collect::<String>());
    let memories = instantiate(&mut store, &module(&memories), &[], &placement).unwrap();
    let others = NAMES.iter().filter(|name| **name != home);
    let imports = std::iter::once(&home).chain(others);
    let imports: Vec<Extern> =
        imports.map(|name| store.instance(memories).export(name).unwrap()).collect();
    let text = module(&text(home, offsets));
    let instance = instantiate(&mut store, &text, &imports, &placement).unwrap();
    (store, instance)
}

/// What a call gave, and the end of each memory after it.
type Outcome = (Result<Vec<Value>, Option<Trap>>, Vec<Vec<u8>>);

fn call(store: &mut Store, instance: InstanceAddr, name: &str, at: u64, wide: bool) -> Outcome {
    for memory in &mut store.memories {
        for (i, byte) in memory.bytes_mut()[SIZE - 64..].iter_mut().enumerate() {
            *byte = (i as u8).wrapping_mul(37) ^ 0x80;
        }
    }
    let Some(Extern::Func(func)) = store.instance(instance).export(name) else { panic!("{name}") };
    let at = if wide { Value::I64(at) } else { Value::I32(at as u32) };
    let result = store.invoke(func, &[at]).map_err(|error| match error {
        InvokeError::Stop(Stop::Trap(trapped)) => Some(trapped.trap),
        other => panic!("{name}: {other}"),
    });
    let ends = store.memories.iter().map(|memory| memory.bytes()[SIZE - 64..].to_vec());
    (result, ends.collect())
}

/// The bytes of an access: what its name says, or those of its value.
fn width(op: Opcode) -> u64 {
    let (_, name) = op.name().split_once('.').expect("a name has a type");
    let mut numbers = name.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let bits = |digits: &str| digits.parse::<u64>().expect("digits");
    match (numbers.next(), numbers.next()) {
        (Some(lane), Some(lanes)) => bits(lane) * bits(lanes) / 8,
        (Some(number), None) => bits(number) / 8,
        _ => match access(op).and_then(|(value, result)| value.or(result)) {
            Some(ValType::I32 | ValType::F32) => 4,
            Some(ValType::I64 | ValType::F64) => 8,
            _ => 16,
        },
    }
}

#[test]
fn accesses_are_alike_in_all_memories() {
    const OFFSETS: &[u64] = &[0, 8, SIZE as u64 - 20, u32::MAX as u64, 1 << 32, u64::MAX];
    for home in ["home", "home64"] {
        let (mut store, instance) = guest(home, OFFSETS);
        assert_eq!(store.memories.len(), NAMES.len());
        for op in accesses() {
            let last = SIZE as u64 - width(op);
            let mut expected = Vec::new();
            for (memory, name) in NAMES.iter().enumerate() {
                let wide = store.memories[memory].ty().addr == AddrType::I64;
                let mut outcomes = Vec::new();
                for (start, is_in) in [(last, true), (last - 3, true), (last + 1, false)] {
                    for offset in OFFSETS.iter().filter(|offset| **offset <= start) {
                        for way in ["", " sum"] {
                            let name = format!("{op} {name} {offset}{way}");
                            let (result, mut ends) =
                                call(&mut store, instance, &name, start - offset, wide);
                            assert_eq!(result.is_ok(), is_in, "{name} {start}");
                            let own = ends.remove(memory);
                            assert!(ends.iter().all(|end| *end == ends[0]), "{name}");
                            outcomes.push((result, own, ends.remove(0)));
                        }
                    }
                }
                if memory == 0 {
                    expected = outcomes;
                } else {
                    assert_eq!(outcomes, expected, "{op} {name}");
                }
            }
        }
    }
}

#[test]
fn no_sum_wraps() {
    const OFFSETS: &[u64] =
        &[1, 65_535, u32::MAX as u64, 1 << 32, 1 << 63, u64::MAX - 15, u64::MAX];
    const STARTS: &[u64] = &[u32::MAX as u64, 1 << 32, 1 << 63, u64::MAX - 65_535, u64::MAX];
    for home in ["home", "home64"] {
        let (mut store, instance) = guest(home, OFFSETS);
        for op in accesses() {
            for (name, offset) in
                NAMES.iter().flat_map(|name| OFFSETS.iter().map(move |o| (name, *o)))
            {
                let wide = ty(name) == "i64";
                if !wide && offset >= 1 << 32 {
                    continue;
                }
                for start in STARTS.iter().filter(|start| wide || **start < 1 << 32) {
                    let name = format!("{op} {name} {offset}");
                    let (result, _) = call(&mut store, instance, &name, *start, wide);
                    assert_eq!(result, Err(Some(Trap::MemoryOutOfBounds)), "{name} {start}");
                }
            }
        }
    }
}
