//! Results that scripts expect: values, kinds of NaN, kinds of references, one of several.

use crate::script::values::hierarchy;
use crate::value::{show, show_typed};
use etalon_adapters::{RefKind, Val};
use wast::WastRet;
use wast::core::{NanPattern, V128Pattern, WastRetCore};
use wast::token::{F32, F64};

/// Whether there are as many results as expected, and each matches.
pub(crate) fn all_match(expected: &[WastRet<'_>], got: &[Val]) -> bool {
    expected.len() == got.len() && expected.iter().zip(got).all(|(e, g)| matches(e, *g))
}

fn matches(expected: &WastRet<'_>, got: Val) -> bool {
    match expected {
        WastRet::Core(expected) => core_matches(expected, got),
        _ => false,
    }
}

fn core_matches(expected: &WastRetCore<'_>, got: Val) -> bool {
    match (expected, got) {
        (WastRetCore::Either(cases), got) => cases.iter().any(|case| core_matches(case, got)),
        (WastRetCore::I32(e), Val::I32(g)) => *e == g,
        (WastRetCore::I64(e), Val::I64(g)) => *e == g,
        (WastRetCore::F32(e), Val::F32(g)) => f32_matches(e, g),
        (WastRetCore::F64(e), Val::F64(g)) => f64_matches(e, g),
        (WastRetCore::V128(e), Val::V128(g)) => v128_matches(e, g),
        (WastRetCore::RefNull(None), Val::Null(_)) => true,
        (WastRetCore::RefNull(Some(heap)), Val::Null(g)) => {
            // The hierarchy of a module's own type is not known from the script alone.
            hierarchy(heap).is_none_or(|kind| kind == g)
        }
        (expected, Val::Ref(g)) => reference_matches(expected, g),
        _ => false,
    }
}

fn reference_matches(expected: &WastRetCore<'_>, got: RefKind) -> bool {
    use RefKind::{Array, Extern, Externalised, Func, Host, I31, Struct};
    match expected {
        WastRetCore::RefExtern(Some(n)) => got == Extern(*n),
        WastRetCore::RefExtern(None) => matches!(got, Extern(_) | Externalised),
        WastRetCore::RefHost(n) => got == Host(*n),
        WastRetCore::RefFunc(_) => got == Func,
        WastRetCore::RefAny => matches!(got, Host(_) | I31(_) | Struct | Array),
        WastRetCore::RefEq => matches!(got, I31(_) | Struct | Array),
        WastRetCore::RefArray => got == Array,
        WastRetCore::RefStruct => got == Struct,
        WastRetCore::RefI31 | WastRetCore::RefI31Shared => matches!(got, I31(_)),
        _ => false,
    }
}

/// Canonical: only the quiet bit of the payload is set. Arithmetic: the quiet bit is set. The sign is free.
fn f32_matches(expected: &NanPattern<F32>, got: u32) -> bool {
    match expected {
        NanPattern::CanonicalNan => got & 0x7fff_ffff == 0x7fc0_0000,
        NanPattern::ArithmeticNan => got & 0x7fc0_0000 == 0x7fc0_0000,
        NanPattern::Value(value) => value.bits == got,
    }
}

fn f64_matches(expected: &NanPattern<F64>, got: u64) -> bool {
    match expected {
        NanPattern::CanonicalNan => got & 0x7fff_ffff_ffff_ffff == 0x7ff8_0000_0000_0000,
        NanPattern::ArithmeticNan => got & 0x7ff8_0000_0000_0000 == 0x7ff8_0000_0000_0000,
        NanPattern::Value(value) => value.bits == got,
    }
}

fn v128_matches(expected: &V128Pattern, got: u128) -> bool {
    let lane = |i: usize, bits: usize| got >> (i * bits);
    match expected {
        V128Pattern::I8x16(e) => (0..16).all(|i| e[i] == lane(i, 8) as i8),
        V128Pattern::I16x8(e) => (0..8).all(|i| e[i] == lane(i, 16) as i16),
        V128Pattern::I32x4(e) => (0..4).all(|i| e[i] == lane(i, 32) as i32),
        V128Pattern::I64x2(e) => (0..2).all(|i| e[i] == lane(i, 64) as i64),
        V128Pattern::F32x4(e) => (0..4).all(|i| f32_matches(&e[i], lane(i, 32) as u32)),
        V128Pattern::F64x2(e) => (0..2).all(|i| f64_matches(&e[i], lane(i, 64) as u64)),
    }
}

/// The expected results in words, for a failure.
pub(crate) fn describe_all(expected: &[WastRet<'_>]) -> String {
    let mut text = "returned".to_owned();
    for expected in expected {
        text.push(' ');
        match expected {
            WastRet::Core(expected) => text.push_str(&describe(expected)),
            _ => text.push_str("a component's value"),
        }
    }
    text
}

/// What was returned in words, vectors in the shape in which they are expected.
pub(crate) fn describe_got(expected: &[WastRet<'_>], got: &[Val]) -> String {
    let mut text = "returned".to_owned();
    for (i, val) in got.iter().enumerate() {
        let shown = match (expected.get(i), val) {
            (Some(WastRet::Core(WastRetCore::V128(expected))), Val::V128(bits)) => {
                format!("v128:{}", in_shape(expected, *bits))
            }
            _ => show_typed(*val),
        };
        text.push_str(&format!(" {shown}"));
    }
    text
}

fn in_shape(expected: &V128Pattern, got: u128) -> String {
    fn lanes(shape: &str, bits: usize, got: u128, show: impl Fn(u128) -> String) -> String {
        let lanes = (0..128 / bits).map(|i| format!(" {}", show(got >> (i * bits))));
        shape.to_owned() + &lanes.collect::<String>()
    }
    match expected {
        V128Pattern::I8x16(_) => lanes("i8x16", 8, got, |lane| (lane as i8).to_string()),
        V128Pattern::I16x8(_) => lanes("i16x8", 16, got, |lane| (lane as i16).to_string()),
        V128Pattern::I32x4(_) => lanes("i32x4", 32, got, |lane| (lane as i32).to_string()),
        V128Pattern::I64x2(_) => lanes("i64x2", 64, got, |lane| (lane as i64).to_string()),
        V128Pattern::F32x4(_) => lanes("f32x4", 32, got, |lane| show(Val::F32(lane as u32))),
        V128Pattern::F64x2(_) => lanes("f64x2", 64, got, |lane| show(Val::F64(lane as u64))),
    }
}

fn describe(expected: &WastRetCore<'_>) -> String {
    match expected {
        WastRetCore::I32(v) => show_typed(Val::I32(*v)),
        WastRetCore::I64(v) => show_typed(Val::I64(*v)),
        WastRetCore::F32(v) => format!("f32:{}", f32_text(v)),
        WastRetCore::F64(v) => format!("f64:{}", f64_text(v)),
        WastRetCore::V128(v) => format!("v128:{}", v128_text(v)),
        WastRetCore::RefNull(heap) => match heap.as_ref().and_then(hierarchy) {
            Some(kind) => format!("{}:null", kind.name()),
            None => "null".to_owned(),
        },
        WastRetCore::RefExtern(Some(n)) => show_typed(Val::Ref(RefKind::Extern(*n))),
        WastRetCore::RefExtern(None) => "an external reference".to_owned(),
        WastRetCore::RefHost(n) => show_typed(Val::Ref(RefKind::Host(*n))),
        WastRetCore::RefFunc(_) => "a function".to_owned(),
        WastRetCore::RefAny => "an internal reference".to_owned(),
        WastRetCore::RefEq => "a reference that compares".to_owned(),
        WastRetCore::RefArray => "an array".to_owned(),
        WastRetCore::RefStruct => "a structure".to_owned(),
        WastRetCore::RefI31 | WastRetCore::RefI31Shared => "an i31".to_owned(),
        WastRetCore::Either(cases) => {
            let cases: Vec<_> = cases.iter().map(describe).collect();
            format!("({})", cases.join(" or "))
        }
    }
}

fn f32_text(expected: &NanPattern<F32>) -> String {
    match expected {
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
        NanPattern::Value(value) => show(Val::F32(value.bits)),
    }
}

fn f64_text(expected: &NanPattern<F64>) -> String {
    match expected {
        NanPattern::CanonicalNan => "nan:canonical".to_owned(),
        NanPattern::ArithmeticNan => "nan:arithmetic".to_owned(),
        NanPattern::Value(value) => show(Val::F64(value.bits)),
    }
}

fn v128_text(expected: &V128Pattern) -> String {
    let (shape, lanes) = match expected {
        V128Pattern::I8x16(e) => ("i8x16", e.map(|lane| lane.to_string()).to_vec()),
        V128Pattern::I16x8(e) => ("i16x8", e.map(|lane| lane.to_string()).to_vec()),
        V128Pattern::I32x4(e) => ("i32x4", e.map(|lane| lane.to_string()).to_vec()),
        V128Pattern::I64x2(e) => ("i64x2", e.map(|lane| lane.to_string()).to_vec()),
        V128Pattern::F32x4(e) => ("f32x4", e.each_ref().map(f32_text).to_vec()),
        V128Pattern::F64x2(e) => ("f64x2", e.each_ref().map(f64_text).to_vec()),
    };
    format!("{shape} {}", lanes.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::parse::tokens;
    use etalon_adapters::ValKind;

    fn holds(pattern: &str, got: Val) -> bool {
        let buffer = tokens(pattern).unwrap();
        let expected = wast::parser::parse::<Parens<'_>>(&buffer).unwrap();
        core_matches(&expected.0, got)
    }

    struct Parens<'a>(WastRetCore<'a>);

    impl<'a> wast::parser::Parse<'a> for Parens<'a> {
        fn parse(parser: wast::parser::Parser<'a>) -> wast::parser::Result<Self> {
            parser.parens(|p| p.parse()).map(Parens)
        }
    }

    #[test]
    fn numbers_are_compared_by_their_bits() {
        assert!(holds("(i32.const -1)", Val::I32(-1)));
        assert!(!holds("(i32.const -1)", Val::I64(-1)));
        assert!(holds("(f32.const -0)", Val::F32(0x8000_0000)));
        assert!(!holds("(f32.const -0)", Val::F32(0)));
        assert!(holds("(f64.const nan:0x1)", Val::F64(0x7ff0_0000_0000_0001)));
        assert!(!holds("(f64.const nan:0x1)", Val::F64(0x7ff8_0000_0000_0001)));
    }

    #[test]
    fn a_canonical_nan_is_stricter_than_an_arithmetic_one() {
        for (bits, canonical, arithmetic) in [
            (0x7fc0_0000, true, true),
            (0xffc0_0000, true, true),
            (0x7fc0_0001, false, true),
            (0x7fa0_0000, false, false),
            (0x7f80_0000, false, false),
            (0x3f80_0000, false, false),
        ] {
            assert_eq!(holds("(f32.const nan:canonical)", Val::F32(bits)), canonical, "{bits:#x}");
            assert_eq!(
                holds("(f32.const nan:arithmetic)", Val::F32(bits)),
                arithmetic,
                "{bits:#x}"
            );
        }
        assert!(holds("(f64.const nan:canonical)", Val::F64(0xfff8_0000_0000_0000)));
        assert!(!holds("(f64.const nan:canonical)", Val::F64(0x7ff8_0000_0000_0001)));
        assert!(holds("(f64.const nan:arithmetic)", Val::F64(0x7ff8_0000_0000_0001)));
        assert!(!holds("(f64.const nan:arithmetic)", Val::F64(0x7ff0_0000_0000_0001)));
    }

    #[test]
    fn lanes_count_from_the_low_end() {
        let got = Val::V128(0x0000_0004_0000_0003_0000_0002_0000_0001);
        assert!(holds("(v128.const i32x4 1 2 3 4)", got));
        assert!(!holds("(v128.const i32x4 4 3 2 1)", got));
        assert!(holds("(v128.const i16x8 1 0 2 0 3 0 4 0)", got));
        assert!(holds("(v128.const i64x2 0x200000001 0x400000003)", got));
        assert!(holds("(v128.const i8x16 1 0 0 0 2 0 0 0 3 0 0 0 4 0 0 0)", got));
        let nans = Val::V128(0xffc0_0001_7fc0_0000_3f80_0000_0000_0000);
        assert!(holds("(v128.const f32x4 0 1 nan:canonical nan:arithmetic)", nans));
        assert!(!holds("(v128.const f32x4 0 1 nan:arithmetic nan:canonical)", nans));
        assert!(!holds("(v128.const f64x2 0 nan:canonical)", nans));
    }

    #[test]
    fn references_are_compared_by_kind() {
        assert!(holds("(ref.null)", Val::Null(ValKind::Any)));
        assert!(holds("(ref.null func)", Val::Null(ValKind::Func)));
        assert!(!holds("(ref.null func)", Val::Null(ValKind::Extern)));
        assert!(!holds("(ref.null func)", Val::Ref(RefKind::Func)));
        assert!(holds("(ref.extern 7)", Val::Ref(RefKind::Extern(7))));
        assert!(!holds("(ref.extern 7)", Val::Ref(RefKind::Extern(8))));
        assert!(!holds("(ref.extern 7)", Val::Ref(RefKind::Host(7))));
        assert!(holds("(ref.eq)", Val::Ref(RefKind::I31(3))));
        assert!(!holds("(ref.eq)", Val::Ref(RefKind::Host(3))));
        assert!(!holds("(ref.struct)", Val::Ref(RefKind::Array)));
        assert!(!holds("(ref.func)", Val::Null(ValKind::Func)));
    }

    #[test]
    fn either_takes_any_of_its_cases() {
        let pattern = "(either (i32.const 1) (i32.const 2))";
        assert!(holds(pattern, Val::I32(2)));
        assert!(!holds(pattern, Val::I32(3)));
    }
}
