//! What is known of a module without its engine: what it imports and exports, as our own decoder reads it.

use super::protocol::{GlobalOf, TypeOf, value_text};
use crate::adapter::{ExportInfo, Extent};
use crate::own_values::kind_of;
use crate::spectest::SPECTEST_FUNCS;
use crate::value::{Val, ValKind};
use etalon::Features;
use etalon::unstable::module::{
    AddrType, CompType, ExternKind, ExternType, FuncType, HeapType, Module, RefType, TypeUse,
    ValType,
};
use std::collections::BTreeSet;

/// A module's imports and exports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Module name, item name, type.
    pub(crate) imports: Vec<(String, String, TypeOf)>,
    /// Those of them that are functions or tags of a type that only this module can name: it is in a group with others, or has or may have
    /// subtypes. Nothing that a host makes has it.
    pub(crate) own_types: BTreeSet<(String, String)>,
    /// As the harness knows them.
    pub(crate) exports: Vec<ExportInfo>,
    /// The types of exported functions, as text.
    pub(crate) functions: Vec<FunctionOf>,
    /// The exported globals.
    pub(crate) globals: Vec<GlobalOf>,
}

/// An exported function.
#[derive(Clone, Debug)]
pub(crate) struct FunctionOf {
    pub(crate) export: String,
    pub(crate) params: Vec<String>,
    pub(crate) results: Vec<String>,
}

impl FunctionOf {
    /// Whether it has a name and a type.
    pub(crate) fn is(&self, name: &str, ty: &TypeOf) -> bool {
        let TypeOf::Func { params, results } = ty else { return false };
        (self.export.as_str(), &self.params, &self.results) == (name, params, results)
    }
}

impl Facts {
    /// Reads a module; nothing is known of one that our decoder refuses.
    pub(crate) fn of(wasm: &[u8]) -> Facts {
        match Module::new(wasm, Features::all()) {
            Ok(module) => Facts::of_module(&module),
            Err(_) => Facts::default(),
        }
    }

    fn of_module(module: &Module) -> Facts {
        let mut facts = Facts::default();
        let mut func = 0;
        for import in &module.imports {
            let ty = match &import.ty {
                ExternType::Func(_) => {
                    func += 1;
                    if module.funcs.get(func as usize - 1).is_none_or(|ty| !is_plain(module, *ty)) {
                        facts.own_types.insert((import.module.clone(), import.name.clone()));
                    }
                    func_of(module, module.func_type(func - 1))
                }
                ExternType::Tag(tag) => {
                    if matches!(tag.ty, TypeUse::Idx(ty) if !is_plain(module, ty)) {
                        facts.own_types.insert((import.module.clone(), import.name.clone()));
                    }
                    type_of(module, &import.ty)
                }
                other => type_of(module, other),
            };
            facts.imports.push((import.module.clone(), import.name.clone(), ty));
        }
        for export in &module.exports {
            let kinds = |types: &[ValType]| types.iter().map(|ty| kind_in(module, *ty)).collect();
            let name = export.name.clone();
            let extent = match (export.kind, module.export_type(export)) {
                (ExternKind::Func, _) => {
                    let ty = module.func_type(export.index);
                    facts.functions.push(FunctionOf {
                        export: name.clone(),
                        params: texts(module, &ty.params),
                        results: texts(module, &ty.results),
                    });
                    Extent::Func { params: kinds(&ty.params), results: kinds(&ty.results) }
                }
                (_, ExternType::Global(ty)) => {
                    let (export, value) = (name.clone(), text_in(module, ty.val));
                    facts.globals.push(GlobalOf { export, value, mutable: ty.mutable });
                    Extent::Global(kind_in(module, ty.val))
                }
                (ExternKind::Memory, _) => Extent::Memory,
                (ExternKind::Table, _) => Extent::Table,
                _ => Extent::Tag,
            };
            facts.exports.push(ExportInfo { name, extent });
        }
        facts
    }
}

/// Whether a type is all that its group has, and stands in no relation to others.
fn is_plain(module: &Module, ty: u32) -> bool {
    let mut first = 0;
    let group = module.types.iter().find(|group| {
        first += group.0.len();
        (ty as usize) < first
    });
    matches!(group.map(|group| &*group.0), Some([sub]) if sub.is_final && sub.supertype.is_none())
}

/// The kind of a type, where defined types are those of a module.
fn kind_in(module: &Module, ty: ValType) -> ValKind {
    if let ValType::Ref(RefType { heap: HeapType::Use(TypeUse::Idx(index)), .. }) = ty
        && let Some(sub) = module.flat_types.get(index as usize)
        && !matches!(sub.comp, CompType::Func(_))
    {
        return ValKind::Any;
    }
    kind_of(ty)
}

/// As in the text format; a defined type is written with what it is and its index: `(ref null any 3)`, `(ref func 0)`.
fn text_in(module: &Module, ty: ValType) -> String {
    let ValType::Ref(RefType { heap: HeapType::Use(TypeUse::Idx(index)), nullable }) = ty else {
        return ty.to_string();
    };
    let null = if nullable { "null " } else { "" };
    let family = if kind_in(module, ty) == ValKind::Any { "any" } else { "func" };
    format!("(ref {null}{family} {index})")
}

fn texts(module: &Module, types: &[ValType]) -> Vec<String> {
    types.iter().map(|ty| text_in(module, *ty)).collect()
}

fn func_of(module: &Module, ty: &FuncType) -> TypeOf {
    TypeOf::Func { params: texts(module, &ty.params), results: texts(module, &ty.results) }
}

fn address(addr: AddrType) -> String {
    match addr {
        AddrType::I32 => "i32".to_owned(),
        AddrType::I64 => "i64".to_owned(),
    }
}

fn type_of(module: &Module, ty: &ExternType) -> TypeOf {
    let params_of = |ty: &TypeUse| match ty {
        TypeUse::Idx(index) => texts(module, &module.func_type_at(*index).params),
        _ => Vec::new(),
    };
    match ty {
        ExternType::Func(ty) => TypeOf::Func { params: params_of(ty), results: Vec::new() },
        ExternType::Memory(ty) => TypeOf::Memory {
            min: ty.limits.min,
            max: ty.limits.max,
            shared: ty.shared,
            address: address(ty.addr),
            page: ty.page_size_log2,
        },
        ExternType::Table(ty) => TypeOf::Table {
            min: ty.limits.min,
            max: ty.limits.max,
            address: address(ty.addr),
            element: text_in(module, ValType::Ref(ty.element)),
        },
        ExternType::Global(ty) => {
            TypeOf::Global { value: text_in(module, ty.val), mutable: ty.mutable, init: None }
        }
        ExternType::Tag(ty) => TypeOf::Tag { params: params_of(&ty.ty) },
    }
}

/// What the module `spectest` exports under a name; `None` if nothing.
pub(crate) fn spectest(name: &str) -> Option<TypeOf> {
    let global = |value: Val| TypeOf::Global {
        value: value.kind().name().to_owned(),
        mutable: false,
        init: Some(value_text(value)),
    };
    let number = 666.6_f64;
    let table = |address: &str| TypeOf::Table {
        min: 10,
        max: Some(20),
        address: address.to_owned(),
        element: "funcref".to_owned(),
    };
    let memory = |shared| TypeOf::Memory {
        min: 1,
        max: Some(2),
        shared,
        address: "i32".to_owned(),
        page: 16,
    };
    Some(match name {
        "global_i32" => global(Val::I32(666)),
        "global_i64" => global(Val::I64(666)),
        "global_f32" => global(Val::F32((number as f32).to_bits())),
        "global_f64" => global(Val::F64(number.to_bits())),
        "table" => table("i32"),
        "table64" => table("i64"),
        "memory" => memory(false),
        "shared_memory" => memory(true),
        _ => {
            let func = SPECTEST_FUNCS.iter().find(|func| func.name == name)?;
            let params = func.params.iter().map(|kind| kind.name().to_owned()).collect();
            TypeOf::Func { params, results: Vec::new() }
        }
    })
}
