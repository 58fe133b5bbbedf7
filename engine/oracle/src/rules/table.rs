//! Table Instructions.

use crate::configuration::{Configuration, Step, bug};
use etalon_module::{AddrType, Opcode, Rule};
use etalon_numerics::Function;
use etalon_runtime::{ElemInst, Ref, Stop, TableInst, Trap};

/// Whether `len` elements from `start` on are among `size`.
pub(super) fn in_bounds(start: u64, len: u64, size: u64) -> bool {
    start.checked_add(len).is_some_and(|end| end <= size)
}

fn beyond() -> Box<Stop> {
    bug("an index that was checked is out of bounds")
}

impl Configuration<'_> {
    fn table(&mut self, index: u32) -> Step<&mut TableInst> {
        let table = self.table_addr(index)?;
        self.store.tables.get_mut(table.index()).ok_or_else(|| bug("a table is gone"))
    }

    /// Pops an index, and gives the element there; `None` if there is none.
    pub(super) fn table_element(&mut self, table: u32) -> Step<Option<Ref>> {
        let ty = self.table(table)?.ty().addr;
        let index = self.pop_address(ty)?;
        Ok(self.table(table)?.get(index))
    }

    /// `table.get` gives an element. `Step_read/table.get-oob`, `Step_read/table.get-val`
    pub(crate) fn table_get(&mut self, table: u32) -> Step {
        let element = self.table_element(table)?;
        let reference = self.found(element, Rule::TableGetOob, Trap::TableOutOfBounds)?;
        self.used(Rule::TableGetVal);
        self.push_ref(reference)
    }

    /// `table.set` changes an element. `Step/table.set-oob`, `Step/table.set-val`
    pub(crate) fn table_set(&mut self, table: u32) -> Step {
        let reference = self.pop_ref()?;
        let ty = self.table(table)?.ty().addr;
        let index = self.pop_address(ty)?;
        let set = self.table(table)?.set(index, reference);
        self.found(set, Rule::TableSetOob, Trap::TableOutOfBounds)?;
        self.used(Rule::TableSetVal);
        Ok(())
    }

    /// `table.size` gives the number of elements. `Step_read/table.size`
    pub(crate) fn table_size(&mut self, table: u32) -> Step {
        self.used(Rule::TableSize);
        let table = self.table(table)?;
        let (ty, len) = (table.ty().addr, table.len());
        self.push_address(ty, len)
    }

    /// `table.grow` adds elements and gives the old size; it gives -1 where the table must not grow so far.
    /// `Step/table.grow-succeed`, `Step/table.grow-fail`
    pub(crate) fn table_grow(&mut self, table: u32) -> Step {
        let ty = self.table(table)?.ty().addr;
        let delta = self.pop_address(ty)?;
        let init = self.pop_ref()?;
        let addr = self.table_addr(table)?;
        if !self.table(table)?.can_grow(delta) || !self.store.may_grow_table(addr, delta)? {
            self.used(Rule::TableGrowFail);
            self.applied(Function::InvSigned);
            return self.push_address(ty, u64::MAX);
        }
        self.table(table)?.reserve_growth(delta)?;
        self.charge(Opcode::TableGrow, delta)?;
        let old = self.table(table)?.grow(delta, init);
        let old = old.ok_or_else(|| bug("a table that could grow did not"))?;
        self.used(Rule::TableGrowSucceed);
        self.push_address(ty, old)
    }

    /// `table.fill` sets a range of elements to a value. `Step_read/table.fill-oob`, `Step_read/table.fill-zero`, `Step_read/table.fill-succ`
    pub(crate) fn table_fill(&mut self, table: u32) -> Step {
        let ty = self.table(table)?.ty().addr;
        let len = self.pop_address(ty)?;
        let value = self.pop_ref()?;
        let start = self.pop_address(ty)?;
        let inside = in_bounds(start, len, self.table(table)?.len());
        self.check(inside, Rule::TableFillOob, Trap::TableOutOfBounds)?;
        self.charge(Opcode::TableFill, len)?;
        self.used(if len == 0 { Rule::TableFillZero } else { Rule::TableFillSucc });
        let table = self.table(table)?;
        (start..start + len).try_for_each(|index| table.set(index, value)).ok_or_else(beyond)
    }

    /// `table.copy` copies a range of elements; the ranges may overlap.
    /// `Step_read/table.copy-oob`, `Step_read/table.copy-zero`, `Step_read/table.copy-le`, `Step_read/table.copy-gt`
    pub(crate) fn table_copy(&mut self, (dst, src): (u32, u32)) -> Step {
        let (dst_ty, src_ty) = (self.table(dst)?.ty().addr, self.table(src)?.ty().addr);
        let len = self.pop_address(narrower(dst_ty, src_ty))?;
        let from = self.pop_address(src_ty)?;
        let to = self.pop_address(dst_ty)?;
        let (dst_len, src_len) = (self.table(dst)?.len(), self.table(src)?.len());
        let inside = in_bounds(to, len, dst_len) && in_bounds(from, len, src_len);
        self.check(inside, Rule::TableCopyOob, Trap::TableOutOfBounds)?;
        self.charge(Opcode::TableCopy, len)?;
        self.used(match () {
            () if len == 0 => Rule::TableCopyZero,
            () if to <= from => Rule::TableCopyLe,
            () => Rule::TableCopyGt,
        });
        for step in 0..len {
            // Upwards, or downwards if the target is above the source.
            let offset = if to <= from { step } else { len - 1 - step };
            let value = self.table(src)?.get(from + offset).ok_or_else(beyond)?;
            self.table(dst)?.set(to + offset, value).ok_or_else(beyond)?;
        }
        Ok(())
    }

    /// `table.init` copies elements of a segment. `Step_read/table.init-oob`, `Step_read/table.init-zero`, `Step_read/table.init-succ`
    pub(crate) fn table_init(&mut self, (elem, table): (u32, u32)) -> Step {
        let ty = self.table(table)?.ty().addr;
        let (len, from) = (u64::from(self.pop_i32()?), u64::from(self.pop_i32()?));
        let to = self.pop_address(ty)?;
        let elem = self.elem_addr(elem)?.index();
        let elems = self.store.elems[elem].refs.len() as u64;
        let inside = in_bounds(to, len, self.table(table)?.len()) && in_bounds(from, len, elems);
        self.check(inside, Rule::TableInitOob, Trap::TableOutOfBounds)?;
        self.charge(Opcode::TableInit, len)?;
        self.used(if len == 0 { Rule::TableInitZero } else { Rule::TableInitSucc });
        for offset in 0..len {
            let value = self.store.elems[elem].refs[(from + offset) as usize];
            self.table(table)?.set(to + offset, value).ok_or_else(beyond)?;
        }
        Ok(())
    }

    /// `elem.drop` empties a segment. `Step/elem.drop`
    pub(crate) fn elem_drop(&mut self, elem: u32) -> Step {
        self.used(Rule::ElemDrop);
        let elem = self.elem_addr(elem)?;
        self.store.elems[elem.index()] = ElemInst::default();
        Ok(())
    }
}

/// The type of a length that counts elements or bytes of two things: the narrower of their types of addresses.
pub(super) fn narrower(a: AddrType, b: AddrType) -> AddrType {
    if a == AddrType::I32 { a } else { b }
}
