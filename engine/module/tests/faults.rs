//! The class of a fault comes from the phase that refused the module, and its kind from the decoder's whole message:
//! no word of the module's own decides.

use etalon_module::{Fault, Features, LoadErrorKind, Module, is_like};

fn refused(text: &str, features: Features) -> (LoadErrorKind, Option<Fault>, String) {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let error = Module::new(&wasm, features).expect_err(text);
    (error.kind, error.fault, error.message)
}

/// Names that were, or are, words of the decoder's messages.
const HOSTILE: &[&str] = &[
    "malformed",
    "unexpected end",
    "unexpected end-of-file",
    "data count",
    "data count section required",
    "illegal opcode",
    "section out of order",
    "string size is out of bounds",
    "functions count exceeds limit of 1",
    "x` already defined",
    "type mismatch: `x`",
    "{}",
];

#[test]
fn names_of_exports_do_not_decide() {
    for name in HOSTILE {
        let text = format!("(module (func) (export {name:?} (func 0)) (export {name:?} (func 0)))");
        let (kind, fault, _) = refused(&text, Features::wasm3());
        assert_eq!((kind, fault), (LoadErrorKind::Invalid, Some(Fault::DuplicateExport)), "{name}");
    }
}

#[test]
fn names_of_imports_functions_and_sections_do_not_decide() {
    for name in HOSTILE {
        for text in [
            format!("(module (import {name:?} {name:?} (func)) (func (result i32)))"),
            format!("(module (func (@name {name:?}) (result i32)))"),
            format!("(module (@custom {name:?} {name:?}) (func (result i32)))"),
        ] {
            let (kind, fault, _) = refused(&text, Features::wasm3());
            assert_eq!(
                (kind, fault),
                (LoadErrorKind::Invalid, Some(Fault::TypeMismatch)),
                "{text}"
            );
        }
    }
}

#[test]
fn the_first_phase_that_fails_decides() {
    // An invalid body, then bytes that are not in the format.
    let mut wasm = wat::parse_str("(module (func (result i32)))").unwrap();
    wasm.extend(b"\x0f\0");
    let error = Module::new(&wasm, Features::wasm3()).unwrap_err();
    assert_eq!((error.kind, error.fault), (LoadErrorKind::Malformed, Some(Fault::SectionId)));
    // A limit says nothing of the rest.
    let memories = "(memory 0)".repeat(101);
    let text = format!("(module {memories} (func (result i32)))");
    assert_eq!(refused(&text, Features::wasm3()).0, LoadErrorKind::Limit);
}

/// A rule of an older version makes the module invalid there; a construct that the version does not have is
/// unsupported.
#[test]
fn what_an_older_version_forbids_is_invalid_in_it() {
    for (text, features, fault, allowed_by) in [
        ("(memory 0) (memory 0)", Features::wasm2(), Fault::MultipleMemories, "multi-memory"),
        (
            "(table 0 funcref) (table 0 funcref)",
            Features::wasm1(),
            Fault::MultipleTables,
            "reference-types",
        ),
        (
            "(func (param eqref) (result anyref) (br_on_cast 0 eqref anyref (local.get 0)) (drop) (unreachable))",
            Features::wasm3(),
            Fault::TypeMismatch,
            "custom-descriptors",
        ),
        ("(tag (result i32))", Features::wasm3(), Fault::TagResult, "stack-switching"),
    ] {
        let (kind, found, message) = refused(&format!("(module {text})"), features);
        assert_eq!((kind, found), (LoadErrorKind::Invalid, Some(fault)), "{text}");
        assert!(message.ends_with(&format!("; {allowed_by} allows it")), "{message}");
    }
    for (text, features, feature) in [
        ("(memory 1 1 shared)", Features::wasm3(), "threads"),
        ("(func (result v128) unreachable)", Features::wasm1(), "simd"),
        ("(func return_call 0)", Features::wasm2(), "tail-call"),
    ] {
        let (kind, fault, _) = refused(&format!("(module {text})"), features);
        assert_eq!((kind, fault), (LoadErrorKind::Unsupported { feature }, None), "{text}");
    }
}

#[test]
fn names_of_faults_are_all_different() {
    let mut names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn patterns_match_whole_messages() {
    assert!(is_like("unknown table 3", "unknown table {}"));
    assert!(is_like("a b c", "a {} c") && is_like("abc", "abc"));
    for (message, pattern) in [
        ("not unknown table 3", "unknown table {}"),
        ("a b cd", "a {} c"),
        ("abcd", "abc"),
        ("ab", "a{}a"),
        ("", "a{}"),
    ] {
        assert!(!is_like(message, pattern), "{message} {pattern}");
    }
}
