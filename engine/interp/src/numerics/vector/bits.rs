//! Operations on all 128 bits, and those that move bytes.

use super::lanes::{inv_lanes, lanes};

// spec: $inot_
#[inline(always)]
pub(super) fn inot(v: u128) -> u128 {
    !v
}

// spec: $iand_
#[inline(always)]
pub(super) fn iand(v1: u128, v2: u128) -> u128 {
    v1 & v2
}

// spec: $iandnot_: it is the second operand that is negated
#[inline(always)]
pub(super) fn iandnot(v1: u128, v2: u128) -> u128 {
    v1 & !v2
}

// spec: $ior_
#[inline(always)]
pub(super) fn ior(v1: u128, v2: u128) -> u128 {
    v1 | v2
}

// spec: $ixor_
#[inline(always)]
pub(super) fn ixor(v1: u128, v2: u128) -> u128 {
    v1 ^ v2
}

// spec: $ibitselect_: where the third operand has ones, the first; elsewhere the second
#[inline(always)]
pub(super) fn ibitselect(v1: u128, v2: u128, v3: u128) -> u128 {
    v1 & v3 | v2 & !v3
}

// spec: $iswizzle_lane_
#[inline(always)]
pub(super) fn iswizzle_lane(c: &[u8; 16], i: u8) -> u8 {
    c.get(usize::from(i)).copied().unwrap_or(0)
}

// spec: $ivswizzlop_: the only shape is i8x16, of which the lanes are the bytes
#[inline(always)]
pub(super) fn ivswizzlop(f: impl Fn(&[u8; 16], u8) -> u8, v1: u128, v2: u128) -> u128 {
    let c1 = v1.to_le_bytes();
    inv_lanes(lanes::<u8>(v2).map(|i| f(&c1, i)))
}

/// `i8x16.shuffle`: byte `n` of the result is the byte that `i[n]` numbers, from 0 in `v1` and
/// from 16 in `v2`.
///
/// # Panics
///
/// If a number is 32 or more, which validation excludes.
// spec: $ivshufflop_
#[inline(always)]
pub(crate) fn shuffle(i: [u8; 16], v1: u128, v2: u128) -> u128 {
    let (c1, c2) = (v1.to_le_bytes(), v2.to_le_bytes());
    inv_lanes(i.into_iter().map(|i| {
        let i = usize::from(i);
        if i < 16 { c1[i] } else { c2[i - 16] }
    }))
}
