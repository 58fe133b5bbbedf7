//! Table instructions ("Table Instructions") other than `table.get` and `table.set`.
//!
//! As with memories, everything that the specification does element by element is done at once.

use super::Context;
use super::memory::address;
use super::rare::{Rare, rare};
use etalon_module::{AddrType, Opcode as O};
use etalon_runtime::{ElemInst, Ref, Stop, TableAddr, TableInst, Trap};

/// The rare instructions of this chapter.
pub(super) const RARE: &[(O, Rare)] = &[
    (O::TableSize, rare(0, &[1], |c| c.table_size())),
    (O::TableGrow, rare(2, &[1], |c| c.table_grow())),
    (O::TableFill, rare(3, &[], |c| c.table_fill())),
    (O::TableCopy, rare(3, &[], |c| c.table_copy())),
    (O::TableInit, rare(3, &[], |c| c.table_init())),
    (O::ElemDrop, rare(0, &[], |c| c.elem_drop())),
];

impl Context<'_> {
    fn table(&mut self, address: u32) -> &mut TableInst {
        &mut self.store.tables[address as usize]
    }

    /// A reference on the operand stack.
    pub(super) fn reference(&self, at: usize) -> Result<Ref, Stop> {
        let word = self.slots[at];
        Ref::from_bits(word).ok_or_else(|| Stop::crash(format!("{word:#x} is no reference")))
    }

    /// `table.size`
    fn table_size(&mut self) -> Result<(), Stop> {
        let len = self.table(self.op.x).len();
        self.set(len);
        Ok(())
    }

    /// Elements that the table may still get (gas-1, *Memories and tables*).
    fn elements_left(&mut self) -> u64 {
        let cap = self.store.schedule().limits().table_elements;
        let table = self.table(self.op.x);
        let ty = table.ty();
        // With addresses of 32 bits, -1 is no size.
        let addressed = if ty.addr == AddrType::I32 { u64::from(u32::MAX) } else { u64::MAX };
        let declared = ty.limits.max.unwrap_or(u64::MAX);
        cap.min(addressed).min(declared).saturating_sub(table.len())
    }

    /// `table.grow`
    fn table_grow(&mut self) -> Result<(), Stop> {
        let init = self.reference(0)?;
        let ty = self.table(self.op.x).ty().addr;
        let delta = address(self.slots[1], ty);
        let fits = delta <= self.elements_left();
        if !fits || !self.store.may_grow_table(TableAddr(self.op.x), delta)? {
            self.set(address(u64::MAX, ty));
            return Ok(());
        }
        self.table(self.op.x).reserve_growth(delta)?;
        self.charge(delta)?;
        // What was reserved is there; the guest must not see -1.
        let old = self.table(self.op.x).grow(delta, init);
        let old = old.ok_or_else(|| Stop::crash("a table that could grow did not"))?;
        self.set(old);
        Ok(())
    }

    /// `table.fill`
    fn table_fill(&mut self) -> Result<(), Stop> {
        let ty = self.table(self.op.x).ty().addr;
        let (start, value) = (address(self.slots[0], ty), self.reference(1)?);
        let len = address(self.slots[2], ty);
        if !in_bounds(start, len, self.table(self.op.x).len()) {
            return Err(Trap::TableOutOfBounds.into());
        }
        self.charge(len)?;
        for index in start..start + len {
            self.look(index)?;
            self.table(self.op.x).set(index, value).ok_or_else(beyond)?;
        }
        Ok(())
    }

    /// `table.copy`
    fn table_copy(&mut self) -> Result<(), Stop> {
        let (dst, src) = (self.op.x as usize, self.op.y as usize);
        let tables = &self.store.tables;
        let (dst_ty, src_ty) = (tables[dst].ty().addr, tables[src].ty().addr);
        let to = address(self.slots[0], dst_ty);
        let from = address(self.slots[1], src_ty);
        // The length has the narrower of the two address types.
        let narrow = if src_ty == AddrType::I32 { src_ty } else { dst_ty };
        let len = address(self.slots[2], narrow);
        if !in_bounds(to, len, tables[dst].len()) || !in_bounds(from, len, tables[src].len()) {
            return Err(Trap::TableOutOfBounds.into());
        }
        self.charge(len)?;
        for step in 0..len {
            self.look(step)?;
            // Upwards, or downwards if the target is above the source, because they may overlap.
            let i = if to <= from { step } else { len - 1 - step };
            let value = self.store.tables[src].get(from + i).ok_or_else(beyond)?;
            self.store.tables[dst].set(to + i, value).ok_or_else(beyond)?;
        }
        Ok(())
    }

    /// `table.init`
    fn table_init(&mut self) -> Result<(), Stop> {
        let ty = self.table(self.op.y).ty().addr;
        let to = address(self.slots[0], ty);
        let (from, len) = (u64::from(self.slots[1] as u32), u64::from(self.slots[2] as u32));
        let elems = self.store.elems[self.op.x as usize].refs.len() as u64;
        if !in_bounds(to, len, self.table(self.op.y).len()) || !in_bounds(from, len, elems) {
            return Err(Trap::TableOutOfBounds.into());
        }
        self.charge(len)?;
        for i in 0..len {
            self.look(i)?;
            let value = self.store.elems[self.op.x as usize].refs[(from + i) as usize];
            self.table(self.op.y).set(to + i, value).ok_or_else(beyond)?;
        }
        Ok(())
    }

    /// `elem.drop`
    fn elem_drop(&mut self) -> Result<(), Stop> {
        self.store.elems[self.op.x as usize] = ElemInst::default();
        Ok(())
    }
}

/// Whether all `len` elements from `start` are within `size`.
pub(super) fn in_bounds(start: u64, len: u64, size: u64) -> bool {
    start.checked_add(len).is_some_and(|end| end <= size)
}

fn beyond() -> Stop {
    Stop::crash("a checked index is beyond the table")
}
