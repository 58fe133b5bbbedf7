//! Operators whose result has another shape than their operands, against arithmetic on lists.

use etalon_module::Opcode as O;

use super::*;

/// What is done to a list of numbers.
fn check_unop<A: Number, B: Number>(op: Opcode, f: impl Fn(&[A]) -> Vec<B>) {
    for a in operands() {
        assert_eq!(unop(op, a), Some(vector(&f(&numbers(a)))), "{op} {a:032x}");
    }
}

fn check_binop<A: Number, B: Number>(op: Opcode, f: impl Fn(&[A], &[A]) -> Vec<B>) {
    for a in operands() {
        for b in operands() {
            let expected = vector(&f(&numbers(a), &numbers(b)));
            assert_eq!(binop(op, a, b), Some(expected), "{op} {a:032x} {b:032x}");
        }
    }
}

/// Defines a test of the operators that widen one type of lanes to another.
macro_rules! widening {
    ($name:ident: $narrow:ty => $wide:ty, $half:literal, $low:ident $high:ident $mul_low:ident $mul_high:ident) => {
        #[test]
        fn $name() {
            let widen = |a: &[$narrow]| a.iter().map(|&c| <$wide>::from(c)).collect::<Vec<_>>();
            let times = |a: &[$narrow], b: &[$narrow]| {
                a.iter().zip(b).map(|(&a, &b)| <$wide>::from(a) * <$wide>::from(b)).collect()
            };
            check_unop(O::$low, |a: &[$narrow]| widen(&a[..$half]));
            check_unop(O::$high, |a: &[$narrow]| widen(&a[$half..]));
            check_binop(O::$mul_low, |a: &[$narrow], b| -> Vec<$wide> {
                times(&a[..$half], &b[..$half])
            });
            check_binop(O::$mul_high, |a: &[$narrow], b| -> Vec<$wide> {
                times(&a[$half..], &b[$half..])
            });
        }
    };
}

widening!(i8_to_i16: i8 => i16, 8,
    I16x8ExtendLowI8x16S I16x8ExtendHighI8x16S I16x8ExtMulLowI8x16S I16x8ExtMulHighI8x16S);
widening!(u8_to_u16: u8 => u16, 8,
    I16x8ExtendLowI8x16U I16x8ExtendHighI8x16U I16x8ExtMulLowI8x16U I16x8ExtMulHighI8x16U);
widening!(i16_to_i32: i16 => i32, 4,
    I32x4ExtendLowI16x8S I32x4ExtendHighI16x8S I32x4ExtMulLowI16x8S I32x4ExtMulHighI16x8S);
widening!(u16_to_u32: u16 => u32, 4,
    I32x4ExtendLowI16x8U I32x4ExtendHighI16x8U I32x4ExtMulLowI16x8U I32x4ExtMulHighI16x8U);
widening!(i32_to_i64: i32 => i64, 2,
    I64x2ExtendLowI32x4S I64x2ExtendHighI32x4S I64x2ExtMulLowI32x4S I64x2ExtMulHighI32x4S);
widening!(u32_to_u64: u32 => u64, 2,
    I64x2ExtendLowI32x4U I64x2ExtendHighI32x4U I64x2ExtMulLowI32x4U I64x2ExtMulHighI32x4U);

#[test]
fn pairs_are_added() {
    fn sums<A: Number, B: From<A> + std::ops::Add<Output = B>>(a: &[A]) -> Vec<B> {
        a.chunks(2).map(|pair| B::from(pair[0]) + B::from(pair[1])).collect()
    }
    check_unop(O::I16x8ExtAddPairwiseI8x16S, sums::<i8, i16>);
    check_unop(O::I16x8ExtAddPairwiseI8x16U, sums::<u8, u16>);
    check_unop(O::I32x4ExtAddPairwiseI16x8S, sums::<i16, i32>);
    check_unop(O::I32x4ExtAddPairwiseI16x8U, sums::<u16, u32>);
    check_binop(O::I32x4DotI16x8S, |a: &[i16], b: &[i16]| {
        (0..4)
            .map(|i| {
                let product = |k: usize| i64::from(a[k]) * i64::from(b[k]);
                (product(2 * i) + product(2 * i + 1)) as i32
            })
            .collect()
    });
}

#[test]
fn narrowing_saturates_signed_numbers() {
    check_binop(O::I8x16NarrowI16x8S, |a: &[i16], b| {
        [a, b].concat().iter().map(|&c| c.clamp(-128, 127) as i8).collect()
    });
    check_binop(O::I8x16NarrowI16x8U, |a: &[i16], b| {
        [a, b].concat().iter().map(|&c| c.clamp(0, 255) as u8).collect()
    });
    check_binop(O::I16x8NarrowI32x4S, |a: &[i32], b| {
        [a, b].concat().iter().map(|&c| c.clamp(-32768, 32767) as i16).collect()
    });
    check_binop(O::I16x8NarrowI32x4U, |a: &[i32], b| {
        [a, b].concat().iter().map(|&c| c.clamp(0, 65535) as u16).collect()
    });
}

#[test]
fn the_low_half_is_converted() {
    check_unop(O::F64x2ConvertLowI32x4S, |a: &[i32]| vec![f64::from(a[0]), f64::from(a[1])]);
    check_unop(O::F64x2ConvertLowI32x4U, |a: &[u32]| vec![f64::from(a[0]), f64::from(a[1])]);
    check_unop(O::F64x2PromoteLowF32x4, |a: &[f32]| {
        let promote = |z: f32| if z.is_nan() { 0x7ff8 << 48 } else { f64::from(z).to_bits() };
        vec![promote(a[0]), promote(a[1])]
    });
}

#[test]
fn bytes_are_selected() {
    check_binop(O::I8x16Swizzle, |a: &[u8], i: &[u8]| {
        i.iter().map(|&i| if i < 16 { a[usize::from(i)] } else { 0 }).collect()
    });
    for (a, b) in operands().into_iter().zip(operands().into_iter().rev()) {
        let both = [numbers::<u8>(a), numbers(b)].concat();
        for lanes in [[0; 16], [31; 16], std::array::from_fn(|i| (i * 7 % 32) as u8)] {
            let expected = lanes.map(|i| both[usize::from(i)]);
            assert_eq!(shuffle(lanes, a, b), vector(&expected));
        }
    }
}

#[test]
fn lanes_are_tested() {
    fn check<T: Number + Into<i64>>(all: Opcode, mask: Opcode) {
        for a in operands() {
            let lanes: Vec<i64> = numbers::<T>(a).into_iter().map(Into::into).collect();
            let expected: u32 = lanes.iter().enumerate().map(|(i, &c)| u32::from(c < 0) << i).sum();
            assert_eq!(test(all, a), Some(u32::from(!lanes.contains(&0))), "{all} {a:032x}");
            assert_eq!(test(mask, a), Some(expected), "{mask} {a:032x}");
            assert_eq!(test(O::V128AnyTrue, a), Some(u32::from(lanes.iter().any(|&c| c != 0))));
        }
    }
    check::<i8>(O::I8x16AllTrue, O::I8x16Bitmask);
    check::<i16>(O::I16x8AllTrue, O::I16x8Bitmask);
    check::<i32>(O::I32x4AllTrue, O::I32x4Bitmask);
    check::<i64>(O::I64x2AllTrue, O::I64x2Bitmask);
}

#[test]
fn lanes_go_in_and_come_out() {
    const SHAPES: [(usize, [O; 2], [O; 2]); 6] = [
        (1, [O::I8x16Splat, O::I8x16ReplaceLane], [O::I8x16ExtractLaneU, O::V128Store8Lane]),
        (2, [O::I16x8Splat, O::I16x8ReplaceLane], [O::I16x8ExtractLaneU, O::V128Store16Lane]),
        (4, [O::I32x4Splat, O::I32x4ReplaceLane], [O::I32x4ExtractLane, O::V128Store32Lane]),
        (4, [O::F32x4Splat, O::V128Load32Lane], [O::F32x4ExtractLane, O::V128Store32Lane]),
        (8, [O::I64x2Splat, O::I64x2ReplaceLane], [O::I64x2ExtractLane, O::V128Store64Lane]),
        (8, [O::F64x2Splat, O::V128Load64Lane], [O::F64x2ExtractLane, O::V128Store64Lane]),
    ];
    let bits = 0xfedc_ba98_7fa0_0001_u64;
    for (width, [make, put], takes) in SHAPES {
        let lane_bytes = &bits.to_le_bytes()[..width];
        let lane = lane_bytes.iter().rev().fold(0, |v, &byte| v << 8 | u64::from(byte));
        assert_eq!(splat(make, bits), Some(vector(&lane_bytes.repeat(16 / width))), "{make}");
        for number in 0..16 / width {
            for a in operands() {
                let mut bytes = a.to_le_bytes();
                bytes[number * width..][..width].copy_from_slice(lane_bytes);
                let replaced = replace(put, number as u8, a, bits).unwrap();
                assert_eq!(replaced, vector(&bytes), "{put} {number}");
                for take in takes {
                    assert_eq!(extract(take, number as u8, replaced), Some(lane), "{take}");
                }
            }
        }
        // A lane that is not there.
        let beyond = (16 / width) as u8;
        assert_eq!(replace(put, beyond, 0, bits), None);
        assert_eq!(extract(takes[0], beyond, 0), None);
    }
}

#[test]
fn narrow_lanes_come_out_as_i32() {
    let a = vector(&[0x80u8, 0x7f, 0xff, 0x80]);
    assert_eq!(extract(O::I8x16ExtractLaneS, 0, a), Some(0xffff_ff80));
    assert_eq!(extract(O::I8x16ExtractLaneS, 1, a), Some(0x7f));
    assert_eq!(extract(O::I8x16ExtractLaneU, 2, a), Some(0xff));
    assert_eq!(extract(O::I16x8ExtractLaneS, 1, a), Some(0xffff_80ff));
    assert_eq!(extract(O::I16x8ExtractLaneU, 1, a), Some(0x80ff));
}

#[test]
fn loads_are_extended() {
    let bits = 0x80ff_7f01_8000_fffe_u64;
    let cases = [
        (O::V128Load8x8S, vector(&[-2i16, -1, 0, -128, 1, 127, -1, -128])),
        (O::V128Load8x8U, vector(&[254u16, 255, 0, 128, 1, 127, 255, 128])),
        (O::V128Load16x4S, vector(&[-2i32, -32768, 0x7f01, -32513])),
        (O::V128Load16x4U, vector(&[0xfffeu32, 0x8000, 0x7f01, 0x80ff])),
        (O::V128Load32x2S, vector(&[-0x7fff_0002i64, -0x7f00_80ff])),
        (O::V128Load32x2U, vector(&[0x8000_fffeu64, 0x80ff_7f01])),
        (O::V128Load8Splat, vector(&[0xfeu8; 16])),
        (O::V128Load16Splat, vector(&[0xfffeu16; 8])),
        (O::V128Load32Splat, vector(&[0x8000_fffeu32; 4])),
        (O::V128Load64Splat, vector(&[bits; 2])),
        (O::V128Load32Zero, vector(&[0x8000_fffeu32])),
        (O::V128Load64Zero, vector(&[bits])),
    ];
    for (op, expected) in cases {
        assert_eq!(extend_load(op, bits), Some(expected), "{op}");
    }
    for op in [O::V128Load8Lane, O::V128Load16Lane] {
        let width = if op == O::V128Load8Lane { 1 } else { 2 };
        let kept = u128::MAX << (8 * width);
        let lane = u128::from(bits) & !kept;
        assert_eq!(replace(op, 0, u128::MAX, bits), Some(kept | lane), "{op}");
    }
}
