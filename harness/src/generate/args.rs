//! Arguments for exported functions.

use super::stream::Stream;
use etalon_adapters::{RefKind, Val, ValKind};
use etalon_module::{CompType, HeapType, Module, RefType, TypeUse, ValType};

/// Edge values of integers.
const EDGES: &[u64] = &[
    0,
    1,
    2,
    3,
    31,
    32,
    33,
    63,
    64,
    255,
    0x7fff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
];

/// Edge values of floats: zeros, the bounds of integers, subnormals, infinities.
const FLOATS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1.5,
    2.5,
    -0.9999999999,
    f64::MIN_POSITIVE,
    5e-324,
    1e-40,
    f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    2147483647.0,
    2147483648.0,
    -2147483648.0,
    -2147483649.0,
    4294967295.0,
    4294967296.0,
    9223372036854775807.0,
    -9223372036854775808.0,
    18446744073709551615.0,
];

/// NaNs as bits: canonical, negative, with a payload, signalling.
const NANS: &[(u32, u64)] = &[
    (0x7fc0_0000, 0x7ff8_0000_0000_0000),
    (0xffc0_0000, 0xfff8_0000_0000_0000),
    (0x7fc0_1234, 0x7ff8_0000_0000_1234),
    (0x7fa0_0000, 0x7ff4_0000_0000_0000),
    (0xff80_0001, 0xfff0_0000_0000_0001),
];

/// Arguments for the parameters of a function. The first round is all zeros and nulls, later ones mix edge values,
/// small integers and arbitrary bits. `None` if the embedder has no value for a parameter.
/// Types in `params` are those of `module`.
pub fn arguments(
    module: &Module,
    params: &[ValType],
    round: usize,
    stream: &mut Stream,
) -> Option<Vec<Val>> {
    params.iter().map(|ty| argument(module, *ty, round, stream)).collect()
}

fn argument(module: &Module, ty: ValType, round: usize, stream: &mut Stream) -> Option<Val> {
    let plain = round == 0;
    Some(match ty {
        ValType::I32 if plain => Val::I32(0),
        ValType::I64 if plain => Val::I64(0),
        ValType::F32 if plain => Val::F32(0),
        ValType::F64 if plain => Val::F64(0),
        ValType::V128 if plain => Val::V128(0),
        ValType::I32 => Val::I32(integer(stream) as i32),
        ValType::I64 => Val::I64(integer(stream) as i64),
        ValType::F32 => Val::F32(float(stream).0),
        ValType::F64 => Val::F64(float(stream).1),
        ValType::V128 => Val::V128(vector(stream)),
        ValType::Ref(ty) => return reference(module, ty, plain, stream),
    })
}

fn integer(stream: &mut Stream) -> u64 {
    match stream.below(4) {
        0 => stream.next_u64(),
        1 => stream.below(16) as u64,
        _ => EDGES[stream.below(EDGES.len())],
    }
}

/// One number as bits of both formats.
fn float(stream: &mut Stream) -> (u32, u64) {
    match stream.below(4) {
        0 => (stream.next_u64() as u32, stream.next_u64()),
        1 => NANS[stream.below(NANS.len())],
        _ => {
            let number = FLOATS[stream.below(FLOATS.len())];
            ((number as f32).to_bits(), number.to_bits())
        }
    }
}

fn vector(stream: &mut Stream) -> u128 {
    let pair = |low: u64, high: u64| (u128::from(high) << 64) | u128::from(low);
    match stream.below(3) {
        0 => stream.next_u128(),
        1 => pair(integer(stream), integer(stream)),
        _ => pair(float(stream).1, float(stream).1),
    }
}

fn reference(module: &Module, ty: RefType, plain: bool, stream: &mut Stream) -> Option<Val> {
    let kind = match ty.heap {
        HeapType::Func | HeapType::NoFunc => ValKind::Func,
        HeapType::Extern | HeapType::NoExtern => ValKind::Extern,
        HeapType::Exn | HeapType::NoExn => ValKind::Exn,
        HeapType::Any
        | HeapType::Eq
        | HeapType::I31
        | HeapType::Struct
        | HeapType::Array
        | HeapType::None => ValKind::Any,
        // The only value of a defined type that the embedder has is null.
        HeapType::Use(TypeUse::Idx(index)) => match module.flat_types.get(index as usize)?.comp {
            CompType::Func(_) => ValKind::Func,
            CompType::Struct(_) | CompType::Array(_) => ValKind::Any,
        },
        HeapType::Use(_) => return None,
    };
    let number = stream.below(8) as u32;
    let made = match ty.heap {
        HeapType::Extern => Some(RefKind::Extern(number)),
        HeapType::Any => Some(RefKind::Host(number)),
        HeapType::Eq | HeapType::I31 => Some(RefKind::I31(number)),
        _ => None,
    };
    match made {
        Some(made) if !ty.nullable || (!plain && number > 1) => Some(Val::Ref(made)),
        _ => ty.nullable.then_some(Val::Null(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_have_the_types_of_the_parameters_and_begin_with_zeros() {
        let non_null_func = RefType { nullable: false, heap: HeapType::Func };
        let params = [
            ValType::I32,
            ValType::I64,
            ValType::F32,
            ValType::F64,
            ValType::V128,
            ValType::Ref(RefType::FUNCREF),
            ValType::Ref(RefType::EXTERNREF),
        ];
        let kinds = [
            ValKind::I32,
            ValKind::I64,
            ValKind::F32,
            ValKind::F64,
            ValKind::V128,
            ValKind::Func,
            ValKind::Extern,
        ];
        let module = Module::default();
        let mut stream = Stream::new("test", 0, 0);
        for round in 0..200 {
            let args = arguments(&module, &params, round, &mut stream).expect("all can be made");
            assert_eq!(args.iter().map(|v| v.kind()).collect::<Vec<_>>(), kinds);
            if round == 0 {
                assert_eq!(args[..2], [Val::I32(0), Val::I64(0)]);
            }
        }
        assert_eq!(arguments(&module, &[ValType::Ref(non_null_func)], 1, &mut stream), None);
    }
}
