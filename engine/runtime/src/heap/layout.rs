//! Where the fields of an object are.
//!
//! Fields and elements are stored as gas-1 sizes them: one after the other in as many bytes as the storage type
//! has, little-endian, without padding. A reference is its word.

use etalon_module::{CompType, FieldType, StorageType, SubType, ValType};

/// A field of a structure, or the element of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Where it begins in its structure; 0 for an element.
    pub(crate) offset: usize,
    /// Its size: 1, 2, 4, 8 or 16.
    pub(crate) bytes: usize,
    /// Whether it is a reference.
    pub(crate) is_ref: bool,
}

impl Field {
    fn new(offset: usize, ty: FieldType) -> Field {
        let (bytes, is_ref) = match ty.storage {
            StorageType::I8 => (1, false),
            StorageType::I16 => (2, false),
            StorageType::Val(ValType::I32 | ValType::F32) => (4, false),
            StorageType::Val(ValType::I64 | ValType::F64) => (8, false),
            StorageType::Val(ValType::V128) => (16, false),
            StorageType::Val(ValType::Ref(_)) => (8, true),
        };
        Field { offset, bytes, is_ref }
    }

    /// How many slots its value takes outside of the heap.
    pub(crate) fn slots(self) -> usize {
        if self.bytes == 16 { 2 } else { 1 }
    }
}

/// The layout of the objects of one type.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// A structure.
    Struct {
        /// Its fields in order.
        fields: Box<[Field]>,
        /// Offsets of those that are references.
        refs: Box<[usize]>,
        /// Its size.
        bytes: usize,
        /// Slots of its fields.
        slots: usize,
    },
    /// An array of such elements.
    Array(Field),
    /// A function type: no object has it.
    Func,
}

impl Layout {
    /// The layout of a type.
    pub(crate) fn of(ty: &SubType) -> Layout {
        match &ty.comp {
            CompType::Func(_) => Layout::Func,
            CompType::Array(element) => Layout::Array(Field::new(0, *element)),
            CompType::Struct(types) => {
                let mut bytes = 0;
                let place = |ty: &FieldType| {
                    let field = Field::new(bytes, *ty);
                    bytes += field.bytes;
                    field
                };
                let fields: Box<[Field]> = types.iter().map(place).collect();
                let refs = fields.iter().filter(|f| f.is_ref).map(|f| f.offset).collect();
                let slots = fields.iter().map(|f| f.slots()).sum();
                Layout::Struct { fields, refs, bytes, slots }
            }
        }
    }

    /// Bytes of the fields, or of so many elements.
    #[inline]
    pub(crate) fn bytes(&self, len: u32) -> usize {
        match self {
            Layout::Struct { bytes, .. } => *bytes,
            Layout::Array(element) => len as usize * element.bytes,
            Layout::Func => 0,
        }
    }

    /// Calls `visit` with the offset of every reference in an object of `len` bytes.
    #[inline]
    pub(crate) fn for_each_ref(&self, len: usize, mut visit: impl FnMut(usize)) {
        match self {
            Layout::Struct { refs, .. } => refs.iter().for_each(|offset| visit(*offset)),
            Layout::Array(element) if element.is_ref => {
                (0..len).step_by(element.bytes).for_each(visit);
            }
            Layout::Array(_) | Layout::Func => {}
        }
    }
}
