//! The decoder's types into ours.

use crate::const_expr::{ConstExpr, ConstOp};
use crate::types::{
    AddrType, CompType, ExternType, FieldType, FuncType, GlobalType, HeapType, Limits, MemoryType,
    RecGroup, RefType, StorageType, SubType, TableType, TagType, TypeUse, ValType,
};
use wasmparser::{self as wp, AbstractHeapType as Abs, CompositeInnerType, Operator, TypeRef};

/// A construct that the decoder accepts and this crate cannot represent, by the name of its feature.
#[derive(Debug)]
pub(crate) struct Unknown(pub(crate) &'static str);

type Result<T> = std::result::Result<T, Unknown>;

impl HeapType {
    /// Converts the decoder's heap type; `None` for those of proposals that this crate cannot represent.
    pub fn from_decoder(ty: wp::HeapType) -> Option<HeapType> {
        heap_type(ty).ok()
    }
}

pub(crate) fn heap_type(ty: wp::HeapType) -> Result<HeapType> {
    Ok(match ty {
        wp::HeapType::Abstract { shared: true, .. } => {
            return Err(Unknown("shared-everything-threads"));
        }
        wp::HeapType::Abstract { shared: false, ty } => match ty {
            Abs::Func => HeapType::Func,
            Abs::Extern => HeapType::Extern,
            Abs::Any => HeapType::Any,
            Abs::None => HeapType::None,
            Abs::NoExtern => HeapType::NoExtern,
            Abs::NoFunc => HeapType::NoFunc,
            Abs::Eq => HeapType::Eq,
            Abs::Struct => HeapType::Struct,
            Abs::Array => HeapType::Array,
            Abs::I31 => HeapType::I31,
            Abs::Exn => HeapType::Exn,
            Abs::NoExn => HeapType::NoExn,
            Abs::Cont | Abs::NoCont => return Err(Unknown("stack-switching")),
        },
        wp::HeapType::Concrete(index) => match index.as_module_index() {
            Some(i) => HeapType::Use(TypeUse::Idx(i)),
            None => return Err(Unknown("gc")),
        },
        wp::HeapType::Exact(_) => return Err(Unknown("custom-descriptors")),
    })
}

pub(crate) fn ref_type(ty: wp::RefType) -> Result<RefType> {
    Ok(RefType { nullable: ty.is_nullable(), heap: heap_type(ty.heap_type())? })
}

pub(crate) fn val_type(ty: wp::ValType) -> Result<ValType> {
    Ok(match ty {
        wp::ValType::I32 => ValType::I32,
        wp::ValType::I64 => ValType::I64,
        wp::ValType::F32 => ValType::F32,
        wp::ValType::F64 => ValType::F64,
        wp::ValType::V128 => ValType::V128,
        wp::ValType::Ref(r) => ValType::Ref(ref_type(r)?),
    })
}

pub(crate) fn func_type(ty: &wp::FuncType) -> Result<FuncType> {
    let list = |types: &[wp::ValType]| types.iter().map(|t| val_type(*t)).collect::<Result<_>>();
    Ok(FuncType { params: list(ty.params())?, results: list(ty.results())? })
}

fn field_type(ty: wp::FieldType) -> Result<FieldType> {
    let storage = match ty.element_type {
        wp::StorageType::I8 => StorageType::I8,
        wp::StorageType::I16 => StorageType::I16,
        wp::StorageType::Val(v) => StorageType::Val(val_type(v)?),
    };
    Ok(FieldType { mutable: ty.mutable, storage })
}

fn sub_type(ty: &wp::SubType) -> Result<SubType> {
    let composite = &ty.composite_type;
    if composite.shared {
        return Err(Unknown("shared-everything-threads"));
    }
    if composite.descriptor_idx.is_some() || composite.describes_idx.is_some() {
        return Err(Unknown("custom-descriptors"));
    }
    let comp = match &composite.inner {
        CompositeInnerType::Func(f) => CompType::Func(func_type(f)?),
        CompositeInnerType::Array(a) => CompType::Array(field_type(a.0)?),
        CompositeInnerType::Struct(s) => {
            CompType::Struct(s.fields.iter().map(|f| field_type(*f)).collect::<Result<_>>()?)
        }
        CompositeInnerType::Cont(_) => return Err(Unknown("stack-switching")),
    };
    let supertype = match ty.supertype_idxs.first() {
        None => None,
        Some(index) => match index.as_module_index() {
            Some(i) => Some(TypeUse::Idx(i)),
            None => return Err(Unknown("gc")),
        },
    };
    Ok(SubType { is_final: ty.is_final, supertype, comp })
}

pub(crate) fn rec_group(group: &wp::RecGroup) -> Result<RecGroup> {
    Ok(RecGroup(group.types().map(sub_type).collect::<Result<_>>()?))
}

fn addr_type(is_64: bool) -> AddrType {
    if is_64 { AddrType::I64 } else { AddrType::I32 }
}

pub(crate) fn memory_type(ty: wp::MemoryType) -> MemoryType {
    MemoryType {
        addr: addr_type(ty.memory64),
        limits: Limits { min: ty.initial, max: ty.maximum },
        shared: ty.shared,
        page_size_log2: ty.page_size_log2.map_or(16, |n| n.min(63) as u8),
    }
}

pub(crate) fn table_type(ty: wp::TableType) -> Result<TableType> {
    if ty.shared {
        return Err(Unknown("shared-everything-threads"));
    }
    Ok(TableType {
        addr: addr_type(ty.table64),
        limits: Limits { min: ty.initial, max: ty.maximum },
        element: ref_type(ty.element_type)?,
    })
}

pub(crate) fn global_type(ty: wp::GlobalType) -> Result<GlobalType> {
    if ty.shared {
        return Err(Unknown("shared-everything-threads"));
    }
    Ok(GlobalType { mutable: ty.mutable, val: val_type(ty.content_type)? })
}

pub(crate) fn tag_type(ty: wp::TagType) -> TagType {
    TagType { ty: TypeUse::Idx(ty.func_type_idx) }
}

pub(crate) fn extern_type(ty: TypeRef) -> Result<ExternType> {
    Ok(match ty {
        TypeRef::Func(i) => ExternType::Func(TypeUse::Idx(i)),
        TypeRef::Table(t) => ExternType::Table(table_type(t)?),
        TypeRef::Memory(m) => ExternType::Memory(memory_type(m)),
        TypeRef::Global(g) => ExternType::Global(global_type(g)?),
        TypeRef::Tag(t) => ExternType::Tag(tag_type(t)),
        TypeRef::FuncExact(_) => return Err(Unknown("custom-descriptors")),
    })
}

/// One instruction of a constant expression; `None` for its `end`.
///
/// An instruction that is not constant gives `None` too: validation rejects it, with its offset.
pub(crate) fn const_op(op: &Operator<'_>) -> Result<Option<ConstOp>> {
    Ok(Some(match *op {
        Operator::I32Const { value } => ConstOp::I32Const(value),
        Operator::I64Const { value } => ConstOp::I64Const(value),
        Operator::F32Const { value } => ConstOp::F32Const(value.bits()),
        Operator::F64Const { value } => ConstOp::F64Const(value.bits()),
        Operator::V128Const { value } => ConstOp::V128Const(value.i128() as u128),
        Operator::RefNull { hty } => ConstOp::RefNull(heap_type(hty)?),
        Operator::RefFunc { function_index } => ConstOp::RefFunc(function_index),
        Operator::GlobalGet { global_index } => ConstOp::GlobalGet(global_index),
        Operator::I32Add => ConstOp::I32Add,
        Operator::I32Sub => ConstOp::I32Sub,
        Operator::I32Mul => ConstOp::I32Mul,
        Operator::I64Add => ConstOp::I64Add,
        Operator::I64Sub => ConstOp::I64Sub,
        Operator::I64Mul => ConstOp::I64Mul,
        Operator::RefI31 => ConstOp::RefI31,
        Operator::StructNew { struct_type_index } => ConstOp::StructNew(struct_type_index),
        Operator::StructNewDefault { struct_type_index } => {
            ConstOp::StructNewDefault(struct_type_index)
        }
        Operator::ArrayNew { array_type_index } => ConstOp::ArrayNew(array_type_index),
        Operator::ArrayNewDefault { array_type_index } => {
            ConstOp::ArrayNewDefault(array_type_index)
        }
        Operator::ArrayNewFixed { array_type_index, array_size } => {
            ConstOp::ArrayNewFixed(array_type_index, array_size)
        }
        Operator::AnyConvertExtern => ConstOp::AnyConvertExtern,
        Operator::ExternConvertAny => ConstOp::ExternConvertAny,
        _ => return Ok(None),
    }))
}

/// A whole constant expression.
pub(crate) fn const_expr(
    expr: &wp::ConstExpr<'_>,
) -> std::result::Result<ConstExpr, ConstExprError> {
    let mut ops = Vec::new();
    for op in expr.get_operators_reader() {
        let op = op.map_err(ConstExprError::Decode)?;
        ops.extend(const_op(&op).map_err(ConstExprError::Unknown)?);
    }
    Ok(ConstExpr(ops.into()))
}

/// Why a constant expression cannot be read.
#[derive(Debug)]
pub(crate) enum ConstExprError {
    Decode(wp::Error),
    Unknown(Unknown),
}
