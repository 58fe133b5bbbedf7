//! Module instances (specification: *Runtime Structure*, "Module Instances").

use crate::address::{DataAddr, ElemAddr, FuncAddr, GlobalAddr, MemoryAddr, TableAddr, TagAddr};
use crate::initial::Initial;
use crate::promote::Promoter;
use etalon_module::{Export, ExternKind, Module, TypeId};
use std::sync::Arc;

/// The address of something that can be imported or exported: `externaddr` of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extern {
    /// A function.
    Func(FuncAddr),
    /// A table.
    Table(TableAddr),
    /// A memory.
    Memory(MemoryAddr),
    /// A global.
    Global(GlobalAddr),
    /// A tag.
    Tag(TagAddr),
}

/// A module instance: maps the module's indices to addresses.
#[derive(Clone, Debug)]
pub struct InstanceInst {
    /// The module.
    pub module: Arc<Module>,
    /// Canonical type of every type index.
    pub types: Arc<[TypeId]>,
    /// The functions that it imports.
    pub imported_funcs: Vec<FuncAddr>,
    /// The first function that its module defines; the others have the next addresses.
    pub first_func: FuncAddr,
    /// Tables.
    pub tables: Vec<TableAddr>,
    /// Memories.
    pub memories: Vec<MemoryAddr>,
    /// Globals.
    pub globals: Vec<GlobalAddr>,
    /// Tags.
    pub tags: Vec<TagAddr>,
    /// Element segments.
    pub elems: Vec<ElemAddr>,
    /// The first data segment; the others have the next addresses.
    pub first_data: DataAddr,
    /// What its memories began with, if that is shared with other instances of the module.
    pub initial: Option<Arc<Initial>>,
    /// Who moves its functions to other tiers, if anyone does.
    pub promoter: Option<Promoter>,
}

impl InstanceInst {
    /// The address of a function.
    #[inline]
    pub fn func(&self, index: u32) -> Option<FuncAddr> {
        match index.checked_sub(self.module.imported_funcs) {
            None => self.imported_funcs.get(index as usize).copied(),
            Some(own) => ((index as usize) < self.module.funcs.len())
                .then(|| FuncAddr(self.first_func.0.saturating_add(own))),
        }
    }

    /// The addresses of all functions, in the order of their indices.
    pub fn funcs(&self) -> impl Iterator<Item = FuncAddr> {
        (0..self.module.funcs.len() as u32).filter_map(|index| self.func(index))
    }

    /// The addresses of the functions that its module defines.
    pub fn own_funcs(&self) -> impl Iterator<Item = FuncAddr> + use<> {
        let count = self.module.funcs.len() as u32 - self.module.imported_funcs;
        (self.first_func.0..self.first_func.0.saturating_add(count)).map(FuncAddr)
    }

    /// The address of a data segment.
    pub fn data(&self, index: u32) -> Option<DataAddr> {
        let is_there = (index as usize) < self.module.datas.len();
        is_there.then(|| DataAddr(self.first_data.0.saturating_add(index)))
    }

    /// The address of an export of the module in this instance.
    pub fn resolve(&self, export: &Export) -> Extern {
        let i = export.index as usize;
        match export.kind {
            ExternKind::Func => {
                Extern::Func(self.func(export.index).expect("validation has seen the function"))
            }
            ExternKind::Table => Extern::Table(self.tables[i]),
            ExternKind::Memory => Extern::Memory(self.memories[i]),
            ExternKind::Global => Extern::Global(self.globals[i]),
            ExternKind::Tag => Extern::Tag(self.tags[i]),
        }
    }

    /// The export of a name.
    pub fn export(&self, name: &str) -> Option<Extern> {
        self.module.export(name).map(|e| self.resolve(e))
    }
}
