//! Floating-point operations (specification chapter 4.3.3), in the deterministic profile: a NaN
//! that an operation generates is the canonical one with a positive sign.

/// Defines the operations of one width.
macro_rules! floats {
    ($(#[$doc:meta])* $module:ident, $f:ty, $u:ty, $canonical:literal) => {
        $(#[$doc])*
        pub(crate) mod $module {
            /// The canonical NaN.
            pub(crate) const CANONICAL: $f = <$f>::from_bits($canonical);
            /// The sign bit.
            const SIGN: $u = 1 << (<$u>::BITS - 1);

            /// `$nans_`: whatever the operands' payloads, one NaN.
            ///
            /// It is told by its bits. A comparison of floats would let the compiler take "NaN if
            /// negative, else the root" for the root itself, of which the NaN has the wrong sign.
            #[inline(always)]
            pub(crate) fn canonical(z: $f) -> $f {
                let bits = z.to_bits();
                let is_nan = bits & !SIGN > <$f>::INFINITY.to_bits();
                <$f>::from_bits(if is_nan { $canonical } else { bits })
            }

            // spec: $fadd_
            #[inline(always)]
            pub(crate) fn fadd(a: $f, b: $f) -> $f {
                canonical(a + b)
            }

            // spec: $fsub_
            #[inline(always)]
            pub(crate) fn fsub(a: $f, b: $f) -> $f {
                canonical(a - b)
            }

            // spec: $fmul_
            #[inline(always)]
            pub(crate) fn fmul(a: $f, b: $f) -> $f {
                canonical(a * b)
            }

            // spec: $fdiv_
            #[inline(always)]
            pub(crate) fn fdiv(a: $f, b: $f) -> $f {
                canonical(a / b)
            }

            // spec: $fmin_: NaN if either is; of zeros of opposite signs the negative one
            #[inline(always)]
            pub(crate) fn fmin(a: $f, b: $f) -> $f {
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

            // spec: $fmax_: NaN if either is; of zeros of opposite signs the positive one
            #[inline(always)]
            pub(crate) fn fmax(a: $f, b: $f) -> $f {
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

            // spec: $fcopysign_: bits only, so a NaN keeps its payload
            #[inline(always)]
            pub(crate) fn fcopysign(a: $u, b: $u) -> $u {
                a & !SIGN | b & SIGN
            }

            // spec: $fabs_
            #[inline(always)]
            pub(crate) fn fabs(a: $u) -> $u {
                a & !SIGN
            }

            // spec: $fneg_
            #[inline(always)]
            pub(crate) fn fneg(a: $u) -> $u {
                a ^ SIGN
            }

            // spec: $fsqrt_: -0 stays, other negative numbers have none
            #[inline(always)]
            pub(crate) fn fsqrt(a: $f) -> $f {
                canonical(a.sqrt())
            }

            // spec: $fceil_
            #[inline(always)]
            pub(crate) fn fceil(a: $f) -> $f {
                canonical(a.ceil())
            }

            // spec: $ffloor_
            #[inline(always)]
            pub(crate) fn ffloor(a: $f) -> $f {
                canonical(a.floor())
            }

            // spec: $ftrunc_
            #[inline(always)]
            pub(crate) fn ftrunc(a: $f) -> $f {
                canonical(a.trunc())
            }

            // spec: $fnearest_: the even one of two that are equally near
            #[inline(always)]
            pub(crate) fn fnearest(a: $f) -> $f {
                canonical(a.round_ties_even())
            }

            // spec: $feq_: false if either is NaN, as in all comparisons but the next
            #[inline(always)]
            pub(crate) fn feq(a: $f, b: $f) -> bool {
                a == b
            }

            // spec: $fne_: true if either is NaN
            #[inline(always)]
            pub(crate) fn fne(a: $f, b: $f) -> bool {
                a != b
            }

            // spec: $flt_
            #[inline(always)]
            pub(crate) fn flt(a: $f, b: $f) -> bool {
                a < b
            }

            // spec: $fgt_
            #[inline(always)]
            pub(crate) fn fgt(a: $f, b: $f) -> bool {
                a > b
            }

            // spec: $fle_
            #[inline(always)]
            pub(crate) fn fle(a: $f, b: $f) -> bool {
                a <= b
            }

            // spec: $fge_
            #[inline(always)]
            pub(crate) fn fge(a: $f, b: $f) -> bool {
                a >= b
            }
        }
    };
}

floats!(
    /// binary32
    n32, f32, u32, 0x7fc0_0000
);
floats!(
    /// binary64
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
