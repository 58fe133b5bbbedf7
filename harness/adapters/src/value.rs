//! Values, as all engines have them.

use etalon_record::Value as RecordValue;

/// The kind of a value, as far as engines must agree on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValKind {
    /// `i32`
    I32,
    /// `i64`
    I64,
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `v128`
    V128,
    /// Functions: `funcref` and its subtypes.
    Func,
    /// External references.
    Extern,
    /// Internal references: `anyref` and its subtypes.
    Any,
    /// Exceptions.
    Exn,
}

/// What a non-null reference refers to; without its identity where engines may differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefKind {
    /// A function.
    Func,
    /// The harness's number, as an external reference.
    Extern(u32),
    /// The harness's number, as an internal reference.
    Host(u32),
    /// An unboxed integer.
    I31(u32),
    /// A structure.
    Struct,
    /// An array.
    Array,
    /// An exception.
    Exn,
    /// An external reference to something internal.
    Externalised,
}

/// An argument or result of an engine. Floats are bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Val {
    /// `i32`
    I32(i32),
    /// `i64`
    I64(i64),
    /// `f32`, as bits
    F32(u32),
    /// `f64`, as bits
    F64(u64),
    /// `v128`, as a little-endian number
    V128(u128),
    /// A null reference of a hierarchy.
    Null(ValKind),
    /// Any other reference.
    Ref(RefKind),
}

impl ValKind {
    /// The name of the usual value type of the kind.
    pub fn name(self) -> &'static str {
        match self {
            ValKind::I32 => "i32",
            ValKind::I64 => "i64",
            ValKind::F32 => "f32",
            ValKind::F64 => "f64",
            ValKind::V128 => "v128",
            ValKind::Func => "funcref",
            ValKind::Extern => "externref",
            ValKind::Any => "anyref",
            ValKind::Exn => "exnref",
        }
    }

    /// Whether it is one of references.
    pub fn is_reference(self) -> bool {
        matches!(self, ValKind::Func | ValKind::Extern | ValKind::Any | ValKind::Exn)
    }

    /// The kind with a name that [`ValKind::name`] returns.
    pub fn from_name(name: &str) -> Option<ValKind> {
        use ValKind::*;
        [I32, I64, F32, F64, V128, Func, Extern, Any, Exn].into_iter().find(|k| k.name() == name)
    }
}

impl Val {
    /// The kind of the value.
    pub fn kind(self) -> ValKind {
        match self {
            Val::I32(_) => ValKind::I32,
            Val::I64(_) => ValKind::I64,
            Val::F32(_) => ValKind::F32,
            Val::F64(_) => ValKind::F64,
            Val::V128(_) => ValKind::V128,
            Val::Null(kind) => kind,
            Val::Ref(RefKind::Func) => ValKind::Func,
            Val::Ref(RefKind::Extern(_) | RefKind::Externalised) => ValKind::Extern,
            Val::Ref(RefKind::Exn) => ValKind::Exn,
            Val::Ref(_) => ValKind::Any,
        }
    }

    /// The value as records write it.
    pub fn to_record(self) -> RecordValue {
        match self {
            Val::I32(v) => RecordValue::i32(v),
            Val::I64(v) => RecordValue::i64(v),
            Val::F32(v) => RecordValue::f32_bits(v),
            Val::F64(v) => RecordValue::f64_bits(v),
            Val::V128(v) => RecordValue::v128(v),
            Val::Null(kind) => RecordValue::new(kind.name(), "null"),
            Val::Ref(r) => {
                let text = match r {
                    RefKind::Func => "func".to_owned(),
                    RefKind::Extern(n) => format!("extern:{n}"),
                    RefKind::Host(n) => format!("host:{n}"),
                    RefKind::I31(n) => format!("i31:{n}"),
                    RefKind::Struct => "struct".to_owned(),
                    RefKind::Array => "array".to_owned(),
                    RefKind::Exn => "exn".to_owned(),
                    RefKind::Externalised => "extern of internal".to_owned(),
                };
                RecordValue::new(self.kind().name(), text)
            }
        }
    }
}
