//! Table instructions (specification chapter 4.6.9) but `table.get` and `table.set`.
//!
//! As for memories, what the specification does element by element is done at once.

use super::Context;
use super::memory::address;
use crate::observer::Rule;
use etalon_module::AddrType;
use etalon_runtime::{ElemInst, Ref, Stop, TableInst, Trap};

impl Context<'_> {
    fn table(&mut self) -> &mut TableInst {
        &mut self.store.tables[self.op.x as usize]
    }

    /// A reference on the operand stack.
    pub(super) fn reference(&self, at: usize) -> Result<Ref, Stop> {
        let word = self.slots[at];
        Ref::from_bits(word).ok_or_else(|| Stop::crash(format!("{word:#x} is no reference")))
    }

    fn table_oob(&mut self, rule: Rule) -> Result<(), Stop> {
        self.rule(rule);
        Err(Trap::TableOutOfBounds.into())
    }

    // spec: Step_read/table.size
    pub(super) fn table_size(&mut self) -> Result<(), Stop> {
        self.rule(Rule::TableSize);
        let len = self.table().len();
        self.set(len);
        Ok(())
    }

    // spec: Step/table.grow-succeed, Step/table.grow-fail
    pub(super) fn table_grow(&mut self) -> Result<(), Stop> {
        let init = self.reference(0)?;
        let ty = self.table().ty().addr;
        let delta = address(self.slots[1], ty);
        if !self.table().can_grow(delta) {
            self.rule(Rule::TableGrowFail);
            self.rule(Rule::FnInvSigned);
            self.set(address(u64::MAX, ty));
            return Ok(());
        }
        self.charge(delta)?;
        // A host without memory aborts the run; a guest must not see -1 for it.
        let old = self.table().grow(delta, init).ok_or_else(|| {
            Stop::Host(etalon_runtime::HostError("the host is out of memory".into()))
        })?;
        self.rule(Rule::TableGrowSucceed);
        self.set(old);
        Ok(())
    }

    // spec: Step_read/table.fill-oob, Step_read/table.fill-zero, Step_read/table.fill-succ
    pub(super) fn table_fill(&mut self) -> Result<(), Stop> {
        let ty = self.table().ty().addr;
        let (start, value) = (address(self.slots[0], ty), self.reference(1)?);
        let len = address(self.slots[2], ty);
        if !in_bounds(start, len, self.table().len()) {
            return self.table_oob(Rule::TableFillOob);
        }
        self.charge(len)?;
        self.rule(if len == 0 { Rule::TableFillZero } else { Rule::TableFillSucc });
        for index in start..start + len {
            self.table().set(index, value).ok_or_else(beyond)?;
        }
        Ok(())
    }

    // spec: Step_read/table.copy-oob, Step_read/table.copy-zero, Step_read/table.copy-le,
    // Step_read/table.copy-gt
    pub(super) fn table_copy(&mut self) -> Result<(), Stop> {
        let (dst, src) = (self.op.x as usize, self.op.y as usize);
        let tables = &self.store.tables;
        let (dst_ty, src_ty) = (tables[dst].ty().addr, tables[src].ty().addr);
        let to = address(self.slots[0], dst_ty);
        let from = address(self.slots[1], src_ty);
        // The length is as wide as the narrower of the two.
        let narrow = if src_ty == AddrType::I32 { src_ty } else { dst_ty };
        let len = address(self.slots[2], narrow);
        if !in_bounds(to, len, tables[dst].len()) || !in_bounds(from, len, tables[src].len()) {
            return self.table_oob(Rule::TableCopyOob);
        }
        self.charge(len)?;
        self.rule(match () {
            () if len == 0 => Rule::TableCopyZero,
            () if to <= from => Rule::TableCopyLe,
            () => Rule::TableCopyGt,
        });
        for step in 0..len {
            // Upwards, or downwards if the target is above the source: they may overlap.
            let i = if to <= from { step } else { len - 1 - step };
            let value = self.store.tables[src].get(from + i).ok_or_else(beyond)?;
            self.store.tables[dst].set(to + i, value).ok_or_else(beyond)?;
        }
        Ok(())
    }

    // spec: Step_read/table.init-oob, Step_read/table.init-zero, Step_read/table.init-succ
    pub(super) fn table_init(&mut self) -> Result<(), Stop> {
        let ty = self.table().ty().addr;
        let to = address(self.slots[0], ty);
        let (from, len) = (u64::from(self.slots[1] as u32), u64::from(self.slots[2] as u32));
        let elems = self.store.elems[self.op.y as usize].refs.len() as u64;
        if !in_bounds(to, len, self.table().len()) || !in_bounds(from, len, elems) {
            return self.table_oob(Rule::TableInitOob);
        }
        self.charge(len)?;
        self.rule(if len == 0 { Rule::TableInitZero } else { Rule::TableInitSucc });
        let refs = &self.store.elems[self.op.y as usize].refs;
        let table = &mut self.store.tables[self.op.x as usize];
        for i in 0..len {
            table.set(to + i, refs[(from + i) as usize]).ok_or_else(beyond)?;
        }
        Ok(())
    }

    // spec: Step/elem.drop
    pub(super) fn elem_drop(&mut self) -> Result<(), Stop> {
        self.rule(Rule::ElemDrop);
        self.store.elems[self.op.x as usize] = ElemInst::default();
        Ok(())
    }
}

/// Whether `len` elements from `start` on are among `size`.
pub(super) fn in_bounds(start: u64, len: u64, size: u64) -> bool {
    start.checked_add(len).is_some_and(|end| end <= size)
}

fn beyond() -> Stop {
    Stop::crash("a checked index is beyond the table")
}
