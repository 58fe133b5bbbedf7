//! Values on the command line: as the text format writes them.

use anyhow::Result;
use etalon_adapters::{RefKind, Val, ValKind};
use etalon_harness::script::parse_argument;
use std::fmt::{Display, LowerExp};

/// A minus that cannot begin an option.
const MINUS: char = '\u{2212}';

/// What arguments of functions look like, for `--help`.
pub(crate) const HELP: &str = "\
Arguments and results are written as in the text format:
  i32, i64     7  -7  0xff  -0x80000000
  f32, f64     1.5  1e-9  0x1p-149  0x10 (sixteen)  inf  -inf  nan  -nan  nan:0x200000
  v128         'i32x4 1 2 3 4'  'f64x2 1 nan'  or 0x and 32 hexadecimal digits
  references   null  extern:7  host:7";

/// Reads an argument of a kind.
pub(crate) fn parse(text: &str, kind: ValKind) -> Result<Val> {
    Ok(parse_argument(&text.replace(MINUS, "-"), kind)?)
}

/// A negative number as a word that cannot be taken for an option; any other word as it is.
pub(crate) fn protect(word: &str) -> String {
    match word.strip_prefix('-') {
        Some(rest)
            if rest == "inf"
                || rest == "nan"
                || rest.starts_with("nan:")
                || rest.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            format!("{MINUS}{rest}")
        }
        _ => word.to_owned(),
    }
}

/// A value as text for people, which reads back as the same value where it is a number.
pub(crate) fn show(val: Val) -> String {
    match val {
        Val::F32(bits) => {
            float(f32::from_bits(bits), f32::from_bits(bits).into(), (bits & 0x7f_ffff).into(), 22)
        }
        Val::F64(bits) => {
            float(f64::from_bits(bits), f64::from_bits(bits), bits & ((1 << 52) - 1), 51)
        }
        Val::V128(bits) => {
            let lane = |i: u32| format!("{:#010x}", (bits >> (32 * i)) as u32);
            format!("i32x4 {} {} {} {}", lane(0), lane(1), lane(2), lane(3))
        }
        Val::Ref(RefKind::Extern(n)) => format!("extern:{n}"),
        Val::Ref(RefKind::Host(n)) => format!("host:{n}"),
        other => other.to_record().value,
    }
}

/// The shortest text that reads back as the same number; a NaN with its payload unless that is the canonical one.
fn float(number: impl Display + LowerExp, wide: f64, payload: u64, quiet: u32) -> String {
    let sign = if wide.is_sign_negative() { "-" } else { "" };
    if wide.is_nan() {
        let canonical = payload == 1 << quiet;
        return if canonical { format!("{sign}nan") } else { format!("{sign}nan:{payload:#x}") };
    }
    let size = wide.abs();
    if size.is_infinite() {
        format!("{sign}inf")
    } else if size != 0.0 && !(1e-5..1e16).contains(&size) {
        format!("{number:e}")
    } else {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(show(val), text);
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        let mut bits = 0x0123_4567_89ab_cdef_u64;
        for _ in 0..2000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            for val in
                [Val::F32((bits >> 32) as u32), Val::F64(bits), Val::V128(u128::from(bits) << 31)]
            {
                assert_eq!(parse(&protect(&show(val)), val.kind()).unwrap(), val);
            }
        }
    }

    #[test]
    fn negative_numbers_are_no_options() {
        for word in ["-inf", "-nan", "-nan:0x1", "-0x80000000", "-1_000", "-5"] {
            assert!(!protect(word).starts_with('-'), "{word}");
        }
        for word in ["--stats", "-o", "-i", "-", "--", "-nano", "inf"] {
            assert_eq!(protect(word), word);
        }
    }
}
