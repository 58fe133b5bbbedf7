//! Relaxed operators: the deterministic choice, and all choices.

use etalon_module::Opcode as O;

use super::*;

/// The result in the deterministic profile, by whichever function the operator belongs to.
fn deterministic(op: Opcode, [a, b, c]: [u128; 3]) -> u128 {
    unop(op, a).or_else(|| binop(op, a, b)).or_else(|| ternop(op, a, b, c)).unwrap()
}

/// Checks all results, in their order.
fn check(op: Opcode, [a, b, c]: [u128; 3], expected: &[u128]) {
    let results = relaxed_results(op, [a, b, c]).unwrap();
    assert_eq!(results, expected, "{op}\n{results:032x?}\n{expected:032x?}");
}

#[test]
fn the_first_result_is_the_deterministic_one() {
    for &op in Opcode::ALL.iter().filter(|op| op.proposal() == "relaxed_simd") {
        for a in operands() {
            for b in operands() {
                let operands = [a, b, a.rotate_left(51) ^ b];
                let results = relaxed_results(op, operands).unwrap();
                assert_eq!(results[0], deterministic(op, operands), "{op}");
            }
        }
    }
}

/// In the deterministic profile, most relaxed operators are another operator.
#[test]
fn what_the_deterministic_profile_makes_of_them() {
    let same_unop = [
        (O::I32x4RelaxedTruncF32x4S, O::I32x4TruncSatF32x4S),
        (O::I32x4RelaxedTruncF32x4U, O::I32x4TruncSatF32x4U),
        (O::I32x4RelaxedTruncF64x2SZero, O::I32x4TruncSatF64x2SZero),
        (O::I32x4RelaxedTruncF64x2UZero, O::I32x4TruncSatF64x2UZero),
    ];
    let same_binop = [
        (O::I8x16RelaxedSwizzle, O::I8x16Swizzle),
        (O::F32x4RelaxedMin, O::F32x4Min),
        (O::F32x4RelaxedMax, O::F32x4Max),
        (O::F64x2RelaxedMin, O::F64x2Min),
        (O::F64x2RelaxedMax, O::F64x2Max),
        (O::I16x8RelaxedQ15mulrS, O::I16x8Q15MulrSatS),
    ];
    let selects = [
        O::I8x16RelaxedLaneselect,
        O::I16x8RelaxedLaneselect,
        O::I32x4RelaxedLaneselect,
        O::I64x2RelaxedLaneselect,
    ];
    for a in operands() {
        for (relaxed, strict) in same_unop {
            assert_eq!(unop(relaxed, a), unop(strict, a), "{relaxed} {a:032x}");
        }
        for b in operands() {
            for (relaxed, strict) in same_binop {
                assert_eq!(binop(relaxed, a, b), binop(strict, a, b), "{relaxed}");
            }
            let c = a.rotate_left(7) ^ b;
            for select in selects {
                assert_eq!(ternop(select, a, b, c), ternop(O::V128Bitselect, a, b, c), "{select}");
            }
            let (mul, add) = (O::F32x4Mul, O::F32x4Add);
            let sum = binop(mul, a, b).and_then(|product| binop(add, product, c));
            assert_eq!(ternop(O::F32x4RelaxedMadd, a, b, c), sum);
            let negated = unop(O::F64x2Neg, a).unwrap();
            let sum = binop(O::F64x2Mul, negated, b).and_then(|v| binop(O::F64x2Add, v, c));
            assert_eq!(ternop(O::F64x2RelaxedNmadd, a, b, c), sum);
        }
    }
}

#[test]
fn swizzle_beyond_the_vector() {
    let a = vector(&std::array::from_fn::<u8, 16, _>(|i| i as u8 + 1));
    let i = vector(&[0u8, 16, 127, 128, 255]);
    let zero = vector(&[1u8, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    let modulo = vector(&[1u8, 1, 16, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    check(O::I8x16RelaxedSwizzle, [a, i, 0], &[zero, modulo]);
    // With all indices within, there is nothing to choose.
    check(O::I8x16RelaxedSwizzle, [a, 0, 0], &[vector(&[1u8; 16])]);
}

#[test]
fn selection_by_a_mixed_mask() {
    let (a, b) = (vector(&[0x1234u16; 8]), vector(&[0x5678u16; 8]));
    let mask = vector(&[0xffffu16, 0, 0xff00, 0x0080, 0x8000, 0x7fff, 0, 0]);
    let rest = [0x5678u16, 0x5678];
    let by_bit = [&[0x1234, 0x5678, 0x1278, 0x5678, 0x5678, 0x1234], &rest[..]].concat();
    let by_lane = [&[0x1234, 0x5678, 0x1234, 0x5678, 0x1234, 0x5678], &rest[..]].concat();
    let by_byte = [&[0x1234, 0x5678, 0x1278, 0x5634, 0x1278, 0x5634], &rest[..]].concat();
    let all = [vector(&by_bit), vector(&by_lane), vector(&by_byte)];
    check(O::I16x8RelaxedLaneselect, [a, b, mask], &all);
    check(O::I16x8RelaxedLaneselect, [a, b, u128::MAX], &[a]);
    let (a, b) = (vector(&[1u64, 2]), vector(&[4u64, 8]));
    let mask = vector(&[1u64 << 63, 3]);
    let all = [vector(&[4u64, 2 | 8]), vector(&[1u64, 8])];
    check(O::I64x2RelaxedLaneselect, [a, b, mask], &all);
}

#[test]
fn fixed_point_overflow() {
    let a = vector(&[i16::MIN, i16::MIN]);
    let b = vector(&[i16::MIN, i16::MAX]);
    let all = [vector(&[i16::MAX, -32767]), vector(&[i16::MIN, -32767])];
    check(O::I16x8RelaxedQ15mulrS, [a, b, 0], &all);
}

#[test]
fn truncation_beyond_the_integers() {
    let a = vector(&[f32::NAN, 3e9, -3e9, 1.5]);
    let all = [vector(&[0, i32::MAX, i32::MIN, 1]), vector(&[i32::MIN, i32::MIN, i32::MIN, 1])];
    check(O::I32x4RelaxedTruncF32x4S, [a, 0, 0], &all);
    let a = vector(&[-1.0f64, -0.9]);
    let all = [0, u32::MAX, u32::MAX - 1, 1 << 31].map(|c| vector(&[c, 0u32]));
    check(O::I32x4RelaxedTruncF64x2UZero, [a, 0, 0], &all);
}

#[test]
fn minimum_and_maximum() {
    let nan = f64::from_bits(0x7ff8_0000_0000_0000);
    let (a, b) = (vector(&[nan, 0.0]), vector(&[1.0, -0.0]));
    let first = vector(&[nan, 0.0]);
    let second = vector(&[1.0, -0.0]);
    check(O::F64x2RelaxedMin, [a, b, 0], &[vector(&[nan, -0.0]), first, second]);
    check(O::F64x2RelaxedMax, [a, b, 0], &[first, second, vector(&[1.0, 0.0])]);
    // Of two NaNs, either.
    let other = f64::from_bits(0xfff8_0000_0000_0001);
    let all = [nan, nan, other].map(|z| vector(&[z, 5.0]));
    check(O::F64x2RelaxedMin, [vector(&[nan, 6.0]), vector(&[other, 5.0]), 0], &all[1..]);
}

#[test]
fn a_product_is_rounded_or_not() {
    let a = vector(&[f64::MAX, 1.0 + f64::EPSILON]);
    let b = vector(&[2.0, 1.0 - f64::EPSILON]);
    let c = vector(&[-f64::MAX, -1.0]);
    let all = [vector(&[f64::INFINITY, 0.0]), vector(&[f64::MAX, -f64::EPSILON * f64::EPSILON])];
    check(O::F64x2RelaxedMadd, [a, b, c], &all);
    let negated = unop(O::F64x2Neg, a).unwrap();
    check(O::F64x2RelaxedNmadd, [negated, b, c], &all);
}

#[test]
fn dot_products_of_bytes() {
    // The second operand has 7 bits: nothing to choose, even at the extremes.
    let a = vector(&[-128i8, -128, 127, 127]);
    let b = vector(&[127i8; 16]);
    let all = [vector(&[-32512i16, 32258])];
    check(
        O::I16x8RelaxedDotI8x16I7x16S,
        [a, b, 0],
        &all[..0].iter().chain(&all).copied().collect::<Vec<_>>(),
    );
    // The second operand has 8: signed, unsigned and saturated, signed without saturation.
    let a = vector(&[-128i8, -128]);
    let all = [i16::MAX, i16::MIN].map(|c| vector(&[c]));
    check(O::I16x8RelaxedDotI8x16I7x16S, [a, a, 0], &all);
    let all = [65534, -65536, 65536].map(|c: i32| vector(&[c + 7]));
    let a = vector(&[-128i8; 4]);
    check(O::I32x4RelaxedDotI8x16I7x16AddS, [a, a, vector(&[7])], &all);
}
