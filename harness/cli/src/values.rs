//! Values on the command line.

use anyhow::{Context, Result, bail};
use etalon_adapters::{RefKind, Val, ValKind};

/// Reads an argument of a kind: integers in decimal or `0x`, floats in decimal, or `0x` for their bits,
/// `null` or `extern:N` for references.
pub(crate) fn parse(text: &str, kind: ValKind) -> Result<Val> {
    let wrong = || format!("{text:?} is not a value of type {}", kind.name());
    Ok(match kind {
        ValKind::I32 => {
            let n = integer(text).with_context(wrong)?;
            if n < i128::from(i32::MIN) || n > i128::from(u32::MAX) {
                bail!("{text} does not fit into an i32");
            }
            Val::I32(n as i32)
        }
        ValKind::I64 => {
            let n = integer(text).with_context(wrong)?;
            if n < i128::from(i64::MIN) || n > i128::from(u64::MAX) {
                bail!("{text} does not fit into an i64");
            }
            Val::I64(n as i64)
        }
        ValKind::F32 => match bits(text) {
            Some(bits) => Val::F32(u32::try_from(bits).with_context(wrong)?),
            None => Val::F32(text.parse::<f32>().with_context(wrong)?.to_bits()),
        },
        ValKind::F64 => match bits(text) {
            Some(bits) => Val::F64(u64::try_from(bits).with_context(wrong)?),
            None => Val::F64(text.parse::<f64>().with_context(wrong)?.to_bits()),
        },
        ValKind::V128 => Val::V128(bits(text).with_context(wrong)?),
        ValKind::Extern => match text.strip_prefix("extern:") {
            Some(n) => Val::Ref(RefKind::Extern(n.parse().with_context(wrong)?)),
            None if text == "null" => Val::Null(kind),
            None => bail!("{}: write null or extern:N", wrong()),
        },
        ValKind::Func | ValKind::Any | ValKind::Exn if text == "null" => Val::Null(kind),
        _ => bail!("{}: only null is possible", wrong()),
    })
}

fn bits(text: &str) -> Option<u128> {
    u128::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let digits = digits.replace('_', "");
    let n = match digits.strip_prefix("0x") {
        Some(hex) => i128::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some(if negative { -n } else { n })
}

/// A value as text for people.
pub(crate) fn show(val: Val) -> String {
    match val {
        Val::F32(bits) => float(f64::from(f32::from_bits(bits)), &format!("{bits:#010x}")),
        Val::F64(bits) => float(f64::from_bits(bits), &format!("{bits:#018x}")),
        other => other.to_record().value,
    }
}

/// NaNs are shown with their bits, because they differ only in these.
fn float(value: f64, bits: &str) -> String {
    if value.is_nan() { format!("nan ({bits})") } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_wrap_only_where_unsigned_text_is_meant() {
        assert_eq!(parse("-1", ValKind::I32).unwrap(), Val::I32(-1));
        assert_eq!(parse("4294967295", ValKind::I32).unwrap(), Val::I32(-1));
        assert_eq!(parse("0xff", ValKind::I64).unwrap(), Val::I64(255));
        assert!(parse("4294967296", ValKind::I32).is_err());
        assert!(parse("1.5", ValKind::I32).is_err());
    }

    #[test]
    fn floats_are_decimal_or_bits() {
        assert_eq!(parse("1.5", ValKind::F64).unwrap(), Val::F64(1.5f64.to_bits()));
        assert_eq!(parse("0x7fc00000", ValKind::F32).unwrap(), Val::F32(0x7fc0_0000));
        assert_eq!(show(Val::F32(0x7fc0_0000)), "nan (0x7fc00000)");
    }
}
