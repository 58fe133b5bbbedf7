//! Imported functions that a module makes references of.

use crate::error::Error;
use etalon_module::{ConstExpr, ConstOp, ElemMode, ExternType, Import, Module};
use std::collections::{BTreeMap, BTreeSet};

/// Refuses references to imported functions whose types are not final. Such an import may be given a function of a subtype, which casts and
/// `call_indirect` see; what pays for it has the type that is declared.
///
/// # Errors
/// If there is one, in a body (`by_bodies`) or outside.
pub(crate) fn check(module: &Module, by_bodies: &BTreeSet<u32>) -> Result<(), Error> {
    let imports = module.imports.iter().filter(|i| matches!(i.ty, ExternType::Func(_)));
    let is_final = |func: u32| module.flat_types[module.funcs[func as usize] as usize].is_final;
    let open: BTreeMap<u32, &Import> =
        (0..).zip(imports).filter(|(func, _)| !is_final(*func)).collect();
    if open.is_empty() {
        return Ok(());
    }
    let mut referred = by_bodies.iter().copied().chain(outside_of_bodies(module));
    match referred.find_map(|func| open.get(&func)) {
        Some(import) => {
            let (module, name) = (import.module.clone(), import.name.clone());
            Err(Error::Reference { module, name })
        }
        None => Ok(()),
    }
}

/// What globals, tables and segments refer to; a segment that only declares is of use to bodies alone.
fn outside_of_bodies(module: &Module) -> impl Iterator<Item = u32> + '_ {
    let globals = module.global_defs.iter().map(|global| &global.init);
    let tables = module.table_defs.iter().filter_map(|table| table.init.as_ref());
    let is_used = |mode: &ElemMode| !matches!(mode, ElemMode::Declarative);
    let elems = module.elems.iter().filter(move |elem| is_used(&elem.mode));
    let all = globals.chain(tables).chain(elems.flat_map(|elem| &elem.items));
    all.flat_map(|ConstExpr(ops)| ops).filter_map(|op| match op {
        ConstOp::RefFunc(func) => Some(*func),
        _ => None,
    })
}
