//! Integer operators. Operands and results are unsigned; signed operators reinterpret them.

use etalon_runtime::Trap;

/// Defines the operators of one width.
macro_rules! integers {
    ($(#[$doc:meta])* $width:ident, $u:ty, $s:ty) => {
        $(#[$doc])*
        pub(crate) mod $width {
            use super::Trap;

            /// Defines operators of two operands.
            macro_rules! binary {
                ($name:ident($a:ident, $b:ident) -> $result:ty: $e:expr) => {
                    #[inline(always)]
                    pub(crate) fn $name($a: $u, $b: $u) -> $result {
                        $e
                    }
                };
            }

            binary!(add(a, b) -> $u: a.wrapping_add(b));
            binary!(sub(a, b) -> $u: a.wrapping_sub(b));
            binary!(mul(a, b) -> $u: a.wrapping_mul(b));
            binary!(and(a, b) -> $u: a & b);
            binary!(or(a, b) -> $u: a | b);
            binary!(xor(a, b) -> $u: a ^ b);
            // Rust's wrapping shifts and rotations take the amount modulo the width, so cutting off its high
            // bits changes nothing.
            binary!(shl(a, b) -> $u: a.wrapping_shl(b as u32));
            binary!(shr_s(a, b) -> $u: a.cast_signed().wrapping_shr(b as u32).cast_unsigned());
            binary!(shr_u(a, b) -> $u: a.wrapping_shr(b as u32));
            binary!(rotl(a, b) -> $u: a.rotate_left(b as u32));
            binary!(rotr(a, b) -> $u: a.rotate_right(b as u32));
            binary!(eq(a, b) -> bool: a == b);
            binary!(ne(a, b) -> bool: a != b);
            binary!(lt_s(a, b) -> bool: a.cast_signed() < b.cast_signed());
            binary!(lt_u(a, b) -> bool: a < b);
            binary!(gt_s(a, b) -> bool: a.cast_signed() > b.cast_signed());
            binary!(gt_u(a, b) -> bool: a > b);
            binary!(le_s(a, b) -> bool: a.cast_signed() <= b.cast_signed());
            binary!(le_u(a, b) -> bool: a <= b);
            binary!(ge_s(a, b) -> bool: a.cast_signed() >= b.cast_signed());
            binary!(ge_u(a, b) -> bool: a >= b);

            /// The bits of -1.
            const MINUS_ONE: $u = <$u>::MAX;
            /// The bits of the least signed integer.
            const LEAST: $u = 1 << (<$u>::BITS - 1);

            #[inline(always)]
            pub(crate) fn div_s(a: $u, b: $u) -> Result<$u, Trap> {
                match b {
                    0 => Err(Trap::IntegerDivideByZero),
                    MINUS_ONE if a == LEAST => Err(Trap::IntegerOverflow),
                    _ => Ok(a.cast_signed().wrapping_div(b.cast_signed()).cast_unsigned()),
                }
            }

            #[inline(always)]
            pub(crate) fn div_u(a: $u, b: $u) -> Result<$u, Trap> {
                if b == 0 { Err(Trap::IntegerDivideByZero) } else { Ok(a / b) }
            }

            #[inline(always)]
            pub(crate) fn rem_s(a: $u, b: $u) -> Result<$u, Trap> {
                match b {
                    0 => Err(Trap::IntegerDivideByZero),
                    // Every integer is a multiple of -1. Processors fault on the least integer here.
                    MINUS_ONE => Ok(0),
                    _ => Ok((a.cast_signed() % b.cast_signed()).cast_unsigned()),
                }
            }

            #[inline(always)]
            pub(crate) fn rem_u(a: $u, b: $u) -> Result<$u, Trap> {
                if b == 0 { Err(Trap::IntegerDivideByZero) } else { Ok(a % b) }
            }

            #[inline(always)]
            pub(crate) fn clz(i: $u) -> $u {
                i.leading_zeros().into()
            }

            #[inline(always)]
            pub(crate) fn ctz(i: $u) -> $u {
                i.trailing_zeros().into()
            }

            #[inline(always)]
            pub(crate) fn popcnt(i: $u) -> $u {
                i.count_ones().into()
            }

            #[inline(always)]
            pub(crate) fn extend8_s(i: $u) -> $u {
                <$s>::from(i as i8).cast_unsigned()
            }

            #[inline(always)]
            pub(crate) fn extend16_s(i: $u) -> $u {
                <$s>::from(i as i16).cast_unsigned()
            }
        }
    };
}

integers!(
    /// Operators of `i32`.
    w32, u32, i32
);
integers!(
    /// Operators of `i64`.
    w64, u64, i64
);

/// `i64.extend32_s`, and `i64.extend_i32_s` of the same bits.
#[inline(always)]
pub(crate) fn extend32_s(i: u64) -> u64 {
    i64::from(i as i32).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_trap_where_there_is_no_quotient() {
        let least = 1 << 63;
        assert_eq!(w64::div_s(least, u64::MAX), Err(Trap::IntegerOverflow));
        assert_eq!(w64::rem_s(least, u64::MAX), Ok(0));
        assert_eq!(w64::div_u(least, u64::MAX), Ok(0));
        for division in [w32::div_s, w32::div_u, w32::rem_s, w32::rem_u] {
            assert_eq!(division(7, 0), Err(Trap::IntegerDivideByZero));
        }
        assert_eq!(w32::div_s((-9i32) as u32, 4), Ok((-2i32) as u32));
        assert_eq!(w32::rem_s((-9i32) as u32, 4), Ok((-1i32) as u32));
    }

    #[test]
    fn amounts_are_taken_modulo_the_width() {
        assert_eq!((w32::shl(3, 32), w32::shr_u(3, 33)), (3, 1));
        assert_eq!(w64::shr_s(1 << 63, (1 << 40) + 63), u64::MAX);
        assert_eq!((w32::rotl(1, 95), w64::rotr(1, 1 << 32)), (1 << 31, 1));
        assert_eq!((w64::extend8_s(0x80), extend32_s(0x1_8000_0000)), (!0x7f, !0x7fff_ffff));
    }
}
