//! Types of generated values.

use etalon_module::ValType;

/// The type of a value. References have the type that the text format writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ty {
    I32,
    I64,
    F32,
    F64,
    V128,
    Ref(&'static str),
}

/// The types that are not references.
pub(crate) const PLAIN: &[Ty] = &[Ty::I32, Ty::I64, Ty::F32, Ty::F64, Ty::V128];

impl Ty {
    /// As the text format writes it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Ty::I32 => "i32",
            Ty::I64 => "i64",
            Ty::F32 => "f32",
            Ty::F64 => "f64",
            Ty::V128 => "v128",
            Ty::Ref(text) => text,
        }
    }

    /// The type of an operand in the table of instructions, where there are no references.
    pub(crate) fn of(ty: ValType) -> Ty {
        match ty {
            ValType::I32 => Ty::I32,
            ValType::I64 => Ty::I64,
            ValType::F32 => Ty::F32,
            ValType::F64 => Ty::F64,
            ValType::V128 => Ty::V128,
            ValType::Ref(_) => Ty::Ref("anyref"),
        }
    }

    /// The type that the text format writes so, if it is no reference.
    pub(crate) fn named(text: &str) -> Option<Ty> {
        PLAIN.iter().copied().find(|ty| ty.text() == text)
    }

    /// How many bytes a value takes in memory; 0 for references.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Ty::I32 | Ty::F32 => 4,
            Ty::I64 | Ty::F64 => 8,
            Ty::V128 => 16,
            Ty::Ref(_) => 0,
        }
    }

    pub(crate) fn is_ref(self) -> bool {
        matches!(self, Ty::Ref(_))
    }
}
