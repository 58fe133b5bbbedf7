//! Which functions a module may call without naming them, and whether one of them may be of another module or of the host.

use etalon::unstable::module::{
    CompType, ConstOp, ExternKind, FieldType, FuncType, HeapType, Module, RefType, StorageType,
    TypeId, TypeRegistry, TypeUse, ValType,
};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Where functions from outside may come from.
#[derive(Debug)]
pub(crate) struct Outside {
    /// Why a reference to a function of somebody else may be anywhere in the module.
    values: Option<String>,
    /// By table: whether somebody else has it, and how.
    tables: Vec<Option<&'static str>>,
}

impl Outside {
    pub(crate) fn new(module: &Module, registry: &TypeRegistry, ids: &[TypeId]) -> Outside {
        let exported = module.exports.iter().filter(|export| export.kind == ExternKind::Table);
        let exported: BTreeSet<u32> = exported.map(|export| export.index).collect();
        let shared = |table: u32| match table < module.imported_tables {
            true => Some("imported"),
            false => exported.contains(&table).then_some("exported"),
        };
        let tables = (0..module.tables.len() as u32).map(shared).collect();
        let mut outside = Outside { values: None, tables };
        outside.values = outside.arrival(module, registry, ids);
        outside
    }

    /// Why a call through a table, or of a reference, may come to a function from outside; `None` if it may not.
    pub(crate) fn reason(&self, table: Option<u32>) -> Option<String> {
        if let Some(table) = table
            && let Some(Some(how)) = self.tables.get(table as usize)
        {
            return Some(format!(
                "table {table} is {how}, so a function from outside may be in it"
            ));
        }
        self.values.clone()
    }

    /// How a reference to a function may come in: by a value of a type that is for one, or within an object.
    fn arrival(&self, module: &Module, registry: &TypeRegistry, ids: &[TypeId]) -> Option<String> {
        let holds = objects_hold_functions(module);
        let is_one =
            |ty: RefType| may_be_function(module, ty) || holds && may_be_object(module, ty);
        let value = |ty: &ValType| matches!(ty, ValType::Ref(ty) if is_one(*ty));
        let func = |ty: &FuncType| ty.params.iter().chain(&ty.results).any(value);
        for (table, ty) in self.tables.iter().zip(&module.tables) {
            if let (Some(how), true) = (table, is_one(ty.element)) {
                return Some(format!(
                    "references to functions from outside may come by an {how} table"
                ));
            }
        }
        // What is linked to an import may have a subtype of its type, and take what the import's own type does not.
        let imported: FxHashSet<TypeId> =
            (0..module.imported_funcs).map(|f| ids[module.funcs[f as usize] as usize]).collect();
        let by_import = module.flat_types.iter().zip(ids).any(|(ty, id)| match &ty.comp {
            CompType::Func(ty) => {
                func(ty) && registry.supertypes(*id).iter().any(|id| imported.contains(id))
            }
            _ => false,
        });
        // Whoever has a reference to a function can call it, and an exported function can be called by anybody.
        let by_own = || module.referable().iter().any(|own| func(module.func_type(*own)));
        let how = match by_import {
            true => Some("an imported function"),
            false => by_own().then_some("a function that others can call"),
        };
        if let Some(how) = how {
            return Some(format!("references to functions from outside may come by {how}"));
        }
        let of = |kind| module.exports.iter().filter(move |e| e.kind == kind).map(|e| e.index);
        let globals = (0..module.imported_globals).chain(of(ExternKind::Global));
        if globals.into_iter().any(|global| value(&module.globals[global as usize].val)) {
            return Some("references to functions from outside may come by a global".to_owned());
        }
        let tag = |tag: u32| match module.tags[tag as usize].ty {
            TypeUse::Idx(ty) => func(module.func_type_at(ty)),
            _ => true,
        };
        let mut tags = (0..module.imported_tags).chain(of(ExternKind::Tag));
        tags.any(tag)
            .then(|| "references to functions from outside may come by an exception".to_owned())
    }
}

fn may_be_function(module: &Module, ty: RefType) -> bool {
    match ty.heap {
        HeapType::Func => true,
        HeapType::Use(TypeUse::Idx(ty)) => {
            let ty = module.flat_types.get(ty as usize);
            ty.is_none_or(|ty| matches!(ty.comp, CompType::Func(_)))
        }
        HeapType::Use(_) => true,
        _ => false,
    }
}

/// Whether a value of a type can be a structure or an array, however it is wrapped.
fn may_be_object(module: &Module, ty: RefType) -> bool {
    match ty.heap {
        HeapType::Any
        | HeapType::Eq
        | HeapType::Struct
        | HeapType::Array
        | HeapType::Extern
        | HeapType::Exn => true,
        HeapType::Use(TypeUse::Idx(ty)) => {
            let ty = module.flat_types.get(ty as usize);
            ty.is_none_or(|ty| !matches!(ty.comp, CompType::Func(_)))
        }
        HeapType::Use(_) => true,
        _ => false,
    }
}

/// Whether the module has a type of objects of which a part is a reference to a function.
fn objects_hold_functions(module: &Module) -> bool {
    let field = |field: &FieldType| match field.storage {
        StorageType::Val(ValType::Ref(ty)) => may_be_function(module, ty),
        _ => false,
    };
    module.flat_types.iter().any(|ty| match &ty.comp {
        CompType::Struct(fields) => fields.iter().any(field),
        CompType::Array(element) => field(element),
        CompType::Func(_) => false,
    })
}

/// The functions that are named outside of bodies. References to exports that are not among them can only come from outside.
pub(crate) fn named(module: &Module) -> BTreeSet<u32> {
    let items = module.elems.iter().flat_map(|elem| &elem.items);
    let tables = module.table_defs.iter().filter_map(|table| table.init.as_ref());
    let globals = module.global_defs.iter().map(|global| &global.init);
    let all = items.chain(tables).chain(globals).flat_map(|expr| &expr.0);
    let named = all.filter_map(|op| match op {
        ConstOp::RefFunc(func) => Some(*func),
        _ => None,
    });
    named.collect()
}
