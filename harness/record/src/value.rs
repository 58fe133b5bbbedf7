//! Values as text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A WebAssembly value (specification, *Runtime Structure: Values*) as text that is the same on every machine.
///
/// Integers are signed decimal; floats are their bits as `0x…`, so that a NaN keeps its payload; a v128 is `0x` and 32
/// hexadecimal digits; a reference is its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Value {
    /// The value type, as in the text format: `i32`, `f64`, `funcref`…
    #[serde(rename = "type")]
    pub ty: String,
    /// The value.
    pub value: String,
}

impl Value {
    /// A value of the type `ty`, both as text.
    #[must_use]
    pub fn new(ty: impl Into<String>, value: impl Into<String>) -> Self {
        Self { ty: ty.into(), value: value.into() }
    }

    /// A signed 32-bit integer.
    #[must_use]
    pub fn i32(value: i32) -> Self {
        Self::new("i32", value.to_string())
    }

    /// A signed 64-bit integer.
    #[must_use]
    pub fn i64(value: i64) -> Self {
        Self::new("i64", value.to_string())
    }

    /// A 32-bit float by its bits.
    #[must_use]
    pub fn f32_bits(bits: u32) -> Self {
        Self::new("f32", format!("{bits:#010x}"))
    }

    /// A 64-bit float by its bits.
    #[must_use]
    pub fn f64_bits(bits: u64) -> Self {
        Self::new("f64", format!("{bits:#018x}"))
    }

    /// A vector by its bits; lane 0 holds the lowest.
    #[must_use]
    pub fn v128(bits: u128) -> Self {
        Self::new("v128", format!("{bits:#034x}"))
    }
}

impl Value {
    /// The value for people, as the text format writes it: floats as short as they read back, vectors with a shape.
    #[must_use]
    pub fn in_words(&self) -> String {
        let shown = self.value.strip_prefix("0x").and_then(|digits| match self.ty.as_str() {
            "f32" => u32::from_str_radix(digits, 16).ok().map(f32_in_words),
            "f64" => u64::from_str_radix(digits, 16).ok().map(f64_in_words),
            "v128" => u128::from_str_radix(digits, 16).ok().map(v128_in_words),
            _ => None,
        });
        shown.unwrap_or_else(|| self.value.clone())
    }

    /// The same behind its type, and in quotes if a shell would take it for several words: `f32:0.1`, `'v128:i32x4 …'`.
    #[must_use]
    pub fn as_word(&self) -> String {
        match format!("{}:{}", self.ty, self.in_words()) {
            text if text.contains(' ') => format!("'{text}'"),
            text => text,
        }
    }
}

fn f32_in_words(bits: u32) -> String {
    let number = f32::from_bits(bits);
    float(number, number.into(), (bits & 0x7f_ffff).into(), 22)
}

fn f64_in_words(bits: u64) -> String {
    let number = f64::from_bits(bits);
    float(number, number, bits & ((1 << 52) - 1), 51)
}

fn v128_in_words(bits: u128) -> String {
    let lane = |i: u32| format!(" {:#010x}", (bits >> (32 * i)) as u32);
    format!("i32x4{}{}{}{}", lane(0), lane(1), lane(2), lane(3))
}

/// The shortest text that reads back as the same number; a NaN with its payload unless that is the canonical one.
fn float(number: impl fmt::Display + fmt::LowerExp, wide: f64, payload: u64, quiet: u32) -> String {
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

/// With its type and, of floats, its bits.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ty, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn integers_are_signed_decimal_and_floats_are_bits() {
        assert_eq!(Value::i32(-1).to_string(), "i32:-1");
        assert_eq!(Value::i64(i64::MIN).value, "-9223372036854775808");
        assert_eq!(Value::f32_bits(0x7fc0_0000).value, "0x7fc00000");
        assert_eq!(Value::f64_bits(1).value, "0x0000000000000001");
        assert_eq!(Value::v128(0xff).value.len(), 2 + 32);
    }

    #[test]
    fn people_read_no_bits() {
        assert_eq!(Value::f32_bits(0x3dcc_cccd).in_words(), "0.1");
        assert_eq!(Value::f64_bits(1 << 63).as_word(), "f64:-0");
        assert_eq!(Value::new("i32", "0x7").as_word(), "i32:0x7");
        assert_eq!(Value::new("f32", "0xx").in_words(), "0xx");
        let lanes = "i32x4 0x00000001 0x00000000 0x00000000 0x00000000";
        assert_eq!(Value::v128(1).as_word(), format!("'v128:{lanes}'"));
    }

    #[test]
    fn the_fields_are_named_type_and_value() -> Result<(), serde_json::Error> {
        assert_eq!(serde_json::to_string(&Value::i32(7))?, r#"{"type":"i32","value":"7"}"#);
        Ok(())
    }
}
