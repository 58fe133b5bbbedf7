//! A module as its items, each of which can be changed or left out.

use super::keep::{Instead, Keep};
use std::borrow::Cow;
use std::collections::BTreeSet;
use wasm_encoder as we;
use wasm_encoder::reencode::{Error, Reencode};
use wasmparser as wp;

/// Types that are defined together.
#[derive(Clone)]
pub(crate) struct Group {
    pub(crate) types: Vec<wp::SubType>,
    /// Whether it is written as a group, which one type may be too.
    pub(crate) is_explicit: bool,
}

impl Group {
    pub(crate) fn types(&self) -> std::slice::Iter<'_, wp::SubType> {
        self.types.iter()
    }
}

/// The items of a module, in the order of their index spaces.
#[derive(Clone)]
pub(crate) struct Parts<'a> {
    pub(crate) groups: Vec<Group>,
    /// Types that come after all others.
    pub(crate) new_types: Vec<wp::FuncType>,
    pub(crate) imports: Vec<wp::Import<'a>>,
    /// The type of each function that the module defines.
    pub(crate) funcs: Vec<u32>,
    pub(crate) tables: Vec<wp::Table<'a>>,
    pub(crate) memories: Vec<wp::MemoryType>,
    pub(crate) tags: Vec<wp::TagType>,
    pub(crate) globals: Vec<wp::Global<'a>>,
    pub(crate) exports: Vec<wp::Export<'a>>,
    pub(crate) start: Option<u32>,
    pub(crate) elems: Vec<wp::Element<'a>>,
    pub(crate) datas: Vec<wp::Data<'a>>,
    /// The locals and instructions of each function that the module defines.
    pub(crate) bodies: Vec<Cow<'a, [u8]>>,
    /// Active segments of elements and of data that are left out.
    pub(crate) left_out: [BTreeSet<u32>; 2],
    /// Items in whose places others stand, wherever they are named, by their index spaces.
    pub(crate) instead: Instead,
}

/// What is added to a module, behind what it has.
#[derive(Default)]
pub(crate) struct Extra {
    pub(crate) types: Vec<we::FuncType>,
    /// Imported functions, by their names and the number of their type.
    pub(crate) imports: Vec<(&'static str, &'static str, u32)>,
    pub(crate) globals: Vec<we::GlobalType>,
    /// Globals that are exported, by their index.
    pub(crate) exports: Vec<(String, u32)>,
    /// Functions with the number of their type.
    pub(crate) funcs: Vec<(u32, we::Function)>,
}

/// Why a module cannot be written anew. What is validated can; a module that cannot is left as it is.
#[derive(Debug)]
pub(crate) struct Failed;

impl From<wp::BinaryReaderError> for Failed {
    fn from(_: wp::BinaryReaderError) -> Failed {
        Failed
    }
}

impl<E> From<Error<E>> for Failed {
    fn from(_: Error<E>) -> Failed {
        Failed
    }
}

fn all<'a, T: wp::FromReader<'a>>(
    section: wp::SectionLimited<'a, T>,
) -> Result<Vec<T>, wp::BinaryReaderError> {
    section.into_iter().collect()
}

impl<'a> Parts<'a> {
    /// Takes a module apart. Custom sections are left out.
    pub(crate) fn of(wasm: &'a [u8]) -> Result<Self, Failed> {
        let mut parts = Parts {
            groups: Vec::new(),
            new_types: Vec::new(),
            imports: Vec::new(),
            funcs: Vec::new(),
            tables: Vec::new(),
            memories: Vec::new(),
            tags: Vec::new(),
            globals: Vec::new(),
            exports: Vec::new(),
            start: None,
            elems: Vec::new(),
            datas: Vec::new(),
            bodies: Vec::new(),
            left_out: Default::default(),
            instead: Instead::default(),
        };
        let mut parser = wp::Parser::new(0);
        parser.set_features(wp::WasmFeatures::all());
        for payload in parser.parse_all(wasm) {
            match payload? {
                wp::Payload::TypeSection(s) => {
                    let group = |group: wp::RecGroup| Group {
                        is_explicit: group.is_explicit_rec_group(),
                        types: group.into_types().collect(),
                    };
                    parts.groups = all(s)?.into_iter().map(group).collect();
                }
                wp::Payload::ImportSection(s) => {
                    parts.imports = s.into_imports().collect::<Result<_, _>>()?;
                }
                wp::Payload::FunctionSection(s) => parts.funcs = all(s)?,
                wp::Payload::TableSection(s) => parts.tables = all(s)?,
                wp::Payload::MemorySection(s) => parts.memories = all(s)?,
                wp::Payload::TagSection(s) => parts.tags = all(s)?,
                wp::Payload::GlobalSection(s) => parts.globals = all(s)?,
                wp::Payload::ExportSection(s) => parts.exports = all(s)?,
                wp::Payload::StartSection { func, .. } => parts.start = Some(func),
                wp::Payload::ElementSection(s) => parts.elems = all(s)?,
                wp::Payload::DataSection(s) => parts.datas = all(s)?,
                wp::Payload::CodeSectionEntry(body) => {
                    let range = body.range();
                    let bytes = wasm.get(range.start as usize..range.end as usize).ok_or(Failed)?;
                    parts.bodies.push(Cow::Borrowed(bytes));
                }
                _ => {}
            }
        }
        Ok(parts)
    }

    /// How many items of a kind are imported.
    pub(crate) fn imported(&self, kind: wp::ExternalKind) -> u32 {
        self.imports.iter().filter(|import| kind_of(&import.ty) == kind).count() as u32
    }

    /// How many types there are.
    pub(crate) fn type_count(&self) -> u32 {
        let old: usize = self.groups.iter().map(|group| group.types().len()).sum();
        (old + self.new_types.len()) as u32
    }

    /// Writes the module with what is to be kept, bodies as `write` says, and what is added.
    pub(crate) fn encode<R: Reencode>(
        &self,
        re: &mut R,
        keep: &Keep,
        extra: &Extra,
        mut write: impl FnMut(&mut R, u32, &wp::FunctionBody<'_>) -> Result<we::Function, Failed>,
    ) -> Result<Vec<u8>, Failed> {
        let mut module = we::Module::new();
        section(&mut module, &self.types(re, keep, extra)?, |s| s.is_empty());
        section(&mut module, &self.import_section(re, keep, extra)?, |s| s.is_empty());
        let mut funcs = we::FunctionSection::new();
        let mut code = we::CodeSection::new();
        let first = self.imported(wp::ExternalKind::Func);
        for (i, (ty, body)) in self.funcs.iter().zip(&self.bodies).enumerate() {
            let func = first + i as u32;
            if keep.funcs(func) {
                funcs.function(re.type_index(*ty)?);
                let body = wp::FunctionBody::new(wp::BinaryReader::new(body, 0));
                code.function(&write(re, func, &body)?);
            }
        }
        for (ty, body) in &extra.funcs {
            funcs.function(*ty);
            code.function(body);
        }
        section(&mut module, &funcs, |s| s.is_empty());
        self.stores(re, keep, extra, &mut module)?;
        self.segments(re, keep, extra, &mut module, &code)?;
        Ok(module.finish())
    }

    fn types<R: Reencode>(
        &self,
        re: &mut R,
        keep: &Keep,
        extra: &Extra,
    ) -> Result<we::TypeSection, Failed> {
        let (mut section, mut index) = (we::TypeSection::new(), 0);
        for group in &self.groups {
            let mut kept = Vec::new();
            for ty in group.types() {
                if keep.types(index) {
                    kept.push(re.sub_type(ty.clone())?);
                }
                index += 1;
            }
            match (&kept[..], group.is_explicit) {
                ([], _) => {}
                ([one], false) => section.ty().subtype(one),
                _ => section.ty().rec(kept),
            }
        }
        for ty in &self.new_types {
            if keep.types(index) {
                let ty = re.func_type(ty.clone())?;
                section.ty().func_type(&ty);
            }
            index += 1;
        }
        extra.types.iter().for_each(|ty| section.ty().func_type(ty));
        Ok(section)
    }

    fn import_section<R: Reencode>(
        &self,
        re: &mut R,
        keep: &Keep,
        extra: &Extra,
    ) -> Result<we::ImportSection, Failed> {
        let mut section = we::ImportSection::new();
        let mut counts = [0u32; 5];
        for import in &self.imports {
            let kind = kind_of(&import.ty);
            let index = &mut counts[space(kind)];
            if keep.item(kind, *index) {
                section.import(import.module, import.name, re.entity_type(import.ty)?);
            }
            *index += 1;
        }
        for (module, name, ty) in &extra.imports {
            section.import(module, name, we::EntityType::Function(*ty));
        }
        Ok(section)
    }

    fn stores<R: Reencode>(
        &self,
        re: &mut R,
        keep: &Keep,
        extra: &Extra,
        module: &mut we::Module,
    ) -> Result<(), Failed> {
        let mut tables = we::TableSection::new();
        for (index, table) in (self.imported(wp::ExternalKind::Table)..).zip(&self.tables) {
            if keep.item(wp::ExternalKind::Table, index) {
                re.parse_table(&mut tables, table.clone())?;
            }
        }
        section(module, &tables, |s| s.is_empty());
        let mut memories = we::MemorySection::new();
        for (index, memory) in (self.imported(wp::ExternalKind::Memory)..).zip(&self.memories) {
            if keep.item(wp::ExternalKind::Memory, index) {
                memories.memory(re.memory_type(*memory)?);
            }
        }
        section(module, &memories, |s| s.is_empty());
        let mut tags = we::TagSection::new();
        for (index, tag) in (self.imported(wp::ExternalKind::Tag)..).zip(&self.tags) {
            if keep.item(wp::ExternalKind::Tag, index) {
                tags.tag(re.tag_type(*tag)?);
            }
        }
        section(module, &tags, |s| s.is_empty());
        let mut globals = we::GlobalSection::new();
        for (index, global) in (self.imported(wp::ExternalKind::Global)..).zip(&self.globals) {
            if keep.item(wp::ExternalKind::Global, index) {
                re.parse_global(&mut globals, global.clone())?;
            }
        }
        for ty in &extra.globals {
            let zero = match ty.val_type {
                we::ValType::I32 => we::ConstExpr::i32_const(0),
                _ => we::ConstExpr::i64_const(0),
            };
            globals.global(*ty, &zero);
        }
        section(module, &globals, |s| s.is_empty());
        Ok(())
    }

    fn segments<R: Reencode>(
        &self,
        re: &mut R,
        keep: &Keep,
        extra: &Extra,
        module: &mut we::Module,
        code: &we::CodeSection,
    ) -> Result<(), Failed> {
        let mut exports = we::ExportSection::new();
        let is_kept = |export: &&wp::Export<'_>| {
            keep.item(export.kind, self.instead.of(space(export.kind), export.index))
        };
        for export in self.exports.iter().filter(is_kept) {
            re.parse_export(&mut exports, *export)?;
        }
        for (name, global) in &extra.exports {
            exports.export(name, we::ExportKind::Global, *global);
        }
        section(module, &exports, |s| s.is_empty());
        if let Some(start) = self.start.filter(|start| keep.funcs(self.instead.of(0, *start))) {
            module.section(&we::StartSection { function_index: re.start_section(start)? });
        }
        let mut elems = we::ElementSection::new();
        for (_, elem) in (0..).zip(&self.elems).filter(|(index, _)| keep.elems(*index)) {
            re.parse_element(&mut elems, elem.clone())?;
        }
        section(module, &elems, |s| s.is_empty());
        let mut datas = we::DataSection::new();
        for (_, data) in (0..).zip(&self.datas).filter(|(index, _)| keep.datas(*index)) {
            re.parse_data(&mut datas, data.clone())?;
        }
        if !datas.is_empty() {
            module.section(&we::DataCountSection { count: datas.len() });
        }
        section(module, code, |s| s.is_empty());
        section(module, &datas, |s| s.is_empty());
        Ok(())
    }
}

fn section<S: we::Section>(module: &mut we::Module, section: &S, is_empty: fn(&S) -> bool) {
    if !is_empty(section) {
        module.section(section);
    }
}

pub(super) fn kind_of(ty: &wp::TypeRef) -> wp::ExternalKind {
    match ty {
        wp::TypeRef::Func(_) | wp::TypeRef::FuncExact(_) => wp::ExternalKind::Func,
        wp::TypeRef::Table(_) => wp::ExternalKind::Table,
        wp::TypeRef::Memory(_) => wp::ExternalKind::Memory,
        wp::TypeRef::Global(_) => wp::ExternalKind::Global,
        wp::TypeRef::Tag(_) => wp::ExternalKind::Tag,
    }
}

/// The number of the index space of a kind.
pub(crate) fn space(kind: wp::ExternalKind) -> usize {
    match kind {
        wp::ExternalKind::Func | wp::ExternalKind::FuncExact => 0,
        wp::ExternalKind::Table => 1,
        wp::ExternalKind::Memory => 2,
        wp::ExternalKind::Global => 3,
        wp::ExternalKind::Tag => 4,
    }
}
