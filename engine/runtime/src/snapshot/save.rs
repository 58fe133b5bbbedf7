//! Saving a store as an image.

use super::{
    FuncImage, ImageError, InstanceImage, KindImage, MemoryImage, RegionImage, StoreImage,
    TableImage,
};
use crate::func::{FuncInst, FuncKind};
use crate::memory::MemoryInst;
use crate::store::Store;
use crate::table::TableInst;

impl Store {
    /// The state of the store as plain data. Tiers save what they hold themselves.
    ///
    /// # Errors
    /// [`ImageError::Running`] from inside a host function.
    pub fn image(&self) -> Result<StoreImage, ImageError> {
        if self.is_running() {
            return Err(ImageError::Running);
        }
        if self.imports_shared() {
            return Err(ImageError::Shared);
        }
        let mut modules = Vec::new();
        let instances = self
            .instances
            .iter()
            .map(|inst| {
                let digest = inst.module.digest();
                let module = modules.iter().position(|d| *d == digest).unwrap_or_else(|| {
                    modules.push(digest);
                    modules.len() - 1
                });
                InstanceImage {
                    module: module as u32,
                    funcs: inst.funcs().collect(),
                    tables: inst.tables.clone(),
                    memories: inst.memories.clone(),
                    globals: inst.globals.clone(),
                    tags: inst.tags.clone(),
                    elems: inst.elems.clone(),
                    datas: (0..inst.module.datas.len() as u32)
                        .filter_map(|i| inst.data(i))
                        .collect(),
                }
            })
            .collect();
        let meter = self.meter();
        Ok(StoreImage {
            modules,
            types: self.types.groups(),
            funcs: self.funcs.iter().map(func).collect(),
            tables: self.tables.iter().map(table).collect(),
            memories: self.memories.iter().map(memory).collect(),
            globals: self.globals.iter().map(|g| (g.ty(), g.get())).collect(),
            tags: self.tags.iter().map(|t| t.ty).collect(),
            elems: self.elems.iter().map(|e| e.refs.to_vec()).collect(),
            dropped: (0..self.datas.len()).map(|at| self.datas.bytes(at).is_empty()).collect(),
            heap: self.heap.image(),
            instances,
            handles: self.handles.clone(),
            waits: self.waits.clone(),
            gas_limit: meter.limit(),
            gas_left: meter.left().unwrap_or(u64::MAX - meter.consumed()),
            exhausted: meter.is_exhausted(),
        })
    }
}

fn func(func: FuncInst<'_>) -> FuncImage {
    let kind = match func.kind {
        FuncKind::Wasm { instance, index, tier } => KindImage::Wasm { instance, index, tier },
        FuncKind::Host(host) => {
            KindImage::Host { module: host.module().to_owned(), name: host.name().to_owned() }
        }
    };
    FuncImage { ty: func.ty, kind }
}

fn memory(memory: &MemoryInst) -> MemoryImage {
    let mut pieces = Vec::new();
    memory.for_each_piece(|number, piece| pieces.push((number, piece.to_vec())));
    let regions = memory.regions().iter().map(|region| RegionImage {
        range: (region.start, region.end),
        protection: region.protection,
        name: region.name.to_string(),
    });
    MemoryImage { ty: memory.ty(), pieces, regions: regions.collect() }
}

fn table(table: &TableInst) -> TableImage {
    let mut pieces = Vec::new();
    table.for_each_piece(|number, refs| pieces.push((number, refs.to_vec())));
    TableImage { ty: table.ty(), pieces }
}
