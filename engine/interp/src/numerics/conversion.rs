//! Conversions (specification chapter 4.3.4).

use super::float;
use etalon_runtime::Trap;

/// Defines the truncations of one float type into one integer type.
macro_rules! truncations {
    ($trunc:ident, $sat:ident, $f:ty => $i:ty as $u:ty, $low:expr, $high:expr) => {
        // spec: $trunc__: undefined for NaN, infinities, and what lies beyond the integers
        #[inline(always)]
        pub(crate) fn $trunc(z: $f) -> Result<$u, Trap> {
            if z.is_nan() {
                return Err(Trap::InvalidConversionToInteger);
            }
            let whole = z.trunc();
            // The bounds are powers of two or 0, which floats represent exactly.
            if ($low..$high).contains(&whole) {
                Ok(whole as $i as $u)
            } else {
                Err(Trap::IntegerOverflow)
            }
        }

        // spec: $trunc_sat__: 0 for NaN, and the nearest integer for what lies beyond
        #[inline(always)]
        pub(crate) fn $sat(z: $f) -> $u {
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
        // spec: $convert__
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

// spec: $wrap__: modulo 2^32
#[inline(always)]
pub(crate) fn i32_wrap_i64(i: u64) -> u32 {
    i as u32
}

// spec: $extend__ (signed)
#[inline(always)]
pub(crate) fn i64_extend_i32_s(i: u32) -> u64 {
    i as i32 as u64
}

// spec: $extend__ (unsigned)
#[inline(always)]
pub(crate) fn i64_extend_i32_u(i: u32) -> u64 {
    u64::from(i)
}

// spec: $demote__: rounds to the nearest; any NaN becomes the canonical one
#[inline(always)]
pub(crate) fn f32_demote_f64(z: f64) -> f32 {
    float::n32::canonical(z as f32)
}

// spec: $promote__: exact; any NaN becomes the canonical one
#[inline(always)]
pub(crate) fn f64_promote_f32(z: f32) -> f64 {
    float::n64::canonical(f64::from(z))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_at_its_edges() {
        assert_eq!(i32_trunc_f64_s(-2_147_483_648.9), Ok(0x8000_0000));
        assert_eq!(i32_trunc_f64_s(-2_147_483_649.0), Err(Trap::IntegerOverflow));
        assert_eq!(i32_trunc_f32_u(-0.9), Ok(0));
        assert_eq!(i32_trunc_f32_u(-1.0), Err(Trap::IntegerOverflow));
        assert_eq!(i64_trunc_f32_u(f32::NAN), Err(Trap::InvalidConversionToInteger));
        assert_eq!(i64_trunc_f64_s(9_223_372_036_854_775_808.0), Err(Trap::IntegerOverflow));
        assert_eq!(i64_trunc_f64_u(f64::INFINITY), Err(Trap::IntegerOverflow));
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
    fn conversions_round_to_even() {
        assert_eq!(f32_convert_i32_s(16_777_217), 16_777_216.0);
        assert_eq!(f32_convert_i64_u(u64::MAX), 18_446_744_073_709_551_616.0);
        assert_eq!(f32_demote_f64(f64::NAN).to_bits(), 0x7fc0_0000);
    }
}
