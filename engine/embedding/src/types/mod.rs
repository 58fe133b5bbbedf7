//! Types (specification: *Structure*, "Types"), as the embedder names them.
//!
//! A defined type has no name of its own: it is known as a type of a module, or of a store.

mod external;
mod value;

pub use external::{
    ExportType, ExternType, GlobalType, ImportType, MemoryType, Mutability, TableType, TagType,
};
pub use value::{ConcreteType, FuncType, HeapType, RefType, ValType};
