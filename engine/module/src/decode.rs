//! Decoding (specification: *Binary Format*): bytes into a [`Module`].

use crate::convert::{self, ConstExprError, Unknown};
use crate::error::{LoadError, LoadErrorKind};
use crate::fault::Fault;
use crate::features::Features;
use crate::limits::{self, Counters};
use crate::locals::DeclaredLocals;
use crate::module::{
    Data, DataMode, Elem, ElemMode, Export, ExternKind, FuncBody, Global, Import, Module, Table,
};
use crate::needs::Uses;
use crate::types::{ExternType, RefType, TypeUse};
use crate::validate::{self, Refused, Validation};
use std::ops::Range;
use wasmparser::{self as wp, ExternalKind, Parser, Payload, TypeRef, WasmFeatures};

/// Decodes and validates all of a module, every instruction once.
///
/// Malformed outweighs invalid: a fault that validation finds counts only when the rest has been
/// decoded.
///
/// The format itself depends on the features: how long a limit may be, what a flag means, which byte
/// must be zero. So a module that does not decode with the features it may use is malformed, unless it
/// does with others; then validation says which it lacks.
pub(crate) fn decode(bytes: &[u8], features: Features) -> Result<Module, LoadError> {
    limits::MODULE_BYTES.check(bytes.len() as u64, 0)?;
    let lacks = match decode_with(bytes, features) {
        Err(error) if matches!(error.kind, LoadErrorKind::Unsupported { .. }) => error,
        result => return result?.finish(bytes, features),
    };
    match decode_with(bytes, features.union(Features::all()))?.unknown {
        Some(error) => Err(error),
        None => Err(match validate::run(bytes, features) {
            Err(Refused::Limit(limit)) => limit,
            Err(Refused::Rule(refused)) => validate::explain(bytes, features, &refused),
            Ok(()) => lacks,
        }),
    }
}

fn decode_with(bytes: &[u8], features: Features) -> Result<Decoder<'_>, LoadError> {
    let mut decoder = Decoder::new(bytes, features);
    let mut parser = Parser::new(0);
    parser.set_features(features.wasm());
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(|error| {
            decoder.end = limits::end_of_section(bytes, error.offset());
            decoder.refused(error)
        })?;
        decoder.validation.payload(&payload);
        decoder.payload(payload)?;
    }
    Ok(decoder)
}

fn malformed(fault: Fault, message: &str, offset: u64) -> LoadError {
    let (kind, message) = (LoadErrorKind::Malformed, message.to_owned());
    LoadError { kind, fault: Some(fault), message, offset }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    features: Features,
    /// Where the section or body that is read ends.
    end: usize,
    module: Module,
    uses: Uses,
    validation: Validation,
    unknown: Option<LoadError>,
    /// Whether the number of data segments was declared.
    data_count: bool,
    counters: Counters,
}

type Result<T, E = LoadError> = std::result::Result<T, E>;

impl<'a> Decoder<'a> {
    fn new(bytes: &'a [u8], features: Features) -> Decoder<'a> {
        Decoder {
            bytes,
            features,
            end: bytes.len(),
            module: Module::default(),
            uses: Uses::default(),
            validation: Validation::new(features),
            unknown: None,
            data_count: false,
            counters: Counters::default(),
        }
    }

    /// Why the decoder refuses the bytes: this phase finds what is not in the format, unless a limit or a
    /// feature is behind it.
    #[cold]
    fn refused(&self, error: wp::Error) -> LoadError {
        if let Some(limit) = limits::behind(&error, self.bytes, self.end) {
            return limit;
        }
        match error.missing_wasm_feature() {
            Some(feature) => LoadError::unsupported(Features::name_of(feature), &error),
            None => LoadError::malformed(&error),
        }
    }

    /// The module, when all of it decodes.
    fn finish(mut self, bytes: &[u8], features: Features) -> Result<Module> {
        // Only now: malformed outweighs unsupported.
        if let Some(error) = self.unknown {
            return Err(error);
        }
        match self.validation.finish() {
            Ok(replay) => self.module.replay = replay.into(),
            Err(refused) => return Err(validate::explain(bytes, features, &refused)),
        }
        let m = &self.module;
        self.uses.feature_if(m.tables.len() > 1, WasmFeatures::REFERENCE_TYPES);
        self.uses.feature_if(m.memories.len() > 1, WasmFeatures::MULTI_MEMORY);
        self.uses.feature_if(!m.tags.is_empty(), WasmFeatures::EXCEPTIONS);
        let resumable = m.tags.iter().any(
            |tag| matches!(tag.ty, TypeUse::Idx(ty) if !m.func_type_at(ty).results.is_empty()),
        );
        self.uses.feature_if(resumable, WasmFeatures::STACK_SWITCHING);
        let mutable_imports = m.globals[..m.imported_globals as usize].iter().any(|g| g.mutable);
        let mutable_exports = m.exports.iter().any(|export| {
            export.kind == ExternKind::Global && m.globals[export.index as usize].mutable
        });
        let mutable = mutable_imports || mutable_exports;
        self.uses.feature_if(mutable, WasmFeatures::MUTABLE_GLOBAL);
        self.module.needs = self.uses.needs();
        Ok(self.module)
    }

    /// Records a construct that this crate cannot represent, and lets decoding continue.
    fn known<T>(&mut self, value: Result<T, Unknown>, offset: u64) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(Unknown(feature)) => {
                self.unknown.get_or_insert_with(|| LoadError {
                    kind: LoadErrorKind::Unsupported { feature },
                    fault: None,
                    message: format!("{feature} is not implemented"),
                    offset,
                });
                None
            }
        }
    }

    fn const_expr(&mut self, expr: &wp::ConstExpr<'_>) -> Result<crate::ConstExpr> {
        let offset = expr.get_binary_reader().original_position();
        self.uses.const_expr(expr, self.module.imported_globals);
        match convert::const_expr(expr) {
            Ok(expr) => Ok(expr),
            Err(ConstExprError::Decode(error)) => Err(self.refused(error)),
            Err(ConstExprError::Unknown(unknown)) => {
                Ok(self.known(Err(unknown), offset).unwrap_or_default())
            }
        }
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result<()> {
        self.end = match &payload {
            Payload::CodeSectionEntry(body) => body.range().end as usize,
            other => other.as_section().map_or(self.bytes.len(), |(_, range)| range.end as usize),
        };
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
            Payload::DataCountSection { .. } => {
                self.uses.feature(WasmFeatures::BULK_MEMORY);
                // The segments themselves are counted: a number that is not theirs is malformed.
                self.data_count = true;
                Ok(())
            }
            Payload::ElementSection(s) => self.elements(s),
            Payload::DataSection(s) => self.datas(s),
            Payload::CodeSectionEntry(body) => self.body(&body),
            Payload::CustomSection(section) => {
                self.names(&section);
                Ok(())
            }
            Payload::UnknownSection { id, range, .. } => {
                let message = format!("malformed section id: {id}");
                Err(malformed(Fault::SectionId, &message, range.start))
            }
            _ => Ok(()),
        }
    }

    fn types(&mut self, section: wp::TypeSectionReader<'_>) -> Result<()> {
        limits::TYPES.check_section(0, &section)?;
        for group in section.into_iter_with_offsets() {
            let (offset, group) = group.map_err(|e| self.refused(e))?;
            self.counters.types(&group, offset)?;
            self.uses.rec_group(&group);
            if let Some(group) = self.known(convert::rec_group(&group), offset) {
                self.module.flat_types.extend(group.0.iter().cloned());
                self.module.types.push(group);
            }
        }
        Ok(())
    }

    fn imports(&mut self, section: wp::ImportSectionReader<'_>) -> Result<()> {
        limits::IMPORTS.check_section(0, &section)?;
        let compact =
            section.clone().into_iter().flatten().any(|i| !matches!(i, wp::Imports::Single(..)));
        self.uses.feature_if(compact, WasmFeatures::COMPACT_IMPORTS);
        for import in section.into_imports_with_offsets() {
            let (offset, import) = import.map_err(|e| self.refused(e))?;
            match import.ty {
                TypeRef::Func(_) | TypeRef::Tag(_) => {}
                TypeRef::Table(ty) => self.uses.table_type(ty),
                TypeRef::Memory(ty) => self.uses.memory_type(ty),
                TypeRef::Global(ty) => {
                    self.mutability(ty, offset)?;
                    self.uses.value_type(ty.content_type);
                }
                TypeRef::FuncExact(_) => self.uses.feature(WasmFeatures::CUSTOM_DESCRIPTORS),
            }
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
            limits::FUNCTIONS.check(m.funcs.len() as u64, offset)?;
            limits::TABLES.check(m.tables.len() as u64, offset)?;
            limits::MEMORIES.check(m.memories.len() as u64, offset)?;
            limits::GLOBALS.check(m.globals.len() as u64, offset)?;
            limits::TAGS.check(m.tags.len() as u64, offset)?;
            self.counters.imported(m, ty, offset)?;
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
        limits::FUNCTIONS.check_section(self.module.funcs.len(), &section)?;
        for index in section {
            self.module.funcs.push(index.map_err(|e| self.refused(e))?);
        }
        Ok(())
    }

    fn tables(&mut self, section: wp::TableSectionReader<'_>) -> Result<()> {
        limits::TABLES.check_section(self.module.tables.len(), &section)?;
        for table in section.into_iter_with_offsets() {
            let (offset, table) = table.map_err(|e| self.refused(e))?;
            self.uses.table_type(table.ty);
            let init = match &table.init {
                wp::TableInit::RefNull => None,
                wp::TableInit::Expr(expr) => {
                    self.uses.feature(WasmFeatures::FUNCTION_REFERENCES);
                    Some(self.const_expr(expr)?)
                }
            };
            if let Some(ty) = self.known(convert::table_type(table.ty), offset) {
                self.module.tables.push(ty);
                self.module.table_defs.push(Table { ty, init });
            }
        }
        Ok(())
    }

    fn memories(&mut self, section: wp::MemorySectionReader<'_>) -> Result<()> {
        limits::MEMORIES.check_section(self.module.memories.len(), &section)?;
        for memory in section {
            let memory = memory.map_err(|e| self.refused(e))?;
            self.uses.memory_type(memory);
            self.module.memories.push(convert::memory_type(memory));
        }
        Ok(())
    }

    fn tags(&mut self, section: wp::TagSectionReader<'_>) -> Result<()> {
        limits::TAGS.check_section(self.module.tags.len(), &section)?;
        for tag in section {
            self.module.tags.push(convert::tag_type(tag.map_err(|e| self.refused(e))?));
        }
        Ok(())
    }

    fn globals(&mut self, section: wp::GlobalSectionReader<'_>) -> Result<()> {
        limits::GLOBALS.check_section(self.module.globals.len(), &section)?;
        for global in section.into_iter_with_offsets() {
            let (offset, global) = global.map_err(|e| self.refused(e))?;
            self.mutability(global.ty, offset)?;
            self.uses.value_type(global.ty.content_type);
            let init = self.const_expr(&global.init_expr)?;
            if let Some(ty) = self.known(convert::global_type(global.ty), offset) {
                self.module.globals.push(ty);
                self.module.global_defs.push(Global { ty, init });
            }
        }
        Ok(())
    }

    /// The decoder reads the flag of a shared global whatever the features; without them, the byte is not in the
    /// format.
    fn mutability(&self, ty: wp::GlobalType, offset: u64) -> Result<()> {
        let feature = "shared-everything-threads";
        if ty.shared && !self.features.names().contains(&feature) {
            let message = format!("malformed mutability; {feature} allows it");
            return Err(malformed(Fault::Mutability, &message, offset));
        }
        Ok(())
    }

    fn exports(&mut self, section: wp::ExportSectionReader<'_>) -> Result<()> {
        limits::EXPORTS.check_section(0, &section)?;
        for export in section.into_iter_with_offsets() {
            let (offset, export) = export.map_err(|e| self.refused(e))?;
            self.counters.exported(&self.module, &export, offset)?;
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
        limits::ELEMENT_SEGMENTS.check_section(0, &section)?;
        for elem in section {
            let elem = elem.map_err(|e| self.refused(e))?;
            let is_active = matches!(elem.kind, wp::ElementKind::Active { .. });
            self.uses.feature_if(!is_active, WasmFeatures::BULK_MEMORY);
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
                    limits::ELEMENTS.check_section(0, &funcs)?;
                    for func in funcs {
                        let func = func.map_err(|e| self.refused(e))?;
                        items.push(crate::ConstExpr(Box::new([crate::ConstOp::RefFunc(func)])));
                    }
                    RefType { nullable: false, heap: crate::HeapType::Func }
                }
                wp::ElementItems::Expressions(ty, exprs) => {
                    limits::ELEMENTS.check_section(0, &exprs)?;
                    self.uses.ref_type(ty);
                    for expr in exprs {
                        items.push(self.const_expr(&expr.map_err(|e| self.refused(e))?)?);
                    }
                    self.known(convert::ref_type(ty), elem.range.start).unwrap_or(RefType::FUNCREF)
                }
            };
            self.module.elems.push(Elem { ty, items, mode });
        }
        Ok(())
    }

    fn datas(&mut self, section: wp::DataSectionReader<'_>) -> Result<()> {
        limits::DATA_SEGMENTS.check_section(0, &section)?;
        for data in section {
            let data = data.map_err(|e| self.refused(e))?;
            let mode = match &data.kind {
                wp::DataKind::Passive => {
                    self.uses.feature(WasmFeatures::BULK_MEMORY);
                    DataMode::Passive
                }
                wp::DataKind::Active { memory_index, offset_expr } => DataMode::Active {
                    memory: *memory_index,
                    offset: self.const_expr(offset_expr)?,
                },
            };
            // The range that the reader reports ends with the segment's bytes.
            let end = data.range.end as usize;
            let range = end - data.data.len()..end;
            self.module.datas.push(Data { range, mode });
        }
        Ok(())
    }

    fn body(&mut self, body: &wp::FunctionBody<'_>) -> Result<()> {
        let start = body.range().start;
        limits::BODY_BYTES.check(body.range().end - start, start)?;
        let locals = self.locals(body)?;
        let mut operators = body.get_operators_reader().map_err(|e| self.refused(e))?;
        let mut validation = self.validation.body(body);
        while !operators.eof() {
            let offset = operators.original_position();
            // Matched in place: moving every operator costs a fifth of the time.
            match operators.read() {
                Ok(ref op) => {
                    if !self.data_count && names_data_segment(op) {
                        let message = "data count section required";
                        return Err(malformed(Fault::DataCountRequired, message, offset));
                    }
                    self.uses.operator(op);
                    self.counters.passed(validation.passes(op), self.bytes.len(), offset)?;
                    validation.operator(op, offset, &mut self.uses);
                }
                Err(error) => return Err(self.refused(error)),
            }
        }
        operators.finish().map_err(|e| self.refused(e))?;
        let max_height = self.validation.end_body(validation);
        let range: Range<usize> = body.range().start as usize..body.range().end as usize;
        self.module.bodies.push(FuncBody { range, locals, max_height });
        Ok(())
    }

    fn locals(&mut self, body: &wp::FunctionBody<'_>) -> Result<DeclaredLocals> {
        let mut locals = Vec::new();
        let mut reader = body.get_locals_reader().map_err(|e| self.refused(e))?;
        let mut total = self.module.next_body_params();
        let mut too_many = Ok(());
        for _ in 0..reader.get_count() {
            let offset = reader.original_position();
            // spec: the binary format itself bounds the number of locals by 2^32 - 1, and so does the reader.
            let (count, ty) = reader.read().map_err(|e| self.refused(e))?;
            self.uses.value_type(ty);
            total += u64::from(count);
            too_many = too_many.and_then(|()| limits::LOCALS.check(total, offset));
            if too_many.is_ok()
                && let Some(ty) = self.known(convert::val_type(ty), offset)
            {
                locals.push((count, ty));
            }
        }
        too_many.map(|()| DeclaredLocals::new(locals))
    }

    /// Names of the module and of its functions. A malformed custom section is not an error.
    fn names(&mut self, section: &wp::CustomSectionReader<'_>) {
        let wp::KnownCustom::Name(names) = section.as_known() else { return };
        for name in names {
            let map = match name {
                Ok(wp::Name::Module { name, .. }) => {
                    self.module.name = Some(name.to_owned());
                    continue;
                }
                Ok(wp::Name::Function(map)) => map,
                _ => continue,
            };
            for naming in map {
                let Ok(naming) = naming else { break };
                self.module.func_names.push((naming.index, naming.name.to_owned()));
            }
        }
        self.module.func_names.sort();
        self.module.func_names.dedup_by_key(|(i, _)| *i);
    }
}

/// Whether an instruction refers to a data segment, which the format allows only where their number is declared.
fn names_data_segment(op: &wp::Operator<'_>) -> bool {
    use wp::Operator::{ArrayInitData, ArrayNewData, DataDrop, MemoryInit};
    matches!(op, MemoryInit { .. } | DataDrop { .. } | ArrayNewData { .. } | ArrayInitData { .. })
}
