//! Integer operations (specification chapter 4.3.2). Values are the uninterpreted bits; the
//! signed interpretation is taken where the specification takes it.

use etalon_runtime::Trap;

/// Defines the operations of one width.
macro_rules! integers {
    ($(#[$doc:meta])* $module:ident, $bits:literal, $u:ty, $s:ty) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use super::Trap;

            /// `$signed_`: the signed interpretation.
            #[inline(always)]
            pub(crate) fn signed(i: $u) -> $s {
                i as $s
            }

            // spec: $iadd_: (i1 + i2) modulo 2^N
            #[inline(always)]
            pub(crate) fn iadd(a: $u, b: $u) -> $u {
                a.wrapping_add(b)
            }

            // spec: $isub_: (i1 - i2 + 2^N) modulo 2^N
            #[inline(always)]
            pub(crate) fn isub(a: $u, b: $u) -> $u {
                a.wrapping_sub(b)
            }

            // spec: $imul_: (i1 * i2) modulo 2^N
            #[inline(always)]
            pub(crate) fn imul(a: $u, b: $u) -> $u {
                a.wrapping_mul(b)
            }

            // spec: $idiv_ (unsigned): undefined for 0, else truncated
            #[inline(always)]
            pub(crate) fn idiv_u(a: $u, b: $u) -> Result<$u, Trap> {
                a.checked_div(b).ok_or(Trap::IntegerDivideByZero)
            }

            // spec: $idiv_ (signed): undefined for 0, and where the quotient is 2^(N-1)
            #[inline(always)]
            pub(crate) fn idiv_s(a: $u, b: $u) -> Result<$u, Trap> {
                if b == 0 {
                    return Err(Trap::IntegerDivideByZero);
                }
                match signed(a).checked_div(signed(b)) {
                    Some(quotient) => Ok(quotient as $u),
                    None => Err(Trap::IntegerOverflow),
                }
            }

            // spec: $irem_ (unsigned): undefined for 0
            #[inline(always)]
            pub(crate) fn irem_u(a: $u, b: $u) -> Result<$u, Trap> {
                a.checked_rem(b).ok_or(Trap::IntegerDivideByZero)
            }

            // spec: $irem_ (signed): undefined for 0; the sign is that of the dividend. The
            // remainder of the least integer by -1 is 0, although its quotient does not fit.
            #[inline(always)]
            pub(crate) fn irem_s(a: $u, b: $u) -> Result<$u, Trap> {
                if b == 0 {
                    return Err(Trap::IntegerDivideByZero);
                }
                Ok(signed(a).wrapping_rem(signed(b)) as $u)
            }

            // spec: $iand_
            #[inline(always)]
            pub(crate) fn iand(a: $u, b: $u) -> $u {
                a & b
            }

            // spec: $ior_
            #[inline(always)]
            pub(crate) fn ior(a: $u, b: $u) -> $u {
                a | b
            }

            // spec: $ixor_
            #[inline(always)]
            pub(crate) fn ixor(a: $u, b: $u) -> $u {
                a ^ b
            }

            // spec: $ishl_: by i2 modulo N, as in all shifts and rotations
            #[inline(always)]
            pub(crate) fn ishl(a: $u, b: $u) -> $u {
                a << (b % $bits)
            }

            // spec: $ishr_ (unsigned): extended with 0
            #[inline(always)]
            pub(crate) fn ishr_u(a: $u, b: $u) -> $u {
                a >> (b % $bits)
            }

            // spec: $ishr_ (signed): extended with the most significant bit
            #[inline(always)]
            pub(crate) fn ishr_s(a: $u, b: $u) -> $u {
                (signed(a) >> (b % $bits)) as $u
            }

            // spec: $irotl_
            #[inline(always)]
            pub(crate) fn irotl(a: $u, b: $u) -> $u {
                a.rotate_left((b % $bits) as u32)
            }

            // spec: $irotr_
            #[inline(always)]
            pub(crate) fn irotr(a: $u, b: $u) -> $u {
                a.rotate_right((b % $bits) as u32)
            }

            // spec: $iclz_: N for 0
            #[inline(always)]
            pub(crate) fn iclz(i: $u) -> $u {
                i.leading_zeros() as $u
            }

            // spec: $ictz_: N for 0
            #[inline(always)]
            pub(crate) fn ictz(i: $u) -> $u {
                i.trailing_zeros() as $u
            }

            // spec: $ipopcnt_
            #[inline(always)]
            pub(crate) fn ipopcnt(i: $u) -> $u {
                i.count_ones() as $u
            }

            // spec: $iextend_: the lowest 8 bits, signed
            #[inline(always)]
            pub(crate) fn iextend8_s(i: $u) -> $u {
                i as u8 as i8 as $u
            }

            // spec: $iextend_: the lowest 16 bits, signed
            #[inline(always)]
            pub(crate) fn iextend16_s(i: $u) -> $u {
                i as u16 as i16 as $u
            }

            // spec: $iextend_: the lowest 32 bits, signed
            #[inline(always)]
            #[allow(dead_code, reason = "the narrower integers have no such operator")]
            pub(crate) fn iextend32_s(i: $u) -> $u {
                i as u32 as i32 as $u
            }

            // spec: $ieqz_
            #[inline(always)]
            pub(crate) fn ieqz(i: $u) -> bool {
                i == 0
            }

            // spec: $ieq_
            #[inline(always)]
            pub(crate) fn ieq(a: $u, b: $u) -> bool {
                a == b
            }

            // spec: $ine_
            #[inline(always)]
            pub(crate) fn ine(a: $u, b: $u) -> bool {
                a != b
            }

            // spec: $ilt_ (signed)
            #[inline(always)]
            pub(crate) fn ilt_s(a: $u, b: $u) -> bool {
                signed(a) < signed(b)
            }

            // spec: $ilt_ (unsigned)
            #[inline(always)]
            pub(crate) fn ilt_u(a: $u, b: $u) -> bool {
                a < b
            }

            // spec: $igt_ (signed)
            #[inline(always)]
            pub(crate) fn igt_s(a: $u, b: $u) -> bool {
                signed(a) > signed(b)
            }

            // spec: $igt_ (unsigned)
            #[inline(always)]
            pub(crate) fn igt_u(a: $u, b: $u) -> bool {
                a > b
            }

            // spec: $ile_ (signed)
            #[inline(always)]
            pub(crate) fn ile_s(a: $u, b: $u) -> bool {
                signed(a) <= signed(b)
            }

            // spec: $ile_ (unsigned)
            #[inline(always)]
            pub(crate) fn ile_u(a: $u, b: $u) -> bool {
                a <= b
            }

            // spec: $ige_ (signed)
            #[inline(always)]
            pub(crate) fn ige_s(a: $u, b: $u) -> bool {
                signed(a) >= signed(b)
            }

            // spec: $ige_ (unsigned)
            #[inline(always)]
            pub(crate) fn ige_u(a: $u, b: $u) -> bool {
                a >= b
            }
        }
    };
}

integers!(
    /// 8-bit lanes.
    #[allow(dead_code, reason = "lanes have some of the operators only")]
    n8, 8, u8, i8
);
integers!(
    /// 16-bit lanes.
    #[allow(dead_code, reason = "lanes have some of the operators only")]
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
        assert_eq!(n32::idiv_s(min, u32::MAX), Err(Trap::IntegerOverflow));
        assert_eq!(n32::irem_s(min, u32::MAX), Ok(0));
        assert_eq!(n32::idiv_s(7, 0), Err(Trap::IntegerDivideByZero));
        assert_eq!(n64::irem_u(7, 0), Err(Trap::IntegerDivideByZero));
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
