//! What objects take, by their type.

use crate::convert::{bytes_of, object};
use etalon_module::{CompType, Module, StorageType, SubType};

/// A structure, or an exception, whose fields are the parameters of a function type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// Bytes of an object (gas-1, *GC heap*).
    pub(crate) bytes: u64,
    pub(crate) fields: u64,
}

/// The shapes of all types of a module: each is worked out once, since an operator that makes an object of many fields is short.
pub(crate) fn shapes(module: &Module) -> Vec<Shape> {
    let shape = |ty: &SubType| {
        let (payload, fields) = match &ty.comp {
            CompType::Struct(fields) => {
                (fields.iter().map(|field| bytes_of(field.storage)).sum(), fields.len())
            }
            CompType::Func(ty) => {
                let bytes = ty.params.iter().map(|ty| bytes_of(StorageType::Val(*ty)));
                (bytes.sum(), ty.params.len())
            }
            CompType::Array(_) => (0, 0),
        };
        Shape { bytes: object(payload), fields: fields as u64 }
    };
    module.flat_types.iter().map(shape).collect()
}
