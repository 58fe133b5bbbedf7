//! The description of a module, as words of 64 bits in the byte order of its machine. `etalon_object.h` has the same as structures of C.

use super::ObjectError;
use crate::abi::{AbiSignature, VmLayout};
use crate::code::CompiledModule;
use etalon_module::{
    AddrType, CompType, ConstExpr, ConstOp, DataMode, ElemMode, ExternKind, Limits, Module,
    RefType, ValType,
};
use etalon_runtime::{FuncAddr, Ref};
use std::collections::HashMap;
use target_lexicon::Endianness;

/// Version of what object files and the runtime agree on.
const ABI: u64 = 1;
/// In place of an index or a size: there is none.
const NONE: u64 = u64::MAX;
/// In place of the table of a segment that only declares functions.
const DECLARATIVE: u64 = u64::MAX - 1;

/// A word of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Number(u64),
    /// The address of a place in the code.
    Code(u32),
    /// The address of a place in the description.
    Here(u64),
}

/// Where an address belongs that the linker writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Of a place in the code.
    Code(u64),
    /// Of a place in the description.
    Here(u64),
}

/// A description: bytes, and the addresses in it by their places.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) bytes: Vec<u8>,
    pub(super) addresses: Vec<(u64, Address)>,
    /// Where the head is.
    pub(super) head: u64,
    endianness: Endianness,
}

impl Description {
    /// Adds bytes; gives their address.
    fn bytes(&mut self, bytes: &[u8]) -> Word {
        let at = self.bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        // Words follow.
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        Word::Here(at)
    }

    /// Adds a name as a string of C.
    fn name(&mut self, name: &str) -> Result<Word, ObjectError> {
        if name.contains('\0') {
            return Err(ObjectError::Lacking("names with a zero byte".into()));
        }
        Ok(self.bytes(&[name.as_bytes(), &[0]].concat()))
    }

    /// Adds words; gives their address.
    fn words(&mut self, words: &[Word]) -> Word {
        let start = self.bytes.len() as u64;
        for (at, word) in (start..).step_by(8).zip(words) {
            let number = match *word {
                Word::Number(number) => number,
                Word::Code(place) => {
                    self.addresses.push((at, Address::Code(place.into())));
                    0
                }
                Word::Here(place) => {
                    self.addresses.push((at, Address::Here(place)));
                    0
                }
            };
            self.bytes.extend(match self.endianness {
                Endianness::Little => number.to_le_bytes(),
                Endianness::Big => number.to_be_bytes(),
            });
        }
        Word::Here(start)
    }

    /// Adds rows of a table; gives how many they are, and their address.
    fn rows<const N: usize>(&mut self, rows: &[[Word; N]]) -> [Word; 2] {
        [Word::Number(rows.len() as u64), self.words(rows.as_flattened())]
    }
}

fn number(number: impl Into<u64>) -> Word {
    Word::Number(number.into())
}

/// A place in an instance's context, as the number of its word.
fn place(offset: i32) -> Word {
    Word::Number(offset as u64 / 8)
}

/// Describes a module whose functions are all compiled.
pub(super) fn describe(
    module: &Module,
    compiled: &CompiledModule,
    layout: &VmLayout,
    per_slot: u64,
    endianness: Endianness,
) -> Result<Description, ObjectError> {
    let (bytes, addresses) = (Vec::new(), Vec::new());
    let mut d = Description { bytes, addresses, head: 0, endianness };
    let mut head = vec![number(ABI), number(layout.words() as u64), number(per_slot)];
    head.extend([place(layout.ty(0)), place(layout.imported_func(0))]);
    head.extend(types(&mut d, module, compiled)?);
    head.extend(imports(&mut d, module, layout)?);
    head.extend(functions(&mut d, module, compiled));
    head.extend(state(&mut d, module, layout)?);
    head.extend(segments(&mut d, module)?);
    head.extend(exports(&mut d, module)?);
    head.push(Word::Number(module.start.map_or(NONE, u64::from)));
    let Word::Here(start) = d.words(&head) else { return Ok(d) };
    d.head = start;
    Ok(d)
}

/// Of each type: its trampolines, how many parameters and results it has, which, and the first type that is the same.
fn types(
    d: &mut Description,
    module: &Module,
    compiled: &CompiledModule,
) -> Result<[Word; 2], ObjectError> {
    let (mut rows, mut first) = (Vec::new(), HashMap::new());
    for ty in &module.flat_types {
        let CompType::Func(func) = &ty.comp else {
            return Err(ObjectError::Lacking("types that are not of functions".into()));
        };
        let signature = AbiSignature::of(func);
        let trampolines = &compiled.contents.trampolines;
        let found = trampolines.binary_search_by(|known| known.signature.cmp(&signature));
        let found = found.map_err(|_| ObjectError::Format("a trampoline is not there".into()))?;
        let kinds = func.params.iter().chain(&func.results).map(|ty| kind(*ty));
        let kinds = kinds.collect::<Result<Vec<u8>, _>>()?;
        let same = *first.entry(ty).or_insert(rows.len());
        rows.push([
            Word::Code(trampolines[found].entry),
            Word::Code(trampolines[found].exit),
            number(func.params.len() as u64),
            number(func.results.len() as u64),
            d.bytes(&kinds),
            number(same as u64),
        ]);
    }
    Ok(d.rows(&rows))
}

/// The byte of a type in the binary format.
fn kind(ty: ValType) -> Result<u8, ObjectError> {
    Ok(match ty {
        ValType::I32 => 0x7f,
        ValType::I64 => 0x7e,
        ValType::F32 => 0x7d,
        ValType::F64 => 0x7c,
        ValType::V128 => 0x7b,
        ValType::Ref(ty) if ty == RefType::FUNCREF => 0x70,
        ValType::Ref(ty) if ty == RefType::EXTERNREF => 0x6f,
        ValType::Ref(_) => return Err(ObjectError::Lacking("typed references".into())),
    })
}

/// Of each imported function: its names, its type, and where its code is called through the context.
fn imports(
    d: &mut Description,
    module: &Module,
    layout: &VmLayout,
) -> Result<[Word; 2], ObjectError> {
    let mut rows = Vec::new();
    for (func, import) in (0..module.imported_funcs).zip(&module.imports) {
        let names = [d.name(&import.module)?, d.name(&import.name)?];
        let callee = layout.callee(func).unwrap_or_default();
        let ty = number(module.funcs[func as usize]);
        rows.push([names[0], names[1], ty, place(callee)]);
    }
    Ok(d.rows(&rows))
}

/// Of each function of the module's own: its type and its code.
fn functions(d: &mut Description, module: &Module, compiled: &CompiledModule) -> [Word; 2] {
    let own = &module.funcs[module.imported_funcs as usize..];
    let pieces = compiled.contents.pieces.iter();
    let rows: Vec<[Word; 2]> =
        own.iter().zip(pieces).map(|(ty, piece)| [number(*ty), Word::Code(piece.start)]).collect();
    d.rows(&rows)
}

/// Memories, tables and globals, with what they begin with and where they are in the context.
fn state(
    d: &mut Description,
    module: &Module,
    layout: &VmLayout,
) -> Result<[Word; 6], ObjectError> {
    // Where addresses have 32 bits, growing to more would give the -1 of a failure, or go beyond them.
    let limits = |limits: Limits, addr: AddrType, log2: u8| {
        let most = match addr {
            AddrType::I32 => (1u64 << (32 - log2)).min(u32::MAX.into()),
            AddrType::I64 => u64::MAX >> log2,
        };
        [number(limits.min), number(limits.max.unwrap_or(most).min(most))]
    };
    let memories = module.memories.iter().zip(0..).map(|(memory, index)| {
        let [min, max] = limits(memory.limits, memory.addr, memory.page_size_log2);
        [min, max, number(memory.page_size_log2), place(layout.memory(index))]
    });
    let mut tables = Vec::new();
    for (index, table) in (0..).zip(&module.table_defs) {
        let [min, max] = limits(table.ty.limits, table.ty.addr, 0);
        let init = table.init.as_ref().map_or(Ok([0; 2]), constant)?;
        tables.push([min, max, number(init[0]), place(layout.table(index))]);
    }
    let mut globals = Vec::new();
    for (index, global) in (0..).zip(&module.global_defs) {
        let [low, high] = constant(&global.init)?;
        let kind = number(kind(global.ty.val)?);
        globals.push([number(low), number(high), kind, place(layout.global(index))]);
    }
    let [memories, tables, globals] =
        [d.rows(&memories.collect::<Vec<_>>()), d.rows(&tables), d.rows(&globals)];
    Ok([memories[0], memories[1], tables[0], tables[1], globals[0], globals[1]])
}

/// Data segments and element segments.
fn segments(d: &mut Description, module: &Module) -> Result<[Word; 4], ObjectError> {
    let mut datas = Vec::new();
    for data in &module.datas {
        let bytes = &module.bytes()[data.range.clone()];
        let (memory, offset) = match &data.mode {
            DataMode::Passive => (NONE, 0),
            DataMode::Active { memory, offset } => (u64::from(*memory), constant(offset)?[0]),
        };
        let len = bytes.len() as u64;
        datas.push([d.bytes(bytes), number(len), number(memory), number(offset)]);
    }
    let mut elems = Vec::new();
    for elem in &module.elems {
        let items = elem.items.iter().map(|item| Ok(Word::Number(constant(item)?[0])));
        let items = items.collect::<Result<Vec<Word>, ObjectError>>()?;
        let (table, offset) = match &elem.mode {
            ElemMode::Passive => (NONE, 0),
            ElemMode::Declarative => (DECLARATIVE, 0),
            ElemMode::Active { table, offset } => (u64::from(*table), constant(offset)?[0]),
        };
        let len = items.len() as u64;
        elems.push([d.words(&items), number(len), number(table), number(offset)]);
    }
    let (datas, elems) = (d.rows(&datas), d.rows(&elems));
    Ok([datas[0], datas[1], elems[0], elems[1]])
}

/// Of each export: its name, what it is, and its index.
fn exports(d: &mut Description, module: &Module) -> Result<[Word; 2], ObjectError> {
    let mut rows = Vec::new();
    for export in &module.exports {
        let kind = match export.kind {
            ExternKind::Func => 0u64,
            ExternKind::Table => 1,
            ExternKind::Memory => 2,
            ExternKind::Global => 3,
            ExternKind::Tag => return Err(ObjectError::Lacking("tags".into())),
        };
        rows.push([d.name(&export.name)?, number(kind), number(export.index)]);
    }
    Ok(d.rows(&rows))
}

/// The words of a constant that depends on no other.
fn constant(expr: &ConstExpr) -> Result<[u64; 2], ObjectError> {
    Ok(match *expr.0 {
        [ConstOp::I32Const(value)] => [value.cast_unsigned().into(), 0],
        [ConstOp::I64Const(value)] => [value.cast_unsigned(), 0],
        [ConstOp::F32Const(bits)] => [bits.into(), 0],
        [ConstOp::F64Const(bits)] => [bits, 0],
        [ConstOp::V128Const(bits)] => [bits as u64, (bits >> 64) as u64],
        [ConstOp::RefNull(_)] => [0, 0],
        // An instance has its functions at the addresses that are their indices.
        [ConstOp::RefFunc(func)] => [Ref::func(FuncAddr(func)).to_bits(), 0],
        _ => {
            return Err(ObjectError::Lacking(
                "constant expressions of more than one instruction, or of a global".into(),
            ));
        }
    })
}
