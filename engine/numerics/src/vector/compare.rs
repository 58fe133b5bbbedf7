//! Comparisons, and tests of a whole vector.

use super::lanes::{Int, Lane, inv_lanes, lanes};

/// `$ivrelop_`, `$ivrelopsx_`: a lane of ones where the comparison holds, else of zeros.
#[inline(always)]
pub(super) fn ivrelop<L: Lane>(f: impl Fn(L, L) -> bool, v1: u128, v2: u128) -> u128 {
    // The result's lanes are integers even where floats are compared: all bits, or none.
    let lane = |holds| L::of(if holds { u128::MAX } else { 0 });
    inv_lanes(lanes(v1).zip(lanes(v2)).map(|(c1, c2)| lane(f(c1, c2))))
}

/// `$fvrelop_`: the result's lanes are integers too.
pub(super) use ivrelop as fvrelop;

/// Whether there is any bit at all.
#[inline(always)]
pub(super) fn any_true(v: u128) -> u32 {
    u32::from(v != 0)
}

/// Whether no lane is 0: inez of each.
#[inline(always)]
pub(super) fn all_true<L: Int>(v: u128) -> u32 {
    u32::from(lanes::<L>(v).all(|c| c.bits() != 0))
}

/// `$ivbitmaskop_`: the sign bits, that of lane 0 lowest, which is what `$irev_` sees to.
#[inline(always)]
pub(super) fn bitmask<L: Int>(v: u128) -> u32 {
    lanes::<L>(v).enumerate().fold(0, |c, (i, lane)| c | u32::from(lane.signed() < 0) << i)
}
