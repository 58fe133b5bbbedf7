//! Values at which operators change what they do: bounds, powers of two and their neighbours, amounts of shifts, numbers
//! that are none.

use super::ty::Ty;

/// Integers, of which each width takes the lower bits: whatever is the last or the first of something.
const INTEGERS: &[u64] = &[
    0,
    1,
    u64::MAX,
    0x8000_0000,
    0x7fff_ffff,
    0x8000_0000_0000_0000,
    0x7fff_ffff_ffff_ffff,
    2,
    3,
    7,
    8,
    10,
    15,
    16,
    31,
    32,
    33,
    63,
    64,
    65,
    100,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x8000_0001,
    0xffff_ff80,
    0xffff_8000,
    0xffff_ffff_8000_0000,
    0x8000_0000_0000_0001,
    0x7fff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ff80,
    0xffff_ffff_0000_0000,
    0x5555_5555_5555_5555,
    0xaaaa_aaaa_aaaa_aaaa,
    0x0123_4567_89ab_cdef,
    0xfedc_ba98_7654_3210,
    0x0020_0000_0000_0001,
    // Twice rounded, these come to another single.
    0x7fff_ffbf_ffff_ffff,
    0x0080_0000_8000_0001,
    0x8000_0080_0000_0001,
    0xff7f_ffff_7fff_ffff,
    0x0100_0001,
    0xcccc_cccd,
    0x7fff_ff80,
];

const DOUBLES: &[u64] = &[
    0,
    0x8000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0xbff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    // Signalling, with either sign; with a payload.
    0x7ff4_0000_0000_0000,
    0xfff0_0000_0000_0001,
    0x7ff8_0000_0000_1234,
    0xfff8_dead_beef_0001,
    // The least and the greatest subnormal, the least normal, the greatest.
    0x0000_0000_0000_0001,
    0x800f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    // Halves, and what is next to them.
    0x3fe0_0000_0000_0000,
    0xbfe0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x4004_0000_0000_0000,
    0xc004_0000_0000_0000,
    0x3fdf_ffff_ffff_ffff,
    0xbfef_ffff_ffff_ffff,
    // 2^31, 2^32, 2^63, 2^64 and their neighbours.
    0x41df_ffff_ffc0_0000,
    0x41e0_0000_0000_0000,
    0xc1e0_0000_0000_0000,
    0xc1e0_0000_0020_0000,
    0x41ef_ffff_ffe0_0000,
    0x41f0_0000_0000_0000,
    0x43df_ffff_ffff_ffff,
    0x43e0_0000_0000_0000,
    0xc3e0_0000_0000_0000,
    0x43ef_ffff_ffff_ffff,
    0x43f0_0000_0000_0000,
    // 2^52 + 0.5; 1e-40, a subnormal single; 0.1; pi; 2^24 + 1; 16777217.5
    0x4330_0000_0000_0001,
    0x37a1_6c26_2777_579c,
    0x3fb9_9999_9999_999a,
    0x4009_21fb_5444_2d18,
    0x4170_0000_1000_0000,
    0xc000_0000_0000_0000,
];

const SINGLES: &[u32] = &[
    0,
    0x8000_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fa0_0000,
    0xff80_0001,
    0x7fc0_1234,
    0xffc5_4321,
    0x0000_0001,
    0x807f_ffff,
    0x0080_0000,
    0x7f7f_ffff,
    0x3f00_0000,
    0xbf00_0000,
    0x3fc0_0000,
    0x4020_0000,
    0xc020_0000,
    0x3eff_ffff,
    0xbf7f_ffff,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0xcf00_0001,
    0x4f7f_ffff,
    0x4f80_0000,
    0x5eff_ffff,
    0x5f00_0000,
    0xdf00_0000,
    0x5f7f_ffff,
    0x5f80_0000,
    0x4b00_0001,
    0x3dcc_cccd,
    0x4049_0fdb,
    0x4b80_0000,
    0xc000_0000,
];

/// Lanes, as vectors that differ in each lane or in one of them.
const VECTORS: &[u128] = &[
    0,
    u128::MAX,
    0x0f0e_0d0c_0b0a_0908_0706_0504_0302_0100,
    0x8000_0000_0000_0000_8000_0000_0000_0000,
    0x7fff_ffff_ffff_ffff_7fff_ffff_ffff_ffff,
    0x8000_0000_8000_0000_8000_0000_8000_0000,
    0x7fff_ffff_7fff_ffff_7fff_ffff_7fff_ffff,
    0x8000_8000_8000_8000_8000_8000_8000_8000,
    0x7fff_7fff_7fff_7fff_7fff_7fff_7fff_7fff,
    0x8080_8080_8080_8080_8080_8080_8080_8080,
    0x7f7f_7f7f_7f7f_7f7f_7f7f_7f7f_7f7f_7f7f,
    0x0101_0101_0101_0101_0101_0101_0101_0101,
    0x0001_0001_0001_0001_0001_0001_0001_0001,
    0x0000_0001_0000_0001_0000_0001_0000_0001,
    0x0000_0000_0000_0001_0000_0000_0000_0001,
    0x0000_0000_0000_0000_ffff_ffff_ffff_ffff,
    0xffff_ffff_ffff_ffff_0000_0000_0000_0000,
    0x8000_7fff_0001_ffff_0000_8001_7ffe_00ff,
    0x807f_01ff_0081_7e10_1f0f_ff80_7f20_3000,
    // Indices around the number of lanes.
    0x1f1e_1110_0f0e_8001_7f10_ff00_0280_0c05,
    // Singles: NaN, zeros of both signs, infinity; halves.
    0x7fc0_0000_8000_0000_0000_0000_ff80_0000,
    0x3f00_0000_bf00_0000_4020_0000_7fa0_0001,
    0x4f00_0000_cf00_0000_5f80_0000_3f7f_ffff,
    0x0000_0000_8000_0000_8000_0000_0000_0000,
    // Doubles: NaN, zeros, halves, bounds of integers.
    0x7ff8_0000_0000_0000_8000_0000_0000_0000,
    0x0000_0000_0000_0000_fff4_0000_0000_0001,
    0x3fe0_0000_0000_0000_c004_0000_0000_0000,
    0x41e0_0000_0000_0000_c1e0_0000_0020_0000,
    // Singles whose product is rounded: 1 + 2^-12, 1 + 2^-23.
    0x3f80_0800_3f80_0001_bf80_0800_3f80_0800,
    0x3ff0_0000_0800_0000_bff0_0000_0800_0001,
    0xffff_ffff_0000_0000_ffff_0000_ff00_00ff,
    0x0123_4567_89ab_cdef_fedc_ba98_7654_3210,
];

/// A choice: a number below another one.
pub(crate) type Choose<'a> = &'a mut dyn FnMut(usize) -> usize;

/// A vector whose lanes are edge values of one width: all the same, two in turn, or each another.
pub(crate) fn lanes(choose: Choose<'_>) -> u128 {
    let (width, list): (usize, Vec<u64>) = match choose(6) {
        0 => (8, INTEGERS.to_vec()),
        1 => (16, INTEGERS.to_vec()),
        2 => (32, INTEGERS.to_vec()),
        3 => (64, INTEGERS.to_vec()),
        4 => (32, SINGLES.iter().map(|bits| u64::from(*bits)).collect()),
        _ => (64, DOUBLES.to_vec()),
    };
    let count = 128 / width;
    let different = [1, 2, count][choose(3)];
    let some: Vec<u64> = (0..different).map(|_| list[choose(list.len())]).collect();
    let mask = u64::MAX >> (64 - width);
    (0..count).fold(0, |all, at| all | u128::from(some[at % different] & mask) << (at * width))
}

/// How many ways [`related`] knows.
pub(crate) const RELATIONS: usize = 6;

/// A value of which operators take notice beside another one of the same type: the same, its complement, its negation, a
/// neighbour, or the same with the other sign.
pub(crate) fn related(ty: Ty, bits: u128, way: usize) -> u128 {
    let width = ty.bytes() * 8;
    let sign = 1u128 << width.saturating_sub(1);
    let changed = match way {
        0 | 1 => bits,
        2 if matches!(ty, Ty::I32 | Ty::I64 | Ty::V128) => !bits,
        // For a float the number next to it, whichever sign it has.
        3 => bits.wrapping_add(1),
        4 if matches!(ty, Ty::I32 | Ty::I64) => bits.wrapping_neg(),
        4 => bits.wrapping_sub(1),
        _ if ty == Ty::V128 => bits ^ 0x8000_0000_8000_0000_8000_0000_8000_0000,
        _ => bits ^ sign,
    };
    if width < 128 { changed & ((1 << width) - 1) } else { changed }
}

/// The edge values of a type, as bits; none for references.
pub(crate) fn edges(ty: Ty) -> Vec<u128> {
    let mut values: Vec<u128> = match ty {
        Ty::I32 => INTEGERS.iter().map(|v| u128::from(*v as u32)).collect(),
        Ty::I64 => INTEGERS.iter().map(|v| u128::from(*v)).collect(),
        Ty::F32 => SINGLES.iter().map(|v| u128::from(*v)).collect(),
        Ty::F64 => DOUBLES.iter().map(|v| u128::from(*v)).collect(),
        Ty::V128 => VECTORS.to_vec(),
        Ty::Ref(_) => Vec::new(),
    };
    // The lower bits of different numbers may be the same.
    let mut seen = std::collections::BTreeSet::new();
    values.retain(|value| seen.insert(*value));
    values
}

/// A constant, as the text format writes it.
pub(crate) fn constant(ty: Ty, bits: u128) -> String {
    match ty {
        Ty::I32 => format!("(i32.const {})", bits as u32 as i32),
        Ty::I64 => format!("(i64.const {})", bits as u64 as i64),
        Ty::F32 => format!("(f32.const {})", single(bits as u32)),
        Ty::F64 => format!("(f64.const {})", double(bits as u64)),
        Ty::V128 => {
            format!("(v128.const i64x2 {} {})", bits as u64 as i64, (bits >> 64) as u64 as i64)
        }
        Ty::Ref(_) => "(unreachable)".to_owned(),
    }
}

fn single(bits: u32) -> String {
    let value = f32::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match value {
        _ if value.is_nan() => format!("{sign}nan:{:#x}", bits & 0x7f_ffff),
        _ if value.is_infinite() => format!("{sign}inf"),
        // The shortest decimal that reads back as the same number.
        _ => format!("{value:e}"),
    }
}

fn double(bits: u64) -> String {
    let value = f64::from_bits(bits);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    match value {
        _ if value.is_nan() => format!("{sign}nan:{:#x}", bits & 0xf_ffff_ffff_ffff),
        _ if value.is_infinite() => format!("{sign}inf"),
        _ => format!("{value:e}"),
    }
}
