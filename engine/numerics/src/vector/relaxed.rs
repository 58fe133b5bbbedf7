//! Relaxed operations: where the specification leaves a choice to the implementation.
//!
//! A choice is an index `r` into the alternatives that the specification lists, and it is the same
//! for all lanes and all executions of an operator. In the deterministic profile it is 0.

use etalon_module::Opcode;

use crate::Undefined;

use super::bits::{ibitselect, ivswizzlop};
use super::convert::{
    i32_trunc_f32_s, i32_trunc_f32_u, i32_trunc_f64_s, i32_trunc_f64_u, i32_trunc_sat_f32_s,
    i32_trunc_sat_f32_u, i32_trunc_sat_f64_s, i32_trunc_sat_f64_u, vcvtop,
};
use super::float::{n32 as f32x, n64 as f64x};
use super::integer::{dot_products, extadd_pairwise, iq15mulr_sat, n32 as i32x, q15mulr, sat};
use super::lanes::{Int, Sx, fvbinop, fvternop, inv_lanes, ivbinop, ivternop};

/// The choice of the deterministic profile.
pub(super) const DETERMINISTIC: usize = 0;

/// `$relaxed2`, `$relaxed4`: the alternative that was chosen.
#[inline(always)]
fn relaxed<X: Copy, const N: usize>(r: usize, alternatives: [X; N]) -> X {
    alternatives[r]
}

/// `$irelaxed_swizzle_lane_`: `$R_swizzle` says what an index from 16 to 127 selects.
#[inline(always)]
fn irelaxed_swizzle_lane(r: usize, c: &[u8; 16], i: u8) -> u8 {
    if i < 16 {
        c[usize::from(i)]
    } else if i.signed() < 0 {
        0
    } else {
        relaxed(r, [0, c[usize::from(i % 16)]])
    }
}

/// `i8x16.relaxed_swizzle`.
#[inline(always)]
pub(super) fn swizzle(r: usize, v1: u128, v2: u128) -> u128 {
    ivswizzlop(|c, i| irelaxed_swizzle_lane(r, c, i), v1, v2)
}

/// `$irelaxed_laneselect_`: `$R_laneselect` says whether each bit of the mask counts, or only
/// the highest one of the lane.
#[inline(always)]
fn irelaxed_laneselect<L: Int>(r: usize, i1: L, i2: L, i3: L) -> L {
    let mask = relaxed(r, [i3.bits(), if i3.signed() < 0 { u128::MAX } else { 0 }]);
    L::of(ibitselect(i1.bits(), i2.bits(), mask))
}

/// `relaxed_laneselect` of the shape with lanes `L`.
#[inline(always)]
pub(super) fn laneselect<L: Int>(r: usize, v1: u128, v2: u128, v3: u128) -> u128 {
    ivternop(|i1: L, i2, i3| irelaxed_laneselect(r, i1, i2, i3), v1, v2, v3)
}

/// `$irelaxed_q15mulr_`: `$R_iq15mulr` says whether -1 * -1 saturates.
#[inline(always)]
fn irelaxed_q15mulr(r: usize, i1: u16, i2: u16) -> u16 {
    relaxed(r, [iq15mulr_sat(i1, i2), u16::wrap(q15mulr(i1, i2))])
}

/// `i16x8.relaxed_q15mulr_s`: `$ivbinopsxnd_` of the lanes, which are signed.
#[inline(always)]
pub(super) fn q15mulr_s(r: usize, v1: u128, v2: u128) -> u128 {
    ivbinop(|i1, i2| irelaxed_q15mulr(r, i1, i2), v1, v2)
}

/// `i16x8.relaxed_dot_i8x16_i7x16_s`.
///
/// `$ivdot_sat_`: `$R_idot` is the signedness of the second operand.
#[inline(always)]
pub(super) fn dot(r: usize, v1: u128, v2: u128) -> u128 {
    let sx2 = relaxed(r, [Sx::S, Sx::U]);
    inv_lanes(dot_products::<u8>(Sx::S, sx2, v1, v2).map(|j| sat::<u16>(Sx::S, j)))
}

/// `i32x4.relaxed_dot_i8x16_i7x16_add_s`.
///
/// `$vextternop__`: the intermediate result is that of `dot`, saturation included.
#[inline(always)]
pub(super) fn dot_add(r: usize, v1: u128, v2: u128, v3: u128) -> u128 {
    ivbinop(i32x::iadd, extadd_pairwise::<u16, u32>(Sx::S, dot(r, v1, v2)), v3)
}

/// `$relaxed_trunc__`, signed: `$R_trunc_s` says what a number that does not fit, or NaN, becomes.
#[inline(always)]
fn relaxed_trunc_s(r: usize, trunc: Result<u32, Undefined>, trunc_sat: u32) -> u32 {
    trunc.unwrap_or_else(|_| relaxed(r, [trunc_sat, 1 << 31]))
}

/// relaxed_trunc, unsigned, by `$R_trunc_u`.
#[inline(always)]
fn relaxed_trunc_u(r: usize, trunc: Result<u32, Undefined>, trunc_sat: u32) -> u32 {
    trunc.unwrap_or_else(|_| relaxed(r, [trunc_sat, u32::MAX, u32::MAX - 1, 1 << 31]))
}

/// `i32x4.relaxed_trunc_f32x4_s`.
#[inline(always)]
pub(super) fn trunc_f32x4_s(r: usize, v: u128) -> u128 {
    vcvtop(|z| relaxed_trunc_s(r, i32_trunc_f32_s(z), i32_trunc_sat_f32_s(z)), v)
}

/// `i32x4.relaxed_trunc_f32x4_u`.
#[inline(always)]
pub(super) fn trunc_f32x4_u(r: usize, v: u128) -> u128 {
    vcvtop(|z| relaxed_trunc_u(r, i32_trunc_f32_u(z), i32_trunc_sat_f32_u(z)), v)
}

/// `i32x4.relaxed_trunc_f64x2_s_zero`.
#[inline(always)]
pub(super) fn trunc_f64x2_s_zero(r: usize, v: u128) -> u128 {
    vcvtop(|z| relaxed_trunc_s(r, i32_trunc_f64_s(z), i32_trunc_sat_f64_s(z)), v)
}

/// `i32x4.relaxed_trunc_f64x2_u_zero`.
#[inline(always)]
pub(super) fn trunc_f64x2_u_zero(r: usize, v: u128) -> u128 {
    vcvtop(|z| relaxed_trunc_u(r, i32_trunc_f64_u(z), i32_trunc_sat_f64_u(z)), v)
}

/// Defines the relaxed float operations of one shape.
macro_rules! relaxed_floats {
    ($(#[$doc:meta])* $shape:ident, $scalar:ident, $f:ty) => {
        $(#[$doc])*
        pub(super) mod $shape {
            use super::{$scalar, fvbinop, fvternop, relaxed};

            /// Whether the least and the greatest of two numbers are left to the implementation.
            #[inline(always)]
            fn is_open(z1: $f, z2: $f) -> bool {
                z1.is_nan() || z2.is_nan() || z1 == z2
            }

            /// The operand that is a number. If neither is, the second.
            #[inline(always)]
            fn number(z1: $f, z2: $f) -> $f {
                if z2.is_nan() && !z1.is_nan() { z1 } else { z2 }
            }

            /// `$frelaxed_min_`: with NaN, or zeros of opposite signs, `$R_fmin` says whether it
            /// is the minimum, always the first operand, always the second, or the number.
            #[inline(always)]
            fn frelaxed_min(r: usize, z1: $f, z2: $f) -> $f {
                let least = $scalar::fmin(z1, z2);
                if !is_open(z1, z2) {
                    return least;
                }
                let preferred = if z1 == z2 { least } else { number(z1, z2) };
                relaxed(r, [least, z1, z2, preferred])
            }

            /// `$frelaxed_max_`, by `$R_fmax`.
            #[inline(always)]
            fn frelaxed_max(r: usize, z1: $f, z2: $f) -> $f {
                let greatest = $scalar::fmax(z1, z2);
                if !is_open(z1, z2) {
                    return greatest;
                }
                let preferred = if z1 == z2 { greatest } else { number(z1, z2) };
                relaxed(r, [greatest, z1, z2, preferred])
            }

            /// `$frelaxed_madd_`: `$R_fmadd` says whether the product is rounded before the sum.
            #[inline(always)]
            fn frelaxed_madd(r: usize, z1: $f, z2: $f, z3: $f) -> $f {
                let rounded = $scalar::fadd($scalar::fmul(z1, z2), z3);
                relaxed(r, [rounded, $scalar::canonical(z1.mul_add(z2, z3))])
            }

            /// `$frelaxed_nmadd_`: the first operand is negated.
            #[inline(always)]
            fn frelaxed_nmadd(r: usize, z1: $f, z2: $f, z3: $f) -> $f {
                frelaxed_madd(r, -z1, z2, z3)
            }

            /// `relaxed_min`.
            #[inline(always)]
            pub(in super::super) fn min(r: usize, v1: u128, v2: u128) -> u128 {
                fvbinop(|z1, z2| frelaxed_min(r, z1, z2), v1, v2)
            }

            /// `relaxed_max`.
            #[inline(always)]
            pub(in super::super) fn max(r: usize, v1: u128, v2: u128) -> u128 {
                fvbinop(|z1, z2| frelaxed_max(r, z1, z2), v1, v2)
            }

            /// `relaxed_madd`.
            #[inline(always)]
            pub(in super::super) fn madd(r: usize, v1: u128, v2: u128, v3: u128) -> u128 {
                fvternop(|z1, z2, z3| frelaxed_madd(r, z1, z2, z3), v1, v2, v3)
            }

            /// `relaxed_nmadd`.
            #[inline(always)]
            pub(in super::super) fn nmadd(r: usize, v1: u128, v2: u128, v3: u128) -> u128 {
                fvternop(|z1, z2, z3| frelaxed_nmadd(r, z1, z2, z3), v1, v2, v3)
            }
        }
    };
}

relaxed_floats!(
    /// Four binary32.
    f32x4, f32x, f32
);
relaxed_floats!(
    /// Two binary64.
    f64x2, f64x, f64
);

/// `dot` of signed operands, but modulo the width.
fn unsaturated_dot(v1: u128, v2: u128) -> u128 {
    inv_lanes(dot_products::<u8>(Sx::S, Sx::S, v1, v2).map(u16::wrap))
}

/// `dot_add`, but without a result in 16 bits between.
fn unsaturated_dot_add(sx2: Sx, v1: u128, v2: u128, v3: u128) -> u128 {
    let sums: Vec<i128> = dot_products::<u8>(Sx::S, sx2, v1, v2).collect();
    let dots = inv_lanes(sums.chunks(2).map(|j| u32::wrap(j.iter().sum())));
    ivbinop(i32x::iadd, dots, v3)
}

/// The results that the specification leaves to the implementation, that of the deterministic
/// profile first; `None` if `op` is not relaxed. Operands that the operator lacks are ignored.
pub fn alternatives(op: Opcode, [a, b, c]: [u128; 3]) -> Option<Vec<u128>> {
    use Opcode as O;
    let choices = |count, f: &dyn Fn(usize) -> u128| (0..count).map(f).collect();
    Some(match op {
        O::I8x16RelaxedSwizzle => choices(2, &|r| swizzle(r, a, b)),
        O::I32x4RelaxedTruncF32x4S => choices(2, &|r| trunc_f32x4_s(r, a)),
        O::I32x4RelaxedTruncF32x4U => choices(4, &|r| trunc_f32x4_u(r, a)),
        O::I32x4RelaxedTruncF64x2SZero => choices(2, &|r| trunc_f64x2_s_zero(r, a)),
        O::I32x4RelaxedTruncF64x2UZero => choices(4, &|r| trunc_f64x2_u_zero(r, a)),
        O::F32x4RelaxedMadd => choices(2, &|r| f32x4::madd(r, a, b, c)),
        O::F32x4RelaxedNmadd => choices(2, &|r| f32x4::nmadd(r, a, b, c)),
        O::F64x2RelaxedMadd => choices(2, &|r| f64x2::madd(r, a, b, c)),
        O::F64x2RelaxedNmadd => choices(2, &|r| f64x2::nmadd(r, a, b, c)),
        O::I8x16RelaxedLaneselect => choices(2, &|r| laneselect::<u8>(r, a, b, c)),
        O::I16x8RelaxedLaneselect => choices(2, &|r| laneselect::<u16>(r, a, b, c)),
        O::I32x4RelaxedLaneselect => choices(2, &|r| laneselect::<u32>(r, a, b, c)),
        O::I64x2RelaxedLaneselect => choices(2, &|r| laneselect::<u64>(r, a, b, c)),
        O::F32x4RelaxedMin => choices(4, &|r| f32x4::min(r, a, b)),
        O::F32x4RelaxedMax => choices(4, &|r| f32x4::max(r, a, b)),
        O::F64x2RelaxedMin => choices(4, &|r| f64x2::min(r, a, b)),
        O::F64x2RelaxedMax => choices(4, &|r| f64x2::max(r, a, b)),
        O::I16x8RelaxedQ15mulrS => choices(2, &|r| q15mulr_s(r, a, b)),
        O::I16x8RelaxedDotI8x16I7x16S => choices(2, &|r| dot(r, a, b)),
        O::I32x4RelaxedDotI8x16I7x16AddS => choices(2, &|r| dot_add(r, a, b, c)),
        _ => return None,
    })
}

/// Every result that a relaxed operator may have, or `None` if `op` is not relaxed. Operands that
/// the operator lacks are ignored.
///
/// First is that of the deterministic profile, then the specification's other alternatives, then
/// what hardware in use yields besides. None of them comes twice. Generated NaNs are the canonical
/// positive one; what is compared with these results may have another NaN in that lane.
pub fn relaxed_results(op: Opcode, [a, b, c]: [u128; 3]) -> Option<Vec<u128>> {
    use Opcode as O;
    use Sx::{S, U};
    let mut results = alternatives(op, [a, b, c])?;
    match op {
        // Hardware that can select by bytes, but not by 16-bit lanes.
        O::I16x8RelaxedLaneselect => results.push(laneselect::<u8>(1, a, b, c)),
        // Hardware that adds without saturation: in 16 bits only where both operands are signed.
        O::I16x8RelaxedDotI8x16I7x16S => results.push(unsaturated_dot(a, b)),
        O::I32x4RelaxedDotI8x16I7x16AddS => {
            results.extend([S, U].map(|sx2| unsaturated_dot_add(sx2, a, b, c)));
        }
        _ => {}
    }
    let mut distinct = Vec::new();
    for result in results {
        if !distinct.contains(&result) {
            distinct.push(result);
        }
    }
    Some(distinct)
}
