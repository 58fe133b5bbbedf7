//! What dynamic operators check and are charged for (gas-1, *Dynamic charges*), as data.

use crate::body::Context;
use crate::cells::Length;
use crate::convert::{bytes_of, unpacked};
use etalon_module::{AddrType, CompType, RefType, StorageType, TypeUse, ValType};
use etalon_module::{FieldType, HeapType};
use wasmparser::Operator;

/// An operator that does something to as many units as its last operand says.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The types of its operands.
    pub(crate) operands: Vec<ValType>,
    /// What must be inside of what; where it is not, the operator traps by itself.
    pub(crate) ranges: Vec<Range>,
    /// The bytes of an element, if it makes an array.
    pub(crate) makes: Option<u64>,
    /// What units are rounded up to a multiple of, as a binary logarithm.
    pub(crate) round: u8,
}

/// So many times the last operand from another operand on.
#[derive(Debug)]
pub(crate) struct Range {
    pub(crate) from: usize,
    pub(crate) scale: u64,
    pub(crate) of: Size,
}

/// How long something is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Size {
    /// A memory, in bytes.
    Memory(u32),
    Table(u32),
    Segment(Length),
    /// The array that an operand refers to. Taking its length traps where the operator would: if it is null.
    Array(usize),
}

fn address(ty: AddrType) -> ValType {
    match ty {
        AddrType::I32 => ValType::I32,
        AddrType::I64 => ValType::I64,
    }
}

fn narrower(a: AddrType, b: AddrType) -> ValType {
    if a == b { address(a) } else { ValType::I32 }
}

fn array(ty: u32) -> ValType {
    ValType::Ref(RefType { nullable: true, heap: HeapType::Use(TypeUse::Idx(ty)) })
}

fn range(from: usize, of: Size) -> Range {
    Range { from, scale: 1, of }
}

impl Context<'_> {
    pub(crate) fn memory_address(&self, memory: u32) -> ValType {
        address(self.module.memories[memory as usize].addr)
    }

    pub(crate) fn table_address(&self, table: u32) -> ValType {
        address(self.module.tables[table as usize].addr)
    }

    pub(crate) fn element(&self, ty: u32) -> StorageType {
        match self.module.flat_types[ty as usize].comp {
            CompType::Array(FieldType { storage, .. }) => storage,
            _ => StorageType::Val(ValType::I32),
        }
    }

    fn data(&self, data: u32) -> Size {
        Size::Segment(self.cells.datas[data as usize])
    }

    fn elem(&self, elem: u32) -> Size {
        Size::Segment(self.cells.elems[elem as usize])
    }

    /// The plan of an operator; `None` if it is none of these.
    pub(crate) fn plan(&self, op: &Operator<'_>) -> Option<Plan> {
        self.memory_plan(op).or_else(|| self.table_plan(op)).or_else(|| self.array_plan(op))
    }

    fn memory_plan(&self, op: &Operator<'_>) -> Option<Plan> {
        let addr = |memory: u32| self.memory_address(memory);
        let (operands, ranges) = match *op {
            Operator::MemoryCopy { dst_mem, src_mem } => {
                let types = [dst_mem, src_mem].map(|m| self.module.memories[m as usize].addr);
                let len = narrower(types[0], types[1]);
                let ranges = vec![range(0, Size::Memory(dst_mem)), range(1, Size::Memory(src_mem))];
                (vec![addr(dst_mem), addr(src_mem), len], ranges)
            }
            Operator::MemoryFill { mem } => {
                (vec![addr(mem), ValType::I32, addr(mem)], vec![range(0, Size::Memory(mem))])
            }
            Operator::MemoryDiscard { mem } => {
                // Whole pages are set to zero, and so many bytes are charged for.
                let (operands, ranges) =
                    (vec![addr(mem), addr(mem)], vec![range(0, Size::Memory(mem))]);
                let round = self.module.memories[mem as usize].page_size_log2;
                return Some(Plan { operands, ranges, makes: None, round });
            }
            Operator::MemoryInit { data_index, mem } => {
                let ranges = vec![range(0, Size::Memory(mem)), range(1, self.data(data_index))];
                (vec![addr(mem), ValType::I32, ValType::I32], ranges)
            }
            _ => return None,
        };
        Some(Plan { operands, ranges, makes: None, round: 0 })
    }

    fn table_plan(&self, op: &Operator<'_>) -> Option<Plan> {
        let addr = |table: u32| self.table_address(table);
        let (operands, ranges) = match *op {
            Operator::TableCopy { dst_table, src_table } => {
                let types = [dst_table, src_table].map(|t| self.module.tables[t as usize].addr);
                let len = narrower(types[0], types[1]);
                let ranges =
                    vec![range(0, Size::Table(dst_table)), range(1, Size::Table(src_table))];
                (vec![addr(dst_table), addr(src_table), len], ranges)
            }
            Operator::TableFill { table } => {
                let element = ValType::Ref(self.module.tables[table as usize].element);
                (vec![addr(table), element, addr(table)], vec![range(0, Size::Table(table))])
            }
            Operator::TableInit { elem_index, table } => {
                let ranges = vec![range(0, Size::Table(table)), range(1, self.elem(elem_index))];
                (vec![addr(table), ValType::I32, ValType::I32], ranges)
            }
            _ => return None,
        };
        Some(Plan { operands, ranges, makes: None, round: 0 })
    }

    fn array_plan(&self, op: &Operator<'_>) -> Option<Plan> {
        let i32 = ValType::I32;
        let (operands, ranges, makes) = match *op {
            Operator::ArrayNew { array_type_index: ty } => {
                (vec![unpacked(self.element(ty)), i32], vec![], Some(ty))
            }
            Operator::ArrayNewDefault { array_type_index: ty } => (vec![i32], vec![], Some(ty)),
            Operator::ArrayNewData { array_type_index: ty, array_data_index } => {
                let scale = bytes_of(self.element(ty));
                let of = self.data(array_data_index);
                (vec![i32, i32], vec![Range { from: 0, scale, of }], Some(ty))
            }
            Operator::ArrayNewElem { array_type_index: ty, array_elem_index } => {
                (vec![i32, i32], vec![range(0, self.elem(array_elem_index))], Some(ty))
            }
            Operator::ArrayFill { array_type_index: ty } => {
                let operands = vec![array(ty), i32, unpacked(self.element(ty)), i32];
                (operands, vec![range(1, Size::Array(0))], None)
            }
            Operator::ArrayCopy { array_type_index_dst: dst, array_type_index_src: src } => {
                let operands = vec![array(dst), i32, array(src), i32, i32];
                (operands, vec![range(1, Size::Array(0)), range(3, Size::Array(2))], None)
            }
            Operator::ArrayInitData { array_type_index: ty, array_data_index } => {
                let scale = bytes_of(self.element(ty));
                let bytes = Range { from: 2, scale, of: self.data(array_data_index) };
                (vec![array(ty), i32, i32, i32], vec![range(1, Size::Array(0)), bytes], None)
            }
            Operator::ArrayInitElem { array_type_index: ty, array_elem_index } => {
                let ranges = vec![range(1, Size::Array(0)), range(2, self.elem(array_elem_index))];
                (vec![array(ty), i32, i32, i32], ranges, None)
            }
            _ => return None,
        };
        let makes = makes.map(|ty| bytes_of(self.element(ty)));
        Some(Plan { operands, ranges, makes, round: 0 })
    }
}
