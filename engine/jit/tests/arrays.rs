//! Bulk instructions on arrays, for elements of every size, against a model of a few lines.

mod support;

use etalon_module::operator::Opcode;
use etalon_runtime::{Exhaustion, Stop, StoreConfig, Trap, Value};
use support::{Machine, at_each_level, schedule};

/// What the elements are.
struct Storage {
    name: &'static str,
    /// Bytes of an element.
    size: usize,
    /// An element from the i64 `$v`.
    encode: &'static str,
    /// An i64 from the element at `$i` of `$x`.
    decode: &'static str,
}

const STORAGES: [Storage; 5] = [
    Storage {
        name: "i8",
        size: 1,
        encode: "(i32.wrap_i64 (local.get $v))",
        decode: "(i64.extend_i32_u (array.get_u $a (global.get $x) (local.get $i)))",
    },
    Storage {
        name: "i16",
        size: 2,
        encode: "(i32.wrap_i64 (local.get $v))",
        decode: "(i64.extend_i32_u (array.get_u $a (global.get $x) (local.get $i)))",
    },
    Storage {
        name: "f32",
        size: 4,
        encode: "(f32.reinterpret_i32 (i32.wrap_i64 (local.get $v)))",
        decode: "(i64.extend_i32_u (i32.reinterpret_f32 \
                 (array.get $a (global.get $x) (local.get $i))))",
    },
    Storage {
        name: "i64",
        size: 8,
        encode: "(local.get $v)",
        decode: "(array.get $a (global.get $x) (local.get $i))",
    },
    Storage {
        name: "v128",
        size: 16,
        encode: "(i64x2.replace_lane 1 (i64x2.splat (local.get $v)) \
                 (i64.mul (local.get $v) (i64.const 3)))",
        decode: "(i64.xor \
                 (i64x2.extract_lane 0 (array.get $a (global.get $x) (local.get $i))) \
                 (i64.rotl (i64x2.extract_lane 1 (array.get $a (global.get $x) (local.get $i))) \
                 (i64.const 1)))",
    },
];

const DATA: [u8; 64] = {
    let mut bytes = [0; 64];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = (i * 37 + 11) as u8;
        i += 1;
    }
    bytes
};

impl Storage {
    fn module(&self) -> String {
        let Storage { name, encode, decode, .. } = self;
        let data: String = DATA.iter().map(|byte| format!("\\{byte:02x}")).collect();
        format!(
            r#"(module
  (type $a (array (mut {name})))
  (global $x (mut (ref null $a)) (ref.null $a))
  (global $y (mut (ref null $a)) (ref.null $a))
  (data $d "{data}")
  (func (export "default") (param $n i32)
    (global.set $x (array.new_default $a (local.get $n))))
  (func (export "new") (param $v i64) (param $n i32)
    (global.set $x (array.new $a {encode} (local.get $n))))
  (func (export "fixed") (param $v i64)
    (global.set $x (array.new_fixed $a 3 {encode}
      (block (result {unpacked}) (local.set $v (i64.add (local.get $v) (i64.const 1))) {encode})
      (block (result {unpacked}) (local.set $v (i64.add (local.get $v) (i64.const 1))) {encode}))))
  (func (export "new_data") (param i32 i32)
    (global.set $x (array.new_data $a $d (local.get 0) (local.get 1))))
  (func (export "swap") (local $z (ref null $a))
    (local.set $z (global.get $x)) (global.set $x (global.get $y)) (global.set $y (local.get $z)))
  (func (export "set") (param $i i32) (param $v i64)
    (array.set $a (global.get $x) (local.get $i) {encode}))
  (func (export "fill") (param $i i32) (param $v i64) (param $n i32)
    (array.fill $a (global.get $x) (local.get $i) {encode} (local.get $n)))
  (func (export "copy") (param i32 i32 i32)
    (array.copy $a $a (global.get $x) (local.get 0) (global.get $x) (local.get 1) (local.get 2)))
  (func (export "across") (param i32 i32 i32)
    (array.copy $a $a (global.get $x) (local.get 0) (global.get $y) (local.get 1) (local.get 2)))
  (func (export "init_data") (param i32 i32 i32)
    (array.init_data $a $d (global.get $x) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "hash") (result i64) (local $i i32) (local $h i64)
    (block $end
      (loop $again
        (br_if $end (i32.ge_u (local.get $i) (array.len (global.get $x))))
        (local.set $h (i64.add (i64.mul (local.get $h) (i64.const 31)) {decode}))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (local.get $h)))"#,
            unpacked = if self.size < 4 { "i32" } else { name },
        )
    }

    /// What decodes from an element's bytes.
    fn decode(&self, bytes: &[u8]) -> u64 {
        let mut whole = [0; 16];
        whole[..self.size].copy_from_slice(bytes);
        let whole = u128::from_le_bytes(whole);
        let (low, high) = (whole as u64, (whole >> 64) as u64);
        if self.size == 16 { low ^ high.rotate_left(1) } else { low }
    }

    /// The bytes of an element that a number encodes to.
    fn encode(&self, v: u64) -> Vec<u8> {
        let both = u128::from(v) | u128::from(v.wrapping_mul(3)) << 64;
        both.to_le_bytes()[..self.size].to_vec()
    }

    fn hash(&self, bytes: &[u8]) -> u64 {
        let elements = bytes.chunks_exact(self.size);
        elements.fold(0, |hash: u64, e| hash.wrapping_mul(31).wrapping_add(self.decode(e)))
    }
}

/// A machine whose array is held against a model, which is its bytes.
struct Pair<'a> {
    machine: Machine,
    storage: &'a Storage,
    model: Vec<u8>,
}

impl Pair<'_> {
    fn run(&mut self, name: &str, args: &[Value]) {
        self.machine.call(name, args).unwrap();
    }

    fn check(&mut self, what: &str) {
        let hash = self.machine.call("hash", &[]).unwrap();
        let want = self.storage.hash(&self.model);
        assert_eq!(hash, [Value::I64(want)], "{what} of {}", self.storage.name);
    }

    /// Sets every element to a number of its own.
    fn number(&mut self, seed: u64) {
        for i in 0..self.model.len() / self.storage.size {
            let v = (i as u64 + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.run("set", &[Value::I32(i as u32), Value::I64(v)]);
            let at = i * self.storage.size;
            self.model[at..at + self.storage.size].copy_from_slice(&self.storage.encode(v));
        }
        self.check("array.set");
    }
}

fn each(config: &StoreConfig, test: impl Fn(Pair<'_>)) {
    at_each_level(|opt| {
        for storage in &STORAGES {
            let machine = Machine::new(config.clone(), opt, &storage.module());
            test(Pair { machine, storage, model: Vec::new() });
        }
    });
}

#[test]
fn copies_overlap_in_both_directions() {
    use Value::I32;
    each(&StoreConfig::unmetered(), |mut pair| {
        // Ten thousand bytes, so that the longest copies are made in several pieces.
        let size = pair.storage.size;
        let count = 10_000 / size;
        pair.run("default", &[I32(count as u32)]);
        pair.model = vec![0; count * size];
        pair.check("array.new_default");
        pair.number(1);
        let copies = [
            (0, 1, count - 1),
            (1, 0, count - 1),
            (5, 3, count - 7),
            (3, 5, count - 7),
            (count / 2, 0, count / 2),
            (0, count / 3, count / 2),
            (7, 7, 9),
            (2, 3, 4),
            (3, 2, 4),
            (count, 0, 0),
            (0, count, 0),
        ];
        for (to, from, len) in copies {
            pair.run("copy", &[to, from, len].map(|n| I32(n as u32)));
            pair.model.copy_within(from * size..(from + len) * size, to * size);
            pair.check(&format!("array.copy {to} {from} {len}"));
        }
        // From one array to another.
        let other = std::mem::take(&mut pair.model);
        pair.run("swap", &[]);
        pair.run("default", &[I32(count as u32)]);
        pair.model = vec![0; count * size];
        pair.number(77);
        for (to, from, len) in [(1, 4, count - 5), (4, 1, count - 5), (0, 0, count)] {
            pair.run("across", &[to, from, len].map(|n| I32(n as u32)));
            let source = &other[from * size..(from + len) * size];
            pair.model[to * size..(to + len) * size].copy_from_slice(source);
            pair.check(&format!("array.copy across {to} {from} {len}"));
        }
    });
}

#[test]
fn elements_keep_their_low_bytes() {
    use Value::{I32, I64};
    const V: u64 = 0xfedc_ba98_7654_3281;
    let stress = StoreConfig { gc_stress: true, ..StoreConfig::unmetered() };
    each(&stress, |mut pair| {
        let (storage, size) = (pair.storage, pair.storage.size);
        pair.run("new", &[I64(V), I32(1000)]);
        pair.model = storage.encode(V).repeat(1000);
        pair.check("array.new");
        for (start, v, len) in [(0, 1, 7), (990, u64::MAX, 10), (10, V, 985), (5, 0, 1), (6, 9, 0)]
        {
            pair.run("fill", &[I32(start as u32), I64(v), I32(len as u32)]);
            let cells = &mut pair.model[start * size..(start + len) * size];
            cells.copy_from_slice(&storage.encode(v).repeat(len));
            pair.check(&format!("array.fill {start} {v} {len}"));
        }
        let len = 40 / size;
        for (to, from, len) in [(0, 0, len), (3, 5, len), (1000, 64, 0), (999, 48, 1)] {
            pair.run("init_data", &[to, from, len].map(|n| I32(n as u32)));
            let bytes = &DATA[from..from + len * size];
            pair.model[to * size..(to + len) * size].copy_from_slice(bytes);
            pair.check(&format!("array.init_data {to} {from} {len}"));
        }
        pair.run("new_data", &[I32(7), I32(len as u32)]);
        pair.model = DATA[7..7 + len * size].to_vec();
        pair.check("array.new_data");
        pair.run("new_data", &[I32(64), I32(0)]);
        pair.model = Vec::new();
        pair.check("array.new_data of nothing");
        pair.run("fixed", &[I64(V)]);
        pair.model = [V, V + 1, V + 2].map(|v| storage.encode(v)).concat();
        pair.check("array.new_fixed");
    });
}

fn trap(outcome: Result<Vec<Value>, Stop>) -> Trap {
    match outcome {
        Err(Stop::Trap(trapped)) => trapped.trap,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_out_of_bounds_changes_nothing() {
    use Trap::{ArrayOutOfBounds as Array, MemoryOutOfBounds as Data};
    use Value::{I32, I64};
    each(&StoreConfig::unmetered(), |mut pair| {
        pair.run("default", &[I32(8)]);
        pair.model = vec![0; 8 * pair.storage.size];
        pair.number(1);
        let max = u32::MAX;
        for (start, len) in [(0, 9), (8, 1), (9, 0), (max, max), (1, max)] {
            let m = &mut pair.machine;
            assert_eq!(trap(m.call("fill", &[I32(start), I64(5), I32(len)])), Array);
            assert_eq!(trap(m.call("copy", &[I32(start), I32(0), I32(len)])), Array);
            assert_eq!(trap(m.call("copy", &[I32(0), I32(start), I32(len)])), Array);
            // The array's bounds are checked before the segment's.
            assert_eq!(trap(m.call("init_data", &[I32(start), I32(65), I32(len)])), Array);
        }
        let most = 64 / pair.storage.size as u32;
        for (from, len) in [(65, 0), (64, 1), (1, most.min(8)), (max, 1)] {
            if from == 1 && most > 8 {
                continue;
            }
            let outcome = pair.machine.call("init_data", &[I32(0), I32(from), I32(len)]);
            assert_eq!(trap(outcome), Data, "{from} {len} of {}", pair.storage.name);
        }
        for (from, len) in [(65, 0), (1, most), (0, most + 1), (max, max)] {
            assert_eq!(trap(pair.machine.call("new_data", &[I32(from), I32(len)])), Data);
        }
        pair.check("a trap");
    });
}

const REFS: &str = r#"(module
  (type $r (array (mut i31ref)))
  (global $x (mut (ref null $r)) (ref.null $r))
  (elem $e i31ref (ref.i31 (i32.const 5)) (ref.null i31) (ref.i31 (i32.const -1)))
  (func (export "new") (param i32 i32)
    (global.set $x (array.new_elem $r $e (local.get 0) (local.get 1))))
  (func (export "default") (param i32) (global.set $x (array.new_default $r (local.get 0))))
  (func (export "init") (param i32 i32 i32)
    (array.init_elem $r $e (global.get $x) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32)
    (array.copy $r $r (global.get $x) (local.get 0) (global.get $x) (local.get 1) (local.get 2)))
  (func (export "fill") (param i32 i32 i32)
    (array.fill $r (global.get $x) (local.get 0) (ref.i31 (local.get 1)) (local.get 2)))
  (func (export "drop") (elem.drop $e))
  (func (export "get") (param i32) (result i32)
    (block $null
      (return (i31.get_s (br_on_null $null (array.get $r (global.get $x) (local.get 0))))))
    (i32.const 1000)))"#;

#[test]
fn references_come_from_element_segments() {
    use Value::I32;
    at_each_level(|opt| {
        let stress = StoreConfig { gc_stress: true, ..StoreConfig::unmetered() };
        let mut m = Machine::new(stress, opt, REFS);
        let all = |m: &mut Machine, len: u32| -> Vec<Value> {
            (0..len).flat_map(|i| m.call("get", &[I32(i)]).unwrap()).collect()
        };
        let (null, minus) = (1000, u32::MAX);
        m.call("new", &[I32(0), I32(3)]).unwrap();
        assert_eq!(all(&mut m, 3), [5, null, minus].map(I32));
        m.call("default", &[I32(5)]).unwrap();
        m.call("init", &[I32(1), I32(0), I32(3)]).unwrap();
        assert_eq!(all(&mut m, 5), [null, 5, null, minus, null].map(I32));
        m.call("copy", &[I32(2), I32(1), I32(3)]).unwrap();
        assert_eq!(all(&mut m, 5), [null, 5, 5, null, minus].map(I32));
        m.call("fill", &[I32(0), I32(9), I32(2)]).unwrap();
        assert_eq!(all(&mut m, 5), [9, 9, 5, null, minus].map(I32));
        let table = Trap::TableOutOfBounds;
        assert_eq!(trap(m.call("init", &[I32(0), I32(1), I32(3)])), table);
        assert_eq!(trap(m.call("init", &[I32(3), I32(0), I32(3)])), Trap::ArrayOutOfBounds);
        assert_eq!(trap(m.call("init", &[I32(5), I32(u32::MAX), I32(1)])), Trap::ArrayOutOfBounds);
        assert_eq!(trap(m.call("new", &[I32(2), I32(2)])), table);
        m.call("drop", &[]).unwrap();
        m.call("init", &[I32(5), I32(0), I32(0)]).unwrap();
        assert_eq!(trap(m.call("init", &[I32(0), I32(0), I32(1)])), table);
        assert_eq!(all(&mut m, 5), [9, 9, 5, null, minus].map(I32));
    });
}

#[test]
fn elements_are_paid_for_before_the_effect() {
    use Value::{I32, I64};
    at_each_level(|opt| {
        let wat = STORAGES[1].module();
        let mut m = Machine::new(StoreConfig::metered(None), opt, &wat);
        let mut consumed = |name: &str, args: &[Value]| {
            m.call("default", &[I32(1000)]).unwrap();
            m.store.meter_mut().set_limit(None).unwrap();
            m.call(name, args).unwrap();
            let all = m.store.meter().consumed();
            // One less than it takes is out of gas.
            m.call("default", &[I32(1000)]).unwrap();
            m.store.meter_mut().set_limit(Some(all - 1)).unwrap();
            assert_eq!(m.call(name, args), Err(Exhaustion::Gas.into()), "{name}");
            m.store.meter_mut().set_limit(None).unwrap();
            all
        };
        for (op, name, args) in [
            (Opcode::ArrayNew, "new", [I64(5), I32(20), I32(0)]),
            (Opcode::ArrayNewData, "new_data", [I32(0), I32(20), I32(0)]),
            (Opcode::ArrayFill, "fill", [I32(0), I64(5), I32(20)]),
            (Opcode::ArrayCopy, "copy", [I32(0), I32(1), I32(20)]),
            (Opcode::ArrayInitData, "init_data", [I32(0), I32(0), I32(20)]),
        ] {
            let count = if name.starts_with("new") { 2 } else { 3 };
            let mut none = args;
            none[count - 1] = I32(0);
            let rate = schedule().dynamic(op).unwrap();
            let price = u64::from(rate.weight) * 20_u64.div_ceil(rate.granule.get().into());
            assert_eq!(consumed(name, &args[..count]) - consumed(name, &none[..count]), price);
        }
    });
}
