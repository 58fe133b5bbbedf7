//! Types of what is imported and exported.

use super::value::{FuncType, RefType, ValType};
use crate::error::WrongStore;
use etalon_module::{self as module, AddrType, Limits, Module as ModuleData, TypeUse};
use etalon_runtime::Store as State;
use std::sync::Arc;

/// Whether a global can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// It cannot.
    Const,
    /// It can.
    Var,
}

/// The type of a global.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalType {
    content: ValType,
    mutability: Mutability,
}

/// The type of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableType {
    element: RefType,
    addr: AddrType,
    limits: Limits,
}

/// The type of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryType(module::MemoryType);

/// The type of a tag: the function type whose parameters are the exception's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagType(FuncType);

/// The type of something that is imported or exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternType {
    /// A function.
    Func(FuncType),
    /// A global.
    Global(GlobalType),
    /// A table.
    Table(TableType),
    /// A memory.
    Memory(MemoryType),
    /// A tag.
    Tag(TagType),
}

/// What a module imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportType<'a> {
    module: &'a str,
    name: &'a str,
    ty: ExternType,
}

/// What a module exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportType<'a> {
    name: &'a str,
    ty: ExternType,
}

impl GlobalType {
    /// A global of a type.
    pub fn new(content: ValType, mutability: Mutability) -> GlobalType {
        GlobalType { content, mutability }
    }

    /// The type of its value.
    pub fn content(&self) -> &ValType {
        &self.content
    }

    /// Whether it can be set.
    pub fn mutability(&self) -> Mutability {
        self.mutability
    }

    fn with(ty: module::GlobalType, content: ValType) -> GlobalType {
        let mutability = if ty.mutable { Mutability::Var } else { Mutability::Const };
        GlobalType { content, mutability }
    }

    pub(crate) fn of_store(state: &State, ty: module::GlobalType) -> GlobalType {
        GlobalType::with(ty, ValType::of_store(state, ty.val))
    }

    pub(crate) fn canonical(&self, state: &mut State) -> Result<module::GlobalType, WrongStore> {
        let mutable = self.mutability == Mutability::Var;
        Ok(module::GlobalType { mutable, val: self.content.canonical(state)? })
    }
}

impl TableType {
    /// A table of references, with 32-bit indices.
    pub fn new(element: RefType, min: u32, max: Option<u32>) -> TableType {
        let limits = Limits { min: min.into(), max: max.map(u64::from) };
        TableType { element, addr: AddrType::I32, limits }
    }

    /// A table of references, with 64-bit indices.
    pub fn new64(element: RefType, min: u64, max: Option<u64>) -> TableType {
        TableType { element, addr: AddrType::I64, limits: Limits { min, max } }
    }

    /// The type of its elements.
    pub fn element(&self) -> &RefType {
        &self.element
    }

    /// Elements that it has at the start.
    pub fn minimum(&self) -> u64 {
        self.limits.min
    }

    /// Elements that it may have, if that is declared.
    pub fn maximum(&self) -> Option<u64> {
        self.limits.max
    }

    /// Whether its indices have 64 bits.
    pub fn is_64(&self) -> bool {
        self.addr == AddrType::I64
    }

    fn with(ty: module::TableType, element: RefType) -> TableType {
        TableType { element, addr: ty.addr, limits: ty.limits }
    }

    pub(crate) fn of_store(state: &State, ty: module::TableType) -> TableType {
        TableType::with(ty, RefType::of_store(state, ty.element))
    }

    pub(crate) fn canonical(&self, state: &mut State) -> Result<module::TableType, WrongStore> {
        let element = self.element.canonical(state)?;
        Ok(module::TableType { addr: self.addr, limits: self.limits, element })
    }
}

impl MemoryType {
    fn with(addr: AddrType, shared: bool, min: u64, max: Option<u64>) -> MemoryType {
        let limits = Limits { min, max };
        MemoryType(module::MemoryType { addr, limits, shared, page_size_log2: 16 })
    }

    /// A memory with 32-bit addresses; sizes are in pages of 64 KiB.
    pub fn new(min: u32, max: Option<u32>) -> MemoryType {
        MemoryType::with(AddrType::I32, false, min.into(), max.map(u64::from))
    }

    /// A memory with 64-bit addresses; sizes are in pages of 64 KiB.
    pub fn new64(min: u64, max: Option<u64>) -> MemoryType {
        MemoryType::with(AddrType::I64, false, min, max)
    }

    /// A memory that the guest's threads share, with 32-bit addresses; sizes are in pages of 64 KiB.
    pub fn shared(min: u32, max: u32) -> MemoryType {
        MemoryType::with(AddrType::I32, true, min.into(), Some(max.into()))
    }

    /// Pages that it has at the start.
    pub fn minimum(&self) -> u64 {
        self.0.limits.min
    }

    /// Pages that it may have, if that is declared.
    pub fn maximum(&self) -> Option<u64> {
        self.0.limits.max
    }

    /// Whether its addresses have 64 bits.
    pub fn is_64(&self) -> bool {
        self.0.addr == AddrType::I64
    }

    /// Whether the guest's threads share it.
    pub fn is_shared(&self) -> bool {
        self.0.shared
    }

    /// Bytes of a page.
    pub fn page_size(&self) -> u64 {
        1 << self.0.page_size_log2
    }

    pub(crate) fn of(ty: module::MemoryType) -> MemoryType {
        MemoryType(ty)
    }

    pub(crate) fn canonical(&self) -> module::MemoryType {
        self.0
    }
}

impl TagType {
    /// A tag whose exceptions have the parameters of a function type as values.
    pub fn new(ty: FuncType) -> TagType {
        TagType(ty)
    }

    /// The function type.
    pub fn ty(&self) -> &FuncType {
        &self.0
    }
}

impl ExternType {
    /// A type of a module.
    pub(crate) fn of_module(data: &Arc<ModuleData>, ty: module::ExternType) -> ExternType {
        match ty {
            module::ExternType::Func(used) => ExternType::Func(FuncType::of_use(data, used)),
            module::ExternType::Global(ty) => {
                ExternType::Global(GlobalType::with(ty, ValType::of_module(data, ty.val)))
            }
            module::ExternType::Table(ty) => {
                ExternType::Table(TableType::with(ty, RefType::of_module(data, ty.element)))
            }
            module::ExternType::Memory(ty) => ExternType::Memory(MemoryType(ty)),
            module::ExternType::Tag(ty) => ExternType::Tag(TagType(FuncType::of_use(data, ty.ty))),
        }
    }

    /// A type of a store.
    pub(crate) fn of_store(state: &State, ty: module::ExternType) -> ExternType {
        let func = |used: TypeUse| match used {
            TypeUse::Def(id) => state.types.func(id).map(|ty| FuncType::of_store(state, ty)),
            TypeUse::Idx(_) | TypeUse::Rec(_) => None,
        };
        // Types of a store are canonical, and those of functions and tags are function types.
        let func = |used| func(used).unwrap_or_else(|| FuncType::new([], []));
        match ty {
            module::ExternType::Func(used) => ExternType::Func(func(used)),
            module::ExternType::Global(ty) => ExternType::Global(GlobalType::of_store(state, ty)),
            module::ExternType::Table(ty) => ExternType::Table(TableType::of_store(state, ty)),
            module::ExternType::Memory(ty) => ExternType::Memory(MemoryType(ty)),
            module::ExternType::Tag(ty) => ExternType::Tag(TagType(func(ty.ty))),
        }
    }
}

impl<'a> ImportType<'a> {
    pub(crate) fn new(module: &'a str, name: &'a str, ty: ExternType) -> ImportType<'a> {
        ImportType { module, name, ty }
    }

    /// First of its two names.
    pub fn module(&self) -> &'a str {
        self.module
    }

    /// Second of its two names.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What is imported.
    pub fn ty(&self) -> &ExternType {
        &self.ty
    }
}

impl<'a> ExportType<'a> {
    pub(crate) fn new(name: &'a str, ty: ExternType) -> ExportType<'a> {
        ExportType { name, ty }
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What is exported.
    pub fn ty(&self) -> &ExternType {
        &self.ty
    }
}
