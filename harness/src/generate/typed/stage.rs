//! What generated functions find around them: memories, tables, types and helpers, in parts that a module has only if it
//! uses them.

use super::edges::{constant, edges};
use super::ty::{PLAIN, Ty};
use crate::generate::allows;
use etalon_adapters::Features;

/// A part of the stage. The numbers are the order in a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// One memory, globals of numbers, helpers: always there.
    Base,
    /// What returns many values.
    Several,
    /// A global and helpers for vectors.
    Vector,
    /// Sizes of segments that are not active.
    Bulk,
    /// A second memory.
    Second,
    /// A memory of 64-bit addresses.
    Wide,
    /// A memory with pages of one byte.
    Bytes,
    /// A shared memory.
    Shared,
    /// Tables of functions and of external references.
    Tables,
    /// A table of 64-bit indices.
    WideTable,
    /// Structures, arrays, small integers.
    Objects,
    /// Tags and what throws.
    Exceptions,
    /// Typed references to functions.
    Typed,
    /// Functions that call others last.
    Tails,
}

/// Every part, in order.
pub(crate) const PARTS: &[Part] = &[
    Part::Base,
    Part::Several,
    Part::Vector,
    Part::Bulk,
    Part::Second,
    Part::Wide,
    Part::Bytes,
    Part::Shared,
    Part::Tables,
    Part::WideTable,
    Part::Objects,
    Part::Exceptions,
    Part::Typed,
    Part::Tails,
];

/// Where the edge values of each type lie in the memories, one behind the other.
pub(crate) const EDGES_AT: u64 = 4096;
/// Bytes of the memories whose pages are of the usual size.
pub(crate) const PAGE: u64 = 65536;
/// Bytes of the memory whose pages are of one byte.
pub(crate) const FEW: u64 = 200;
/// Functions that tell themselves apart by what they return.
pub(crate) const NUMBERED: usize = 6;

impl Part {
    /// The proposals without which the part is not valid.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Part::Base => &[],
            Part::Several => &["multi_value"],
            Part::Vector => &["simd"],
            Part::Bulk => &["bulk_memory"],
            Part::Second => &["multi_memory"],
            Part::Wide => &["multi_memory", "memory64"],
            Part::Bytes => &["multi_memory", "custom_page_sizes"],
            Part::Shared => &["multi_memory", "threads", "bulk_memory"],
            Part::Tables => &["reference_types", "bulk_memory"],
            Part::WideTable => &["reference_types", "bulk_memory", "memory64"],
            Part::Objects => {
                &["gc", "function_references", "simd", "bulk_memory", "reference_types"]
            }
            Part::Exceptions => &["exceptions", "multi_value", "reference_types"],
            Part::Typed => &["function_references", "gc", "reference_types"],
            Part::Tails => &[
                "tail_call",
                "multi_value",
                "function_references",
                "gc",
                "reference_types",
                "bulk_memory",
            ],
        }
    }

    pub(crate) fn is_allowed(self, features: Features) -> bool {
        self.needs().iter().all(|proposal| allows(features, proposal))
    }

    fn text(self) -> String {
        match self {
            Part::Base => base(),
            Part::Several => String::new(),
            Part::Vector => format!("{}{}", helpers(Ty::V128), VECTOR),
            Part::Bulk => SEGMENTS.to_owned(),
            Part::Second => memory("$m2", "1 3", "i32", PAGE, true),
            Part::Wide => memory("$m64", "i64 1 3", "i64", PAGE, true),
            Part::Bytes => memory("$mb", &format!("{FEW} 300 (pagesize 1)"), "i32", FEW, false),
            Part::Shared => memory("$ms", "1 2 shared", "i32", PAGE, true),
            Part::Tables => TABLES.to_owned() + &functions(),
            Part::WideTable => WIDE_TABLE.to_owned(),
            Part::Objects => objects(),
            Part::Exceptions => EXCEPTIONS.to_owned(),
            Part::Typed => TYPED.to_owned(),
            Part::Tails => TAILS.to_owned(),
        }
    }
}

/// Other parts that a part refers to.
pub(crate) fn with_needed(parts: &[Part]) -> Vec<Part> {
    let mut all: Vec<Part> = vec![Part::Base];
    all.extend(parts);
    if parts.iter().any(|p| matches!(p, Part::WideTable | Part::Typed | Part::Tails)) {
        all.push(Part::Tables);
    }
    if parts.iter().any(|p| matches!(p, Part::Tails)) {
        all.push(Part::Typed);
    }
    if parts.iter().any(|p| matches!(p, Part::Objects)) {
        all.extend([Part::Tables, Part::Vector]);
    }
    if parts.iter().any(|p| matches!(p, Part::Bytes | Part::Second | Part::Shared)) {
        all.push(Part::Second);
    }
    all.sort();
    all.dedup();
    all
}

/// What functions enter by way of the host.
pub(crate) const ENTERED: &str = r#"(func (export "entered") (call $touch))
"#;

/// What looks at a memory when calls before it may have ended at its end.
pub(crate) fn end_of(memory: &str) -> String {
    let name = &memory[1..];
    format!("(func (export \"end_{name}\") (result i64) (call $look_{name}))\n")
}

/// The text of a module: imports, the parts, and functions. Engines treat the first memory in a way of its own, so the one with
/// 64-bit addresses may be that.
pub(crate) fn module(parts: &[Part], imports: &str, functions: &str, wide_first: bool) -> String {
    let mut parts = with_needed(parts);
    let functions = match parts.iter().position(|part| *part == Part::Wide) {
        Some(at) if wide_first => {
            parts[..=at].rotate_right(1);
            &naming_the_base(functions)
        }
        _ => functions,
    };
    let parts: String = parts.into_iter().map(Part::text).collect();
    format!("(module\n{imports}{parts}{functions})\n")
}

/// The same functions where `$m` is not the first memory: accesses that name none are to that.
fn naming_the_base(functions: &str) -> String {
    let mut text = String::with_capacity(functions.len() + functions.len() / 8);
    for piece in functions.split_inclusive(' ') {
        let names_none = text.ends_with(' ') && !piece.starts_with('$');
        let is_access = |word: &str| {
            let operator = word.trim_start_matches('(').split_once('.').map(|(_, name)| name);
            operator.is_some_and(|name| name.starts_with("load") || name.starts_with("store"))
        };
        let before = text.trim_end().rsplit(['(', ' ', '\n']).next().unwrap_or_default();
        if names_none && is_access(before) {
            text.push_str("$m ");
        }
        text.push_str(piece);
    }
    text
}

/// The address of an edge value in a memory, by its place in the list.
pub(crate) fn edge_at(ty: Ty, index: usize) -> u64 {
    let before = PLAIN.iter().take_while(|other| **other != ty);
    EDGES_AT + before.map(|ty| 64 * ty.bytes()).sum::<u64>() + index as u64 * ty.bytes()
}

/// The bytes of the edge values, and room for as many as 64 of each type.
fn edge_bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    for ty in PLAIN {
        let values = edges(*ty);
        for index in 0..64 {
            let value = values[index % values.len()];
            bytes.extend(&value.to_le_bytes()[..ty.bytes() as usize]);
        }
    }
    bytes
}

fn quoted(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

/// Bytes none of which is zero, and hardly two are alike.
fn pattern(length: u64) -> Vec<u8> {
    (0..length).map(|at| (at * 37 % 251 + 3) as u8 | (at % 2 * 0x80) as u8).collect()
}

/// A memory with something in it, and a function that looks at the ends of it.
fn memory(name: &str, ty: &str, address: &str, size: u64, has_edges: bool) -> String {
    let mut text = format!("(memory {name} (export \"{}\") {ty})\n", &name[1..]);
    let mut data = |at: u64, bytes: &[u8]| {
        let bytes = quoted(bytes);
        text.push_str(&format!("(data (memory {name}) ({address}.const {at}) \"{bytes}\")\n"));
    };
    if has_edges {
        data(0, &pattern(192));
        data(EDGES_AT, &edge_bytes());
        data(size - 64, &pattern(64));
    } else {
        data(0, &pattern(size));
    }
    let tail: String = (1..=8)
        .map(|n| {
            let at = size - 8 * n;
            format!(
                "(local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) \
                 (i64.load {name} offset={at} ({address}.const 0))))\n"
            )
        })
        .collect();
    let end = if has_edges { 384 } else { size - 64 - 8 };
    text.push_str(&format!(
        "(func $look_{} (result i64) (local $i {address}) (local $h i64)\n\
         (loop $next\n\
         (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) \
         (i64.load {name} (local.get $i))))\n\
         (br_if $next ({address}.lt_u (local.tee $i ({address}.add (local.get $i) \
         ({address}.const 8))) ({address}.const {end}))))\n\
         {tail}(local.get $h))\n",
        &name[1..]
    ));
    text
}

/// A global with an edge value, and what gives back its argument.
fn helpers(ty: Ty) -> String {
    let t = ty.text();
    let value = constant(ty, edges(ty)[3]);
    format!(
        "(global $g_{t} (export \"g_{t}\") (mut {t}) {value})\n\
         (func $id_{t} (param {t}) (result {t}) (local.get 0))\n"
    )
}

fn base() -> String {
    let plain: String = PLAIN[..4].iter().map(|ty| helpers(*ty)).collect();
    memory("$m", "1 4", "i32", PAGE, true) + &plain + BASE
}

const BASE: &str = r#"(global $sum (export "sum") (mut i64) (i64.const 0))
(global $constant i32 (i32.const 77))
(func $fold (param i64)
  (global.set $sum (i64.xor (i64.rotl (global.get $sum) (i64.const 9)) (local.get 0))))
(func $fold_i32 (param i32) (call $fold (i64.extend_i32_u (local.get 0))))
(func $fold_i64 (param i64) (call $fold (local.get 0)))
(func $fold_f32 (param f32) (call $fold (i64.extend_i32_u (i32.reinterpret_f32 (local.get 0)))))
(func $fold_f64 (param f64) (call $fold (i64.reinterpret_f64 (local.get 0))))
(func $touch (call $fold (i64.const 0x1234567)))
"#;

const VECTOR: &str = r#"(func $fold_v128 (param v128)
  (call $fold (i64x2.extract_lane 0 (local.get 0)))
  (call $fold (i64x2.extract_lane 1 (local.get 0))))
"#;

const SEGMENTS: &str = r#"(data $d "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ=\ff\80\7f\00\c0\01\fe\10!")
(data $d2 "\80\ff\7f\01\fe\c0\3f\55\aa\00\11\22\33\44\66\77\88\99\bb\cc\dd\ee\12\34\56\78\9a\bc\de\f0\0f\1e")
(data $none "")
"#;

const TABLES: &str = r#"(type $number (func (result i32)))
(type $pair (func (param i32 i64) (result i64)))
(table $t (export "t") 12 20 funcref)
(table $t2 9 30 funcref)
(table $tx (export "tx") 10 20 externref)
(elem (table $t) (i32.const 1) func $n0 $n1 $n2 $n3 $n4 $n5 $n0 $n3)
(elem (table $t2) (i32.const 0) func $n5 $n4 $n3 $n2 $n1 $n0)
(elem $e func $n3 $n1 $n4 $n1 $n5 $n2)
(elem $e2 funcref (ref.func $n2) (ref.null func) (ref.func $n5) (ref.func $mixed))
(func $mixed (type $pair)
  (i64.add (i64.extend_i32_s (local.get 0)) (i64.rotl (local.get 1) (i64.const 3))))
(func $look_func (param funcref) (result i64)
  (if (result i64) (ref.is_null (local.get 0))
    (then (i64.const -1))
    (else
      (table.set $probe (i32.const 0) (local.get 0))
      (i64.extend_i32_s (call_indirect $probe (type $number) (i32.const 0))))))
(table $probe 1 1 funcref)
(func $look_t (result i64) (local $i i32) (local $h i64)
  (loop $next
    (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7))
      (if (result i64) (ref.is_null (table.get $t (local.get $i)))
        (then (i64.const -1))
        (else (i64.extend_i32_s (call_indirect $t (type $number) (local.get $i)))))))
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (table.size $t))))
  (local.get $h))
(func $look_tx (result i64) (local $i i32) (local $h i64)
  (loop $next
    (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 1))
      (i64.extend_i32_u (ref.is_null (table.get $tx (local.get $i))))))
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (table.size $tx))))
  (local.get $h))
"#;

fn functions() -> String {
    (0..NUMBERED)
        .map(|n| format!("(func $n{n} (type $number) (i32.const {}))\n", 100 + 17 * n))
        .collect()
}

const WIDE_TABLE: &str = r#"(table $t64 (export "t64") i64 12 20 funcref)
(elem (table $t64) (i64.const 2) func $n1 $n2 $n3 $n4 $n5)
(func $look_t64 (result i64) (local $i i64) (local $h i64)
  (loop $next
    (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7))
      (if (result i64) (ref.is_null (table.get $t64 (local.get $i)))
        (then (i64.const -1))
        (else (i64.extend_i32_s (call_indirect $t64 (type $number) (local.get $i)))))))
    (br_if $next (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (table.size $t64))))
  (local.get $h))
"#;

/// Elements of an array that are looked at, at most: where the length is any number, a call has to end without gas too.
const LOOKED_AT: u32 = 4096;

/// The arrays of the stage: the name, the type of the elements, what reads one as a number of 64 bits.
pub(crate) const ARRAYS: &[(&str, &str, &str)] = &[
    ("a8", "i8", "(i64.extend_i32_s (array.get_s $a8 (local.get 0) (local.get $i)))"),
    ("a16", "i16", "(i64.extend_i32_u (array.get_u $a16 (local.get 0) (local.get $i)))"),
    ("a32", "i32", "(i64.extend_i32_s (array.get $a32 (local.get 0) (local.get $i)))"),
    ("a64", "i64", "(array.get $a64 (local.get 0) (local.get $i))"),
    (
        "af32",
        "f32",
        "(i64.extend_i32_u (i32.reinterpret_f32 (array.get $af32 (local.get 0) (local.get $i))))",
    ),
    ("af64", "f64", "(i64.reinterpret_f64 (array.get $af64 (local.get 0) (local.get $i)))"),
    (
        "av128",
        "v128",
        "(i64.xor (i64x2.extract_lane 0 (array.get $av128 (local.get 0) (local.get $i))) \
         (i64.rotl (i64x2.extract_lane 1 (array.get $av128 (local.get 0) (local.get $i))) (i64.const 5)))",
    ),
    ("aany", "anyref", "(call $look_any (array.get $aany (local.get 0) (local.get $i)))"),
    ("afunc", "funcref", "(call $look_func (array.get $afunc (local.get 0) (local.get $i)))"),
];

/// The fields of the structure that others extend.
pub(crate) const FIELDS: &[&str] =
    &["i8", "i16", "i32", "v128", "i64", "f32", "f64", "anyref", "i16", "funcref"];

fn objects() -> String {
    let fields = |types: &[&str]| -> String {
        types.iter().map(|ty| format!(" (field (mut {ty}))")).collect()
    };
    let (s, mut t, mut u) = (FIELDS.to_vec(), FIELDS.to_vec(), FIELDS.to_vec());
    t.extend(["i64", "i8"]);
    u.extend(["i64", "i8", "i31ref"]);
    let mut text = format!(
        "(rec (type $s (sub (struct{})))\n(type $t (sub $s (struct{})))\n\
         (type $u (sub final $t (struct{}))))\n\
         (type $fixed (struct (field i32) (field (ref null $s))))\n",
        fields(&s),
        fields(&t),
        fields(&u)
    );
    for (name, element, _) in ARRAYS {
        text.push_str(&format!(
            "(type ${name} (array (mut {element})))\n\
             (global $o_{name} (mut (ref null ${name})) (ref.null ${name}))\n"
        ));
    }
    for (name, _, read) in ARRAYS {
        text.push_str(&format!(
            "(func $look_{name} (param (ref null ${name})) (result i64) (local $i i32) (local $h i64)\n\
             (if (ref.is_null (local.get 0)) (then (return (i64.const -1))))\n\
             (block $end (loop $next\n\
             (br_if $end (i32.ge_u (local.get $i) (array.len (local.get 0))))\n\
             (br_if $end (i32.ge_u (local.get $i) (i32.const {LOOKED_AT})))\n\
             (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) {read}))\n\
             (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $next)))\n\
             (i64.add (i64.extend_i32_u (array.len (local.get 0))) (local.get $h)))\n"
        ));
    }
    text + OBJECTS
}

const OBJECTS: &str = r#"(global $g_s (mut (ref null $s)) (ref.null $s))
(global $g_any (mut anyref) (ref.null any))
(table $ti 8 16 i31ref)
(elem $ei i31ref (ref.i31 (i32.const 5)) (ref.null i31) (ref.i31 (i32.const -9)) (ref.i31 (i32.const 0x3fffffff)))
(elem $ea anyref (ref.i31 (i32.const 5)) (ref.null any) (ref.i31 (i32.const -9)) (array.new_default $a8 (i32.const 3)) (struct.new_default $s))
(func $look_s (param (ref null $s)) (result i64) (local $h i64)
  (if (ref.is_null (local.get 0)) (then (return (i64.const -1))))
  (local.set $h (i64.extend_i32_s (struct.get_s $s 0 (local.get 0))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64.extend_i32_u (struct.get_u $s 1 (local.get 0)))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64.extend_i32_u (struct.get $s 2 (local.get 0)))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64x2.extract_lane 1 (struct.get $s 3 (local.get 0)))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64x2.extract_lane 0 (struct.get $s 3 (local.get 0)))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (struct.get $s 4 (local.get 0))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64.extend_i32_u (i32.reinterpret_f32 (struct.get $s 5 (local.get 0))))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64.reinterpret_f64 (struct.get $s 6 (local.get 0)))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64.extend_i32_u (ref.is_null (struct.get $s 7 (local.get 0))))))
  (local.set $h (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (i64.extend_i32_s (struct.get_s $s 8 (local.get 0)))))
  (i64.xor (i64.rotl (local.get $h) (i64.const 7)) (call $look_func (struct.get $s 9 (local.get 0)))))
(func $look_any (param anyref) (result i64)
  (if (ref.is_null (local.get 0)) (then (return (i64.const -2))))
  (if (ref.test (ref i31) (local.get 0))
    (then (return (i64.extend_i32_s (i31.get_s (ref.cast (ref i31) (local.get 0)))))))
  (if (ref.test (ref $s) (local.get 0)) (then (return (call $look_s (ref.cast (ref $s) (local.get 0))))))
  (if (ref.test (ref array) (local.get 0))
    (then (return (i64.extend_i32_u (array.len (ref.cast (ref array) (local.get 0)))))))
  (i64.const -3))
(func $id_s (param (ref null $s)) (result (ref null $s)) (local.get 0))
(func $collect
  (call $fold (i64.extend_i32_u (array.len (array.new_default $a64 (i32.const 560000))))))
(func $churn (local $i i32)
  (loop $next
    (call $fold (i64.extend_i32_u (array.len (array.new $a32 (local.get $i) (i32.const 1500)))))
    (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3)))))
"#;

const EXCEPTIONS: &str = r#"(tag $x0)
(tag $x1 (param i32))
(tag $x2 (param i64 i64))
(tag $x4 (param i32 i32 f64 f64))
(func $thrower (param i32 i64) (result i64)
  (if (i32.eq (local.get 0) (i32.const 0)) (then (throw $x0)))
  (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $x1 (i32.wrap_i64 (local.get 1)))))
  (if (i32.eq (local.get 0) (i32.const 2))
    (then (throw $x2 (local.get 1) (i64.rotl (local.get 1) (i64.const 5)))))
  (i64.add (local.get 1) (i64.const 1)))
"#;

const TYPED: &str = r#"(func $pick (param i32) (result (ref null $bin))
  (if (result (ref null $bin)) (i32.and (local.get 0) (i32.const 1))
    (then (ref.func $minus)) (else (ref.func $turned))))
(type $bin (func (param i64 i64) (result i64)))
(func $minus (type $bin) (i64.sub (local.get 0) (local.get 1)))
(func $turned (type $bin) (i64.rotl (local.get 0) (local.get 1)))
(elem declare func $minus $turned)
(type $open (sub (func (result i32))))
(type $closed (sub final $open (func (result i32))))
(func $as_open (type $open) (i32.const 41))
(func $as_closed (type $closed) (i32.const 43))
(table $tt 6 6 funcref)
(elem (table $tt) (i32.const 0) func $as_open $as_closed $n0 $as_closed $as_open)
"#;

const TAILS: &str = r#"(func $last (param i32 i64 f64 i32) (result i64)
  (i64.xor (i64.add (local.get 1) (i64.extend_i32_s (local.get 0)))
    (i64.add (i64.reinterpret_f64 (local.get 2)) (i64.extend_i32_u (local.get 3)))))
(func $more (param i64 i32) (result i64)
  (return_call $last (local.get 1) (local.get 0) (f64.convert_i32_s (local.get 1)) (i32.const 9)))
(func $fewer (param i32 i64 i64 f32 f64 i32 i32 i64 i64) (result i64)
  (return_call $more (i64.sub (local.get 2) (local.get 8)) (i32.sub (local.get 5) (local.get 6))))
(func $count (param $n i32) (param $a i64) (param $b i64) (result i64)
  (if (i32.eqz (local.get $n)) (then (return (i64.sub (local.get $a) (local.get $b)))))
  (return_call $count (i32.sub (local.get $n) (i32.const 1)) (local.get $b)
    (i64.add (local.get $a) (i64.const 3))))
(func $last_ref (param i64 i64 i32) (result i64)
  (return_call_ref $bin (local.get 1) (local.get 0) (call $pick (local.get 2))))
(func $indirect (param i32) (result i32) (return_call_indirect $t (type $number) (local.get 0)))
"#;
