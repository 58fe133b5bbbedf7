//! Integer operations ("Integer Operations"). Values are the uninterpreted bits; the signed
//! interpretation is taken where the specification takes it.

use crate::Undefined;

/// `$bool`: 1 for what holds, 0 for what does not.
#[inline(always)]
pub fn bool(holds: bool) -> u32 {
    u32::from(holds)
}

/// Defines the operations of one width.
macro_rules! integers {
    ($(#[$doc:meta])* $module:ident, $bits:literal, $u:ty, $s:ty) => {
        $(#[$doc])*
        pub mod $module {
            use super::Undefined;

            /// `$signed_`: the signed interpretation.
            #[inline(always)]
            pub fn signed(i: $u) -> $s {
                i as $s
            }

            /// `$inv_signed_`: the bits of a number that the signed interpretation can have.
            #[inline(always)]
            pub fn inv_signed(i: $s) -> $u {
                i as $u
            }

            /// `$iadd_`: (i1 + i2) modulo 2^N.
            #[inline(always)]
            pub fn iadd(a: $u, b: $u) -> $u {
                a.wrapping_add(b)
            }

            /// `$isub_`: (i1 - i2 + 2^N) modulo 2^N.
            #[inline(always)]
            pub fn isub(a: $u, b: $u) -> $u {
                a.wrapping_sub(b)
            }

            /// `$imul_`: (i1 * i2) modulo 2^N.
            #[inline(always)]
            pub fn imul(a: $u, b: $u) -> $u {
                a.wrapping_mul(b)
            }

            /// `$idiv_`, unsigned: undefined for 0, else truncated.
            #[inline(always)]
            pub fn idiv_u(a: $u, b: $u) -> Result<$u, Undefined> {
                a.checked_div(b).ok_or(Undefined::DivideByZero)
            }

            /// idiv, signed: undefined for 0, and where the quotient is 2^(N-1).
            #[inline(always)]
            pub fn idiv_s(a: $u, b: $u) -> Result<$u, Undefined> {
                if b == 0 {
                    return Err(Undefined::DivideByZero);
                }
                match signed(a).checked_div(signed(b)) {
                    Some(quotient) => Ok(quotient as $u),
                    None => Err(Undefined::Overflow),
                }
            }

            /// `$irem_`, unsigned: undefined for 0.
            #[inline(always)]
            pub fn irem_u(a: $u, b: $u) -> Result<$u, Undefined> {
                a.checked_rem(b).ok_or(Undefined::DivideByZero)
            }

            /// irem, signed: undefined for 0; the sign is that of the dividend. The
            /// remainder of the least integer by -1 is 0, although its quotient does not fit.
            #[inline(always)]
            pub fn irem_s(a: $u, b: $u) -> Result<$u, Undefined> {
                if b == 0 {
                    return Err(Undefined::DivideByZero);
                }
                Ok(signed(a).wrapping_rem(signed(b)) as $u)
            }

            /// `$iand_`: the bitwise conjunction.
            #[inline(always)]
            pub fn iand(a: $u, b: $u) -> $u {
                a & b
            }

            /// `$ior_`: the bitwise disjunction.
            #[inline(always)]
            pub fn ior(a: $u, b: $u) -> $u {
                a | b
            }

            /// `$ixor_`: the bitwise exclusive disjunction.
            #[inline(always)]
            pub fn ixor(a: $u, b: $u) -> $u {
                a ^ b
            }

            /// `$ishl_`: to the left by i2 modulo N, as in all shifts and rotations.
            #[inline(always)]
            pub fn ishl(a: $u, b: $u) -> $u {
                a << (b % $bits)
            }

            /// `$ishr_`, unsigned: to the right, extended with 0.
            #[inline(always)]
            pub fn ishr_u(a: $u, b: $u) -> $u {
                a >> (b % $bits)
            }

            /// ishr, signed: extended with the most significant bit.
            #[inline(always)]
            pub fn ishr_s(a: $u, b: $u) -> $u {
                (signed(a) >> (b % $bits)) as $u
            }

            /// `$irotl_`: rotated to the left.
            #[inline(always)]
            pub fn irotl(a: $u, b: $u) -> $u {
                a.rotate_left((b % $bits) as u32)
            }

            /// `$irotr_`: rotated to the right.
            #[inline(always)]
            pub fn irotr(a: $u, b: $u) -> $u {
                a.rotate_right((b % $bits) as u32)
            }

            /// `$iclz_`: how many leading zeros; N for 0.
            #[inline(always)]
            pub fn iclz(i: $u) -> $u {
                i.leading_zeros() as $u
            }

            /// `$ictz_`: how many trailing zeros; N for 0.
            #[inline(always)]
            pub fn ictz(i: $u) -> $u {
                i.trailing_zeros() as $u
            }

            /// `$ipopcnt_`: how many bits are 1.
            #[inline(always)]
            pub fn ipopcnt(i: $u) -> $u {
                i.count_ones() as $u
            }

            /// `$iextend_` from 8: the lowest 8 bits, taken as a signed integer.
            #[inline(always)]
            pub fn iextend8_s(i: $u) -> $u {
                i as u8 as i8 as $u
            }

            /// iextend from 16.
            #[inline(always)]
            pub fn iextend16_s(i: $u) -> $u {
                i as u16 as i16 as $u
            }

            /// iextend from 32. The narrower integers have no such operator.
            #[inline(always)]
            pub fn iextend32_s(i: $u) -> $u {
                i as u32 as i32 as $u
            }

            /// `$ieqz_`: whether it is 0.
            #[inline(always)]
            pub fn ieqz(i: $u) -> bool {
                i == 0
            }

            /// `$inez_`: whether it is not 0.
            #[inline(always)]
            pub fn inez(i: $u) -> bool {
                i != 0
            }

            /// `$ieq_`: i1 = i2.
            #[inline(always)]
            pub fn ieq(a: $u, b: $u) -> bool {
                a == b
            }

            /// `$ine_`: i1 ≠ i2.
            #[inline(always)]
            pub fn ine(a: $u, b: $u) -> bool {
                a != b
            }

            /// `$ilt_`, signed: i1 < i2.
            #[inline(always)]
            pub fn ilt_s(a: $u, b: $u) -> bool {
                signed(a) < signed(b)
            }

            /// ilt, unsigned.
            #[inline(always)]
            pub fn ilt_u(a: $u, b: $u) -> bool {
                a < b
            }

            /// `$igt_`, signed: i1 > i2.
            #[inline(always)]
            pub fn igt_s(a: $u, b: $u) -> bool {
                signed(a) > signed(b)
            }

            /// igt, unsigned.
            #[inline(always)]
            pub fn igt_u(a: $u, b: $u) -> bool {
                a > b
            }

            /// `$ile_`, signed: i1 ≤ i2.
            #[inline(always)]
            pub fn ile_s(a: $u, b: $u) -> bool {
                signed(a) <= signed(b)
            }

            /// ile, unsigned.
            #[inline(always)]
            pub fn ile_u(a: $u, b: $u) -> bool {
                a <= b
            }

            /// `$ige_`, signed: i1 ≥ i2.
            #[inline(always)]
            pub fn ige_s(a: $u, b: $u) -> bool {
                signed(a) >= signed(b)
            }

            /// ige, unsigned.
            #[inline(always)]
            pub fn ige_u(a: $u, b: $u) -> bool {
                a >= b
            }
        }
    };
}

integers!(
    /// 8-bit lanes.
    n8, 8, u8, i8
);
integers!(
    /// 16-bit lanes.
    n16, 16, u16, i16
);
integers!(
    /// 32-bit integers.
    n32, 32, u32, i32
);
integers!(
    /// 64-bit integers.
    n64, 64, u64, i64
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_at_its_edges() {
        let min = i32::MIN as u32;
        assert_eq!(n32::idiv_s(min, u32::MAX), Err(Undefined::Overflow));
        assert_eq!(n32::irem_s(min, u32::MAX), Ok(0));
        assert_eq!(n32::idiv_s(7, 0), Err(Undefined::DivideByZero));
        assert_eq!(n64::irem_u(7, 0), Err(Undefined::DivideByZero));
        assert_eq!(n64::idiv_s(-7i64 as u64, 2), Ok(-3i64 as u64));
        assert_eq!(n64::irem_s(-7i64 as u64, 2), Ok(-1i64 as u64));
    }

    #[test]
    fn shifts_are_modulo_the_width() {
        assert_eq!(n32::ishl(1, 33), 2);
        assert_eq!(n32::ishr_s(0x8000_0000, 63), 0xffff_ffff);
        assert_eq!(n64::irotr(1, 65), 1 << 63);
        assert_eq!(n32::iextend8_s(0x180), 0xffff_ff80);
    }
}
