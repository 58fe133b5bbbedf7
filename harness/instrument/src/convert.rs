//! Types, as they are written, and the bytes that values take.

use etalon_module::{HeapType, RefType, StorageType, TypeUse, ValType};
use wasm_encoder as we;

/// A value type as it is written. Types of the module keep their indices in the copy.
pub(crate) fn val_type(ty: ValType) -> we::ValType {
    match ty {
        ValType::I32 => we::ValType::I32,
        ValType::I64 => we::ValType::I64,
        ValType::F32 => we::ValType::F32,
        ValType::F64 => we::ValType::F64,
        ValType::V128 => we::ValType::V128,
        ValType::Ref(RefType { nullable, heap }) => {
            we::ValType::Ref(we::RefType { nullable, heap_type: heap_type(heap) })
        }
    }
}

fn heap_type(ty: HeapType) -> we::HeapType {
    use we::AbstractHeapType as A;
    let ty = match ty {
        HeapType::Any => A::Any,
        HeapType::Eq => A::Eq,
        HeapType::I31 => A::I31,
        HeapType::Struct => A::Struct,
        HeapType::Array => A::Array,
        HeapType::None => A::None,
        HeapType::Func => A::Func,
        HeapType::NoFunc => A::NoFunc,
        HeapType::Extern => A::Extern,
        HeapType::NoExtern => A::NoExtern,
        HeapType::Exn => A::Exn,
        HeapType::NoExn => A::NoExn,
        // Types of a decoded module are named by their indices.
        HeapType::Use(TypeUse::Idx(index) | TypeUse::Rec(index)) => {
            return we::HeapType::Concrete(index);
        }
        HeapType::Use(TypeUse::Def(id)) => return we::HeapType::Concrete(id.0),
    };
    we::HeapType::Abstract { shared: false, ty }
}

/// The type of a value that is stored so.
pub(crate) fn unpacked(storage: StorageType) -> ValType {
    match storage {
        StorageType::I8 | StorageType::I16 => ValType::I32,
        StorageType::Val(ty) => ty,
    }
}

/// The bytes of a field or element (gas-1, *GC heap*). In a data segment an element that is a number has as many.
pub(crate) fn bytes_of(storage: StorageType) -> u64 {
    match storage {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(ValType::I32 | ValType::F32) => 4,
        StorageType::Val(ValType::I64 | ValType::F64 | ValType::Ref(_)) => 8,
        StorageType::Val(ValType::V128) => 16,
    }
}

/// The bytes of an object with fields or elements of so many: a header, and whole words.
pub(crate) fn object(payload: u64) -> u64 {
    payload.div_ceil(8).saturating_mul(8).saturating_add(16)
}
