//! Small objects, made in place: from the run of free cells of their size, as long as nobody must be asked.
//!
//! The heap says up to how many allocated bytes there certainly is room and no collection is due. What would pass that, finds no cell,
//! or costs more gas than is left, is made by the routine, which asks everything in the order of gas-1 section 5.1. Free cells are
//! zero, so only what is not zero is written.

use super::heap::{Aggregate, Place, bytes_of};
use super::translator::Translator;
use crate::abi::{Region, slots};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64, I64X2};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value};
use etalon_gas::{Rate, object_bytes};
use etalon_module::operator::Opcode;
use etalon_module::{StorageType, ValType};
use etalon_runtime::{HEADER, HeapDef, Run, SMALL, UNIT, cell_of};
use std::mem::offset_of;

/// The most that is charged in place, as for bulk operations.
const MOST_CHARGED: u64 = 1 << 20;

/// So many objects of a function are made in place, each with blocks of its own; a function may consist of such operators.
const MOST_IN_PLACE: u32 = 256;

/// What has more fields or elements is made by the routine, for each is written twice in the code.
pub(super) const MOST_FIELDS: usize = 32;

/// An operator that makes an object of a type of the module.
#[derive(Clone, Copy)]
pub(super) struct Maker {
    pub(super) op: Opcode,
    pub(super) aggregate: Aggregate,
    pub(super) ty: u32,
}

/// What an object takes, each a number of 64 bits.
struct Needs {
    /// Elements of an array; 0 for a structure.
    len: Value,
    /// Bytes of its cell.
    cell: Value,
    /// Its size as gas-1 counts it.
    counted: Value,
    /// `None` if it costs nothing.
    cost: Option<Value>,
}

/// What was read of the heap, and what will be there.
struct Taken {
    /// The cell's distance from the base.
    at: Value,
    /// Where the next one is.
    next: Value,
    /// The run is at this address plus this constant.
    run: Value,
    place: i32,
    /// All bytes that will have been allocated.
    allocated: Value,
    /// The gas that will be left.
    left: Option<Value>,
}

impl Translator<'_> {
    /// Makes a structure, or an array of so many elements, of values of these types; without values, of zeros. `away` has the
    /// routine do it.
    pub(super) fn new_fixed(
        &mut self,
        maker: Maker,
        storages: &[StorageType],
        values: Option<&[Value]>,
        away: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        if storages.len() > MOST_FIELDS {
            return away(self);
        }
        let payload: usize = storages.iter().map(|s| bytes_of(*s) as usize).sum();
        let units = storages.len() as u64;
        let cell = cell_of(payload).filter(|(class, _)| *class < SMALL);
        let (Some((_, cell)), Some(cost)) = (cell, self.fixed_cost(maker.op, units)) else {
            return away(self);
        };
        if !self.has_place() {
            return away(self);
        }
        let len = if maker.aggregate == Aggregate::Array { units } else { 0 };
        let mut number = |number: u64| self.iconst(I64, number as i64);
        let needs = Needs {
            len: number(len),
            cell: number(cell as u64),
            counted: number(object_bytes(payload as u64)),
            cost: (cost > 0).then(|| number(cost)),
        };
        self.make(maker, None, &needs, away, |this, address| {
            let mut offset = 0;
            for (storage, value) in storages.iter().zip(values.unwrap_or_default()) {
                this.write_object(*storage, *value, Place { address, offset });
                offset += bytes_of(*storage) as i32;
            }
        })
    }

    /// Makes an array of `len` elements, in 64 bits, of one value or of zeros. `away` has the routine do it.
    pub(super) fn new_of_len(
        &mut self,
        maker: Maker,
        storage: StorageType,
        len: Value,
        value: Option<Value>,
        away: impl FnOnce(&mut Self) -> Value,
    ) -> Value {
        let size = bytes_of(storage);
        let most = (SMALL * UNIT - HEADER) as u64 / u64::from(size);
        let Some(price) = self.rate(maker.op, most).filter(|_| self.has_place()) else {
            return away(self);
        };
        let log2 = self.iconst(I64, size.trailing_zeros().into());
        let payload = self.b.ins().ishl(len, log2);
        let cell = self.round_up(payload, HEADER as i64, UNIT as i64);
        // The header that gas-1 counts.
        let counted = self.round_up(payload, 0, 8);
        let header = self.iconst(I64, object_bytes(0) as i64);
        let counted = self.b.ins().iadd(counted, header);
        let cost = price.map(|Rate { weight, granule }| {
            let log2 = self.iconst(I64, granule.trailing_zeros().into());
            let begun = self.round_up(len, 0, granule.get().into());
            let granules = self.b.ins().ushr(begun, log2);
            let weight = self.iconst(I64, weight.into());
            self.b.ins().imul(granules, weight)
        });
        let needs = Needs { len, cell, counted, cost };
        let most = self.iconst(I64, most as i64);
        let is_long = self.b.ins().icmp(IntCC::UnsignedGreaterThan, len, most);
        self.make(maker, Some(is_long), &needs, away, |this, address| {
            if let Some(value) = value {
                let header = this.iconst(I64, HEADER as i64);
                let end = this.b.ins().iadd(address, cell);
                let end = this.b.ins().isub(end, header);
                this.fill(storage, value, address, end);
            }
        })
    }

    /// Whether one more object is made in place.
    fn has_place(&mut self) -> bool {
        self.in_place += 1;
        self.in_place <= MOST_IN_PLACE
    }

    /// What a number of units costs; `None` if it is too much to be charged here.
    fn fixed_cost(&self, op: Opcode, units: u64) -> Option<u64> {
        if !self.env.metering {
            return Some(0);
        }
        let Rate { weight, granule } = self.env.schedule.dynamic(op)?;
        let cost = u64::from(weight).checked_mul(units.div_ceil(granule.get().into()))?;
        (cost <= MOST_CHARGED).then_some(cost)
    }

    /// At which rate units are paid, `None` if they cost nothing; `None` altogether if that many cannot be charged here, or the
    /// granules are not counted by a shift.
    fn rate(&self, op: Opcode, most: u64) -> Option<Option<Rate>> {
        if !self.env.metering {
            return Some(None);
        }
        self.fixed_cost(op, most)?;
        let rate = self.env.schedule.dynamic(op)?;
        rate.granule.is_power_of_two().then_some(Some(rate))
    }

    /// A number plus a constant, rounded up to a power of two.
    fn round_up(&mut self, number: Value, plus: i64, to: i64) -> Value {
        let (more, mask) = (self.iconst(I64, plus + to - 1), self.iconst(I64, -to));
        let sum = self.b.ins().iadd(number, more);
        self.b.ins().band(sum, mask)
    }

    /// Makes an object in place unless something is in the way; gives the reference. `write` gets the address of its fields or
    /// elements, which are zero.
    fn make(
        &mut self,
        maker: Maker,
        is_long: Option<Value>,
        needs: &Needs,
        away: impl FnOnce(&mut Self) -> Value,
        write: impl FnOnce(&mut Self, Value),
    ) -> Value {
        let (elsewhere, done) = (self.b.create_block(), self.b.create_block());
        let reference = self.b.append_block_param(done, I64);
        self.hold_reference(reference);
        self.b.set_cold_block(elsewhere);
        if let Some(is_long) = is_long {
            self.unless(is_long, elsewhere);
        }
        let def = self.heap_def();
        let taken = self.taken(def, needs, elsewhere);
        let made = self.put(maker, def, needs, taken, write);
        self.b.ins().jump(done, &[made.into()]);
        self.b.seal_block(elsewhere);
        self.b.switch_to_block(elsewhere);
        let made = away(self);
        self.b.ins().jump(done, &[made.into()]);
        self.b.seal_block(done);
        self.b.switch_to_block(done);
        self.gas_at_join();
        reference
    }

    /// Goes on in another block if something holds.
    fn unless(&mut self, holds: Value, elsewhere: Block) {
        let next = self.b.create_block();
        self.b.ins().brif(holds, elsewhere, &[], next, &[]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
    }

    /// Reads what an object takes; goes on in another block if somebody must be asked.
    fn taken(&mut self, def: Value, needs: &Needs, elsewhere: Block) -> Taken {
        // A class for each number of units, the first for one.
        const { assert!(size_of::<Run>() == UNIT) };
        let run = self.b.ins().iadd(def, needs.cell);
        let place = (offset_of!(HeapDef, runs) - UNIT) as i32;
        let word = |this: &mut Self, at: usize| this.load_word(Region::Heap, def, at as i32);
        let allocated = word(self, offset_of!(HeapDef, allocated));
        let limit = word(self, offset_of!(HeapDef, limit));
        let allocated = self.b.ins().iadd(allocated, needs.counted);
        let is_full = self.b.ins().icmp(IntCC::UnsignedGreaterThan, allocated, limit);
        self.unless(is_full, elsewhere);
        let at = self.load_word(Region::Heap, run, place + offset_of!(Run, next) as i32);
        let end = self.load_word(Region::Heap, run, place + offset_of!(Run, end) as i32);
        let next = self.b.ins().iadd(at, needs.cell);
        let is_over = self.b.ins().icmp(IntCC::UnsignedGreaterThan, next, end);
        self.unless(is_over, elsewhere);
        let left = needs.cost.and_then(|cost| Some((self.gas_left()?, cost)));
        let left = left.map(|(left, cost)| {
            let is_short = self.b.ins().icmp(IntCC::UnsignedLessThan, left, cost);
            self.unless(is_short, elsewhere);
            self.b.ins().isub(left, cost)
        });
        Taken { at, next, run, place, allocated, left }
    }

    /// Takes a cell, pays for it, and writes the object.
    fn put(
        &mut self,
        maker: Maker,
        def: Value,
        needs: &Needs,
        taken: Taken,
        write: impl FnOnce(&mut Self, Value),
    ) -> Value {
        let Taken { at, next, run, place, allocated, left } = taken;
        self.store_word(Region::Heap, allocated, def, offset_of!(HeapDef, allocated) as i32);
        self.store_word(Region::Heap, next, run, place + offset_of!(Run, next) as i32);
        if let Some(left) = left {
            self.set_left(left);
        }
        let base = self.heap_base();
        let object = self.b.ins().iadd(base, at);
        let ty = self.type_in_headers(maker.ty);
        let ty = self.b.ins().uextend(I64, ty);
        let high = self.iconst(I64, 32);
        let len = self.b.ins().ishl(needs.len, high);
        let header = self.b.ins().bor(ty, len);
        let flags = Region::Headers.in_heap(self.b.func);
        self.b.ins().store(flags, header, object, 0);
        let bytes = self.iconst(I64, HEADER as i64);
        let payload = self.b.ins().iadd(object, bytes);
        write(self, payload);
        let kind = self.iconst(I64, maker.aggregate.kind().into());
        self.b.ins().bor(at, kind)
    }

    /// Writes a value to all elements of a new array, and to what is left of its cell, word by word. Between its header and the end
    /// of the cell is an odd number of words.
    fn fill(&mut self, storage: StorageType, value: Value, payload: Value, end: Value) {
        let (body, done) = (self.b.create_block(), self.b.create_block());
        let address = self.b.append_block_param(body, I64);
        let [low, high] = self.two_words(storage, value);
        let flags = Region::Objects.in_heap(self.b.func);
        self.b.ins().store(flags, low, payload, 0);
        let one = self.iconst(I64, 8);
        let start = self.b.ins().iadd(payload, one);
        let is_more = self.b.ins().icmp(IntCC::UnsignedLessThan, start, end);
        self.b.ins().brif(is_more, body, &[start.into()], done, &[]);
        self.b.switch_to_block(body);
        self.b.ins().store(flags, high, address, 0);
        self.b.ins().store(flags, low, address, 8);
        let two = self.iconst(I64, 16);
        let next = self.b.ins().iadd(address, two);
        let is_more = self.b.ins().icmp(IntCC::UnsignedLessThan, next, end);
        self.b.ins().brif(is_more, body, &[next.into()], done, &[]);
        self.b.seal_block(body);
        self.b.seal_block(done);
        self.b.switch_to_block(done);
    }

    /// Two words of an array all of whose elements are a value: the first of all, and the one after it.
    fn two_words(&mut self, storage: StorageType, value: Value) -> [Value; 2] {
        let repeated = |this: &mut Self, bits: u32| {
            let wide = this.b.ins().uextend(I64, value);
            let mask = this.iconst(I64, (1 << bits) - 1);
            let one = this.b.ins().band(wide, mask);
            let times = this.iconst(I64, (u64::MAX / ((1 << bits) - 1)) as i64);
            this.b.ins().imul(one, times)
        };
        let word = match storage {
            StorageType::I8 => repeated(self, 8),
            StorageType::I16 => repeated(self, 16),
            StorageType::Val(ValType::I32) => repeated(self, 32),
            StorageType::Val(ValType::F32) => {
                let bits = self.b.ins().bitcast(I32, MemFlagsData::new(), value);
                return self.two_words(StorageType::Val(ValType::I32), bits);
            }
            StorageType::Val(ValType::F64) => self.b.ins().bitcast(I64, MemFlagsData::new(), value),
            StorageType::Val(ValType::I64 | ValType::Ref(_)) => value,
            StorageType::Val(ValType::V128) => {
                let halves = self.b.ins().bitcast(I64X2, slots::lanes(), value);
                return [0, 1].map(|half| self.b.ins().extractlane(halves, half));
            }
        };
        [word; 2]
    }
}
