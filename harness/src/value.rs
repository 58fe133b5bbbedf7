//! Values as text: `i32:-7`, `f64:1.5`, `f32:0x7fc00000`, `funcref:null`.

use etalon_adapters::{RefKind, Val, ValKind};
use thiserror::Error;

/// A text that is not a value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is not a value: {reason}")]
pub struct ValueError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads a value. Every text that [`etalon_record::Value`] displays reads back as the same value. In
/// addition, integers may be hexadecimal or unsigned, and floats decimal.
///
/// # Errors
/// If the text is not a type, a colon and a value of that type.
pub fn parse_value(text: &str) -> Result<Val, ValueError> {
    let fault = |reason| ValueError { text: text.to_owned(), reason };
    let (ty, value) = text.split_once(':').ok_or(fault("a type and a colon are missing"))?;
    let kind = ValKind::from_name(ty).ok_or(fault("there is no such type"))?;
    parse_as(kind, value).ok_or(fault("the value is not one of its type"))
}

/// Reads a value of a known kind, without its type.
pub fn parse_as(kind: ValKind, value: &str) -> Option<Val> {
    match kind {
        ValKind::I32 => integer(value, 32).map(|v| Val::I32(v as i32)),
        ValKind::I64 => integer(value, 64).map(|v| Val::I64(v as i64)),
        ValKind::F32 => match hexadecimal(value) {
            Some(bits) => u32::try_from(bits).ok().map(Val::F32),
            None => value.parse::<f32>().ok().map(|v| Val::F32(v.to_bits())),
        },
        ValKind::F64 => match hexadecimal(value) {
            Some(bits) => u64::try_from(bits).ok().map(Val::F64),
            None => value.parse::<f64>().ok().map(|v| Val::F64(v.to_bits())),
        },
        ValKind::V128 => hexadecimal(value).map(Val::V128),
        _ if value == "null" => Some(Val::Null(kind)),
        _ => reference(value).filter(|v| v.kind() == kind),
    }
}

fn hexadecimal(text: &str) -> Option<u128> {
    // `from_str_radix` alone would accept a sign after the prefix.
    let digits = text.strip_prefix("0x").filter(|d| !d.starts_with(['+', '-']))?;
    u128::from_str_radix(digits, 16).ok()
}

/// An integer of `bits` bits, signed or unsigned, in two's complement.
fn integer(text: &str, bits: u32) -> Option<i128> {
    let value = match hexadecimal(text) {
        Some(value) => i128::try_from(value).ok()?,
        None => text.parse().ok()?,
    };
    let range = -(1i128 << (bits - 1))..(1i128 << bits);
    range.contains(&value).then_some(value)
}

fn reference(text: &str) -> Option<Val> {
    let number = |word: &str| text.strip_prefix(word)?.trim_start().parse::<u32>().ok();
    let kind = match text {
        "func" => RefKind::Func,
        "struct" => RefKind::Struct,
        "array" => RefKind::Array,
        "exn" => RefKind::Exn,
        "extern of internal" => RefKind::Externalised,
        _ => (number("extern").map(RefKind::Extern))
            .or_else(|| number("host").map(RefKind::Host))
            .or_else(|| number("i31").map(RefKind::I31))?,
    };
    Some(Val::Ref(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_read_back() {
        let values = [
            Val::I32(i32::MIN),
            Val::I64(i64::MIN),
            Val::F32(0xffc0_0001),
            Val::F64(1),
            Val::V128(u128::MAX),
            Val::Null(ValKind::Func),
            Val::Ref(RefKind::Func),
            Val::Ref(RefKind::Extern(7)),
            Val::Ref(RefKind::Host(1)),
            Val::Ref(RefKind::I31(3)),
            Val::Ref(RefKind::Struct),
            Val::Ref(RefKind::Array),
            Val::Ref(RefKind::Exn),
            Val::Ref(RefKind::Externalised),
        ];
        for value in values {
            assert_eq!(parse_value(&value.to_record().to_string()), Ok(value));
        }
    }

    #[test]
    fn numbers_may_be_written_otherwise() {
        assert_eq!(parse_value("i32:4294967295"), Ok(Val::I32(-1)));
        assert_eq!(parse_value("i64:0xffffffffffffffff"), Ok(Val::I64(-1)));
        assert_eq!(parse_value("f64:-1.5"), Ok(Val::F64((-1.5f64).to_bits())));
        assert_eq!(parse_value("f32:inf"), Ok(Val::F32(f32::INFINITY.to_bits())));
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for (text, reason) in [
            ("7", "a type and a colon are missing"),
            ("i33:7", "there is no such type"),
            ("i32:4294967296", "the value is not one of its type"),
            ("i32:0x-1", "the value is not one of its type"),
            ("f32:0x100000000", "the value is not one of its type"),
            ("funcref:extern 1", "the value is not one of its type"),
        ] {
            assert_eq!(parse_value(text).map_err(|e| e.reason), Err(reason), "{text}");
        }
    }
}
