//! Restoring a store from an image.
//!
//! An image may come from anywhere, so every address in it is checked before it is used.

use super::{
    FuncImage, HostImport, ImageError, InstanceImage, KindImage, RegionImage, StoreImage,
    TableImage,
};
use crate::address::{DataAddr, FuncAddr, InstanceAddr, TagAddr};
use crate::executor::TierId;
use crate::func::FuncKind;
use crate::funcs::{OwnFuncs, Referable, Tiers};
use crate::host::HostFn;
use crate::instance::{Extern, InstanceInst};
use crate::memory::{PIECE, Region};
use crate::reference::{Ref, RefKind};
use crate::segment::ElemInst;
use crate::store::Store;
use crate::table;
use crate::value::Value;
use etalon_module::{
    Canonicalise, ExternType, HeapType, Module, RefType, TagType, TypeId, TypeRegistry, TypeUse,
    ValType,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Finds the host functions for a store that is restored from an image.
type Hosts<'a> = dyn FnMut(&HostImport<'_>) -> Option<HostFn> + 'a;

const fn corrupt(what: &'static str) -> ImageError {
    ImageError::Corrupt(what)
}

fn check(good: bool, what: &'static str) -> Result<(), ImageError> {
    if good { Ok(()) } else { Err(corrupt(what)) }
}

impl Store {
    /// Restores the state of an image. The store must be fresh: it has a schedule, the same tiers as the
    /// saved store, and nothing else. `modules` are those of [`StoreImage::modules`]; `hosts` gives the
    /// host functions.
    ///
    /// # Errors
    /// If the image is damaged, a host function is missing, or the host is out of memory. The store must
    /// not be used afterwards.
    pub fn take_up(
        &mut self,
        image: StoreImage,
        modules: &[Arc<Module>],
        hosts: &mut Hosts<'_>,
    ) -> Result<(), ImageError> {
        let digests = modules.iter().map(|m| m.digest());
        check(digests.eq(image.modules.iter().copied()), "its modules are others")?;
        self.types = TypeRegistry::from_groups(image.types).ok_or(corrupt("its types"))?;
        self.add_funcs(&image.funcs, &image.instances, modules, hosts)?;
        for ty in image.tags {
            check(self.is_func_type(ty), "a tag")?;
            self.alloc_tag(ty);
        }
        let (types, tags, funcs) = (&self.types, &self.tags, self.funcs.len());
        let params_of = |tag: TagAddr| Some(&*types.func(tags.get(tag.index())?.ty)?.params);
        let resumed = self.heap.resume(image.heap, types, params_of, |r| is_ref(r, funcs));
        resumed.ok_or(corrupt("its heap"))?;
        for (ty, value) in image.globals {
            check(self.is_known(ty.val) && self.is_of_kind(value, ty.val), "a global")?;
            self.alloc_global(ty, value);
        }
        for TableImage { ty, pieces } in image.tables {
            check(self.is_known(ValType::Ref(ty.element)), "a table's type")?;
            let table = self.alloc_table(ty, Ref::NULL)?;
            for (number, refs) in pieces {
                let first = number.checked_mul(table::PIECE as u64).ok_or(corrupt("a table"))?;
                for (i, r) in refs.into_iter().enumerate() {
                    let at = first.checked_add(i as u64).filter(|_| self.is_ref(r));
                    let set = at.and_then(|at| self.tables[table.index()].set(at, r));
                    set.ok_or(corrupt("a table's element"))?;
                }
            }
        }
        for memory in image.memories {
            // Pages have one of these sizes, by the proposal *custom page sizes*.
            check(matches!(memory.ty.page_size_log2, 0 | 16), "a memory's type")?;
            let addr = self.alloc_memory(memory.ty)?;
            let bytes = self.memories[addr.index()].bytes_mut();
            for (at, piece) in memory.pieces {
                let start = usize::try_from(at).ok().and_then(|at| at.checked_mul(PIECE));
                let to = start.and_then(|start| bytes.get_mut(start..));
                let to = to.and_then(|rest| rest.get_mut(..piece.len()));
                to.ok_or(corrupt("a memory's bytes"))?.copy_from_slice(&piece);
            }
            for RegionImage { range: (start, end), protection, name } in memory.regions {
                self.protect(addr, Region { start, end, protection, name: name.into() })?;
            }
        }
        for refs in image.elems {
            check(refs.iter().all(|r| self.is_ref(*r)), "an element segment")?;
            self.elems.push(ElemInst { refs: refs.into() });
        }
        for instance in image.instances {
            self.add_instance(instance, modules, &image.dropped)?;
        }
        check(self.datas.len() <= image.dropped.len(), "a data segment")?;
        check(self.funcs_are_of_instances(), "a function's instance")?;
        check(image.handles.are_good(|r| self.is_ref(r)), "a handle")?;
        self.handles = image.handles;
        check(image.waits.iter().all(|w| w.memory.index() < self.memories.len()), "a wait")?;
        self.waits = image.waits;
        let meter = self.meter_mut().resume(image.gas_limit, image.gas_left, image.exhausted);
        meter.map_err(|_| corrupt("its gas limit"))
    }

    /// Adds all functions. Those that the module of an instance defines are in a row.
    fn add_funcs(
        &mut self,
        mut funcs: &[FuncImage],
        instances: &[InstanceImage],
        modules: &[Arc<Module>],
        hosts: &mut Hosts<'_>,
    ) -> Result<(), ImageError> {
        while let Some((func, rest)) = funcs.split_first() {
            match &func.kind {
                KindImage::Host { module, name } => {
                    let ty = self.func_type_of(func.ty).ok_or(corrupt("a function's type"))?;
                    let import = HostImport { module, name, ty, types: &self.types };
                    let Some(host) = hosts(&import) else {
                        let (module, name) = (module.clone(), name.clone());
                        return Err(ImageError::Host { module, name });
                    };
                    let host = host.priced(self.schedule());
                    self.funcs.add_host(func.ty, Arc::new(host));
                    funcs = rest;
                }
                KindImage::Wasm { instance, .. } => {
                    let image = instances.get(instance.index());
                    let module = image.and_then(|image| modules.get(image.module as usize));
                    let module = module.ok_or(corrupt("a function's instance"))?;
                    let count = module.funcs.len() - module.imported_funcs as usize;
                    let run = funcs.split_at_checked(count).filter(|_| count > 0);
                    let (own, rest) = run.ok_or(corrupt("a function's instance"))?;
                    self.add_own(*instance, module, own)?;
                    funcs = rest;
                }
            }
        }
        Ok(())
    }

    /// Adds the functions that the module of an instance defines.
    fn add_own(
        &mut self,
        instance: InstanceAddr,
        module: &Arc<Module>,
        funcs: &[FuncImage],
    ) -> Result<(), ImageError> {
        let types: Arc<[TypeId]> = self.types.intern_module(module).into();
        let mut tiers = Vec::new();
        for (index, func) in (module.imported_funcs..).zip(funcs) {
            let KindImage::Wasm { instance: of, index: at, tier } = func.kind else {
                return Err(corrupt("a function's instance"));
            };
            check((of, at) == (instance, index), "a function's instance")?;
            let ty = types[module.funcs[index as usize] as usize];
            check(func.ty == ty, "a function's type")?;
            check((tier.0 as usize) < self.executors().len(), "a function's tier")?;
            tiers.push(tier);
        }
        let tiers = match tiers[..] {
            [first, ..] if tiers.iter().all(|tier| *tier == first) => Tiers::All(first),
            _ => Tiers::Each(tiers),
        };
        let added = self.funcs.add_own(instance, module, &types, tiers, Referable::All);
        added.map(drop).map_err(|_| corrupt("its functions"))
    }

    fn func_type_of(&self, ty: TypeId) -> Option<&etalon_module::FuncType> {
        if (ty.0 as usize) < self.types.len() { self.types.func(ty) } else { None }
    }

    fn is_func_type(&self, ty: TypeId) -> bool {
        self.func_type_of(ty).is_some()
    }

    /// Whether a type refers to canonical types only.
    fn is_known(&self, ty: ValType) -> bool {
        match ty {
            ValType::Ref(RefType { heap: HeapType::Use(used), .. }) => {
                matches!(used, TypeUse::Def(id) if (id.0 as usize) < self.types.len())
            }
            _ => true,
        }
    }

    fn is_of_kind(&self, value: Value, ty: ValType) -> bool {
        match (value, ty) {
            (Value::Ref(r), ValType::Ref(_)) => self.is_ref(r),
            (value, ty) => value.is_number_of(ty),
        }
    }

    /// Whether each function of a module is what its instance has at its index.
    fn funcs_are_of_instances(&self) -> bool {
        self.funcs.own_runs().all(|own| {
            let inst = self.instances.get(own.instance.index());
            inst.is_some_and(|inst| inst.first_func.0 == own.addresses.start)
        })
    }

    fn is_ref(&self, r: Ref) -> bool {
        is_ref(r, self.funcs.len())
    }

    /// Adds an instance after checking that its addresses match its module, and attaches it to its tiers.
    fn add_instance(
        &mut self,
        image: InstanceImage,
        modules: &[Arc<Module>],
        dropped: &[bool],
    ) -> Result<(), ImageError> {
        let addr = InstanceAddr(self.instances.len() as u32);
        let module = modules.get(image.module as usize).ok_or(corrupt("an instance's module"))?;
        let types = self.types.intern_module(module);
        // Instances have theirs in the order of the instances, and each has them in a row.
        let first_data = image.datas.first().copied().unwrap_or(DataAddr(self.datas.len() as u32));
        let in_a_row = (first_data.0..).zip(&image.datas).all(|(at, given)| at == given.0)
            && image.datas.len() == module.datas.len();
        check(in_a_row, "an instance's data segments")?;
        let (imported, own) = image
            .funcs
            .split_at_checked(module.imported_funcs as usize)
            .ok_or(corrupt("an instance's addresses"))?;
        let first_func = own.first().copied().unwrap_or(FuncAddr(0));
        let inst = InstanceInst {
            module: Arc::clone(module),
            types: types.into(),
            imported_funcs: imported.to_vec(),
            first_func,
            tables: image.tables,
            memories: image.memories,
            globals: image.globals,
            tags: image.tags,
            elems: image.elems,
            first_data,
            initial: None,
            promoter: None,
        };
        check(inst.funcs().eq(image.funcs.iter().copied()), "an instance's functions")?;
        check(self.fits(&inst), "an instance's addresses")?;
        let added = self.datas.add_at(first_data, module);
        added.map_err(|_| corrupt("an instance's data segments"))?;
        for at in first_data.index()..self.datas.len() {
            if dropped.get(at) != Some(&false) {
                self.datas.drop_bytes(at);
            }
        }
        let is_own = |run: OwnFuncs| (run.instance, run.addresses.start) == (addr, first_func.0);
        let has_own = self.funcs.own(first_func).is_some_and(is_own);
        check(own.is_empty() || has_own, "an instance's function")?;
        let tiers: BTreeSet<TierId> = inst
            .own_funcs()
            .filter_map(|func| match self.funcs.kind(func)? {
                FuncKind::Wasm { tier, .. } => Some(tier),
                FuncKind::Host(_) => None,
            })
            .collect();
        self.instances.push(inst);
        for tier in tiers {
            let executor = Arc::clone(self.executor(tier));
            executor.attach(self, addr, None)?;
        }
        Ok(())
    }

    /// Whether every address of an instance exists and has the type that the module declares.
    fn fits(&self, inst: &InstanceInst) -> bool {
        let module = &inst.module;
        let is = |item: Extern, ty: ExternType| {
            self.types.matches_extern(self.type_of(item), ty.canonical(&inst.types))
        };
        let same = |ty: TagType, addr: TagAddr| is(Extern::Tag(addr), ExternType::Tag(ty));
        inst.funcs().count() == module.funcs.len()
            && inst.tables.len() == module.tables.len()
            && inst.memories.len() == module.memories.len()
            && inst.globals.len() == module.globals.len()
            && inst.tags.len() == module.tags.len()
            && inst.elems.len() == module.elems.len()
            && inst.funcs().zip(&module.funcs).all(|(a, ty)| {
                let ty = ExternType::Func(TypeUse::Idx(*ty));
                a.index() < self.funcs.len() && is(Extern::Func(a), ty)
            })
            && inst.tables.iter().zip(&module.tables).all(|(a, ty)| {
                a.index() < self.tables.len() && is(Extern::Table(*a), ExternType::Table(*ty))
            })
            && inst.memories.iter().zip(&module.memories).all(|(a, ty)| {
                a.index() < self.memories.len() && is(Extern::Memory(*a), ExternType::Memory(*ty))
            })
            && inst.globals.iter().zip(&module.globals).all(|(a, ty)| {
                a.index() < self.globals.len() && is(Extern::Global(*a), ExternType::Global(*ty))
            })
            && inst
                .tags
                .iter()
                .zip(&module.tags)
                .all(|(a, ty)| a.index() < self.tags.len() && same(*ty, *a))
            && inst.elems.iter().all(|a| a.index() < self.elems.len())
    }
}

/// Whether a reference can be one of a store with this many functions. References into the heap may dangle.
fn is_ref(r: Ref, funcs: usize) -> bool {
    match r.kind() {
        Some(RefKind::Func(addr)) => addr.index() < funcs,
        _ => true,
    }
}
