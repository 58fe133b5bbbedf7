//! Conversions ("Conversions").

use crate::{Undefined, float};

/// Defines the truncations of one float type into one integer type.
macro_rules! truncations {
    ($trunc:ident, $sat:ident, $f:ty => $i:ty as $u:ty, $low:expr, $high:expr) => {
        /// `$trunc__`: the number without its fraction, which is `$truncz` of it; undefined for
        /// NaN, infinities, and what lies beyond the integers.
        #[inline(always)]
        pub fn $trunc(z: $f) -> Result<$u, Undefined> {
            if z.is_nan() {
                return Err(Undefined::InvalidConversion);
            }
            let whole = z.trunc();
            // The bounds are powers of two or 0, which floats represent exactly.
            if ($low..$high).contains(&whole) {
                Ok(whole as $i as $u)
            } else {
                Err(Undefined::Overflow)
            }
        }

        /// `$trunc_sat__`: 0 for NaN, and the nearest integer for what lies beyond.
        #[inline(always)]
        pub fn $sat(z: $f) -> $u {
            if z.is_nan() {
                0
            } else if z < $low {
                <$i>::MIN as $u
            } else if z >= $high {
                <$i>::MAX as $u
            } else {
                z.trunc() as $i as $u
            }
        }
    };
}

truncations!(i32_trunc_f32_s, i32_trunc_sat_f32_s, f32 => i32 as u32, -2_147_483_648.0, 2_147_483_648.0);
truncations!(i32_trunc_f32_u, i32_trunc_sat_f32_u, f32 => u32 as u32, 0.0, 4_294_967_296.0);
truncations!(i64_trunc_f32_s, i64_trunc_sat_f32_s, f32 => i64 as u64, -9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0);
truncations!(i64_trunc_f32_u, i64_trunc_sat_f32_u, f32 => u64 as u64, 0.0, 18_446_744_073_709_551_616.0);
truncations!(i32_trunc_f64_s, i32_trunc_sat_f64_s, f64 => i32 as u32, -2_147_483_648.0, 2_147_483_648.0);
truncations!(i32_trunc_f64_u, i32_trunc_sat_f64_u, f64 => u32 as u32, 0.0, 4_294_967_296.0);
truncations!(i64_trunc_f64_s, i64_trunc_sat_f64_s, f64 => i64 as u64, -9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0);
truncations!(i64_trunc_f64_u, i64_trunc_sat_f64_u, f64 => u64 as u64, 0.0, 18_446_744_073_709_551_616.0);

/// Defines conversions of integers, which round to the nearest float, ties to even.
macro_rules! converts {
    ($($name:ident: $u:ty as $i:ty => $f:ty;)*) => {$(
        /// `$convert__`: the nearest float.
        #[inline(always)]
        pub fn $name(i: $u) -> $f {
            i as $i as $f
        }
    )*};
}

converts! {
    f32_convert_i32_s: u32 as i32 => f32;
    f32_convert_i32_u: u32 as u32 => f32;
    f32_convert_i64_s: u64 as i64 => f32;
    f32_convert_i64_u: u64 as u64 => f32;
    f64_convert_i32_s: u32 as i32 => f64;
    f64_convert_i32_u: u32 as u32 => f64;
    f64_convert_i64_s: u64 as i64 => f64;
    f64_convert_i64_u: u64 as u64 => f64;
}

/// Defines the two conversions between the bits of a float and the integer with these bits.
macro_rules! reinterprets {
    ($($of_float:ident, $of_integer:ident: $f:ty as $u:ty;)*) => {$(
        /// `$reinterpret__` of a float: its bits, those of a NaN's payload too.
        #[inline(always)]
        pub fn $of_float(z: $f) -> $u {
            z.to_bits()
        }

        /// reinterpret of an integer.
        #[inline(always)]
        pub fn $of_integer(i: $u) -> $f {
            <$f>::from_bits(i)
        }
    )*};
}

reinterprets! {
    i32_reinterpret_f32, f32_reinterpret_i32: f32 as u32;
    i64_reinterpret_f64, f64_reinterpret_i64: f64 as u64;
}

/// `$wrap__` to an integer of `bits` bits: modulo 2^bits, where `bits` is at most 64.
#[inline(always)]
pub fn wrap(bits: u32, i: u64) -> u64 {
    i & u64::MAX.checked_shr(64 - bits).unwrap_or(0)
}

/// `$extend__`, signed, of an integer of `bits` bits, from 1 to 64. What lies above them is ignored.
#[inline(always)]
pub fn extend_s(bits: u32, i: u64) -> u64 {
    let unused = 64 - bits;
    ((i << unused) as i64 >> unused) as u64
}

/// extend, unsigned, in the same way: 0 above the `bits` bits.
#[inline(always)]
pub fn extend_u(bits: u32, i: u64) -> u64 {
    wrap(bits, i)
}

/// wrap to 32 bits.
#[inline(always)]
pub fn i32_wrap_i64(i: u64) -> u32 {
    i as u32
}

/// extend, signed, from 32 bits.
#[inline(always)]
pub fn i64_extend_i32_s(i: u32) -> u64 {
    i as i32 as u64
}

/// extend, unsigned, from 32 bits.
#[inline(always)]
pub fn i64_extend_i32_u(i: u32) -> u64 {
    u64::from(i)
}

/// `$demote__`: rounds to the nearest; any NaN becomes the canonical one.
#[inline(always)]
pub fn f32_demote_f64(z: f64) -> f32 {
    float::n32::canonical(z as f32)
}

/// `$promote__`: exact; any NaN becomes the canonical one.
#[inline(always)]
pub fn f64_promote_f32(z: f32) -> f64 {
    float::n64::canonical(f64::from(z))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_at_its_edges() {
        assert_eq!(i32_trunc_f64_s(-2_147_483_648.9), Ok(0x8000_0000));
        assert_eq!(i32_trunc_f64_s(-2_147_483_649.0), Err(Undefined::Overflow));
        assert_eq!(i32_trunc_f32_u(-0.9), Ok(0));
        assert_eq!(i32_trunc_f32_u(-1.0), Err(Undefined::Overflow));
        assert_eq!(i64_trunc_f32_u(f32::NAN), Err(Undefined::InvalidConversion));
        assert_eq!(i64_trunc_f64_s(9_223_372_036_854_775_808.0), Err(Undefined::Overflow));
        assert_eq!(i64_trunc_f64_u(f64::INFINITY), Err(Undefined::Overflow));
    }

    #[test]
    fn saturation_at_its_edges() {
        assert_eq!(i32_trunc_sat_f64_s(-1e30), 0x8000_0000);
        assert_eq!(i32_trunc_sat_f64_s(1e30), 0x7fff_ffff);
        assert_eq!(i32_trunc_sat_f32_u(-0.9), 0);
        assert_eq!(i32_trunc_sat_f32_u(-5.0), 0);
        assert_eq!(i64_trunc_sat_f32_u(f32::INFINITY), u64::MAX);
        assert_eq!(i64_trunc_sat_f64_s(f64::NAN), 0);
    }

    #[test]
    fn integers_of_any_width() {
        assert_eq!(wrap(31, 0xffff_ffff), 0x7fff_ffff);
        assert_eq!((wrap(0, 7), wrap(64, u64::MAX)), (0, u64::MAX));
        assert_eq!(extend_s(31, 0x4000_0000), 0xffff_ffff_c000_0000);
        assert_eq!(extend_s(8, 0x17f), 0x7f);
        assert_eq!((extend_s(64, u64::MAX), extend_u(8, 0x180)), (u64::MAX, 0x80));
    }

    #[test]
    fn conversions_round_to_even() {
        assert_eq!(f32_convert_i32_s(16_777_217), 16_777_216.0);
        assert_eq!(f32_convert_i64_u(u64::MAX), 18_446_744_073_709_551_616.0);
        assert_eq!(f32_demote_f64(f64::NAN).to_bits(), 0x7fc0_0000);
    }
}
