//! What is easy to get wrong, in figures.

use etalon_module::Opcode as O;

use super::*;

/// Both operands and the result have lanes of one type.
fn check<T: Number>(op: Opcode, cases: &[(T, T, T)]) {
    for &(a, b, expected) in cases {
        let result = binop(op, vector(&[a]), vector(&[b])).unwrap();
        let first = numbers::<T>(result)[0];
        assert_eq!(first.to_bytes(), expected.to_bytes(), "{op} {a:?} {b:?}: {first:?}");
    }
}

#[test]
fn saturation() {
    check(O::I8x16AddSatS, &[(127i8, 1, 127), (-128, -1, -128), (100, 27, 127), (-1, 1, 0)]);
    check(O::I8x16AddSatU, &[(255u8, 1, 255), (254, 1, 255), (128, 128, 255)]);
    check(O::I8x16SubSatS, &[(-128i8, 1, -128), (127, -1, 127), (0, -128, 127)]);
    check(O::I8x16SubSatU, &[(0u8, 1, 0), (0, 255, 0), (255, 1, 254)]);
    check(O::I16x8SubSatS, &[(0i16, i16::MIN, i16::MAX), (-2, i16::MAX, i16::MIN)]);
    check(O::I16x8AddSatU, &[(0xffffu16, 0xffff, 0xffff), (0xfffe, 1, 0xffff)]);
}

#[test]
fn fixed_point_products() {
    check(
        O::I16x8Q15MulrSatS,
        &[
            // -1 * -1 would be 1, which does not fit.
            (i16::MIN, i16::MIN, i16::MAX),
            (i16::MIN, i16::MAX, -32767),
            (i16::MAX, i16::MAX, 32766),
            // A half is rounded up, whatever the sign.
            (1, 16384, 1),
            (-1, 16384, 0),
            (-1, 16385, -1),
        ],
    );
}

#[test]
fn means_round_up() {
    check(O::I8x16AvgrU, &[(255u8, 255, 255), (0, 1, 1), (1, 2, 2), (254, 255, 255), (0, 0, 0)]);
    check(O::I16x8AvgrU, &[(65535u16, 65535, 65535), (65535, 0, 32768)]);
}

#[test]
fn dot_product_of_the_least_integers_wraps() {
    let least = vector(&[i16::MIN; 8]);
    assert_eq!(binop(O::I32x4DotI16x8S, least, least), Some(vector(&[i32::MIN; 4])));
    let greatest = vector(&[i16::MAX; 8]);
    let expected = vector(&[-2 * 32767 * 32768_i32; 4]);
    assert_eq!(binop(O::I32x4DotI16x8S, least, greatest), Some(expected));
}

#[test]
fn narrowing_takes_its_operands_as_signed() {
    let a = vector(&[0xffffu16, 0x8000, 0x00ff, 0x0100, 0x7fff, 0x0080, 0xff80, 0xff7f]);
    let signed = [-1i8, -128, 127, 127, 127, 127, -128, -128];
    let unsigned = [0u8, 0, 255, 255, 255, 128, 0, 0];
    assert_eq!(binop(O::I8x16NarrowI16x8S, a, 0), Some(vector(&signed)));
    assert_eq!(binop(O::I8x16NarrowI16x8U, a, 0), Some(vector(&unsigned)));
    // The second operand's lanes come after.
    assert_eq!(binop(O::I8x16NarrowI16x8U, 0, a), Some(vector(&unsigned) << 64));
}

#[test]
fn swizzle_beyond_the_vector_is_zero() {
    let a = vector(&[0xaau8; 16]);
    let i = vector(&[0u8, 15, 16, 17, 31, 32, 127, 128, 143, 255, 1, 2, 3, 4, 5, 6]);
    let expected =
        vector(&[0xaau8, 0xaa, 0, 0, 0, 0, 0, 0, 0, 0, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa]);
    assert_eq!(binop(O::I8x16Swizzle, a, i), Some(expected));
}

#[test]
fn shift_amounts_are_modulo_the_lane() {
    let ones = vector(&[1u8; 16]);
    for (n, expected) in [(7, 0x80u8), (8, 1), (9, 2), (0xffff_ffff, 0x80), (0x100, 1)] {
        assert_eq!(shift(O::I8x16Shl, ones, n), Some(vector(&[expected; 16])), "{n}");
    }
    let least = vector(&[i64::MIN; 2]);
    assert_eq!(shift(O::I64x2ShrS, least, 127), Some(u128::MAX));
    assert_eq!(shift(O::I64x2ShrU, least, 127), Some(vector(&[1u64; 2])));
    assert_eq!(shift(O::I32x4ShrS, vector(&[-8i32; 4]), 33), Some(vector(&[-4i32; 4])));
    assert_eq!(shift(O::I16x8ShrU, vector(&[0x8000u16; 8]), 16), Some(vector(&[0x8000u16; 8])));
}

#[test]
fn rounding_keeps_the_sign_of_zero() {
    let a = vector(&[-0.0f32, 0.0, -0.5, 0.5]);
    let cases = [
        (O::F32x4Ceil, [-0.0f32, 0.0, -0.0, 1.0]),
        (O::F32x4Floor, [-0.0, 0.0, -1.0, 0.0]),
        (O::F32x4Trunc, [-0.0, 0.0, -0.0, 0.0]),
        (O::F32x4Nearest, [-0.0, 0.0, -0.0, 0.0]),
        (O::F32x4Sqrt, [-0.0, 0.0, f32::from_bits(0x7fc0_0000), 0.5f32.sqrt()]),
    ];
    for (op, expected) in cases {
        assert_eq!(unop(op, a), Some(vector(&expected)), "{op}");
    }
    let ties = vector(&[4.5f64, -3.5]);
    assert_eq!(unop(O::F64x2Nearest, ties), Some(vector(&[4.0f64, -4.0])));
}

#[test]
fn minimum_and_maximum_of_zeros_and_nans() {
    let nan = f32::from_bits(0x7fc0_0000);
    let odd = f32::from_bits(0xffa0_0001);
    check(
        O::F32x4Min,
        &[(0.0f32, -0.0, -0.0), (-0.0, 0.0, -0.0), (odd, 1.0, nan), (1.0, odd, nan)],
    );
    check(O::F32x4Max, &[(0.0f32, -0.0, 0.0), (-0.0, 0.0, 0.0), (odd, 1.0, nan), (1.0, odd, nan)]);
    // The pseudo-minimum keeps the first operand unless the second is less, bit for bit.
    check(
        O::F32x4PMin,
        &[(0.0f32, -0.0, 0.0), (-0.0, 0.0, -0.0), (odd, 1.0, odd), (1.0, odd, 1.0)],
    );
    check(
        O::F32x4PMax,
        &[(0.0f32, -0.0, 0.0), (-0.0, 0.0, -0.0), (odd, 1.0, odd), (1.0, odd, 1.0)],
    );
    check(O::F64x2PMin, &[(2.0f64, 1.0, 1.0), (1.0, 2.0, 1.0)]);
    check(O::F64x2PMax, &[(2.0f64, 1.0, 2.0), (1.0, 2.0, 2.0)]);
}

#[test]
fn truncation_saturates() {
    let a = vector(&[f32::NAN, f32::INFINITY, -3e9, 3e9]);
    let signed = [0, i32::MAX, i32::MIN, i32::MAX];
    assert_eq!(unop(O::I32x4TruncSatF32x4S, a), Some(vector(&signed)));
    let unsigned = [0, u32::MAX, 0, 3_000_000_000];
    assert_eq!(unop(O::I32x4TruncSatF32x4U, a), Some(vector(&unsigned)));
    // From two lanes: the other two are zero.
    let a = vector(&[-2_147_483_648.9f64, 4_294_967_295.9]);
    assert_eq!(unop(O::I32x4TruncSatF64x2SZero, a), Some(vector(&[i32::MIN, i32::MAX, 0, 0])));
    assert_eq!(unop(O::I32x4TruncSatF64x2UZero, a), Some(vector(&[0, u32::MAX, 0, 0])));
}

#[test]
fn floats_change_their_width() {
    let a = vector(&[1e300f64, 1e-50]);
    assert_eq!(unop(O::F32x4DemoteF64x2Zero, a), Some(vector(&[f32::INFINITY, 0.0])));
    let a = vector(&[1.5f32, -0.0, f32::NAN, f32::NAN]);
    assert_eq!(unop(O::F64x2PromoteLowF32x4, a), Some(vector(&[1.5f64, -0.0])));
}

#[test]
fn the_least_integer_is_its_own_absolute_value() {
    for (op, least) in [
        (O::I8x16Abs, vector(&[i8::MIN; 16])),
        (O::I16x8Abs, vector(&[i16::MIN; 8])),
        (O::I32x4Abs, vector(&[i32::MIN; 4])),
        (O::I64x2Abs, vector(&[i64::MIN; 2])),
    ] {
        assert_eq!(unop(op, least), Some(least), "{op}");
    }
}

#[test]
fn masks_and_tests() {
    let a = vector(&[0x80u8, 0, 0, 0, 0, 0, 0, 0x7f, 0xff, 1, 1, 1, 1, 1, 1, 0x80]);
    assert_eq!(test(O::I8x16Bitmask, a), Some(0x8101));
    assert_eq!(test(O::I16x8Bitmask, a), Some(0x80));
    assert_eq!(test(O::I64x2Bitmask, a), Some(2));
    assert_eq!(test(O::I8x16AllTrue, a), Some(0));
    assert_eq!(test(O::I64x2AllTrue, a), Some(1));
    assert_eq!(test(O::V128AnyTrue, 1 << 127), Some(1));
    assert_eq!(test(O::V128AnyTrue, 0), Some(0));
}
