//! Operations on all 128 bits, and those that move bytes.

use super::lanes::{inv_lanes, lanes};

/// `$inot_`: every bit inverted.
#[inline(always)]
pub(super) fn inot(v: u128) -> u128 {
    !v
}

/// iand of all bits.
#[inline(always)]
pub(super) fn iand(v1: u128, v2: u128) -> u128 {
    v1 & v2
}

/// `$iandnot_`: it is the second operand that is inverted.
#[inline(always)]
pub(super) fn iandnot(v1: u128, v2: u128) -> u128 {
    v1 & !v2
}

/// ior of all bits.
#[inline(always)]
pub(super) fn ior(v1: u128, v2: u128) -> u128 {
    v1 | v2
}

/// ixor of all bits.
#[inline(always)]
pub(super) fn ixor(v1: u128, v2: u128) -> u128 {
    v1 ^ v2
}

/// `$ibitselect_`: where the third operand has ones, the first; elsewhere the second.
#[inline(always)]
pub(super) fn ibitselect(v1: u128, v2: u128, v3: u128) -> u128 {
    v1 & v3 | v2 & !v3
}

/// `$iswizzle_lane_`: 0 for an index of no byte.
#[inline(always)]
pub(super) fn iswizzle_lane(c: &[u8; 16], i: u8) -> u8 {
    c.get(usize::from(i)).copied().unwrap_or(0)
}

/// `$ivswizzlop_`: the only shape is i8x16, of which the lanes are the bytes.
#[inline(always)]
pub(super) fn ivswizzlop(f: impl Fn(&[u8; 16], u8) -> u8, v1: u128, v2: u128) -> u128 {
    let c1 = v1.to_le_bytes();
    inv_lanes(lanes::<u8>(v2).map(|i| f(&c1, i)))
}

/// `i8x16.shuffle`, by `$vshufflop_` and `$ivshufflop_`: byte `n` of the result is the byte that
/// `i[n]` numbers, from 0 in `v1` and from 16 in `v2`.
///
/// # Panics
///
/// If a number is 32 or more, which validation excludes.
#[inline(always)]
pub fn shuffle(i: [u8; 16], v1: u128, v2: u128) -> u128 {
    let (c1, c2) = (v1.to_le_bytes(), v2.to_le_bytes());
    inv_lanes(i.into_iter().map(|i| {
        let i = usize::from(i);
        if i < 16 { c1[i] } else { c2[i - 16] }
    }))
}
