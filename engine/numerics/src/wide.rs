//! 128-bit arithmetic on pairs of 64-bit integers: the proposal *wide arithmetic*, which states these
//! in words and has no formal text to take names from.
//!
//! A pair is `(low, high)`, in the order in which the operators have the halves on the stack.

/// The two halves of a 128-bit integer, the low one first.
pub type Pair = (u64, u64);

/// The integer `low + 2^64 * high`.
#[inline(always)]
fn joined((low, high): Pair) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

#[inline(always)]
fn halves(i: u128) -> Pair {
    (i as u64, (i >> 64) as u64)
}

/// `i64.add128`: the sum modulo 2^128.
#[inline(always)]
pub fn add128(a: Pair, b: Pair) -> Pair {
    halves(joined(a).wrapping_add(joined(b)))
}

/// `i64.sub128`: the difference modulo 2^128.
#[inline(always)]
pub fn sub128(a: Pair, b: Pair) -> Pair {
    halves(joined(a).wrapping_sub(joined(b)))
}

/// `i64.mul_wide_s`: the whole product of two signed integers. 128 bits hold it always.
#[inline(always)]
pub fn mul_wide_s(a: u64, b: u64) -> Pair {
    halves((i128::from(a as i64) * i128::from(b as i64)) as u128)
}

/// `i64.mul_wide_u`: the whole product of two unsigned integers. 128 bits hold it always.
#[inline(always)]
pub fn mul_wide_u(a: u64, b: u64) -> Pair {
    halves(u128::from(a) * u128::from(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_and_borrows_reach_the_high_half() {
        assert_eq!(add128((u64::MAX, 0), (1, 0)), (0, 1));
        assert_eq!(add128((u64::MAX, u64::MAX), (1, 0)), (0, 0));
        assert_eq!(sub128((0, 1), (1, 0)), (u64::MAX, 0));
        assert_eq!(sub128((0, 0), (1, 0)), (u64::MAX, u64::MAX));
    }

    #[test]
    fn products_are_whole() {
        let least = 1 << 63;
        assert_eq!(mul_wide_u(u64::MAX, u64::MAX), (1, u64::MAX - 1));
        assert_eq!(mul_wide_s(u64::MAX, u64::MAX), (1, 0));
        assert_eq!(mul_wide_s(u64::MAX, 2), (u64::MAX - 1, u64::MAX));
        assert_eq!(mul_wide_s(least, least), (0, 1 << 62));
        assert_eq!(mul_wide_u(least, 2), (0, 1));
    }
}
