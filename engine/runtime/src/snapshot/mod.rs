//! A store's state as plain data, and back.
//!
//! Everything that can be observed is in an image, addresses included: so references, and addresses in
//! the embedder's hands, mean the same in the store that is made of it. Host functions are in it by
//! their names, modules by their digests; code is not in it.

mod load;
mod save;

use crate::executor::{AttachError, TierId};
use crate::heap::{Handles, HeapImage};
use crate::memory::MemoryError;
use crate::reference::{FuncAddr, Ref};
use crate::value::Value;
use crate::waits::Waits;
use crate::{DataAddr, ElemAddr, GlobalAddr, InstanceAddr, MemoryAddr, TableAddr, TagAddr};
use etalon_module::{FuncType, GlobalType, MemoryType, RecGroup, TableType, TypeId, TypeRegistry};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Memory is written in pieces of this many bytes, those of zeros left out.
const PIECE: usize = 4096;

/// The state of a store.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoreImage {
    /// Digests of the modules, in the order in which the instances come upon them.
    modules: Vec<[u8; 32]>,
    types: Vec<RecGroup>,
    funcs: Vec<FuncImage>,
    tables: Vec<(TableType, Vec<Ref>)>,
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
struct MemoryImage {
    ty: MemoryType,
    /// Pieces that are not zero, by their number.
    pieces: Vec<(u64, Vec<u8>)>,
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
    /// Digests (BLAKE3) of the modules that must be at hand to make a store of it, in that order.
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

/// Why there is no image of a store, or no store of an image.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    /// An invocation is under way; what runs outside of the oracle's machines is no data.
    #[error("an invocation is under way")]
    Running,
    /// The image is of no store.
    #[error("it is damaged: {0}")]
    Corrupt(&'static str),
    /// The embedder gave no such host function.
    #[error("there is no host function {module:?} {name:?}")]
    Host {
        /// First of its two names.
        module: String,
        /// Second of its two names.
        name: String,
    },
    /// A memory cannot be had.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A tier cannot run an instance.
    #[error(transparent)]
    Attach(#[from] AttachError),
}
