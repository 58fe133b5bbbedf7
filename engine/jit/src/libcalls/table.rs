//! Bulk instructions of "Table Instructions", in the order that gas-1 section 5.1 sets: checks, charge, effect.

use super::Guest;
use super::memory::range;
use etalon_module::{AddrType, operator::Opcode};
use etalon_runtime::{ElemAddr, ElemInst, Ref, Stop, Store, TableAddr, TableInst, Trap};
use std::ops::Range;

/// References that are copied at once.
const PIECE: usize = 512;

/// References that are set between two looks for an interrupt.
const STRIDE: usize = 1 << 15;

impl Guest<'_> {
    fn table(&self, index: u64) -> TableAddr {
        self.store.instance(self.instance).tables[index as usize]
    }

    fn elem(&self, index: u64) -> ElemAddr {
        self.store.instance(self.instance).elems[index as usize]
    }
}

fn table_range(table: &TableInst, start: u64, len: u64) -> Result<Range<usize>, Stop> {
    range(start, len, table.len()).ok_or(Trap::TableOutOfBounds.into())
}

/// The reference that compiled code passes as a word.
fn reference(word: u64) -> Result<Ref, Stop> {
    Ref::from_bits(word).ok_or_else(|| Stop::crash(format!("{word:#x} is no reference")))
}

fn set(store: &mut Store, table: TableAddr, index: usize, value: Ref) -> Result<(), Stop> {
    let table = &mut store.tables[table.index()];
    table.set(index as u64, value).ok_or_else(|| Stop::crash("an element is gone after its check"))
}

fn grow(mut guest: Guest<'_>, table: u64, init: u64, delta: u64) -> Result<u64, Stop> {
    let (addr, init) = (guest.table(table), reference(init)?);
    let table = &guest.store.tables[addr.index()];
    let cap = guest.store.schedule().limits().table_elements;
    let ty = table.ty();
    let cap = if ty.addr == AddrType::I32 { cap.min(u32::MAX.into()) } else { cap };
    let most = ty.limits.max.unwrap_or(u64::MAX).min(cap);
    let fits = table.len().checked_add(delta).is_some_and(|len| len <= most);
    if !fits || !guest.store.may_grow_table(addr, delta)? {
        return Ok(u64::MAX);
    }
    guest.store.tables[addr.index()].reserve_growth(delta)?;
    guest.charge(Opcode::TableGrow, delta)?;
    let grown = guest.store.tables[addr.index()].grow(delta, init);
    grown.ok_or_else(|| Stop::crash("a table did not grow within its limits"))
}

fn fill(mut guest: Guest<'_>, table: u64, start: u64, value: u64, len: u64) -> Result<u64, Stop> {
    let (addr, value) = (guest.table(table), reference(value)?);
    let range = table_range(&guest.store.tables[addr.index()], start, len)?;
    guest.charge(Opcode::TableFill, len)?;
    for start in range.clone().step_by(STRIDE) {
        guest.store.check_interrupt()?;
        for index in start..range.end.min(start + STRIDE) {
            set(guest.store, addr, index, value)?;
        }
    }
    Ok(0)
}

fn copy(mut guest: Guest<'_>, to: u64, from: u64, at: [u64; 2], len: u64) -> Result<u64, Stop> {
    let (to, from) = (guest.table(to), guest.table(from));
    let target = table_range(&guest.store.tables[to.index()], at[0], len)?;
    let source = table_range(&guest.store.tables[from.index()], at[1], len)?;
    guest.charge(Opcode::TableCopy, len)?;
    // Piece by piece, each read whole before it is written. Where source and target overlap, the pieces that would be
    // written over come first.
    let pieces = source.len().div_ceil(PIECE);
    let mut buffer = [Ref::NULL; PIECE];
    for number in 0..pieces {
        guest.store.check_interrupt()?;
        let number = if target.start <= source.start { number } else { pieces - 1 - number };
        let first = number * PIECE;
        let piece = &mut buffer[..PIECE.min(source.len() - first)];
        for (index, value) in (source.start + first..).zip(piece.iter_mut()) {
            let found = guest.store.tables[from.index()].get(index as u64);
            *value = found.ok_or_else(|| Stop::crash("an element is gone after its check"))?;
        }
        for (index, value) in (target.start + first..).zip(piece.iter()) {
            set(guest.store, to, index, *value)?;
        }
    }
    Ok(0)
}

fn init(mut guest: Guest<'_>, table: u64, elem: u64, at: [u64; 2], len: u64) -> Result<u64, Stop> {
    let (table, elem) = (guest.table(table), guest.elem(elem));
    let size = guest.store.elems[elem.index()].refs.len() as u64;
    let source = range(at[1], len, size).ok_or(Stop::from(Trap::TableOutOfBounds))?;
    let target = table_range(&guest.store.tables[table.index()], at[0], len)?;
    guest.charge(Opcode::TableInit, len)?;
    for (count, (index, from)) in target.zip(source).enumerate() {
        if count.is_multiple_of(STRIDE) {
            guest.store.check_interrupt()?;
        }
        let value = guest.store.elems[elem.index()].refs[from];
        set(guest.store, table, index, value)?;
    }
    Ok(0)
}

routines! {
    /// `table.grow`
    grow(table, init, delta, d, e) = |g: Guest<'_>| grow(g, table, init, delta);
    /// `table.fill`
    fill(table, start, value, len, e) = |g: Guest<'_>| fill(g, table, start, value, len);
    /// `table.copy`
    copy(to, from, target, source, len) = |g: Guest<'_>| copy(g, to, from, [target, source], len);
    /// `table.init`
    init(table, elem, target, source, len) = |g: Guest<'_>| {
        init(g, table, elem, [target, source], len)
    };
    /// `elem.drop`
    elem_drop(elem, b, c, d, e) = |g: Guest<'_>| {
        let elem = g.elem(elem);
        g.store.elems[elem.index()] = ElemInst::default();
        Ok(0)
    };
}
