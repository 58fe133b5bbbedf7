//! Checks of the vector operations.

mod edges;
mod lanewise;
mod relaxed;
mod shapes;

use etalon_module::Opcode;

use super::*;

/// A number as the bytes that memory would hold, which is how these tests take a vector apart:
/// otherwise than the code that they check.
trait Number: Copy + std::fmt::Debug {
    const BYTES: usize;
    fn from_bytes(bytes: &[u8]) -> Self;
    fn to_bytes(self) -> Vec<u8>;
}

macro_rules! numbers {
    ($($t:ty)*) => {$(
        impl Number for $t {
            const BYTES: usize = size_of::<$t>();

            fn from_bytes(bytes: &[u8]) -> $t {
                <$t>::from_le_bytes(bytes.try_into().unwrap())
            }

            fn to_bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        }
    )*};
}

numbers!(i8 u8 i16 u16 i32 u32 i64 u64 f32 f64);

/// The numbers in a vector.
fn numbers<T: Number>(v: u128) -> Vec<T> {
    v.to_le_bytes().chunks(T::BYTES).map(T::from_bytes).collect()
}

/// The vector of some numbers. Where there are too few, the rest is zero.
fn vector<T: Number>(numbers: &[T]) -> u128 {
    let mut bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_bytes()).collect();
    assert!(bytes.len() <= 16);
    bytes.resize(16, 0);
    u128::from_le_bytes(bytes.try_into().unwrap())
}

/// Vectors whose lanes are at the edges of what they can hold, in every shape, and some without
/// any pattern.
fn operands() -> Vec<u128> {
    let mut operands = vec![
        0,
        u128::MAX,
        vector(&[0x80u8; 16]),
        vector(&[0x7fu8; 16]),
        vector(&[1u8; 16]),
        vector(&[0i8, 1, -1, 2, -2, 63, -64, 64, 127, -127, -128, 16, 15, 31, 32, 100]),
        vector(&[0i16, 1, -1, 127, -129, 255, i16::MIN, i16::MAX]),
        vector(&[i16::MIN, i16::MIN, i16::MAX, i16::MAX, 128, -128, 256, -32767]),
        vector(&[0i32, -1, i32::MIN, i32::MAX]),
        vector(&[32767i32, 32768, -32769, 65536]),
        vector(&[i64::MIN, i64::MAX]),
        vector(&[1i64, -1]),
        vector(&[0.0f32, -0.0, f32::INFINITY, f32::NEG_INFINITY]),
        vector(&[-0.0f32, 0.0, 1.5, -1.5]),
        vector(&[0x7fc0_0000u32, 0xffc0_0000, 0x7fa0_0001, 0xff80_0001]),
        vector(&[2.5f32, -2.5, 0.5, -0.5]),
        vector(&[2_147_483_520.0f32, 2_147_483_648.0, -2_147_483_648.0, 4_294_967_296.0]),
        vector(&[f32::MAX, f32::MIN_POSITIVE, 1e-45, -1e-45]),
        vector(&[0.0f64, -0.0]),
        vector(&[f64::INFINITY, f64::NEG_INFINITY]),
        vector(&[f64::NAN, 1.0]),
        vector(&[0xfff4_0000_0000_0001u64, 0x7ff8_0000_0000_0000]),
        vector(&[2_147_483_647.9f64, -2_147_483_649.0]),
        vector(&[4_294_967_295.5f64, -0.9]),
        vector(&[1e300f64, 1e-310]),
        vector(&[3.5f64, -4.5]),
    ];
    // A fixed sequence (xorshift), so that a failure comes again.
    let mut state = 0x0123_4567_89ab_cdef_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u128::from(state)
    };
    operands.extend((0..40).map(|_| next() << 64 | next()));
    operands
}

/// Inlined into each of the checks, the largest functions would take minutes to compile.
#[inline(never)]
fn unop(op: Opcode, a: u128) -> Option<u128> {
    super::unop(op, a)
}

#[inline(never)]
fn binop(op: Opcode, a: u128, b: u128) -> Option<u128> {
    super::binop(op, a, b)
}

/// How many of the functions take an operator as theirs.
fn owners(op: Opcode) -> usize {
    [
        unop(op, 0).is_some(),
        binop(op, 0, 0).is_some(),
        ternop(op, 0, 0, 0).is_some(),
        shift(op, 0, 0).is_some(),
        test(op, 0).is_some(),
        splat(op, 0).is_some(),
        extract(op, 0, 0).is_some(),
        replace(op, 0, 0, 0).is_some(),
        extend_load(op, 0).is_some(),
    ]
    .into_iter()
    .filter(|&owns| owns)
    .count()
}

#[test]
fn every_vector_operator_belongs_to_one_function() {
    // A constant and a plain access compute nothing; a shuffle has a function of its own.
    let others = [Opcode::V128Const, Opcode::V128Load, Opcode::V128Store, Opcode::I8x16Shuffle];
    for &op in Opcode::ALL {
        let is_vector = matches!(op.proposal(), "simd" | "relaxed_simd");
        let expected = usize::from(is_vector && !others.contains(&op));
        assert_eq!(owners(op), expected, "{op}");
        assert_eq!(relaxed_results(op, [0; 3]).is_some(), op.proposal() == "relaxed_simd", "{op}");
    }
}
