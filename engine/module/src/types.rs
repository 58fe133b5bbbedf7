//! Types (specification: *Structure*, "Types").
//!
//! One set of Rust types serves both sides of instantiation: inside a [`Module`](crate::Module) a
//! defined type is named by its index ([`TypeUse::Idx`]); in a store it is named by its canonical
//! identity ([`TypeUse::Def`]).

use serde::{Deserialize, Serialize};
use std::fmt;

/// The identity of a canonicalised defined type in one [`TypeRegistry`](crate::TypeRegistry).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TypeId(pub u32);

/// How a type is referred to: `typeuse` of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TypeUse {
    /// An index into the module's type section.
    Idx(u32),
    /// A position inside the recursive group that is being defined.
    Rec(u32),
    /// A canonical type of a registry.
    Def(TypeId),
}

/// A heap type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HeapType {
    /// Top of the internal hierarchy.
    Any,
    /// Internal references that can be compared.
    Eq,
    /// Unboxed 31-bit integers.
    I31,
    /// Every structure.
    Struct,
    /// Every array.
    Array,
    /// Bottom of the internal hierarchy.
    None,
    /// Every function.
    Func,
    /// Bottom of the function hierarchy.
    NoFunc,
    /// Every external reference.
    Extern,
    /// Bottom of the external hierarchy.
    NoExtern,
    /// Every exception.
    Exn,
    /// Bottom of the exception hierarchy.
    NoExn,
    /// A defined type.
    Use(TypeUse),
}

/// A reference type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RefType {
    /// Whether null belongs to the type.
    pub nullable: bool,
    /// What is referred to.
    pub heap: HeapType,
}

impl RefType {
    /// `(ref null func)`.
    pub const FUNCREF: RefType = RefType { nullable: true, heap: HeapType::Func };
    /// `(ref null extern)`.
    pub const EXTERNREF: RefType = RefType { nullable: true, heap: HeapType::Extern };
}

/// A value type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64.
    F64,
    /// 128-bit vector.
    V128,
    /// Reference.
    Ref(RefType),
}

impl ValType {
    /// How many 64-bit slots a value of this type takes: 2 for `v128`, 1 for all others.
    pub fn slots(self) -> usize {
        if self == ValType::V128 { 2 } else { 1 }
    }

    /// Whether values of this type have a default (numbers, vectors, nullable references).
    pub fn is_defaultable(self) -> bool {
        !matches!(self, ValType::Ref(RefType { nullable: false, .. }))
    }
}

/// How many slots the values of a list of types take.
pub fn slots_of(types: &[ValType]) -> usize {
    types.iter().map(|t| t.slots()).sum()
}

/// A function type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FuncType {
    /// Types of the parameters.
    pub params: Box<[ValType]>,
    /// Types of the results.
    pub results: Box<[ValType]>,
}

impl FuncType {
    /// A function type from its parameters and results.
    pub fn new(params: impl Into<Box<[ValType]>>, results: impl Into<Box<[ValType]>>) -> Self {
        FuncType { params: params.into(), results: results.into() }
    }

    /// Slots of the parameters.
    pub fn param_slots(&self) -> usize {
        slots_of(&self.params)
    }

    /// Slots of the results.
    pub fn result_slots(&self) -> usize {
        slots_of(&self.results)
    }
}

/// What a field or an array element is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StorageType {
    /// A packed 8-bit integer.
    I8,
    /// A packed 16-bit integer.
    I16,
    /// An unpacked value.
    Val(ValType),
}

/// A field of a structure, or the element of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FieldType {
    /// Whether it can be written.
    pub mutable: bool,
    /// How it is stored.
    pub storage: StorageType,
}

/// A composite type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CompType {
    /// A function type.
    Func(FuncType),
    /// A structure type.
    Struct(Box<[FieldType]>),
    /// An array type.
    Array(FieldType),
}

/// A subtype: a composite type with its declared supertype.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SubType {
    /// Whether no further subtypes are allowed.
    pub is_final: bool,
    /// The declared supertype.
    pub supertype: Option<TypeUse>,
    /// The composite type.
    pub comp: CompType,
}

impl SubType {
    /// Of a function, final and without supertype.
    pub(crate) fn of_func(ty: FuncType) -> SubType {
        SubType { is_final: true, supertype: None, comp: CompType::Func(ty) }
    }
}

/// A recursive group of types.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecGroup(pub Box<[SubType]>);

/// The type of an address: whether a memory or table is indexed by `i32` or `i64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AddrType {
    /// 32-bit addresses.
    I32,
    /// 64-bit addresses.
    I64,
}

impl AddrType {
    /// The greatest number of the type.
    pub fn greatest(self) -> u64 {
        match self {
            AddrType::I32 => u32::MAX.into(),
            AddrType::I64 => u64::MAX,
        }
    }
}

/// Size limits, in pages for memories and in elements for tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limits {
    /// Size at the start.
    pub min: u64,
    /// Largest size, if declared.
    pub max: Option<u64>,
}

/// A memory type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MemoryType {
    /// Type of its addresses.
    pub addr: AddrType,
    /// Limits, in pages.
    pub limits: Limits,
    /// Whether threads share it.
    pub shared: bool,
    /// Binary logarithm of the page size in bytes: 16, or 0 with custom page sizes.
    pub page_size_log2: u8,
}

/// A table type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableType {
    /// Type of its indices.
    pub addr: AddrType,
    /// Limits, in elements.
    pub limits: Limits,
    /// Type of its elements.
    pub element: RefType,
}

/// A global type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GlobalType {
    /// Whether it can be set.
    pub mutable: bool,
    /// Type of its value.
    pub val: ValType,
}

/// A tag type: the function type that gives the exception's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TagType {
    /// The function type.
    pub ty: TypeUse,
}

/// The type of something that is imported or exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ExternType {
    /// A function of a defined type.
    Func(TypeUse),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// A tag.
    Tag(TagType),
}

impl fmt::Display for HeapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeapType::Any => "any",
            HeapType::Eq => "eq",
            HeapType::I31 => "i31",
            HeapType::Struct => "struct",
            HeapType::Array => "array",
            HeapType::None => "none",
            HeapType::Func => "func",
            HeapType::NoFunc => "nofunc",
            HeapType::Extern => "extern",
            HeapType::NoExtern => "noextern",
            HeapType::Exn => "exn",
            HeapType::NoExn => "noexn",
            HeapType::Use(TypeUse::Idx(i)) => return write!(f, "{i}"),
            HeapType::Use(TypeUse::Rec(i)) => return write!(f, "rec.{i}"),
            HeapType::Use(TypeUse::Def(id)) => return write!(f, "def.{}", id.0),
        })
    }
}

impl fmt::Display for RefType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let null = if self.nullable { "null " } else { "" };
        match (self.nullable, self.heap) {
            (true, HeapType::Use(_)) | (false, _) => write!(f, "(ref {null}{})", self.heap),
            (true, HeapType::None) => f.write_str("nullref"),
            (true, HeapType::NoFunc) => f.write_str("nullfuncref"),
            (true, HeapType::NoExtern) => f.write_str("nullexternref"),
            (true, HeapType::NoExn) => f.write_str("nullexnref"),
            (true, heap) => write!(f, "{heap}ref"),
        }
    }
}

impl fmt::Display for ValType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValType::I32 => f.write_str("i32"),
            ValType::I64 => f.write_str("i64"),
            ValType::F32 => f.write_str("f32"),
            ValType::F64 => f.write_str("f64"),
            ValType::V128 => f.write_str("v128"),
            ValType::Ref(r) => r.fmt(f),
        }
    }
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        write!(f, "[{}] -> [{}]", list(&self.params), list(&self.results))
    }
}
