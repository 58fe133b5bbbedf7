//! A fresh start of an instance, in its place.
//!
//! What its module defines becomes what instantiation made of it: memories, tables, globals and segments, at the addresses that
//! they have, which other instances and compiled code may know. What it imports is not touched but by its active segments and its
//! start function, which are as at instantiation. Functions and tags have no state.

use crate::InstanceAddr;
use crate::initial::hide;
use crate::instance::InstanceInst;
use crate::instantiate::{InstantiateError, elements, eval_ref, start, write_segments};
use crate::memory::MemoryError;
use crate::reference::Ref;
use crate::segment::{Dropped, ElemInst};
use crate::stop::{HostError, Stop};
use crate::store::Store;
use crate::table::TableError;
use etalon_module::Module;
use std::sync::Arc;

/// Gives an instance a fresh start. It is charged as its instantiation was. The caller makes sure that no execution is paused in the
/// store: it would go on with state that is not its own.
///
/// If it fails, what was made anew stays so, and the rest stays as it was: every value is of its type all the same, and another
/// try begins from the start.
///
/// # Errors
/// A host error if something runs in the store; otherwise as for instantiation.
///
/// # Panics
/// If the address is of another store.
pub fn reset(store: &mut Store, instance: InstanceAddr) -> Result<(), InstantiateError> {
    if store.is_running() {
        let text = "an instance cannot be given a fresh start from inside of a call of its store";
        return Err(Stop::Host(HostError::new(text)).into());
    }
    store.with_shared(|store| {
        // What constant expressions allocate must not be collected, so this is done before.
        store.collect_if_needed(&());
        let inst = store.instance(instance).clone();
        let module = Arc::clone(&inst.module);
        let own = module.imported_memories as usize;
        let mut renewed = own..own;
        if let Err(error) = renew(store, &module, &inst, &mut renewed.end) {
            // Their segments have not been copied.
            hide(store, &inst, renewed)?;
            return Err(error);
        }
        // The objects that only the old state referred to may be in the way of the new one.
        store.heap.forget_collection();
        write_segments(store, &module, &inst)?;
        start(store, &module, instance)
    })
}

/// In the order of `allocmodule`: an expression may read what is before it. `renewed` becomes the first memory that was not made anew.
fn renew(
    store: &mut Store,
    module: &Module,
    inst: &InstanceInst,
    renewed: &mut usize,
) -> Result<(), InstantiateError> {
    let own = &inst.globals[module.imported_globals as usize..];
    for (global, addr) in module.global_defs.iter().zip(own) {
        let value = crate::const_eval::eval(store, inst, &global.init)?;
        store.globals[addr.index()].set(value);
    }
    let own = module.imported_memories as usize;
    for (ty, addr) in module.memories[own..].iter().zip(&inst.memories[own..]) {
        let before = store.memory_request(*addr, 0);
        let done = store.memories[addr.index()].renew(ty.limits.min);
        done.map_err(|_| MemoryError::NoAddressSpace)?;
        *renewed += 1;
        store.shrunk(before, |store| store.memory_request(*addr, 0));
    }
    let own = &inst.tables[module.imported_tables as usize..];
    for (table, addr) in module.table_defs.iter().zip(own) {
        let init = match &table.init {
            Some(expr) => eval_ref(store, inst, expr)?,
            None => Ref::NULL,
        };
        let before = store.table_request(*addr, 0);
        let renewed = store.tables[addr.index()].renew(table.ty.limits.min, init);
        renewed.map_err(|_| TableError::OutOfMemory)?;
        store.shrunk(before, |store| store.table_request(*addr, 0));
    }
    for (index, addr) in inst.elems.iter().enumerate() {
        let refs = elements(store, inst, index)?;
        store.elems[addr.index()] = ElemInst { refs };
    }
    store.datas.set_dropped(inst.first_data, &Dropped::none(module.datas.len())?);
    Ok(())
}
