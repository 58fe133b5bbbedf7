//! Modules (specification: *Structure*, "Modules").

use crate::bytes::Bytes;
use crate::const_expr::{ConstExpr, ConstOp};
use crate::error::LoadError;
use crate::features::Features;
use crate::frame::Replay;
use crate::locals::DeclaredLocals;
use crate::needs::Needs;
use crate::rolled::Rolled;
use crate::types::{
    CompType, ExternType, FuncType, GlobalType, MemoryType, RecGroup, RefType, SubType, TableType,
    TagType, TypeUse,
};
use crate::validate;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// What kind of thing is imported or exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ExternKind {
    /// A function.
    Func,
    /// A table.
    Table,
    /// A memory.
    Memory,
    /// A global.
    Global,
    /// A tag.
    Tag,
}

/// An import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Import {
    /// First of its two names.
    pub module: String,
    /// Second of its two names.
    pub name: String,
    /// What is imported.
    pub ty: ExternType,
}

/// An export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What kind is exported.
    pub kind: ExternKind,
    /// Index into that kind's index space.
    pub index: u32,
}

/// A table that the module defines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Its type.
    pub ty: TableType,
    /// Initial value of every element; null if absent.
    pub init: Option<ConstExpr>,
}

/// A global that the module defines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Global {
    /// Its type.
    pub ty: GlobalType,
    /// Its initial value.
    pub init: ConstExpr,
}

/// When an element segment is copied into a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ElemMode {
    /// When `table.init` or `array.new_elem` copies from it.
    Passive,
    /// At instantiation.
    Active {
        /// The table.
        table: u32,
        /// The first index written.
        offset: ConstExpr,
    },
    /// Never: it only declares functions that `ref.func` may refer to.
    Declarative,
}

/// An element segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Elem {
    /// Type of the elements.
    pub ty: RefType,
    /// One constant expression per element.
    pub items: Vec<ConstExpr>,
    /// When it is copied.
    pub mode: ElemMode,
}

/// When a data segment is copied into a memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum DataMode {
    /// When `memory.init` or an array instruction copies from it.
    Passive,
    /// At instantiation.
    Active {
        /// The memory.
        memory: u32,
        /// The first address written.
        offset: ConstExpr,
    },
}

/// A data segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Data {
    /// Where its bytes are in the module's bytes.
    pub range: Range<usize>,
    /// When it is copied.
    pub mode: DataMode,
}

/// The body of a function that the module defines.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FuncBody {
    /// Where the body (locals and instructions) is in the module's bytes.
    pub range: Range<usize>,
    /// Declared locals, without the parameters.
    pub locals: DeclaredLocals,
    /// Greatest height of the operand stack, in slots, as validation saw it (gas-1 *Depth*).
    pub max_height: u32,
}

/// The functions that an element segment names, if it names nothing else.
pub(crate) type Names = Option<Box<[u32]>>;

/// A decoded and validated module.
///
/// What is written of it is without its bytes; see [`Module::revived`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Module {
    #[serde(skip)]
    pub(crate) bytes: Bytes,
    #[serde(skip)]
    pub(crate) digest: [u8; 32],
    pub(crate) needs: Needs,
    /// Those that it was made with.
    pub(crate) features: Features,
    /// `None` if there is no body. Of a module that was revived it is made when it is first asked for.
    #[serde(skip)]
    pub(crate) replay: OnceLock<Option<Arc<Replay>>>,
    /// By group of the type section: itself, if it is the same in every store.
    #[serde(skip)]
    pub(crate) alone: OnceLock<Box<[Option<Arc<Rolled>>]>>,
    /// By element segment.
    #[serde(skip)]
    pub(crate) named: OnceLock<Box<[Names]>>,
    /// Own functions that references can be made of.
    #[serde(skip)]
    pub(crate) referable: OnceLock<Box<[u32]>>,
    /// The type section.
    pub types: Vec<RecGroup>,
    /// The type section without grouping: indexed by type index.
    pub flat_types: Vec<SubType>,
    /// Imports, in order.
    pub imports: Vec<Import>,
    /// Exports, in order.
    pub exports: Vec<Export>,
    /// Type index of every function, imports first.
    pub funcs: Vec<u32>,
    /// Type of every table, imports first.
    pub tables: Vec<TableType>,
    /// Type of every memory, imports first.
    pub memories: Vec<MemoryType>,
    /// Type of every global, imports first.
    pub globals: Vec<GlobalType>,
    /// Type of every tag, imports first.
    pub tags: Vec<TagType>,
    /// How many of the functions are imported.
    pub imported_funcs: u32,
    /// How many of the tables are imported.
    pub imported_tables: u32,
    /// How many of the memories are imported.
    pub imported_memories: u32,
    /// How many of the globals are imported.
    pub imported_globals: u32,
    /// How many of the tags are imported.
    pub imported_tags: u32,
    /// Tables that the module defines.
    pub table_defs: Vec<Table>,
    /// Globals that the module defines.
    pub global_defs: Vec<Global>,
    /// Bodies of the functions that the module defines.
    pub bodies: Vec<FuncBody>,
    /// Element segments.
    pub elems: Vec<Elem>,
    /// Data segments.
    pub datas: Vec<Data>,
    /// The start function.
    pub start: Option<u32>,
    /// Its name, by the name section.
    pub name: Option<String>,
    /// Function names from the custom section `name`, sorted by index.
    pub func_names: Vec<(u32, String)>,
}

impl Module {
    /// By group of the type section: itself, if it is the same in every store.
    pub(crate) fn alone(&self) -> &[Option<Arc<Rolled>>] {
        self.alone.get_or_init(|| self.types.iter().map(Rolled::alone).collect())
    }

    /// Decodes and validates a binary module with the given features.
    ///
    /// # Errors
    /// [`LoadError`] tells whether the bytes are malformed, invalid, need a feature that is not in
    /// `features`, or exceed a limit, with the offset.
    pub fn new(bytes: &[u8], features: Features) -> Result<Module, LoadError> {
        let mut module = crate::decode::decode(bytes, features)?;
        module.bytes = bytes.to_vec().into();
        module.digest = *blake3::hash(bytes).as_bytes();
        module.features = features;
        Ok(module)
    }

    /// The module of which this was written, with its bytes and their digest. Nothing is decoded, validated or compared again: who
    /// cannot trust all three as a program is trusted uses [`Module::new`].
    #[must_use]
    pub fn revived(self, bytes: Bytes, digest: [u8; 32]) -> Module {
        Module { bytes, digest, replay: OnceLock::new(), ..self }
    }

    /// The features without which the module is refused, of those that it was made with.
    ///
    /// Where either of two features would do (`function-references` or `gc`, for a reference to a
    /// defined type), neither is among them. An encoding that only a later version allows, where a
    /// shorter one says the same, counts as the shorter one.
    pub fn needs(&self) -> Features {
        self.needs.features()
    }

    /// The first feature, oldest first, that the module needs and an engine does not implement.
    pub fn lacking(&self, implemented: Features) -> Option<&'static str> {
        self.needs.lacking(implemented)
    }

    /// Whether it is known that no operator of the module changes elements of tables, or how many there are.
    pub fn keeps_tables(&self) -> bool {
        self.needs.keeps_tables
    }

    /// The binary that the module was decoded from.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// BLAKE3 of the bytes.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    pub(crate) fn replay(&self) -> Option<&Replay> {
        let replay = || validate::replay_of(&self.bytes, self.features);
        self.replay.get_or_init(replay).as_deref()
    }

    /// The function type at a type index.
    ///
    /// # Panics
    /// If the index does not name a function type, which validation excludes wherever one is needed.
    pub fn func_type_at(&self, type_index: u32) -> &FuncType {
        match &self.flat_types[type_index as usize].comp {
            CompType::Func(ty) => ty,
            other => panic!("type {type_index} is not a function type but {other:?}"),
        }
    }

    /// The type of a function.
    pub fn func_type(&self, func: u32) -> &FuncType {
        self.func_type_at(self.funcs[func as usize])
    }

    /// How many parameters the function of the next body has; 0 where its type is none that exists.
    pub(crate) fn next_body_params(&self) -> u64 {
        let func = self.imported_funcs as usize + self.bodies.len();
        let ty = self.funcs.get(func).and_then(|ty| self.flat_types.get(*ty as usize));
        match ty.map(|ty| &ty.comp) {
            Some(CompType::Func(ty)) => ty.params.len() as u64,
            _ => 0,
        }
    }

    /// The body of a defined function, by its index among all functions; `None` for an import.
    pub fn body(&self, func: u32) -> Option<&FuncBody> {
        func.checked_sub(self.imported_funcs).map(|i| &self.bodies[i as usize])
    }

    /// A reader of the instructions of a body. Offsets it reports are offsets in the module.
    ///
    /// # Panics
    /// If the body is not of this module.
    pub fn operators(&self, body: &FuncBody) -> wasmparser::OperatorsReader<'_> {
        let bytes = &self.bytes[body.range.clone()];
        let reader = wasmparser::BinaryReader::new(bytes, body.range.start as u64);
        wasmparser::FunctionBody::new(reader)
            .get_operators_reader()
            .expect("the locals of a validated body decode")
    }

    /// The functions that an element segment names, in order; `None` if it has an item that is more than the name of a function.
    pub fn named(&self, elem: usize) -> Option<&[u32]> {
        let name = |item: &ConstExpr| match *item.0 {
            [ConstOp::RefFunc(func)] => Some(func),
            _ => None,
        };
        let names = |elem: &Elem| elem.items.iter().map(name).collect();
        let named = self.named.get_or_init(|| self.elems.iter().map(names).collect());
        named.get(elem)?.as_deref()
    }

    /// The functions that the module defines and that references can be made of, ascending: those that occur outside of the
    /// functions, where `ref.func` may name them (specification: *Validation*, *Conventions*, "Contexts", `C.refs`), exports among
    /// them, which the embedder can get at. Nobody can have a reference to any other.
    pub fn referable(&self) -> &[u32] {
        self.referable.get_or_init(|| {
            let items = self.elems.iter().flat_map(|elem| &elem.items);
            let tables = self.table_defs.iter().filter_map(|table| table.init.as_ref());
            let globals = self.global_defs.iter().map(|global| &global.init);
            let named = items.chain(tables).chain(globals).flat_map(|expr| &expr.0);
            let named = named.filter_map(|op| match op {
                ConstOp::RefFunc(func) => Some(*func),
                _ => None,
            });
            let exports = self.exports.iter().filter(|export| export.kind == ExternKind::Func);
            let all = named.chain(exports.map(|export| export.index));
            let mut own: Vec<u32> = all.filter(|func| *func >= self.imported_funcs).collect();
            own.sort_unstable();
            own.dedup();
            own.into()
        })
    }

    /// The bytes of a data segment.
    pub fn data(&self, index: u32) -> &[u8] {
        &self.bytes[self.datas[index as usize].range.clone()]
    }

    /// The export of a name.
    pub fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|e| e.name == name)
    }

    /// The type of an export, in the module's own indices.
    pub fn export_type(&self, export: &Export) -> ExternType {
        let i = export.index as usize;
        match export.kind {
            ExternKind::Func => ExternType::Func(TypeUse::Idx(self.funcs[i])),
            ExternKind::Table => ExternType::Table(self.tables[i]),
            ExternKind::Memory => ExternType::Memory(self.memories[i]),
            ExternKind::Global => ExternType::Global(self.globals[i]),
            ExternKind::Tag => ExternType::Tag(self.tags[i]),
        }
    }

    /// A function's name from the name section, if it has one.
    pub fn func_name(&self, func: u32) -> Option<&str> {
        let at = self.func_names.binary_search_by_key(&func, |(i, _)| *i).ok()?;
        Some(&self.func_names[at].1)
    }
}
