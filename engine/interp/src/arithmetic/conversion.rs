//! Conversions between numbers. Integers are their bits.

use super::{float, integer};
use etalon_runtime::Trap;

/// Defines the truncations of one float type to one integer type. A float is in range if it is
/// greater than the least integer minus 1 and less than the greatest integer plus 1.
macro_rules! truncations {
    ($trunc:ident, $sat:ident, $f:ty => $i:ty as $u:ty, |$z:ident| $in_range:expr) => {
        #[inline(always)]
        pub(crate) fn $trunc($z: $f) -> Result<$u, Trap> {
            if $in_range {
                Ok($z as $i as $u)
            } else if $z.is_nan() {
                Err(Trap::InvalidConversionToInteger)
            } else {
                Err(Trap::IntegerOverflow)
            }
        }

        /// Rust's own conversion saturates, and turns a NaN into 0.
        #[inline(always)]
        pub(crate) fn $sat(z: $f) -> $u {
            z as $i as $u
        }
    };
}

const TWO_31: f64 = 2_147_483_648.0;
const TWO_32: f64 = 4_294_967_296.0;
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

// The least integer minus 1 is exact only in floats with more bits than the integer. Otherwise the bound is the least
// integer itself.
truncations!(i32_trunc_f32_s, i32_trunc_sat_f32_s, f32 => i32 as u32, |z| {
    z >= -TWO_31 as f32 && z < TWO_31 as f32
});
truncations!(i32_trunc_f32_u, i32_trunc_sat_f32_u, f32 => u32 as u32, |z| {
    z > -1.0 && z < TWO_32 as f32
});
truncations!(i64_trunc_f32_s, i64_trunc_sat_f32_s, f32 => i64 as u64, |z| {
    z >= -TWO_63 as f32 && z < TWO_63 as f32
});
truncations!(i64_trunc_f32_u, i64_trunc_sat_f32_u, f32 => u64 as u64, |z| {
    z > -1.0 && z < TWO_64 as f32
});
truncations!(i32_trunc_f64_s, i32_trunc_sat_f64_s, f64 => i32 as u32, |z| {
    z > -TWO_31 - 1.0 && z < TWO_31
});
truncations!(i32_trunc_f64_u, i32_trunc_sat_f64_u, f64 => u32 as u32, |z| z > -1.0 && z < TWO_32);
truncations!(i64_trunc_f64_s, i64_trunc_sat_f64_s, f64 => i64 as u64, |z| (-TWO_63..TWO_63).contains(&z));
truncations!(i64_trunc_f64_u, i64_trunc_sat_f64_u, f64 => u64 as u64, |z| z > -1.0 && z < TWO_64);

/// Defines conversions of integers to floats. They round as Rust does: to the nearest, ties to even.
macro_rules! converts {
    ($($name:ident: $u:ty as $i:ty => $f:ty;)*) => {$(
        #[inline(always)]
        pub(crate) fn $name(i: $u) -> $f {
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

#[inline(always)]
pub(crate) fn i32_wrap_i64(i: u64) -> u32 {
    i as u32
}

#[inline(always)]
pub(crate) fn i64_extend_i32_s(i: u32) -> u64 {
    integer::extend32_s(i.into())
}

#[inline(always)]
pub(crate) fn i64_extend_i32_u(i: u32) -> u64 {
    i.into()
}

#[inline(always)]
pub(crate) fn f32_demote_f64(z: f64) -> f32 {
    float::w32::result(z as f32)
}

#[inline(always)]
pub(crate) fn f64_promote_f32(z: f32) -> f64 {
    float::w64::result(z.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncations_trap_beyond_their_bounds() {
        let (overflow, invalid) = (Trap::IntegerOverflow, Trap::InvalidConversionToInteger);
        assert_eq!(i32_trunc_f64_s(-2_147_483_648.999_999), Ok(1 << 31));
        assert_eq!(i32_trunc_f64_s(-2_147_483_649.0), Err(overflow));
        assert_eq!(i32_trunc_f64_s(2_147_483_647.999_999), Ok(i32::MAX as u32));
        assert_eq!(i32_trunc_f64_u(4_294_967_295.999_999), Ok(u32::MAX));
        assert_eq!(i32_trunc_f32_s(-2_147_483_648.0), Ok(1 << 31));
        assert_eq!(i32_trunc_f32_s(-2_147_483_904.0), Err(overflow));
        assert_eq!(i32_trunc_f32_u(-0.999), Ok(0));
        assert_eq!(i32_trunc_f32_u(-1.0), Err(overflow));
        assert_eq!(i32_trunc_f32_u(f32::NAN), Err(invalid));
        assert_eq!(i64_trunc_f64_s(-TWO_63), Ok(1 << 63));
        assert_eq!(i64_trunc_f64_s(TWO_63), Err(overflow));
        assert_eq!(i64_trunc_f64_u(f64::INFINITY), Err(overflow));
        assert_eq!(i64_trunc_f32_u(f32::NEG_INFINITY), Err(overflow));
        assert_eq!(i64_trunc_f32_s(-f32::NAN), Err(invalid));
    }

    #[test]
    fn saturation_has_a_result_for_everything() {
        assert_eq!(i32_trunc_sat_f64_s(-1e30), 1 << 31);
        assert_eq!(i32_trunc_sat_f32_u(-5.0), 0);
        assert_eq!(i64_trunc_sat_f32_u(f32::INFINITY), u64::MAX);
        assert_eq!(i64_trunc_sat_f64_s(f64::NAN), 0);
    }

    #[test]
    fn conversions_round_to_even() {
        assert_eq!(f32_convert_i32_s(16_777_217), 16_777_216.0);
        assert_eq!(f32_convert_i64_u(u64::MAX), TWO_64 as f32);
        assert_eq!(f32_demote_f64(-f64::NAN).to_bits(), 0x7fc0_0000);
        assert_eq!(f64_promote_f32(-f32::NAN).to_bits(), 0x7ff8_0000_0000_0000);
    }
}
