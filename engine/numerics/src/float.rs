//! Floating-point operations ("Floating-Point Operations"), in the deterministic profile: a NaN
//! that an operation generates is the canonical one with a positive sign.
//!
//! Operations on numbers take floats. Those that only handle bits (absolute value, negation, copying
//! a sign) take bits, because passing a NaN as a float may change its payload.

/// Defines the operations of one width.
macro_rules! floats {
    ($(#[$doc:meta])* $module:ident, $f:ty, $u:ty, $canonical:literal) => {
        $(#[$doc])*
        pub mod $module {
            /// The canonical NaN.
            pub const CANONICAL: $f = <$f>::from_bits($canonical);
            /// The sign bit.
            const SIGN: $u = 1 << (<$u>::BITS - 1);

            /// A NaN becomes the canonical one, whatever the operands' payloads; numbers stay.
            ///
            /// It is told by its bits. A comparison of floats would let the compiler take "NaN if
            /// negative, else the root" for the root itself, of which the NaN has the wrong sign.
            #[inline(always)]
            pub fn canonical(z: $f) -> $f {
                let bits = z.to_bits();
                let is_nan = bits & !SIGN > <$f>::INFINITY.to_bits();
                <$f>::from_bits(if is_nan { $canonical } else { bits })
            }

            /// `$fadd_`: the sum.
            #[inline(always)]
            pub fn fadd(a: $f, b: $f) -> $f {
                canonical(a + b)
            }

            /// `$fsub_`: the difference.
            #[inline(always)]
            pub fn fsub(a: $f, b: $f) -> $f {
                canonical(a - b)
            }

            /// `$fmul_`: the product.
            #[inline(always)]
            pub fn fmul(a: $f, b: $f) -> $f {
                canonical(a * b)
            }

            /// `$fdiv_`: the quotient.
            #[inline(always)]
            pub fn fdiv(a: $f, b: $f) -> $f {
                canonical(a / b)
            }

            /// `$fmin_`: NaN if either is; of zeros of opposite signs the negative one.
            #[inline(always)]
            pub fn fmin(a: $f, b: $f) -> $f {
                if a.is_nan() || b.is_nan() {
                    CANONICAL
                } else if a == b {
                    // Equal numbers have equal bits but for zeros, of which -0 has the sign bit.
                    <$f>::from_bits(a.to_bits() | b.to_bits())
                } else if a < b {
                    a
                } else {
                    b
                }
            }

            /// `$fmax_`: NaN if either is; of zeros of opposite signs the positive one.
            #[inline(always)]
            pub fn fmax(a: $f, b: $f) -> $f {
                if a.is_nan() || b.is_nan() {
                    CANONICAL
                } else if a == b {
                    <$f>::from_bits(a.to_bits() & b.to_bits())
                } else if a > b {
                    a
                } else {
                    b
                }
            }

            /// `$fcopysign_`: the first with the sign of the second. A NaN keeps its payload.
            #[inline(always)]
            pub fn fcopysign(a: $u, b: $u) -> $u {
                a & !SIGN | b & SIGN
            }

            /// `$fabs_`: the sign bit cleared.
            #[inline(always)]
            pub fn fabs(a: $u) -> $u {
                a & !SIGN
            }

            /// `$fneg_`: the sign bit inverted.
            #[inline(always)]
            pub fn fneg(a: $u) -> $u {
                a ^ SIGN
            }

            /// `$fsqrt_`: -0 stays, other negative numbers have none.
            #[inline(always)]
            pub fn fsqrt(a: $f) -> $f {
                canonical(a.sqrt())
            }

            /// `$fceil_`: the least integer that is not less.
            #[inline(always)]
            pub fn fceil(a: $f) -> $f {
                canonical(a.ceil())
            }

            /// `$ffloor_`: the greatest integer that is not greater.
            #[inline(always)]
            pub fn ffloor(a: $f) -> $f {
                canonical(a.floor())
            }

            /// `$ftrunc_`: the fraction cut off.
            #[inline(always)]
            pub fn ftrunc(a: $f) -> $f {
                canonical(a.trunc())
            }

            /// `$fnearest_`: the nearest integer, the even one of two that are equally near.
            #[inline(always)]
            pub fn fnearest(a: $f) -> $f {
                canonical(a.round_ties_even())
            }

            /// `$feq_`: false if either is NaN, as in all comparisons but the next.
            #[inline(always)]
            pub fn feq(a: $f, b: $f) -> bool {
                a == b
            }

            /// `$fne_`: true if either is NaN.
            #[inline(always)]
            pub fn fne(a: $f, b: $f) -> bool {
                a != b
            }

            /// `$flt_`: z1 < z2.
            #[inline(always)]
            pub fn flt(a: $f, b: $f) -> bool {
                a < b
            }

            /// `$fgt_`: z1 > z2.
            #[inline(always)]
            pub fn fgt(a: $f, b: $f) -> bool {
                a > b
            }

            /// `$fle_`: z1 ≤ z2.
            #[inline(always)]
            pub fn fle(a: $f, b: $f) -> bool {
                a <= b
            }

            /// `$fge_`: z1 ≥ z2.
            #[inline(always)]
            pub fn fge(a: $f, b: $f) -> bool {
                a >= b
            }
        }
    };
}

floats!(
    /// The format binary32.
    n32, f32, u32, 0x7fc0_0000
);
floats!(
    /// The format binary64.
    n64, f64, u64, 0x7ff8_0000_0000_0000
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_keep_their_order() {
        assert_eq!(n32::fmin(0.0, -0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(n32::fmin(-0.0, 0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!(n64::fmax(0.0, -0.0).to_bits(), 0);
        assert_eq!(n64::fmax(-0.0, 0.0).to_bits(), 0);
        assert_eq!(n64::fmin(-3.0, -3.0), -3.0);
        assert_eq!(n64::fmax(-3.0, -3.0), -3.0);
    }

    #[test]
    fn generated_nans_are_canonical() {
        let odd = f32::from_bits(0xffa0_0001);
        for z in [n32::fadd(odd, 1.0), n32::fmin(odd, 1.0), n32::fsqrt(-1.0), n32::fnearest(odd)] {
            assert_eq!(z.to_bits(), 0x7fc0_0000);
        }
        assert_eq!(n32::fneg(odd.to_bits()), 0x7fa0_0001);
        // What the compiler cannot work out beforehand, since it is not the processor.
        let negative = std::hint::black_box(-1.0);
        assert_eq!(n32::fsqrt(negative as f32).to_bits(), 0x7fc0_0000);
        assert_eq!(n64::fsqrt(negative).to_bits(), 0x7ff8_0000_0000_0000);
        assert_eq!(n64::fsub(f64::INFINITY, f64::INFINITY).to_bits(), 0x7ff8_0000_0000_0000);
    }

    #[test]
    fn nearest_goes_to_even() {
        for (z, nearest) in [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0)] {
            assert_eq!(n64::fnearest(z).to_bits(), f64::to_bits(nearest));
        }
    }
}
