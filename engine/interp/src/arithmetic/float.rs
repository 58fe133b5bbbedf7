//! Float operators, in the deterministic profile: an operation that yields a NaN yields the canonical
//! one with a positive sign.

/// Defines the operators of one width.
macro_rules! floats {
    ($(#[$doc:meta])* $width:ident, $f:ty, $u:ty, $nan:literal) => {
        $(#[$doc])*
        pub(crate) mod $width {
            use std::hint::cold_path;

            const SIGN: $u = 1 << (<$u>::BITS - 1);
            const NAN: $f = <$f>::from_bits($nan);

            /// The result of an operation; if it is a NaN, the canonical one.
            ///
            /// Without their sign, the bits of NaNs are above those of infinity. Testing `z != z` would not do: the
            /// compiler may then return `z`, because it treats all NaNs as equal. A branch lets what follows go on with `z`
            /// before the test is done; NaNs are rare.
            #[inline(always)]
            pub(crate) fn result(z: $f) -> $f {
                let bits = z.to_bits();
                if bits & !SIGN > <$f>::INFINITY.to_bits() {
                    cold_path();
                    return NAN;
                }
                z
            }

            /// Operators that leave a NaN as it comes, for results that only go into arithmetic, which gives the canonical one
            /// then.
            pub(crate) mod any_nan {
                #[inline(always)]
                pub(crate) fn add(a: $f, b: $f) -> $f {
                    a + b
                }

                #[inline(always)]
                pub(crate) fn sub(a: $f, b: $f) -> $f {
                    a - b
                }

                #[inline(always)]
                pub(crate) fn mul(a: $f, b: $f) -> $f {
                    a * b
                }
            }

            #[inline(always)]
            pub(crate) fn add(a: $f, b: $f) -> $f {
                result(a + b)
            }

            #[inline(always)]
            pub(crate) fn sub(a: $f, b: $f) -> $f {
                result(a - b)
            }

            #[inline(always)]
            pub(crate) fn mul(a: $f, b: $f) -> $f {
                result(a * b)
            }

            #[inline(always)]
            pub(crate) fn div(a: $f, b: $f) -> $f {
                result(a / b)
            }

            #[inline(always)]
            pub(crate) fn min(a: $f, b: $f) -> $f {
                if a < b {
                    a
                } else if b < a {
                    b
                } else if a == b {
                    // The operands differ at most in the sign of a zero.
                    <$f>::from_bits(a.to_bits() | b.to_bits())
                } else {
                    NAN
                }
            }

            #[inline(always)]
            pub(crate) fn max(a: $f, b: $f) -> $f {
                if a > b {
                    a
                } else if b > a {
                    b
                } else if a == b {
                    <$f>::from_bits(a.to_bits() & b.to_bits())
                } else {
                    NAN
                }
            }

            #[inline(always)]
            pub(crate) fn sqrt(a: $f) -> $f {
                result(a.sqrt())
            }

            #[inline(always)]
            pub(crate) fn ceil(a: $f) -> $f {
                result(a.ceil())
            }

            #[inline(always)]
            pub(crate) fn floor(a: $f) -> $f {
                result(a.floor())
            }

            #[inline(always)]
            pub(crate) fn trunc(a: $f) -> $f {
                result(a.trunc())
            }

            #[inline(always)]
            pub(crate) fn nearest(a: $f) -> $f {
                result(a.round_ties_even())
            }

            // The next three work on bits and change only the sign, so that a NaN keeps its payload.

            #[inline(always)]
            pub(crate) fn copysign(a: $u, b: $u) -> $u {
                a ^ (a ^ b) & SIGN
            }

            #[inline(always)]
            pub(crate) fn abs(a: $u) -> $u {
                a << 1 >> 1
            }

            #[inline(always)]
            pub(crate) fn neg(a: $u) -> $u {
                a.wrapping_add(SIGN)
            }

            #[inline(always)]
            pub(crate) fn eq(a: $f, b: $f) -> bool {
                a == b
            }

            #[inline(always)]
            pub(crate) fn ne(a: $f, b: $f) -> bool {
                a != b
            }

            #[inline(always)]
            pub(crate) fn lt(a: $f, b: $f) -> bool {
                a < b
            }

            #[inline(always)]
            pub(crate) fn gt(a: $f, b: $f) -> bool {
                a > b
            }

            #[inline(always)]
            pub(crate) fn le(a: $f, b: $f) -> bool {
                a <= b
            }

            #[inline(always)]
            pub(crate) fn ge(a: $f, b: $f) -> bool {
                a >= b
            }
        }
    };
}

floats!(
    /// Operators of `f32`.
    w32, f32, u32, 0x7fc0_0000
);
floats!(
    /// Operators of `f64`.
    w64, f64, u64, 0x7ff8_0000_0000_0000
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn nans_are_canonical_and_positive() {
        let nan = black_box(f32::from_bits(0xffa0_0001));
        let infinity = black_box(f32::INFINITY);
        let results = [
            w32::add(nan, 1.0),
            w32::sub(infinity, infinity),
            w32::mul(infinity, 0.0),
            w32::div(black_box(0.0), 0.0),
            w32::min(nan, 1.0),
            w32::max(1.0, nan),
            w32::sqrt(black_box(-1.0)),
            w32::ceil(nan),
            w32::floor(nan),
            w32::trunc(nan),
            w32::nearest(nan),
        ];
        assert_eq!(results.map(f32::to_bits), [0x7fc0_0000; 11]);
        assert_eq!(w64::sqrt(black_box(-1.0)).to_bits(), 0x7ff8_0000_0000_0000);
        assert_eq!(w64::add(infinity.into(), 1.0), f64::INFINITY);
    }

    #[test]
    fn the_operators_on_signs_keep_the_rest() {
        assert_eq!(w32::neg(0xffa0_0001), 0x7fa0_0001);
        assert_eq!(w32::neg(0x7fa0_0001), 0xffa0_0001);
        assert_eq!(w32::abs(0xffa0_0001), 0x7fa0_0001);
        assert_eq!(w32::copysign(0x7fa0_0001, 0x8000_0000), 0xffa0_0001);
        assert_eq!(w32::copysign(0xffa0_0001, 0), 0x7fa0_0001);
    }

    #[test]
    fn zeros_have_an_order() {
        assert_eq!(w64::min(0.0, -0.0).to_bits(), 1 << 63);
        assert_eq!(w64::max(-0.0, 0.0).to_bits(), 0);
        assert_eq!((w64::min(-3.0, 2.0), w64::max(-3.0, 2.0)), (-3.0, 2.0));
        assert_eq!((w64::nearest(2.5), w64::nearest(-0.5).to_bits()), (2.0, 1 << 63));
    }
}
