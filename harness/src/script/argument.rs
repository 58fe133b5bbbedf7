//! One argument, as a person writes it.

use crate::script::values::argument;
use etalon_adapters::{RefKind, Val, ValKind};
use thiserror::Error;
use wast::WastArg;
use wast::core::WastArgCore;
use wast::parser::{ParseBuffer, parse};

/// A text that is not a value of the type that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not a value of type {}: {reason}", .kind.name())]
pub struct ArgumentError {
    /// The text.
    pub text: String,
    /// The type that is needed.
    pub kind: ValKind,
    /// What is wrong.
    pub reason: String,
}

/// Reads a value as the text format writes it: what follows `f64.const`, for example, or all of it.
///
/// Numbers are decimal or hexadecimal, also for floats (`0x10` is sixteen, `0x1p-3`), and `inf`, `nan`, `nan:0x200000`.
/// A `v128` has a shape (`i32x4 1 2 3 4`) or is `0x` and 32 hexadecimal digits, as records write it. References are
/// `null`, `extern:7`, `host:7` or `i31:7`, or as scripts write them: `ref.null extern`, `ref.extern 7`. Each may stand behind its
/// type, as messages write it: `f32:0.1`.
///
/// # Errors
/// If it is not a value, or one of another type.
pub fn parse_argument(text: &str, kind: ValKind) -> Result<Val, ArgumentError> {
    let wrong = |reason: String| ArgumentError { text: text.to_owned(), kind, reason };
    let typed = text.split_once(':').filter(|(ty, _)| *ty == kind.name());
    let text = typed.map_or(text, |(_, value)| value);
    let number = |word: &str| text.strip_prefix(word)?.parse::<u32>().ok();
    let val = match kind {
        ValKind::Func | ValKind::Extern | ValKind::Any | ValKind::Exn if text == "null" => {
            Val::Null(kind)
        }
        ValKind::Extern if number("extern:").is_some() => {
            Val::Ref(RefKind::Extern(number("extern:").unwrap_or_default()))
        }
        ValKind::Any if number("host:").is_some() => {
            Val::Ref(RefKind::Host(number("host:").unwrap_or_default()))
        }
        ValKind::Any if number("i31:").is_some_and(|n| n >> 31 == 0) => {
            Val::Ref(RefKind::I31(number("i31:").unwrap_or_default()))
        }
        ValKind::V128 if text.len() == 34 && text.starts_with("0x") => {
            Val::V128(u128::from_str_radix(&text[2..], 16).map_err(|e| wrong(e.to_string()))?)
        }
        _ => in_text_format(text, kind).map_err(wrong)?,
    };
    if val.kind() != kind {
        return Err(wrong(format!("it is one of type {}", val.kind().name())));
    }
    Ok(val)
}

fn in_text_format(text: &str, kind: ValKind) -> Result<Val, String> {
    let is_whole = ["i32.", "i64.", "f32.", "f64.", "v128.", "ref."];
    let whole = match kind {
        _ if is_whole.iter().any(|word| text.starts_with(word)) => text.to_owned(),
        ValKind::I32 | ValKind::I64 | ValKind::F32 | ValKind::F64 | ValKind::V128 => {
            format!("{}.const {text}", kind.name())
        }
        ValKind::Extern => return Err("write null or extern:N".to_owned()),
        ValKind::Any => return Err("write null, host:N or i31:N".to_owned()),
        ValKind::Func | ValKind::Exn => return Err("only null is possible".to_owned()),
    };
    let buffer = ParseBuffer::new(&whole).map_err(|error| error.message())?;
    let arg = parse::<WastArgCore<'_>>(&buffer).map_err(|error| error.message())?;
    argument(&WastArg::Core(arg)).map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_text_format() {
        let f32 = |text: &str| parse_argument(text, ValKind::F32).unwrap();
        let f64 = |text: &str| parse_argument(text, ValKind::F64).unwrap();
        for (text, bits) in [
            ("nan:0x200000", 0x7fa0_0000),
            ("-nan:0x1", 0xff80_0001),
            ("nan", 0x7fc0_0000),
            ("-nan", 0xffc0_0000),
            ("0x1p-149", 1),
            ("-inf", 0xff80_0000),
            ("-0", 0x8000_0000),
            ("1_000", 1000f32.to_bits()),
            ("0x7fc00000", (0x7fc0_0000 as f32).to_bits()),
            ("f32.const 0.1", 0.1f32.to_bits()),
        ] {
            assert_eq!(f32(text), Val::F32(bits), "{text}");
        }
        assert_eq!(f64("0x10"), Val::F64(16f64.to_bits()));
        assert_eq!(f64("0x1.8p1"), Val::F64(3f64.to_bits()));
        assert_eq!(f64("nan:0xfffffffffffff"), Val::F64(0x7fff_ffff_ffff_ffff));
        let i32 = |text: &str| parse_argument(text, ValKind::I32).unwrap();
        assert_eq!(i32("-0x80000000"), Val::I32(i32::MIN));
        assert_eq!(i32("0xffff_ffff"), Val::I32(-1));
        assert_eq!(i32("4294967295"), Val::I32(-1));
        assert_eq!(i32("+7"), Val::I32(7));
    }

    #[test]
    fn vectors_have_a_shape_or_are_bits() {
        let v128 = |text: &str| parse_argument(text, ValKind::V128).unwrap();
        let lanes = Val::V128(0x0000_0004_0000_0003_0000_0002_ffff_ffff);
        assert_eq!(v128("i32x4 -1 2 3 4"), lanes);
        assert_eq!(v128("v128.const i64x2 0x2_ffff_ffff 0x4_0000_0003"), lanes);
        assert_eq!(v128("0x000000040000000300000002ffffffff"), lanes);
        assert_eq!(v128("f64x2 1 nan"), Val::V128(0x7ff8_0000_0000_0000_3ff0_0000_0000_0000));
    }

    #[test]
    fn references_are_null_or_numbered() {
        for (text, kind, val) in [
            ("null", ValKind::Func, Val::Null(ValKind::Func)),
            ("ref.null extern", ValKind::Extern, Val::Null(ValKind::Extern)),
            ("ref.null none", ValKind::Any, Val::Null(ValKind::Any)),
            ("extern:7", ValKind::Extern, Val::Ref(RefKind::Extern(7))),
            ("ref.extern 7", ValKind::Extern, Val::Ref(RefKind::Extern(7))),
            ("host:3", ValKind::Any, Val::Ref(RefKind::Host(3))),
            ("i31:3", ValKind::Any, Val::Ref(RefKind::I31(3))),
            ("externref:extern:7", ValKind::Extern, Val::Ref(RefKind::Extern(7))),
            ("anyref:null", ValKind::Any, Val::Null(ValKind::Any)),
        ] {
            assert_eq!(parse_argument(text, kind), Ok(val), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for (text, kind) in [
            ("4294967296", ValKind::I32),
            ("-2147483649", ValKind::I32),
            ("1.5", ValKind::I32),
            ("", ValKind::I32),
            ("7 8", ValKind::I32),
            ("7) (i32.const 8", ValKind::I32),
            ("nan:canonical", ValKind::F32),
            ("nan:0x0", ValKind::F32),
            ("NaN", ValKind::F64),
            ("infinity", ValKind::F64),
            ("i32x4 1 2 3", ValKind::V128),
            ("0x123", ValKind::V128),
            ("i64.const 1", ValKind::I32),
            ("ref.null func", ValKind::Extern),
            ("host:1", ValKind::Extern),
            ("i31:0x7", ValKind::Any),
            ("i31:2147483648", ValKind::Any),
            ("f64:1", ValKind::F32),
            ("func", ValKind::Func),
        ] {
            let refused = parse_argument(text, kind).expect_err(text);
            assert!(!refused.reason.is_empty(), "{text}");
        }
    }
}
