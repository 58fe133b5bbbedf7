//! A store's state as plain data, and back.
//!
//! An image holds everything observable, including addresses, so that references, and addresses that the
//! embedder keeps, mean the same in the restored store. It names host functions by their import names
//! and modules by their digests; it holds no code.

mod load;
mod save;

use crate::address::{
    DataAddr, ElemAddr, FuncAddr, GlobalAddr, InstanceAddr, MemoryAddr, TableAddr, TagAddr,
};
use crate::executor::{AttachError, TierId};
use crate::heap::{Handles, HeapImage};
use crate::memory::{MemoryError, Protection, RegionError};
use crate::reference::Ref;
use crate::table::TableError;
use crate::value::Value;
use crate::waits::Waits;
use etalon_module::{FuncType, GlobalType, MemoryType, RecGroup, TableType, TypeId, TypeRegistry};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The state of a store.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoreImage {
    /// Digests of the modules, in the order in which the instances first use them.
    modules: Vec<[u8; 32]>,
    types: Vec<RecGroup>,
    funcs: Vec<FuncImage>,
    tables: Vec<TableImage>,
    memories: Vec<MemoryImage>,
    globals: Vec<(GlobalType, Value)>,
    tags: Vec<TypeId>,
    elems: Vec<Vec<Ref>>,
    /// For each data segment whether it was dropped.
    dropped: Vec<bool>,
    heap: HeapImage,
    instances: Vec<InstanceImage>,
    handles: Handles,
    waits: Waits,
    gas_limit: Option<u64>,
    gas_left: u64,
    exhausted: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct FuncImage {
    ty: TypeId,
    kind: KindImage,
}

#[derive(Debug, Serialize, Deserialize)]
enum KindImage {
    Wasm { instance: InstanceAddr, index: u32, tier: TierId },
    Host { module: String, name: String },
}

#[derive(Debug, Serialize, Deserialize)]
struct TableImage {
    ty: TableType,
    /// Pieces that are not all null, by their number.
    pieces: Vec<(u64, Vec<Ref>)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct MemoryImage {
    ty: MemoryType,
    /// Pieces that are not zero, by their number.
    pieces: Vec<(u64, Vec<u8>)>,
    regions: Vec<RegionImage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RegionImage {
    range: (u64, u64),
    protection: Protection,
    name: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct InstanceImage {
    /// Which of the modules.
    module: u32,
    funcs: Vec<FuncAddr>,
    tables: Vec<TableAddr>,
    memories: Vec<MemoryAddr>,
    globals: Vec<GlobalAddr>,
    tags: Vec<TagAddr>,
    elems: Vec<ElemAddr>,
    datas: Vec<DataAddr>,
}

impl StoreImage {
    /// BLAKE3 digests of the modules that restoring the image takes, in order.
    pub fn modules(&self) -> &[[u8; 32]] {
        &self.modules
    }
}

/// A host function that is to be linked again.
#[derive(Clone, Copy, Debug)]
pub struct HostImport<'a> {
    /// First of its two names.
    pub module: &'a str,
    /// Second of its two names.
    pub name: &'a str,
    /// Its type.
    pub ty: &'a FuncType,
    /// What the types mean.
    pub types: &'a TypeRegistry,
}

/// Why a store cannot be saved, or an image cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// An invocation is active: native frames cannot be saved.
    #[error("a store cannot be saved during an invocation")]
    Running,
    /// Other stores share a memory of it.
    #[error("a store that imports a shared memory cannot be saved: the memory is not its own")]
    Shared,
    /// The image is inconsistent.
    #[error("the image is damaged: {0}")]
    Corrupt(&'static str),
    /// The embedder provided no such host function.
    #[error("there is no host function {module:?} {name:?}")]
    Host {
        /// First of its two names.
        module: String,
        /// Second of its two names.
        name: String,
    },
    /// A memory cannot be allocated.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A memory cannot have a region.
    #[error(transparent)]
    Region(#[from] RegionError),
    /// A table cannot be allocated.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A tier cannot run an instance.
    #[error(transparent)]
    Attach(#[from] AttachError),
}
