//! "Table Instructions".

use super::translator::Translator;
use crate::abi::{Region, trap_code};
use crate::error::Failure;
use crate::libcalls::Builtins;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use etalon_module::{AddrType, ValType};
use etalon_runtime::{TableDef, Trap};
use std::mem::offset_of;
use wasmparser::Operator as O;

/// Binary logarithm of the bytes of an element.
const ELEMENT_LOG2: i64 = 3;

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn table_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::TableGet { table } => self.table_get(*table),
            O::TableSet { table } => self.table_set(*table),
            O::TableSize { table } => self.table_size(*table),
            O::TableGrow { table } => self.table_grow(*table),
            O::TableFill { table } => self.table_fill(*table),
            O::TableCopy { dst_table, src_table } => self.table_copy(*dst_table, *src_table),
            O::TableInit { elem_index, table } => self.table_init(*table, *elem_index),
            O::ElemDrop { elem_index } => self.elem_drop(*elem_index),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn table_addr(&self, table: u32) -> AddrType {
        self.module.tables[table as usize].addr
    }

    /// An index or a length of an address type, in 64 bits.
    pub(super) fn widen(&mut self, addr: AddrType, value: Value) -> Value {
        match addr {
            AddrType::I32 => self.b.ins().uextend(I64, value),
            AddrType::I64 => value,
        }
    }

    /// The reverse, for a number that is known to fit or is -1.
    pub(super) fn narrow(&mut self, addr: AddrType, value: Value) -> Value {
        match addr {
            AddrType::I32 => self.b.ins().ireduce(I32, value),
            AddrType::I64 => value,
        }
    }

    /// The address of an element, after the check of its index.
    fn element_address(&mut self, table: u32, index: Value, trap: Trap) -> Value {
        let known = self.env.declared.tables[table as usize].len;
        let is_below = known.is_some_and(|len| self.is_below(index, len));
        let index = self.widen(self.table_addr(table), index);
        let def = self.vm_word(self.env.layout.table(table));
        if is_below {
            let base = self.load_word(Region::TableDef, def, offset_of!(TableDef, base) as i32);
            let offset = self.b.ins().ishl_imm_u(index, ELEMENT_LOG2);
            return self.b.ins().iadd(base, offset);
        }
        let len = match known {
            Some(len) => self.iconst(I64, len.cast_signed()),
            None => self.load_word(Region::TableDef, def, offset_of!(TableDef, len) as i32),
        };
        let beyond = self.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, len);
        self.b.ins().trapnz(beyond, trap_code(trap as u8));
        let base = self.load_word(Region::TableDef, def, offset_of!(TableDef, base) as i32);
        let log2 = self.iconst(I64, ELEMENT_LOG2);
        let offset = self.b.ins().ishl(index, log2);
        let address = self.b.ins().iadd(base, offset);
        // A processor that speculates past the check must not reach memory of the host.
        self.b.ins().select_spectre_guard(beyond, base, address)
    }

    /// The word of an element.
    pub(super) fn element(&mut self, table: u32, index: Value, trap: Trap) -> Value {
        let address = self.element_address(table, index, trap);
        self.load_word(Region::Elements, address, 0)
    }

    /// `table.get`
    fn table_get(&mut self, table: u32) {
        self.flush_gas();
        let index = self.pop();
        let word = self.element(table, index, Trap::TableOutOfBounds);
        let element = self.module.tables[table as usize].element;
        self.push_of(ValType::Ref(element), word);
    }

    /// `table.set`
    fn table_set(&mut self, table: u32) {
        self.flush_gas();
        let (index, word) = self.pop2();
        let address = self.element_address(table, index, Trap::TableOutOfBounds);
        self.store_word(Region::Elements, word, address, 0);
    }

    /// `table.size`
    fn table_size(&mut self, table: u32) {
        let def = self.vm_word(self.env.layout.table(table));
        let len = self.load_word(Region::TableDef, def, offset_of!(TableDef, len) as i32);
        let len = self.narrow(self.table_addr(table), len);
        self.push(len);
    }

    /// `table.grow`
    fn table_grow(&mut self, table: u32) {
        let (init, delta) = self.pop2();
        let addr = self.table_addr(table);
        let delta = self.widen(addr, delta);
        let table = self.iconst(I64, table.into());
        let place = offset_of!(Builtins, table.grow);
        let old = self.stopping_routine(place, &[table, init, delta]);
        let old = self.narrow(addr, old);
        self.push(old);
    }

    /// `table.fill`
    fn table_fill(&mut self, table: u32) {
        let (start, value, len) = self.pop3();
        let addr = self.table_addr(table);
        let (start, len) = (self.widen(addr, start), self.widen(addr, len));
        let table = self.iconst(I64, table.into());
        self.stopping_routine(offset_of!(Builtins, table.fill), &[table, start, value, len]);
    }

    /// `table.copy`
    fn table_copy(&mut self, to: u32, from: u32) {
        let (target, source, len) = self.pop3();
        let (to_addr, from_addr) = (self.table_addr(to), self.table_addr(from));
        let (target, source) = (self.widen(to_addr, target), self.widen(from_addr, source));
        let len = self.widen(shorter(to_addr, from_addr), len);
        let (to, from) = (self.iconst(I64, to.into()), self.iconst(I64, from.into()));
        let place = offset_of!(Builtins, table.copy);
        self.stopping_routine(place, &[to, from, target, source, len]);
    }

    /// `table.init`
    fn table_init(&mut self, table: u32, elem: u32) {
        let (target, source, len) = self.pop3();
        let target = self.widen(self.table_addr(table), target);
        let (source, len) = (self.widen(AddrType::I32, source), self.widen(AddrType::I32, len));
        let (table, elem) = (self.iconst(I64, table.into()), self.iconst(I64, elem.into()));
        let place = offset_of!(Builtins, table.init);
        self.stopping_routine(place, &[table, elem, target, source, len]);
    }

    /// `elem.drop`
    fn elem_drop(&mut self, elem: u32) {
        let elem = self.iconst(I64, elem.into());
        self.routine(offset_of!(Builtins, table.elem_drop), &[elem]);
    }
}

/// The type of a length that is counted in two address types: the smaller one.
pub(super) fn shorter(a: AddrType, b: AddrType) -> AddrType {
    if a == AddrType::I64 && b == AddrType::I64 { AddrType::I64 } else { AddrType::I32 }
}
