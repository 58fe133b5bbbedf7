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
    fn the_fields_are_named_type_and_value() -> Result<(), serde_json::Error> {
        assert_eq!(serde_json::to_string(&Value::i32(7))?, r#"{"type":"i32","value":"7"}"#);
        Ok(())
    }
}
