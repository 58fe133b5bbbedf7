//! A limit of the engine is no fault of the module: at the limit a module is valid, beyond it the class is *limit*.
//! What claims to be beyond a limit and is not there is malformed.

use etalon_module::{Fault, Features, LoadErrorKind, Module};

/// An unsigned integer of the binary format.
fn leb(mut n: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// A length, and as many bytes.
fn sized(bytes: &[u8]) -> Vec<u8> {
    [leb(bytes.len()).as_slice(), bytes].concat()
}

/// A section, from its number and its bytes.
fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
    [&[id], sized(bytes).as_slice()].concat()
}

/// A count, and an item as often.
fn list(count: usize, item: &[u8]) -> Vec<u8> {
    [leb(count), item.repeat(count)].concat()
}

/// A section of a list.
fn many(id: u8, count: usize, item: &[u8]) -> Vec<u8> {
    section(id, &list(count, item))
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat()
}

/// A module of one function of type `[] -> []` with a body: its locals and its instructions.
fn one_body(locals: &[u8], instructions: &[u8]) -> Vec<u8> {
    let body = sized(&[locals, instructions, b"\x0b"].concat());
    let code = section(10, &[&[1], body.as_slice()].concat());
    module(&[many(1, 1, b"\x60\0\0"), many(3, 1, b"\0"), code])
}

/// A function of type `[] -> [result]` that ends in `unreachable`.
fn func(params: usize, results: usize) -> Vec<u8> {
    let ty = [vec![0x60], list(params, b"\x7f"), list(results, b"\x7f")].concat();
    module(&[many(1, 1, &ty), many(3, 1, b"\0"), many(10, 1, &sized(b"\0\0\x0b"))])
}

/// Types that each have the one before as their supertype.
fn chain(count: usize) -> Vec<u8> {
    let mut types = [leb(count), b"\x50\0\x5f\0".to_vec()].concat();
    for i in 1..count {
        types.extend([vec![0x50, 1], leb(i - 1), b"\x5f\0".to_vec()].concat());
    }
    module(&[section(1, &types)])
}

/// Exports of a function with many parameters.
fn exports_of(params: usize, count: usize) -> Vec<u8> {
    let ty = [vec![0x60], list(params, b"\x7f"), vec![0]].concat();
    let mut exports = leb(count);
    for i in 0..count {
        exports.extend([sized(i.to_string().as_bytes()), vec![0, 0]].concat());
    }
    let code = many(10, 1, &sized(b"\0\x0b"));
    module(&[many(1, 1, &ty), many(3, 1, b"\0"), section(7, &exports), code])
}

/// A name of a length: of an import's module, of an import, of an export, of a custom section.
fn names(length: usize) -> [Vec<u8>; 5] {
    let name = sized(&b"n".repeat(length));
    let import = |a: &[u8], b: &[u8]| section(2, &[&[1], a, b, b"\x03\x7f\0"].concat());
    let export = section(7, &[&[1], name.as_slice(), b"\x02\0"].concat());
    [
        module(&[import(&name, b"\0")]),
        module(&[import(b"\0", &name)]),
        // Bytes before the length that have the highest bit.
        module(&[import("\u{2}é".as_bytes(), &name)]),
        module(&[many(5, 1, b"\0\0"), export]),
        module(&[section(0, &name)]),
    ]
}

fn locals(params: usize, count: usize) -> Vec<u8> {
    let ty = [vec![0x60], list(params, b"\x7f"), vec![0]].concat();
    let body = sized(&[vec![1], leb(count), b"\x7f\x0b".to_vec()].concat());
    module(&[many(1, 1, &ty), many(3, 1, b"\0"), many(10, 1, &body)])
}

/// A `try_table` with as many handlers.
fn handlers(count: usize) -> Vec<u8> {
    one_body(b"\0", &[b"\x1f\x40".as_slice(), &list(count, b"\x02\0"), b"\x0b"].concat())
}

/// An element segment with as many functions.
fn elements(count: usize) -> Vec<u8> {
    let segment = section(9, &[b"\x01\x01\0".as_slice(), &list(count, b"\0")].concat());
    let code = many(10, 1, &sized(b"\0\x0b"));
    module(&[many(1, 1, b"\x60\0\0"), many(3, 1, b"\0"), segment, code])
}

fn functions(count: usize) -> Vec<u8> {
    let code = many(10, count, b"\x02\0\x0b");
    module(&[many(1, 1, b"\x60\0\0"), many(3, count, b"\0"), code])
}

fn exports(count: usize) -> Vec<u8> {
    let mut exports = leb(count);
    for i in 0..count {
        exports.extend([sized(i.to_string().as_bytes()), vec![2, 0]].concat());
    }
    module(&[many(5, 1, b"\0\0"), section(7, &exports)])
}

fn data_segments(count: usize) -> Vec<u8> {
    module(&[section(12, &leb(count)), many(11, count, b"\x01\0")])
}

/// A module for a limit, at a number.
type Making = fn(usize) -> Vec<u8>;

/// What is limited, the limit, and a module at a number. The parts of types bound imports and exports a little lower.
const LIMITS: &[(&str, usize, Making)] = &[
    ("types", 1_000_000, |n| module(&[many(1, n, b"\x60\0\0")])),
    ("types of a group", 1_000_000, |n| {
        module(&[section(1, &[b"\x01\x4e".as_slice(), &list(n, b"\x60\0\0")].concat())])
    }),
    ("supertypes above each other", 63, |n| chain(n + 1)),
    ("parameters", 1_000, |n| func(n, 0)),
    ("results", 1_000, |n| func(0, n)),
    ("fields", 10_000, |n| {
        module(&[section(1, &[b"\x01\x5f".as_slice(), &list(n, b"\x7f\0")].concat())])
    }),
    ("functions", 1_000_000, functions),
    ("imports", 999_998, |n| module(&[many(2, n, b"\0\0\x03\x7f\0")])),
    ("imported memories", 100, |n| module(&[many(2, n, b"\0\0\x02\0\0")])),
    ("imported tables", 100_000, |n| module(&[many(2, n, b"\0\0\x01\x70\0\0")])),
    ("exports", 999_998, exports),
    ("tables", 100_000, |n| module(&[many(4, n, b"\x70\0\0")])),
    ("memories", 100, |n| module(&[many(5, n, b"\0\0")])),
    ("tags", 1_000_000, |n| module(&[many(1, 1, b"\x60\0\0"), many(13, n, b"\0\0")])),
    ("globals", 1_000_000, |n| module(&[many(6, n, b"\x7f\0\x41\0\x0b")])),
    ("element segments", 100_000, |n| module(&[many(9, n, b"\x01\0\0")])),
    ("elements", 10_000_000, elements),
    ("data segments", 100_000, data_segments),
    ("data segments, not announced", 100_000, |n| module(&[many(11, n, b"\x01\0")])),
    ("bytes of a body", 7_654_321, |n| one_body(b"\0", &b"\x01".repeat(n - 2))),
    ("locals", 50_000, |n| locals(0, n)),
    ("locals with parameters", 50_000, |n| locals(1_000, n - 1_000)),
    ("handlers", 10_000, handlers),
    ("name of an imported module", 100_000, |n| names(n)[0].clone()),
    ("name of an import", 100_000, |n| names(n)[1].clone()),
    ("name of an import after another", 100_000, |n| names(n)[2].clone()),
    ("name of an export", 100_000, |n| names(n)[3].clone()),
    ("name of a custom section", 100_000, |n| names(n)[4].clone()),
];

#[test]
fn at_the_limit_a_module_is_valid_and_beyond_it_the_class_is_limit() {
    for (what, most, make) in LIMITS {
        if let Err(error) = Module::new(&make(*most), Features::wasm3()) {
            panic!("{most} {what}: {error}");
        }
        let error = Module::new(&make(most + 1), Features::wasm3()).unwrap_err();
        assert_eq!(error.kind, LoadErrorKind::Limit, "{} {what}: {error}", most + 1);
        assert_eq!(error.fault, None, "{what}");
        assert!(error.message.starts_with("more than "), "{what}: our own counter: {error}");
    }
}

/// The counts of the decoder that no valid module can reach, and a sum of several counts.
#[test]
fn limits_that_no_valid_module_reaches() {
    let supertypes = [b"\x01\x50".as_slice(), &list(6, b"\0"), b"\x5f\0"].concat();
    let select = [b"\0\x1c".as_slice(), &list(11, b"\x7f")].concat();
    for (what, wasm) in [
        ("supertypes", module(&[section(1, &supertypes)])),
        ("types of a select", one_body(b"\0", &select)),
        ("parts of the types of exports", exports_of(1_000, 999)),
    ] {
        let error = Module::new(&wasm, Features::wasm3()).unwrap_err();
        assert_eq!(error.kind, LoadErrorKind::Limit, "{what}: {error}");
    }
    assert!(Module::new(&exports_of(1_000, 900), Features::wasm3()).is_ok());
}

/// A label that passes a thousand values takes a byte to name.
#[test]
fn values_that_pass_at_labels_and_calls_are_counted() {
    let many = "i32 ".repeat(1000);
    let cases = [
        |n: usize| {
            format!("(block (type $t) unreachable br_table {} 0 end unreachable)", "0 ".repeat(n))
        },
        |n: usize| format!("unreachable {}", "(call 0) unreachable ".repeat(n)),
        |n: usize| format!("unreachable {}", "(br 0) ".repeat(n)),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        for (n, fits) in [(1000, true), (20_000, false)] {
            let text =
                format!("(module (type $t (func (result {many}))) (func (type $t) {}))", case(n));
            let text = text
                .replace("(block (type $t)", "block (type $t)")
                .replace("unreachable)))", "unreachable))");
            let wasm = wat::parse_str(text).unwrap();
            let decoded = Module::new(&wasm, Features::wasm3());
            let kind = decoded.err().map(|error| error.kind);
            assert_eq!(kind, (!fits).then_some(LoadErrorKind::Limit), "{number}, {n}");
        }
    }
}

/// What stands behind a fault is read again, to say why, and is held to the same limit.
#[test]
fn values_behind_a_fault_are_counted_too() {
    let text = |n: usize| {
        let (many, labels) = ("i32 ".repeat(1000), "0 ".repeat(n));
        format!(
            "(module (type $t (func (result {many}))) (func (drop (i32.extend8_s (i32.const 0))))
               (func (type $t) block (type $t) unreachable br_table {labels} end unreachable))"
        )
    };
    let version_2_without = Features::wasm2().without("sign-extension-ops").unwrap();
    for (n, limit) in [(1000, false), (20_000, true)] {
        let wasm = wat::parse_str(text(n)).unwrap();
        let error = Module::new(&wasm, version_2_without).unwrap_err();
        assert_eq!(error.kind == LoadErrorKind::Limit, limit, "{n}: {error}");
    }
}

#[test]
fn a_count_without_its_items_is_malformed() {
    let beyond = leb(2_000_000);
    let with = |id: u8, before: &[u8]| section(id, &[before, &beyond].concat());
    let body = |instruction: &[u8]| one_body(b"\0", &[instruction, &beyond].concat());
    for (what, wasm) in [
        ("types", module(&[with(1, b"")])),
        ("parameters", module(&[with(1, b"\x01\x60")])),
        ("fields", module(&[with(1, b"\x01\x5f")])),
        ("imports", module(&[with(2, b"")])),
        ("name of an import", module(&[with(2, b"\x01")])),
        ("functions", module(&[with(3, b"")])),
        ("tables", module(&[with(4, b"")])),
        ("memories", module(&[with(5, b"")])),
        ("globals", module(&[with(6, b"")])),
        ("exports", module(&[with(7, b"")])),
        ("element segments", module(&[with(9, b"")])),
        ("data segments", module(&[with(11, b"")])),
        ("data count", module(&[with(12, b"")])),
        ("tags", module(&[with(13, b"")])),
        ("name of a custom section", module(&[with(0, b"")])),
        ("labels", body(b"\x0e")),
        ("handlers", body(b"\x1f\x40")),
    ] {
        // Bytes of another section cannot be the items.
        for after in [0, 3_000_000] {
            let rest = if after == 0 { Vec::new() } else { section(0, &b"\0".repeat(after)) };
            let error = Module::new(&[wasm.clone(), rest].concat(), Features::wasm3()).unwrap_err();
            assert_eq!(error.kind, LoadErrorKind::Malformed, "{what}: {error}");
            assert!(error.fault.is_some(), "{what}: {error}");
        }
    }
    let overflow =
        one_body(&[vec![2], leb(u32::MAX as usize), b"\x7f\x01\x7f".to_vec()].concat(), b"");
    let error = Module::new(&overflow, Features::wasm3()).unwrap_err();
    assert_eq!(error.fault, Some(Fault::TooManyLocals));
}
