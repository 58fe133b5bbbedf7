//! Values as text: `i32:-7`, `f64:1.5`, `f32:0x7fc00000`, `funcref:null`, as files have them; and for people, as the text
//! format writes them.

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
    // Files of before had a space in place of the colon.
    let number = |word: &str| text.strip_prefix(word)?.strip_prefix([':', ' '])?.parse().ok();
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

/// A value for people, as the text format writes it. What can be an argument is read back by
/// [`parse_argument`](crate::script::parse_argument) as the same value.
pub fn show(val: Val) -> String {
    val.to_record().in_words()
}

/// The same behind its type, where nothing else tells the type: `f32:0.1`, `v128:i32x4 …`. It is read back, too.
pub fn show_typed(val: Val) -> String {
    format!("{}:{}", val.kind().name(), show(val))
}

/// Values on one line, each with its type, as a shell takes them.
pub(crate) fn show_all(values: &[Val]) -> String {
    values.iter().map(|val| val.to_record().as_word()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::parse_argument;

    #[test]
    fn floats_are_as_short_as_they_read_back() {
        for (val, text) in [
            (Val::F32(0.1f32.to_bits()), "0.1"),
            (Val::F64(0.1f64.to_bits()), "0.1"),
            (Val::F64(5f64.to_bits()), "5"),
            (Val::F64(1e300f64.to_bits()), "1e300"),
            (Val::F32(1), "1e-45"),
            (Val::F64(1 << 63), "-0"),
            (Val::F32(0xff80_0000), "-inf"),
            (Val::F32(0x7fc0_0000), "nan"),
            (Val::F32(0xffa0_0000), "-nan:0x200000"),
            (Val::F64(0x7ff8_0000_0000_0001), "nan:0x8000000000001"),
            (Val::V128(0xff), "i32x4 0x000000ff 0x00000000 0x00000000 0x00000000"),
            (Val::Ref(RefKind::Extern(7)), "extern:7"),
            (Val::Ref(RefKind::I31(3)), "i31:3"),
        ] {
            assert_eq!(show(val), text);
        }
    }

    #[test]
    fn what_is_shown_can_be_an_argument() {
        let mut bits = 0x0123_4567_89ab_cdef_u64;
        let mut values = vec![Val::I32(i32::MIN), Val::I64(i64::MIN)];
        for kind in [ValKind::Func, ValKind::Extern, ValKind::Any, ValKind::Exn] {
            values.push(Val::Null(kind));
        }
        let numbered = [RefKind::Extern(7), RefKind::Host(u32::MAX), RefKind::I31(0x7fff_ffff)];
        values.extend(numbered.map(Val::Ref));
        for _ in 0..2000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            values.push(Val::F32((bits >> 32) as u32));
            values.push(Val::F64(bits));
            values.push(Val::V128(u128::from(bits) << 31));
        }
        for val in values {
            assert_eq!(parse_argument(&show(val), &val.kind().into()), Ok(val));
            assert_eq!(parse_argument(&show_typed(val), &val.kind().into()), Ok(val));
        }
    }

    #[test]
    fn values_on_a_line_are_words_of_a_shell() {
        let values = [Val::F32(0x3dcc_cccd), Val::V128(1), Val::Null(ValKind::Extern)];
        assert_eq!(
            show_all(&values),
            "f32:0.1 'v128:i32x4 0x00000001 0x00000000 0x00000000 0x00000000' externref:null"
        );
    }

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
    fn references_of_older_files_are_read() {
        assert_eq!(parse_value("externref:extern 7"), Ok(Val::Ref(RefKind::Extern(7))));
        assert_eq!(parse_value("externref:extern7").ok(), None);
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
