//! Integer operations that only lanes have, as the specification writes them: over numbers
//! without bounds, which are then saturated or taken modulo the width.

use super::lanes::{Half, Int, Sx, inv_lanes, lanes};

// The operations that scalars have too, by width.
pub(super) use crate::integer::{n8, n16, n32, n64};

/// `$sat_u_`, `$sat_s_`: the nearest number that the lane can hold.
#[inline(always)]
pub(super) fn sat<L: Int>(sx: Sx, i: i128) -> L {
    let (least, greatest) = match sx {
        Sx::U => (0, (1 << L::BITS) - 1),
        Sx::S => (-(1 << (L::BITS - 1)), (1 << (L::BITS - 1)) - 1),
    };
    L::wrap(i.clamp(least, greatest))
}

/// extend of a lane to a wider one.
#[inline(always)]
pub(super) fn extend<L1: Int, L2: Int>(sx: Sx, i: L1) -> L2 {
    L2::wrap(i.number(sx))
}

/// `$narrow__`: the operand is signed, whatever the result is.
#[inline(always)]
pub(super) fn narrow<L1: Int, L2: Int>(sx: Sx, i: L1) -> L2 {
    sat(sx, i.signed())
}

/// `$ineg_`: the negation modulo 2^N.
#[inline(always)]
pub(super) fn ineg<L: Int>(i: L) -> L {
    L::wrap(-i.unsigned())
}

/// `$iabs_`: the least integer is its own absolute value.
#[inline(always)]
pub(super) fn iabs<L: Int>(i: L) -> L {
    if i.signed() >= 0 { i } else { ineg(i) }
}

/// `$imin_`: the lesser.
#[inline(always)]
pub(super) fn imin<L: Int>(sx: Sx, i1: L, i2: L) -> L {
    if i1.number(sx) <= i2.number(sx) { i1 } else { i2 }
}

/// `$imax_`: the greater.
#[inline(always)]
pub(super) fn imax<L: Int>(sx: Sx, i1: L, i2: L) -> L {
    if i1.number(sx) >= i2.number(sx) { i1 } else { i2 }
}

/// `$iadd_sat_`: the sum, saturated.
#[inline(always)]
pub(super) fn iadd_sat<L: Int>(sx: Sx, i1: L, i2: L) -> L {
    sat(sx, i1.number(sx) + i2.number(sx))
}

/// `$isub_sat_`: the difference, saturated.
#[inline(always)]
pub(super) fn isub_sat<L: Int>(sx: Sx, i1: L, i2: L) -> L {
    sat(sx, i1.number(sx) - i2.number(sx))
}

/// `$iavgr_`: a half is rounded up.
#[inline(always)]
pub(super) fn iavgr<L: Int>(i1: L, i2: L) -> L {
    L::wrap((i1.unsigned() + i2.unsigned() + 1) / 2)
}

/// The product of two fixed-point numbers with 15 fractional bits, rounded, before saturation.
#[inline(always)]
pub(super) fn q15mulr(i1: u16, i2: u16) -> i128 {
    (i1.signed() * i2.signed() + (1 << 14)) >> 15
}

/// `$iq15mulr_sat_`: only -1 * -1 does not fit.
#[inline(always)]
pub(super) fn iq15mulr_sat(i1: u16, i2: u16) -> u16 {
    sat(Sx::S, q15mulr(i1, i2))
}

/// Takes lanes two by two.
#[inline(always)]
fn pairs<L>(c: impl Iterator<Item = L>) -> impl Iterator<Item = (L, L)> {
    let mut c = c;
    std::iter::from_fn(move || Some((c.next()?, c.next()?)))
}

/// `$vextunop__`, by `$ivextunop__` and `$ivadd_pairwise_`: sums of adjacent lanes.
#[inline(always)]
pub(super) fn extadd_pairwise<L1: Int, L2: Int>(sx: Sx, v: u128) -> u128 {
    let numbers = lanes::<L1>(v).map(|c| c.number(sx));
    inv_lanes(pairs(numbers).map(|(j1, j2)| L2::wrap(j1 + j2)))
}

/// `$vextbinop__`, by `$ivextbinop__` and `$ivmul_`: products of one half of the lanes.
#[inline(always)]
pub(super) fn extmul<L1: Int, L2: Int>(half: Half, sx: Sx, v1: u128, v2: u128) -> u128 {
    let first = half.pick(0, L2::COUNT);
    let c1 = lanes::<L1>(v1).skip(first).take(L2::COUNT);
    let c2 = lanes::<L1>(v2).skip(first).take(L2::COUNT);
    inv_lanes(c1.zip(c2).map(|(c1, c2)| L2::wrap(c1.number(sx) * c2.number(sx))))
}

/// The sums of the products of adjacent lanes; `sx1` and `sx2` are the operands' signedness.
#[inline(always)]
pub(super) fn dot_products<L: Int>(
    sx1: Sx,
    sx2: Sx,
    v1: u128,
    v2: u128,
) -> impl Iterator<Item = i128> {
    let products =
        lanes::<L>(v1).zip(lanes::<L>(v2)).map(move |(c1, c2)| c1.number(sx1) * c2.number(sx2));
    pairs(products).map(|(j1, j2)| j1 + j2)
}

/// `$ivdot_`: the sum of the products of the least integers is the one that wraps.
#[inline(always)]
pub(super) fn dot<L1: Int, L2: Int>(v1: u128, v2: u128) -> u128 {
    inv_lanes(dot_products::<L1>(Sx::S, Sx::S, v1, v2).map(L2::wrap))
}
