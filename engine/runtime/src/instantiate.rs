//! Instantiation (specification: *Execution*, *Modules*, "Instantiation").

use crate::address::{DataAddr, ElemAddr, FuncAddr, InstanceAddr, MemoryAddr};
use crate::const_eval::eval;
use crate::executor::{AttachError, Placement};
use crate::funcs::Referable;
use crate::initial;
use crate::instance::{Extern, InstanceInst};
use crate::linking::LinkError;
use crate::memory::{MemoryError, MemoryInst};
use crate::reference::Ref;
use crate::rollback::Mark;
use crate::room;
use crate::segment::ElemInst;
use crate::stop::{Stop, Trap};
use crate::store::Store;
use crate::table::{TableError, TableInst};
use crate::value::Value;
use etalon_module::{Canonicalise, ConstExpr, DataMode, Elem, ElemMode, Module};
use std::sync::Arc;
use thiserror::Error;

/// Why a module could not be instantiated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InstantiateError {
    /// The imports do not match; the store is unchanged.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A tier cannot run it.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// A memory cannot be allocated.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// A table cannot be allocated.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The store's limiter refuses another instance.
    #[error("the embedder refuses another instance, memory or table")]
    Refused,
    /// Initialising a segment or running the start function stopped. Earlier writes to imports remain.
    #[error(transparent)]
    Stop(#[from] Stop),
}

/// Instantiates a module with its imports in order. If that fails, what it did to imported memories, tables and globals stays,
/// as the specification has it, and nothing else: see `rollback.rs`.
///
/// # Errors
/// See [`InstantiateError`].
pub fn instantiate(
    store: &mut Store,
    module: &Arc<Module>,
    imports: &[Extern],
    placement: &Placement,
) -> Result<InstanceAddr, InstantiateError> {
    store.with_shared(|store| instantiate_here(store, module, imports, placement))
}

fn instantiate_here(
    store: &mut Store,
    module: &Arc<Module>,
    imports: &[Extern],
    placement: &Placement,
) -> Result<InstanceAddr, InstantiateError> {
    // What constant expressions allocate must not be collected, so this is done before.
    store.collect_if_needed(&());
    let mark = store.mark();
    let mut trial = Trial { store, mark, ran: false, is_over: false };
    let result = build(trial.store, module, imports, placement, &mut trial.ran);
    trial.is_over = true;
    if let Err(error) = &result {
        let stop = if let InstantiateError::Stop(stop) = error { Some(stop) } else { None };
        trial.store.roll_back(&trial.mark, trial.ran, stop);
    }
    result
}

/// An instantiation that is under way. A panic, of a limiter for example, is a failure like any other.
struct Trial<'a> {
    store: &'a mut Store,
    mark: Mark,
    ran: bool,
    is_over: bool,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.store.roll_back(&self.mark, self.ran, None);
        }
    }
}

/// Allocates, links and initialises an instance. `ran` becomes true when something outside may come to refer to it.
fn build(
    store: &mut Store,
    module: &Arc<Module>,
    imports: &[Extern],
    placement: &Placement,
    ran: &mut bool,
) -> Result<InstanceAddr, InstantiateError> {
    let mut inst = link(store, module, imports)?;
    inst.initial = placement.initial().cloned();
    inst.promoter.clone_from(&placement.promoter);
    if !store.may_instantiate(module)? {
        return Err(InstantiateError::Refused);
    }
    within_caps(store, module)?;
    let addr = InstanceAddr(store.instances.len() as u32);
    // Functions come first: references to them may be needed by the globals' initial values.
    let (tiers, referable) = (placement.tiers_of(module)?, Referable::Declared);
    inst.first_func = store.funcs.add_own(addr, module, &inst.types, tiers, referable)?;
    allocate(store, module, &mut inst)?;
    // Everything that constant expressions made is in the store now, and nothing was before.
    store.collect_if_needed(&());
    store.instances.push(inst.clone());
    attach(store, module, addr, placement)?;
    *ran = true;
    write_segments(store, module, &inst)?;
    start(store, module, addr)?;
    Ok(addr)
}

/// What needs more than a cap fails before anything is charged (gas-1, *Memories and tables*).
fn within_caps(store: &Store, module: &Module) -> Result<(), InstantiateError> {
    let limits = store.schedule().limits();
    for ty in module.memories.iter().skip(module.imported_memories as usize) {
        MemoryInst::greatest(ty, MemoryInst::cap_of(ty, &limits))?;
    }
    for table in &module.table_defs {
        TableInst::greatest(&table.ty, limits.table_elements)?;
    }
    Ok(())
}

/// Runs the start function, if there is one. It is the instance that invokes it, so a host function is charged for.
pub(crate) fn start(
    store: &mut Store,
    module: &Module,
    addr: InstanceAddr,
) -> Result<(), InstantiateError> {
    if let Some(start) = module.start {
        let start = store.instance(addr).func(start);
        let start = start.ok_or_else(|| Stop::crash("there is no start function"))?;
        store.enter(|store| {
            store.set_running(Some(addr));
            store.call(start, &mut [])
        })?;
    }
    Ok(())
}

/// Checks the imports and creates the instance with them.
fn link(
    store: &mut Store,
    module: &Arc<Module>,
    imports: &[Extern],
) -> Result<InstanceInst, LinkError> {
    if imports.len() != module.imports.len() {
        return Err(LinkError::Count { needed: module.imports.len(), given: imports.len() });
    }
    let types = store.types.intern_module(module);
    let mut inst = InstanceInst {
        module: Arc::clone(module),
        types: types.into(),
        imported_funcs: Vec::new(),
        first_func: FuncAddr(0),
        tables: Vec::new(),
        memories: Vec::new(),
        globals: Vec::new(),
        tags: Vec::new(),
        elems: Vec::new(),
        first_data: DataAddr(0),
        initial: None,
        promoter: None,
    };
    for (import, given) in module.imports.iter().zip(imports) {
        let wanted = import.ty.canonical(&inst.types);
        if !store.types.matches_extern(store.type_of(*given), wanted) {
            let (module, name) = (import.module.clone(), import.name.clone());
            return Err(LinkError::Incompatible { module, name });
        }
        match *given {
            Extern::Func(a) => inst.imported_funcs.push(a),
            Extern::Table(a) => inst.tables.push(a),
            Extern::Memory(a) => inst.memories.push(a),
            Extern::Global(a) => inst.globals.push(a),
            Extern::Tag(a) => inst.tags.push(a),
        }
    }
    Ok(inst)
}

/// `allocmodule`: tags, globals, memories, tables and segments, in the specification's order.
fn allocate(
    store: &mut Store,
    module: &Arc<Module>,
    inst: &mut InstanceInst,
) -> Result<(), InstantiateError> {
    for tag in &module.tags[module.imported_tags as usize..] {
        let etalon_module::TypeUse::Def(ty) = tag.ty.canonical(&inst.types) else {
            return Err(Stop::crash("a tag's type is not canonical").into());
        };
        inst.tags.push(store.alloc_tag(ty));
    }
    for global in &module.global_defs {
        let value = eval(store, inst, &global.init)?;
        let ty = global.ty.canonical(&inst.types);
        inst.globals.push(store.alloc_global(ty, value));
    }
    let initial = inst.initial.clone();
    for (index, ty) in module.memories.iter().enumerate().skip(module.imported_memories as usize) {
        let image = initial.as_ref().and_then(|initial| initial.image(module, index));
        inst.memories.push(store.alloc_memory_with(*ty, image)?);
    }
    for table in &module.table_defs {
        let init = match &table.init {
            Some(expr) => eval_ref(store, inst, expr)?,
            None => Ref::NULL,
        };
        let ty = table.ty.canonical(&inst.types);
        inst.tables.push(store.alloc_table(ty, init)?);
    }
    room::reserve(&mut inst.elems, module.elems.len())?;
    room::reserve(&mut store.elems, module.elems.len())?;
    for index in 0..module.elems.len() {
        let refs = elements_later(store, inst, index)?;
        store.elems.push(ElemInst { refs });
        inst.elems.push(ElemAddr((store.elems.len() - 1) as u32));
    }
    inst.first_data = store.datas.add(module)?;
    Ok(())
}

/// The references of an element segment.
pub(crate) fn elements(
    store: &mut Store,
    inst: &InstanceInst,
    index: usize,
) -> Result<Box<[Ref]>, Stop> {
    if pay_for_names(store, inst, index)? {
        return named(inst, index);
    }
    let mut refs = Vec::new();
    let items = &inst.module.elems[index].items;
    room::reserve(&mut refs, items.len())?;
    for item in items {
        refs.push(eval_ref(store, inst, item)?);
    }
    Ok(refs.into())
}

/// The same, but none yet of a segment that is dropped before anybody sees it and names functions alone: [`write_elems`] takes
/// them from the module.
fn elements_later(
    store: &mut Store,
    inst: &InstanceInst,
    index: usize,
) -> Result<Box<[Ref]>, Stop> {
    if is_seen_later(&inst.module.elems[index]) || !pay_for_names(store, inst, index)? {
        return elements(store, inst, index);
    }
    Ok(Box::default())
}

/// Whether an element segment is there after instantiation.
fn is_seen_later(elem: &Elem) -> bool {
    matches!(elem.mode, ElemMode::Passive)
}

/// Most segments name functions, each by one operator: all of them are paid for at once, if there is so much. Gives false where they
/// are not.
fn pay_for_names(store: &mut Store, inst: &InstanceInst, index: usize) -> Result<bool, Stop> {
    let Some(names) = inst.module.named(index) else { return Ok(false) };
    let price = u128::from(store.schedule().instantiation().const_operator) * names.len() as u128;
    let can_pay = store.can_pay(price);
    if can_pay {
        store.charge(price)?;
    }
    Ok(can_pay)
}

/// The references of a segment that names functions alone.
fn named(inst: &InstanceInst, index: usize) -> Result<Box<[Ref]>, Stop> {
    let names = inst.module.named(index).unwrap_or_default();
    let mut refs = Vec::new();
    room::reserve(&mut refs, names.len())?;
    refs.extend(names.iter().filter_map(|func| inst.func(*func)).map(Ref::func));
    Ok(refs.into())
}

pub(crate) fn eval_ref(
    store: &mut Store,
    inst: &InstanceInst,
    expr: &ConstExpr,
) -> Result<Ref, Stop> {
    match eval(store, inst, expr)? {
        Value::Ref(r) => Ok(r),
        other => Err(Stop::crash(format!("{other:?} where a reference is due"))),
    }
}

/// The value of an offset expression: a memory address or table index.
fn eval_offset(store: &mut Store, inst: &InstanceInst, expr: &ConstExpr) -> Result<u64, Stop> {
    match eval(store, inst, expr)? {
        Value::I32(v) => Ok(v.into()),
        Value::I64(v) => Ok(v),
        other => Err(Stop::crash(format!("{other:?} as an offset"))),
    }
}

/// Attaches the instance to every tier that runs one of its functions.
fn attach(
    store: &mut Store,
    module: &Module,
    addr: InstanceAddr,
    placement: &Placement,
) -> Result<(), AttachError> {
    for tier in placement.tiers(module.imported_funcs..module.funcs.len() as u32) {
        let executor = Arc::clone(store.executor(tier));
        executor.attach(store, addr, placement.code(tier))?;
    }
    Ok(())
}

/// Copies active segments, first all element segments, then all data segments; one that does not fit, or that a region of the
/// memory forbids, traps. Any other is charged before it is copied (gas-1 §7.1).
pub(crate) fn write_segments(
    store: &mut Store,
    module: &Module,
    inst: &InstanceInst,
) -> Result<(), Stop> {
    let written = write_elems(store, module, inst).and_then(|()| initial::write(store, inst));
    if matches!(written, Ok(true)) {
        return Ok(());
    }
    // From here on every byte counts.
    initial::hide(store, inst, 0..inst.memories.len())?;
    written?;
    write_datas(store, module, inst)
}

/// Copies active element segments.
fn write_elems(store: &mut Store, module: &Module, inst: &InstanceInst) -> Result<(), Stop> {
    for (index, (elem, addr)) in module.elems.iter().zip(&inst.elems).enumerate() {
        if let ElemMode::Active { table, offset } = &elem.mode
            && let Err(stop) = write_active(store, inst, index, (*table, offset))
        {
            // A function of the instance may be in a table already, and may see this segment and those behind it.
            for (index, addr) in inst.elems.iter().enumerate().skip(index) {
                if !is_seen_later(&module.elems[index]) && store.elems[addr.index()].refs.is_empty()
                {
                    store.elems[addr.index()].refs = named(inst, index)?;
                }
            }
            return Err(stop);
        }
        if !is_seen_later(elem) {
            store.elems[addr.index()] = ElemInst::default();
        }
    }
    Ok(())
}

/// Copies an active element segment to its table.
fn write_active(
    store: &mut Store,
    inst: &InstanceInst,
    index: usize,
    (table, offset): (u32, &ConstExpr),
) -> Result<(), Stop> {
    let offset = eval_offset(store, inst, offset)?;
    let (elem, table) = (inst.elems[index].index(), inst.tables[table as usize].index());
    let here = store.elems[elem].refs.len();
    // None are here if they are still to be taken from the module.
    let names = inst.module.named(index).filter(|_| here == 0).unwrap_or_default();
    let len = here.max(names.len()) as u64;
    if offset.checked_add(len).is_none_or(|end| end > store.tables[table].len()) {
        return Err(Trap::TableOutOfBounds.into());
    }
    store.charge(store.schedule().instantiation().elements.charge(len))?;
    let (refs, table) = (&store.elems[elem].refs, &mut store.tables[table]);
    let written = match names {
        [] => table.write(offset, refs.iter().copied()),
        names => {
            table.write(offset, names.iter().filter_map(|func| inst.func(*func)).map(Ref::func))
        }
    };
    written.ok_or_else(|| Stop::crash("a checked index is beyond"))
}

/// Copies active data segments, one after the other.
fn write_datas(store: &mut Store, module: &Module, inst: &InstanceInst) -> Result<(), Stop> {
    for (data, addr) in module.datas.iter().zip(inst.first_data.0..) {
        if let DataMode::Active { memory, offset } = &data.mode {
            let offset = eval_offset(store, inst, offset)?;
            let addr = DataAddr(addr);
            write_data(store, addr, inst.memories[*memory as usize], offset)?;
            store.datas.drop_bytes(addr.index());
        }
    }
    Ok(())
}

fn write_data(
    store: &mut Store,
    data: DataAddr,
    memory: MemoryAddr,
    offset: u64,
) -> Result<(), Stop> {
    let len = store.datas.bytes(data.index()).len();
    let start = usize::try_from(offset).ok();
    let range = start.and_then(|start| Some(start..start.checked_add(len)?));
    let inst = &store.memories[memory.index()];
    let range = range.filter(|range| range.end <= inst.bytes().len());
    let range = range.ok_or(Trap::MemoryOutOfBounds)?;
    let end = range.end as u64;
    // Every region forbids to write. A segment without bytes writes nothing.
    let regions = inst.regions();
    let hit = regions.get(regions.partition_point(|region| region.end <= offset));
    if let Some(region) = hit.filter(|region| region.start < end && len > 0) {
        return Err(region.into());
    }
    store.charge(store.schedule().instantiation().data_bytes.charge(len as u64))?;
    let bytes = store.datas.bytes(data.index());
    store.memories[memory.index()].bytes_mut()[range].copy_from_slice(bytes);
    Ok(())
}
