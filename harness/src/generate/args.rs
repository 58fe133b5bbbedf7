//! Arguments for exported functions.

use super::stream::Stream;
use super::typed::{RELATIONS, Ty, edges, lanes, related};
use etalon_adapters::{RefKind, Val, ValKind};
use etalon_module::{CompType, HeapType, Module, RefType, TypeUse, ValType};

/// Arguments for the parameters of a function. The first round is all zeros, of floats of either sign in turn, and nulls; later ones mix edge values, arbitrary
/// bits, and values that stand in a relation to an argument before them. `None` if the embedder has no value for a parameter.
/// Types in `params` are those of `module`.
pub fn arguments(
    module: &Module,
    params: &[ValType],
    round: usize,
    stream: &mut Stream,
) -> Option<Vec<Val>> {
    let mut before: Vec<(Ty, u128)> = Vec::new();
    let mut argument = |ty: &ValType| {
        if let ValType::Ref(ty) = ty {
            return reference(module, *ty, round == 0, stream);
        }
        let ty = Ty::of(*ty);
        let bits = match (round, ty) {
            // Both zeros are equal, and not the same.
            (0, Ty::F32 | Ty::F64) => {
                let alike = before.iter().filter(|(other, _)| *other == ty).count() as u128;
                (alike % 2) << (8 * ty.bytes() - 1)
            }
            (0, _) => 0,
            _ => number(ty, &before, stream),
        };
        before.push((ty, bits));
        Some(value(ty, bits))
    };
    params.iter().map(&mut argument).collect()
}

/// The bits of a number or vector.
fn number(ty: Ty, before: &[(Ty, u128)], stream: &mut Stream) -> u128 {
    let alike = before.iter().rev().find(|(other, _)| *other == ty);
    match (stream.below(8), alike) {
        (0, _) => stream.next_u128(),
        (1, _) if matches!(ty, Ty::I32 | Ty::I64) => stream.below(16) as u128,
        (1..=3, _) if ty == Ty::V128 => lanes(&mut |n| stream.below(n)),
        (4 | 5, Some((_, bits))) => related(ty, *bits, stream.below(RELATIONS)),
        _ => {
            let list = edges(ty);
            list[stream.below(list.len())]
        }
    }
}

/// The value of a type that is no reference, of bits of which the lowest count.
pub(crate) fn value(ty: Ty, bits: u128) -> Val {
    match ty {
        Ty::I32 | Ty::Ref(_) => Val::I32(bits as u32 as i32),
        Ty::I64 => Val::I64(bits as u64 as i64),
        Ty::F32 => Val::F32(bits as u32),
        Ty::F64 => Val::F64(bits as u64),
        Ty::V128 => Val::V128(bits),
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
