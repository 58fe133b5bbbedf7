//! The most units that dynamic operators are charged for (gas-1, *Dynamic charges*). Bounds, maxima and caps are checked before the charge, so
//! nobody pays for more than there can be.

use etalon::Schedule;
use etalon::unstable::Opcode;
use etalon::unstable::module::{
    AddrType, CompType, ExternKind, MemoryType, Module, StorageType, TableType, ValType,
};
use std::collections::BTreeSet;
use wasmparser::Operator;

/// Bytes of a page of 64 KiB.
const PAGE: u64 = 1 << 16;
/// The header of an object (gas-1, *GC heap*).
const HEADER: u64 = 16;

/// How large the memories, tables and arrays of a module can become.
#[derive(Debug)]
pub(crate) struct Sizes<'m> {
    module: &'m Module,
    heap_bytes: u64,
    memories: Vec<Size>,
    tables: Vec<Size>,
}

/// The least and the greatest size: of a memory in its own pages, of a table in elements.
#[derive(Clone, Copy, Debug)]
struct Size {
    least: u64,
    greatest: u64,
}

impl Size {
    /// By how much it can grow.
    fn room(self) -> u64 {
        self.greatest.saturating_sub(self.least)
    }
}

/// The memories and tables that operators of the module grow.
#[derive(Debug, Default)]
pub(crate) struct Grown {
    memories: BTreeSet<u32>,
    tables: BTreeSet<u32>,
}

impl Grown {
    pub(crate) fn read(&mut self, operator: &Operator<'_>) {
        match *operator {
            Operator::MemoryGrow { mem } => _ = self.memories.insert(mem),
            Operator::TableGrow { table } => _ = self.tables.insert(table),
            _ => {}
        }
    }
}

impl<'m> Sizes<'m> {
    pub(crate) fn new(module: &'m Module, schedule: &Schedule, grown: &Grown) -> Sizes<'m> {
        let limits = schedule.limits();
        let exported = |kind| -> BTreeSet<u32> {
            let exports = module.exports.iter().filter(|export| export.kind == kind);
            exports.map(|export| export.index).collect()
        };
        let (memories, tables) = (exported(ExternKind::Memory), exported(ExternKind::Table));
        // What nobody else has and no operator grows stays as it is.
        let is_fixed =
            |index: u32, imported: u32, exported: &BTreeSet<u32>, grown: &BTreeSet<u32>| {
                index >= imported && !exported.contains(&index) && !grown.contains(&index)
            };
        let memory = |(index, ty): (u32, &MemoryType)| {
            let cap = match ty.addr {
                AddrType::I32 => limits.memory_pages,
                AddrType::I64 => limits.memory_pages_64,
            };
            let cap = (u128::from(cap) * u128::from(PAGE)) >> ty.page_size_log2;
            let cap = u64::try_from(cap).unwrap_or(u64::MAX);
            let is_fixed = is_fixed(index, module.imported_memories, &memories, &grown.memories);
            size(ty.limits.min, ty.limits.max, cap, is_fixed)
        };
        let table = |(index, ty): (u32, &TableType)| {
            let is_fixed = is_fixed(index, module.imported_tables, &tables, &grown.tables);
            size(ty.limits.min, ty.limits.max, limits.table_elements, is_fixed)
        };
        Sizes {
            module,
            heap_bytes: limits.gc_heap_bytes,
            memories: (0..).zip(&module.memories).map(memory).collect(),
            tables: (0..).zip(&module.tables).map(table).collect(),
        }
    }

    /// The most units of an operator. `operand` is what the operand is that counts them, where it is a constant.
    pub(crate) fn units(&self, operator: &Operator<'_>, operand: Option<u64>) -> u64 {
        use Operator as O;
        // A constant beyond what there can be traps, or is not granted, before the charge.
        let of = |most: u64| operand.map_or(most, |n| if n > most { 0 } else { n });
        match *operator {
            O::MemoryGrow { mem } => {
                let shift = self.module.memories[mem as usize].page_size_log2;
                let bytes = u128::from(of(self.memories[mem as usize].room())) << shift;
                u64::try_from(bytes.div_ceil(PAGE.into())).unwrap_or(u64::MAX)
            }
            O::MemoryFill { mem } => of(self.bytes(mem)),
            // Whole pages are discarded.
            O::MemoryDiscard { mem } => {
                let page = 1 << self.module.memories[mem as usize].page_size_log2;
                of(self.bytes(mem)).checked_next_multiple_of(page).unwrap_or(u64::MAX)
            }
            O::MemoryCopy { dst_mem, src_mem } => of(self.bytes(dst_mem).min(self.bytes(src_mem))),
            O::MemoryInit { data_index, mem } => of(self.bytes(mem).min(self.data(data_index))),
            O::TableGrow { table } => of(self.tables[table as usize].room()),
            O::TableFill { table } => of(self.elements(table)),
            O::TableCopy { dst_table, src_table } => {
                of(self.elements(dst_table).min(self.elements(src_table)))
            }
            O::TableInit { elem_index, table } => {
                of(self.elements(table).min(self.items(elem_index)))
            }
            O::ArrayNew { array_type_index: ty }
            | O::ArrayNewDefault { array_type_index: ty }
            | O::ArrayFill { array_type_index: ty } => of(self.array(ty)),
            O::ArrayNewFixed { array_size, .. } => array_size.into(),
            O::ArrayCopy { array_type_index_dst: dst, array_type_index_src: src } => {
                of(self.array(dst).min(self.array(src)))
            }
            O::ArrayNewData { array_type_index: ty, array_data_index: data }
            | O::ArrayInitData { array_type_index: ty, array_data_index: data } => {
                of(self.array(ty).min(self.data(data) / self.element_bytes(ty)))
            }
            O::ArrayNewElem { array_type_index: ty, array_elem_index: elem }
            | O::ArrayInitElem { array_type_index: ty, array_elem_index: elem } => {
                of(self.array(ty).min(self.items(elem)))
            }
            O::StructNew { struct_type_index: ty }
            | O::StructNewDefault { struct_type_index: ty }
            | O::StructNewDesc { struct_type_index: ty }
            | O::StructNewDefaultDesc { struct_type_index: ty } => self.fields(ty),
            _ => u64::MAX,
        }
    }

    /// The fields of a structure.
    pub(crate) fn fields(&self, ty: u32) -> u64 {
        match self.module.flat_types.get(ty as usize).map(|ty| &ty.comp) {
            Some(CompType::Struct(fields)) => fields.len() as u64,
            _ => 0,
        }
    }

    /// The most elements of an array: more do not fit into the heap, and a length is of 32 bits.
    pub(crate) fn array(&self, ty: u32) -> u64 {
        let bytes = self.heap_bytes.saturating_sub(HEADER);
        (bytes / self.element_bytes(ty)).min(u32::MAX.into())
    }

    fn element_bytes(&self, ty: u32) -> u64 {
        match self.module.flat_types.get(ty as usize).map(|ty| &ty.comp) {
            Some(CompType::Array(field)) => match field.storage {
                StorageType::I8 => 1,
                StorageType::I16 => 2,
                StorageType::Val(ValType::I32 | ValType::F32) => 4,
                StorageType::Val(ValType::I64 | ValType::F64 | ValType::Ref(_)) => 8,
                StorageType::Val(ValType::V128) => 16,
            },
            _ => 1,
        }
    }

    fn bytes(&self, memory: u32) -> u64 {
        let shift = self.module.memories[memory as usize].page_size_log2;
        let bytes = u128::from(self.memories[memory as usize].greatest) << shift;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    fn elements(&self, table: u32) -> u64 {
        self.tables[table as usize].greatest
    }

    fn data(&self, index: u32) -> u64 {
        self.module.datas.get(index as usize).map_or(u64::MAX, |data| data.range.len() as u64)
    }

    fn items(&self, index: u32) -> u64 {
        self.module.elems.get(index as usize).map_or(u64::MAX, |elem| elem.items.len() as u64)
    }
}

fn size(least: u64, most: Option<u64>, cap: u64, is_fixed: bool) -> Size {
    let greatest = if is_fixed { least } else { most.unwrap_or(u64::MAX).min(cap) };
    Size { least, greatest }
}

/// Whether the operand on top of the stack counts the units of a dynamic operator.
pub(crate) fn is_counted_by_operand(opcode: Opcode) -> bool {
    use Opcode as O;
    let is_fixed = matches!(
        opcode,
        O::ArrayNewFixed
            | O::StructNew
            | O::StructNewDefault
            | O::StructNewDesc
            | O::StructNewDefaultDesc
    );
    opcode.is_dynamic() && !is_fixed
}
