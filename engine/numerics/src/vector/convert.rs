//! Conversions between shapes.

use super::integer::{extend, narrow};
use super::lanes::{Half, Int, Lane, Sx, inv_lanes, lanes};

// The conversions of a lane that scalars have too.
pub(super) use crate::conversion::*;

/// `$vcvtop__`, `$lcvtop__`: lane by lane. Where the result has more lanes than the operand,
/// which is `$zeroop`, those at the end are 0.
#[inline(always)]
pub(super) fn vcvtop<L1: Lane, L2: Lane>(f: impl Fn(L1) -> L2, v: u128) -> u128 {
    inv_lanes(lanes(v).map(f))
}

/// vcvtop with `$halfop`: the result has half as many lanes.
#[inline(always)]
pub(super) fn vcvtop_half<L1: Lane, L2: Lane>(half: Half, f: impl Fn(L1) -> L2, v: u128) -> u128 {
    inv_lanes(lanes(v).skip(half.pick(0, L2::COUNT)).take(L2::COUNT).map(f))
}

/// Widens one half of the lanes.
#[inline(always)]
pub(super) fn extend_half<L1: Int, L2: Int>(half: Half, sx: Sx, v: u128) -> u128 {
    vcvtop_half(half, |c| extend::<L1, L2>(sx, c), v)
}

/// `$vnarrowop__`: the lanes of the first operand, then those of the second.
#[inline(always)]
pub(super) fn vnarrowop<L1: Int, L2: Int>(sx: Sx, v1: u128, v2: u128) -> u128 {
    inv_lanes(lanes::<L1>(v1).chain(lanes(v2)).map(|c| narrow::<L1, L2>(sx, c)))
}
