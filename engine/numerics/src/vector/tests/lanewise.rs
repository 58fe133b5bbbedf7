//! Each operator that treats all lanes alike, against the arithmetic of the language.

use etalon_module::Opcode as O;

use super::*;

fn check_unop<A: Number, B: Number>(op: Opcode, f: impl Fn(A) -> B) {
    for a in operands() {
        let expected: Vec<B> = numbers(a).into_iter().map(&f).collect();
        assert_eq!(unop(op, a), Some(vector(&expected)), "{op} {a:032x}");
    }
}

fn check_binop<A: Number, B: Number>(op: Opcode, f: impl Fn(A, A) -> B) {
    for a in operands() {
        for b in operands() {
            let pairs = numbers(a).into_iter().zip(numbers(b));
            let expected: Vec<B> = pairs.map(|(a, b)| f(a, b)).collect();
            assert_eq!(binop(op, a, b), Some(vector(&expected)), "{op} {a:032x} {b:032x}");
        }
    }
}

fn check_shift<T: Number>(op: Opcode, f: impl Fn(T, u32) -> T) {
    let bits = 8 * T::BYTES as u32;
    for a in operands() {
        for n in [0, 1, 7, bits - 1, bits, bits + 1, 31, 32, 127, 128, 255, 256, 1 << 31, u32::MAX]
        {
            // The amount is unsigned, and is taken modulo the width.
            let expected: Vec<T> = numbers(a).into_iter().map(|c| f(c, n % bits)).collect();
            assert_eq!(shift(op, a, n), Some(vector(&expected)), "{op} {a:032x} {n}");
        }
    }
}

/// The one NaN that operations generate. As in the code that is checked, NaN is told by its bits.
fn quiet32(z: f32) -> f32 {
    if z.to_bits() & 0x7fff_ffff > 0x7f80_0000 { f32::from_bits(0x7fc0_0000) } else { z }
}

fn quiet64(z: f64) -> f64 {
    if z.to_bits() & (u64::MAX >> 1) > 0x7ff << 52 { f64::from_bits(0x7ff8 << 48) } else { z }
}

/// Defines a test of relations: the result is -1 where they hold.
macro_rules! relations {
    ($($name:ident: $t:ty as $ones:ty, $($op:ident $relation:tt),*;)*) => {$(
        #[test]
        fn $name() {
            $(check_binop(O::$op, |a: $t, b: $t| if a $relation b { !(0 as $ones) } else { 0 });)*
        }
    )*};
}

relations! {
    i8_relations: i8 as u8, I8x16Eq ==, I8x16Ne !=, I8x16LtS <, I8x16GtS >, I8x16LeS <=, I8x16GeS >=;
    u8_relations: u8 as u8, I8x16LtU <, I8x16GtU >, I8x16LeU <=, I8x16GeU >=;
    i16_relations: i16 as u16, I16x8Eq ==, I16x8Ne !=, I16x8LtS <, I16x8GtS >, I16x8LeS <=, I16x8GeS >=;
    u16_relations: u16 as u16, I16x8LtU <, I16x8GtU >, I16x8LeU <=, I16x8GeU >=;
    i32_relations: i32 as u32, I32x4Eq ==, I32x4Ne !=, I32x4LtS <, I32x4GtS >, I32x4LeS <=, I32x4GeS >=;
    u32_relations: u32 as u32, I32x4LtU <, I32x4GtU >, I32x4LeU <=, I32x4GeU >=;
    i64_relations: i64 as u64, I64x2Eq ==, I64x2Ne !=, I64x2LtS <, I64x2GtS >, I64x2LeS <=, I64x2GeS >=;
    f32_relations: f32 as u32, F32x4Eq ==, F32x4Ne !=, F32x4Lt <, F32x4Gt >, F32x4Le <=, F32x4Ge >=;
    f64_relations: f64 as u64, F64x2Eq ==, F64x2Ne !=, F64x2Lt <, F64x2Gt >, F64x2Le <=, F64x2Ge >=;
}

#[test]
fn modular_arithmetic() {
    check_binop(O::I8x16Add, i8::wrapping_add);
    check_binop(O::I16x8Add, i16::wrapping_add);
    check_binop(O::I32x4Add, i32::wrapping_add);
    check_binop(O::I64x2Add, i64::wrapping_add);
    check_binop(O::I8x16Sub, i8::wrapping_sub);
    check_binop(O::I16x8Sub, i16::wrapping_sub);
    check_binop(O::I32x4Sub, i32::wrapping_sub);
    check_binop(O::I64x2Sub, i64::wrapping_sub);
    check_binop(O::I16x8Mul, i16::wrapping_mul);
    check_binop(O::I32x4Mul, i32::wrapping_mul);
    check_binop(O::I64x2Mul, i64::wrapping_mul);
    check_unop(O::I8x16Neg, i8::wrapping_neg);
    check_unop(O::I16x8Neg, i16::wrapping_neg);
    check_unop(O::I32x4Neg, i32::wrapping_neg);
    check_unop(O::I64x2Neg, i64::wrapping_neg);
    check_unop(O::I8x16Abs, i8::wrapping_abs);
    check_unop(O::I16x8Abs, i16::wrapping_abs);
    check_unop(O::I32x4Abs, i32::wrapping_abs);
    check_unop(O::I64x2Abs, i64::wrapping_abs);
    check_unop(O::I8x16Popcnt, |c: u8| (0..8).map(|bit| c >> bit & 1).sum::<u8>());
}

#[test]
fn saturating_arithmetic() {
    check_binop(O::I8x16AddSatS, i8::saturating_add);
    check_binop(O::I8x16AddSatU, u8::saturating_add);
    check_binop(O::I16x8AddSatS, i16::saturating_add);
    check_binop(O::I16x8AddSatU, u16::saturating_add);
    check_binop(O::I8x16SubSatS, i8::saturating_sub);
    check_binop(O::I8x16SubSatU, u8::saturating_sub);
    check_binop(O::I16x8SubSatS, i16::saturating_sub);
    check_binop(O::I16x8SubSatU, u16::saturating_sub);
    check_binop(O::I16x8Q15MulrSatS, |a: i16, b: i16| {
        let product = (f64::from(a) * f64::from(b) / 32768.0 + 0.5).floor();
        product.min(32767.0) as i16
    });
}

#[test]
fn integer_minimum_maximum_and_mean() {
    check_binop(O::I8x16MinS, i8::min);
    check_binop(O::I8x16MinU, u8::min);
    check_binop(O::I16x8MinS, i16::min);
    check_binop(O::I16x8MinU, u16::min);
    check_binop(O::I32x4MinS, i32::min);
    check_binop(O::I32x4MinU, u32::min);
    check_binop(O::I8x16MaxS, i8::max);
    check_binop(O::I8x16MaxU, u8::max);
    check_binop(O::I16x8MaxS, i16::max);
    check_binop(O::I16x8MaxU, u16::max);
    check_binop(O::I32x4MaxS, i32::max);
    check_binop(O::I32x4MaxU, u32::max);
    check_binop(O::I8x16AvgrU, |a: u8, b: u8| ((f32::from(a) + f32::from(b)) / 2.0).round() as u8);
    check_binop(O::I16x8AvgrU, |a: u16, b: u16| {
        ((f32::from(a) + f32::from(b)) / 2.0).round() as u16
    });
}

#[test]
fn shifts() {
    check_shift(O::I8x16Shl, |c: u8, n| c << n);
    check_shift(O::I8x16ShrS, |c: i8, n| c >> n);
    check_shift(O::I8x16ShrU, |c: u8, n| c >> n);
    check_shift(O::I16x8Shl, |c: u16, n| c << n);
    check_shift(O::I16x8ShrS, |c: i16, n| c >> n);
    check_shift(O::I16x8ShrU, |c: u16, n| c >> n);
    check_shift(O::I32x4Shl, |c: u32, n| c << n);
    check_shift(O::I32x4ShrS, |c: i32, n| c >> n);
    check_shift(O::I32x4ShrU, |c: u32, n| c >> n);
    check_shift(O::I64x2Shl, |c: u64, n| c << n);
    check_shift(O::I64x2ShrS, |c: i64, n| c >> n);
    check_shift(O::I64x2ShrU, |c: u64, n| c >> n);
}

#[test]
fn bits() {
    check_unop(O::V128Not, |c: u64| !c);
    check_binop(O::V128And, |a: u64, b| a & b);
    check_binop(O::V128AndNot, |a: u64, b: u64| a & !b);
    check_binop(O::V128Or, |a: u64, b| a | b);
    check_binop(O::V128Xor, |a: u64, b| a ^ b);
    for a in operands() {
        for b in operands() {
            let c = a.rotate_left(29) ^ b;
            // Each bit by itself.
            let expected = (0..128).fold(0, |v, bit| {
                let from = if c >> bit & 1 == 1 { a } else { b };
                v | from & 1 << bit
            });
            assert_eq!(ternop(O::V128Bitselect, a, b, c), Some(expected));
        }
    }
}

#[test]
fn float_arithmetic() {
    check_binop(O::F32x4Add, |a: f32, b: f32| quiet32(a + b));
    check_binop(O::F64x2Add, |a: f64, b: f64| quiet64(a + b));
    check_binop(O::F32x4Sub, |a: f32, b: f32| quiet32(a - b));
    check_binop(O::F64x2Sub, |a: f64, b: f64| quiet64(a - b));
    check_binop(O::F32x4Mul, |a: f32, b: f32| quiet32(a * b));
    check_binop(O::F64x2Mul, |a: f64, b: f64| quiet64(a * b));
    check_binop(O::F32x4Div, |a: f32, b: f32| quiet32(a / b));
    check_binop(O::F64x2Div, |a: f64, b: f64| quiet64(a / b));
    check_unop(O::F32x4Sqrt, |a: f32| quiet32(a.sqrt()));
    check_unop(O::F64x2Sqrt, |a: f64| quiet64(a.sqrt()));
    // Signs change in the bits alone.
    check_unop(O::F32x4Abs, |a: u32| a & 0x7fff_ffff);
    check_unop(O::F64x2Abs, |a: u64| a & 0x7fff_ffff_ffff_ffff);
    check_unop(O::F32x4Neg, |a: u32| a ^ 0x8000_0000);
    check_unop(O::F64x2Neg, |a: u64| a ^ 0x8000_0000_0000_0000);
}

#[test]
fn float_rounding() {
    check_unop(O::F32x4Ceil, |a: f32| quiet32(a.ceil()));
    check_unop(O::F64x2Ceil, |a: f64| quiet64(a.ceil()));
    check_unop(O::F32x4Floor, |a: f32| quiet32(a.floor()));
    check_unop(O::F64x2Floor, |a: f64| quiet64(a.floor()));
    check_unop(O::F32x4Trunc, |a: f32| quiet32(a.trunc()));
    check_unop(O::F64x2Trunc, |a: f64| quiet64(a.trunc()));
    check_unop(O::F32x4Nearest, |a: f32| quiet32(a.round_ties_even()));
    check_unop(O::F64x2Nearest, |a: f64| quiet64(a.round_ties_even()));
}

#[test]
fn float_minimum_and_maximum() {
    // Of equal numbers the sign decides, as it does in the total order.
    let least = |a: f64, b: f64| if a.total_cmp(&b).is_lt() { a } else { b };
    let greatest = |a: f64, b: f64| if a.total_cmp(&b).is_lt() { b } else { a };
    let nan = |a: f64, b: f64| a.is_nan() || b.is_nan();
    let min = |a, b| if nan(a, b) { quiet64(f64::NAN) } else { least(a, b) };
    let max = |a, b| if nan(a, b) { quiet64(f64::NAN) } else { greatest(a, b) };
    check_binop(O::F64x2Min, min);
    check_binop(O::F64x2Max, max);
    check_binop(O::F32x4Min, |a: f32, b: f32| quiet32(min(a.into(), b.into()) as f32));
    check_binop(O::F32x4Max, |a: f32, b: f32| quiet32(max(a.into(), b.into()) as f32));
}

#[test]
fn pseudo_minimum_and_maximum_pick_bits() {
    let (f, d) = (f32::from_bits, f64::from_bits);
    check_binop(O::F32x4PMin, |a: u32, b: u32| if f(b) < f(a) { b } else { a });
    check_binop(O::F32x4PMax, |a: u32, b: u32| if f(a) < f(b) { b } else { a });
    check_binop(O::F64x2PMin, |a: u64, b: u64| if d(b) < d(a) { b } else { a });
    check_binop(O::F64x2PMax, |a: u64, b: u64| if d(a) < d(b) { b } else { a });
}

#[test]
fn conversions_of_the_same_shape() {
    // A cast of the language saturates, and makes 0 of NaN.
    check_unop(O::I32x4TruncSatF32x4S, |a: f32| a as i32);
    check_unop(O::I32x4TruncSatF32x4U, |a: f32| a as u32);
    check_unop(O::F32x4ConvertI32x4S, |a: i32| a as f32);
    check_unop(O::F32x4ConvertI32x4U, |a: u32| a as f32);
    check_unop(O::I32x4TruncSatF64x2SZero, |a: f64| a as i32);
    check_unop(O::I32x4TruncSatF64x2UZero, |a: f64| a as u32);
    check_unop(O::F32x4DemoteF64x2Zero, |a: f64| quiet32(a as f32));
}
