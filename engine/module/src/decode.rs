//! Decoding (specification chapter 5, *Binary Format*): bytes into a [`Module`] not yet validated.

use crate::convert::{self, ConstExprError, Unknown};
use crate::error::{LoadError, LoadErrorKind};
use crate::features::Features;
use crate::module::{
    Data, DataMode, Elem, ElemMode, Export, ExternKind, FuncBody, Global, Import, Module, Table,
};
use crate::types::{ExternType, RefType, TypeUse, ValType};
use std::ops::Range;
use wasmparser::{self as wp, ExternalKind, Parser, Payload};

/// Most bytes that a module may have.
const MAX_MODULE_BYTES: usize = 1 << 30;

/// Most declared locals of one function; the decoder's own limit, checked before they are expanded.
const MAX_LOCALS: u64 = 50_000;

/// Decodes all of a module, every instruction included.
///
/// The format itself depends on the features: how long a limit may be, what a flag means, which byte
/// must be zero. So a module that does not decode with the features it may use is malformed, unless it
/// does with others; then validation says which it lacks.
pub(crate) fn decode(bytes: &[u8], features: Features) -> Result<Module, LoadError> {
    if bytes.len() > MAX_MODULE_BYTES {
        return Err(LoadError {
            kind: LoadErrorKind::Limit,
            message: format!("{} bytes, and at most {MAX_MODULE_BYTES} are allowed", bytes.len()),
            offset: MAX_MODULE_BYTES as u64,
        });
    }
    let decoder = match decode_with(bytes, features) {
        Err(error) if matches!(error.kind, LoadErrorKind::Unsupported { .. }) => {
            decode_with(bytes, features.union(Features::all()))?
        }
        result => result?,
    };
    match decoder.unknown {
        // Only when all of it decodes: malformed outweighs unsupported.
        Some(error) => Err(error),
        None => Ok(decoder.module),
    }
}

fn decode_with(bytes: &[u8], features: Features) -> Result<Decoder, LoadError> {
    let mut decoder = Decoder::default();
    let mut parser = Parser::new(0);
    parser.set_features(features.wasm());
    for payload in parser.parse_all(bytes) {
        decoder.payload(payload.map_err(malformed)?)?;
    }
    Ok(decoder)
}

fn malformed(error: wp::Error) -> LoadError {
    let kind = match error.missing_wasm_feature() {
        Some(feature) => LoadErrorKind::Unsupported { feature: Features::name_of(feature) },
        None => LoadErrorKind::Malformed,
    };
    LoadError::new(kind, &error)
}

#[derive(Default)]
struct Decoder {
    module: Module,
    unknown: Option<LoadError>,
}

type Result<T, E = LoadError> = std::result::Result<T, E>;

impl Decoder {
    /// Notes something that has no form here, and goes on decoding.
    fn known<T>(&mut self, value: Result<T, Unknown>, offset: u64) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(Unknown(feature)) => {
                self.unknown.get_or_insert_with(|| LoadError {
                    kind: LoadErrorKind::Unsupported { feature },
                    message: format!("{feature} is not implemented"),
                    offset,
                });
                None
            }
        }
    }

    fn const_expr(&mut self, expr: &wp::ConstExpr<'_>) -> Result<crate::ConstExpr> {
        let offset = expr.get_binary_reader().original_position();
        match convert::const_expr(expr) {
            Ok(expr) => Ok(expr),
            Err(ConstExprError::Decode(error)) => Err(malformed(error)),
            Err(ConstExprError::Unknown(unknown)) => {
                Ok(self.known(Err(unknown), offset).unwrap_or_default())
            }
        }
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::Version { encoding: wp::Encoding::Component, range, .. } => {
                self.known::<()>(Err(Unknown("component-model")), range.start);
                Ok(())
            }
            Payload::TypeSection(s) => self.types(s),
            Payload::ImportSection(s) => self.imports(s),
            Payload::FunctionSection(s) => self.functions(s),
            Payload::TableSection(s) => self.tables(s),
            Payload::MemorySection(s) => self.memories(s),
            Payload::TagSection(s) => self.tags(s),
            Payload::GlobalSection(s) => self.globals(s),
            Payload::ExportSection(s) => self.exports(s),
            Payload::StartSection { func, .. } => {
                self.module.start = Some(func);
                Ok(())
            }
            Payload::ElementSection(s) => self.elements(s),
            Payload::DataSection(s) => self.datas(s),
            Payload::CodeSectionEntry(body) => self.body(&body),
            Payload::CustomSection(section) => {
                self.names(&section);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn types(&mut self, section: wp::TypeSectionReader<'_>) -> Result<()> {
        for group in section.into_iter_with_offsets() {
            let (offset, group) = group.map_err(malformed)?;
            if let Some(group) = self.known(convert::rec_group(&group), offset) {
                self.module.flat_types.extend(group.0.iter().cloned());
                self.module.types.push(group);
            }
        }
        Ok(())
    }

    fn imports(&mut self, section: wp::ImportSectionReader<'_>) -> Result<()> {
        for import in section.into_imports_with_offsets() {
            let (offset, import) = import.map_err(malformed)?;
            let Some(ty) = self.known(convert::extern_type(import.ty), offset) else { continue };
            let m = &mut self.module;
            match ty {
                ExternType::Func(TypeUse::Idx(i)) => m.funcs.push(i),
                ExternType::Func(_) => {}
                ExternType::Table(t) => m.tables.push(t),
                ExternType::Memory(t) => m.memories.push(t),
                ExternType::Global(t) => m.globals.push(t),
                ExternType::Tag(t) => m.tags.push(t),
            }
            let (module, name) = (import.module.to_owned(), import.name.to_owned());
            m.imports.push(Import { module, name, ty });
        }
        let m = &mut self.module;
        m.imported_funcs = m.funcs.len() as u32;
        m.imported_tables = m.tables.len() as u32;
        m.imported_memories = m.memories.len() as u32;
        m.imported_globals = m.globals.len() as u32;
        m.imported_tags = m.tags.len() as u32;
        Ok(())
    }

    fn functions(&mut self, section: wp::FunctionSectionReader<'_>) -> Result<()> {
        for index in section {
            self.module.funcs.push(index.map_err(malformed)?);
        }
        Ok(())
    }

    fn tables(&mut self, section: wp::TableSectionReader<'_>) -> Result<()> {
        for table in section.into_iter_with_offsets() {
            let (offset, table) = table.map_err(malformed)?;
            let init = match &table.init {
                wp::TableInit::RefNull => None,
                wp::TableInit::Expr(expr) => Some(self.const_expr(expr)?),
            };
            if let Some(ty) = self.known(convert::table_type(table.ty), offset) {
                self.module.tables.push(ty);
                self.module.table_defs.push(Table { ty, init });
            }
        }
        Ok(())
    }

    fn memories(&mut self, section: wp::MemorySectionReader<'_>) -> Result<()> {
        for memory in section {
            let memory = memory.map_err(malformed)?;
            self.module.memories.push(convert::memory_type(memory));
        }
        Ok(())
    }

    fn tags(&mut self, section: wp::TagSectionReader<'_>) -> Result<()> {
        for tag in section {
            self.module.tags.push(convert::tag_type(tag.map_err(malformed)?));
        }
        Ok(())
    }

    fn globals(&mut self, section: wp::GlobalSectionReader<'_>) -> Result<()> {
        for global in section.into_iter_with_offsets() {
            let (offset, global) = global.map_err(malformed)?;
            let init = self.const_expr(&global.init_expr)?;
            if let Some(ty) = self.known(convert::global_type(global.ty), offset) {
                self.module.globals.push(ty);
                self.module.global_defs.push(Global { ty, init });
            }
        }
        Ok(())
    }

    fn exports(&mut self, section: wp::ExportSectionReader<'_>) -> Result<()> {
        for export in section {
            let export = export.map_err(malformed)?;
            let kind = match export.kind {
                ExternalKind::Func | ExternalKind::FuncExact => ExternKind::Func,
                ExternalKind::Table => ExternKind::Table,
                ExternalKind::Memory => ExternKind::Memory,
                ExternalKind::Global => ExternKind::Global,
                ExternalKind::Tag => ExternKind::Tag,
            };
            let name = export.name.to_owned();
            self.module.exports.push(Export { name, kind, index: export.index });
        }
        Ok(())
    }

    fn elements(&mut self, section: wp::ElementSectionReader<'_>) -> Result<()> {
        for elem in section {
            let elem = elem.map_err(malformed)?;
            let mode = match &elem.kind {
                wp::ElementKind::Passive => ElemMode::Passive,
                wp::ElementKind::Declared => ElemMode::Declarative,
                wp::ElementKind::Active { table_index, offset_expr } => ElemMode::Active {
                    table: table_index.unwrap_or(0),
                    offset: self.const_expr(offset_expr)?,
                },
            };
            let mut items = Vec::new();
            let ty = match elem.items {
                wp::ElementItems::Functions(funcs) => {
                    for func in funcs {
                        let func = func.map_err(malformed)?;
                        items.push(crate::ConstExpr(Box::new([crate::ConstOp::RefFunc(func)])));
                    }
                    RefType { nullable: false, heap: crate::HeapType::Func }
                }
                wp::ElementItems::Expressions(ty, exprs) => {
                    for expr in exprs {
                        items.push(self.const_expr(&expr.map_err(malformed)?)?);
                    }
                    self.known(convert::ref_type(ty), elem.range.start).unwrap_or(RefType::FUNCREF)
                }
            };
            self.module.elems.push(Elem { ty, items, mode });
        }
        Ok(())
    }

    fn datas(&mut self, section: wp::DataSectionReader<'_>) -> Result<()> {
        for data in section {
            let data = data.map_err(malformed)?;
            let mode = match &data.kind {
                wp::DataKind::Passive => DataMode::Passive,
                wp::DataKind::Active { memory_index, offset_expr } => DataMode::Active {
                    memory: *memory_index,
                    offset: self.const_expr(offset_expr)?,
                },
            };
            // The reader's range ends where the bytes do.
            let end = data.range.end as usize;
            let range = end - data.data.len()..end;
            self.module.datas.push(Data { range, mode });
        }
        Ok(())
    }

    fn body(&mut self, body: &wp::FunctionBody<'_>) -> Result<()> {
        let locals = self.locals(body)?;
        let mut operators = body.get_operators_reader().map_err(malformed)?;
        while !operators.eof() {
            operators.read().map_err(malformed)?;
        }
        operators.finish().map_err(malformed)?;
        let range: Range<usize> = body.range().start as usize..body.range().end as usize;
        self.module.bodies.push(FuncBody { range, locals, max_height: 0 });
        Ok(())
    }

    fn locals(&mut self, body: &wp::FunctionBody<'_>) -> Result<Box<[ValType]>> {
        let mut locals = Vec::new();
        let mut reader = body.get_locals_reader().map_err(malformed)?;
        let mut total = 0u64;
        for _ in 0..reader.get_count() {
            let offset = reader.original_position();
            let (count, ty) = reader.read().map_err(malformed)?;
            total += u64::from(count);
            if total > u64::from(u32::MAX) {
                // spec: the binary format itself bounds the number of locals by 2^32 - 1.
                let message = "too many locals".to_owned();
                return Err(LoadError { kind: LoadErrorKind::Malformed, message, offset });
            }
            if total > MAX_LOCALS {
                let message = format!("more than {MAX_LOCALS} locals in a function");
                let error = LoadError { kind: LoadErrorKind::Limit, message, offset };
                self.unknown.get_or_insert(error);
                continue;
            }
            if let Some(ty) = self.known(convert::val_type(ty), offset) {
                locals.extend(std::iter::repeat_n(ty, count as usize));
            }
        }
        Ok(locals.into())
    }

    /// Function names; a broken custom section is no error.
    fn names(&mut self, section: &wp::CustomSectionReader<'_>) {
        let wp::KnownCustom::Name(names) = section.as_known() else { return };
        for name in names {
            let Ok(wp::Name::Function(map)) = name else { continue };
            for naming in map {
                let Ok(naming) = naming else { break };
                self.module.func_names.push((naming.index, naming.name.to_owned()));
            }
        }
        self.module.func_names.sort();
        self.module.func_names.dedup_by_key(|(i, _)| *i);
    }
}
