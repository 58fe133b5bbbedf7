//! Dynamic operators: their checks, then their charge, then the operator (gas-1, *Dynamic charges*).

use crate::body::Context;
use crate::cells::Length;
use crate::code::Code;
use crate::convert::{self, bytes_of, object};
use crate::cuts::is_dynamic;
use crate::error::Error;
use crate::plan::{Plan, Size};
use etalon_gas::Rate;
use etalon_module::{AddrType, MemoryType, Opcode, TableType, ValType};
use wasm_encoder::BlockType;
use wasmparser::Operator;

/// Growth beyond it is refused: no host has so many bytes or elements.
const MOST: u64 = 1 << 62;

/// Writes an operator, with what stands before it if it is dynamic.
pub(crate) fn operator(
    context: &Context<'_>,
    code: &mut Code<'_>,
    op: &Operator<'_>,
    bytes: &[u8],
    offset: u64,
) -> Result<(), Error> {
    let opcode = Opcode::of(op);
    if !is_dynamic(opcode) {
        if !opcode.has_meaning() {
            return Err(Error::Operator { operator: opcode.name(), offset });
        }
        code.raw(bytes);
        return Ok(());
    }
    let Some(rate) = context.schedule.dynamic(opcode) else {
        return Err(Error::Operator { operator: opcode.name(), offset });
    };
    let cap = context.schedule.limits().gc_heap_bytes;
    match *op {
        Operator::MemoryGrow { mem } => {
            let ty = context.module.memories[mem as usize];
            memory_grow(context, code, mem, &ty, rate, bytes);
        }
        Operator::TableGrow { table } => {
            let ty = context.module.tables[table as usize];
            table_grow(context, code, table, &ty, rate, bytes);
        }
        Operator::StructNew { struct_type_index: ty }
        | Operator::StructNewDefault { struct_type_index: ty } => {
            let shape = context.shapes[ty as usize];
            code.object(shape.bytes, cap);
            fixed(code, rate, shape.fields);
            code.raw(bytes);
        }
        Operator::ArrayNewFixed { array_type_index, array_size } => {
            let payload = bytes_of(context.element(array_type_index)) * u64::from(array_size);
            code.object(object(payload), cap);
            fixed(code, rate, array_size.into());
            code.raw(bytes);
        }
        _ => match context.plan(op) {
            Some(plan) => planned(context, code, &plan, rate, bytes),
            None => return Err(Error::Operator { operator: opcode.name(), offset }),
        },
    }
    Ok(())
}

/// A charge for a number of units that the text has.
fn fixed(code: &mut Code<'_>, rate: Rate, units: u64) {
    code.charge(u64::try_from(rate.charge(units)).unwrap_or(u64::MAX));
}

/// Pushes a local as an i64.
fn widened(code: &mut Code<'_>, local: u32, ty: ValType) {
    let mut sink = code.sink();
    sink.local_get(local);
    if ty == ValType::I32 {
        sink.i64_extend_i32_u();
    }
}

/// Takes operands off the stack, into locals.
fn take(code: &mut Code<'_>, types: &[ValType]) -> Vec<u32> {
    let locals: Vec<u32> = types.iter().map(|ty| code.local(*ty)).collect();
    for local in locals.iter().rev() {
        code.sink().local_set(*local);
    }
    locals
}

/// Where everything is inside, charges; then puts the operands back, and the operator does what it does, or traps.
fn planned(context: &Context<'_>, code: &mut Code<'_>, plan: &Plan, rate: Rate, bytes: &[u8]) {
    let mut locals = take(code, &plan.operands);
    let operands = locals.clone();
    let last = operands.len() - 1;
    let units = code.local(ValType::I64);
    widened(code, operands[last], plan.operands[last]);
    code.sink().local_set(units);
    locals.push(units);
    let sizes: Vec<u32> = plan.ranges.iter().map(|_| code.local(ValType::I64)).collect();
    for (range, local) in plan.ranges.iter().zip(&sizes) {
        size(context, code, range.of, &operands);
        code.sink().local_set(*local);
    }
    for (number, (range, size)) in plan.ranges.iter().zip(&sizes).enumerate() {
        inside(code, units, range.scale, *size, (operands[range.from], plan.operands[range.from]));
        if number > 0 {
            code.sink().i32_and();
        }
    }
    let is_checked = !plan.ranges.is_empty();
    if is_checked {
        code.sink().if_(BlockType::Empty);
        code.deeper();
    }
    if let Some(element) = plan.makes {
        code.array(units, element, context.schedule.limits().gc_heap_bytes);
    }
    if plan.round > 0 {
        let page = 1 << plan.round;
        let mut sink = code.sink();
        sink.local_get(units).i64_const(page - 1).i64_add().i64_const(-page).i64_and();
        sink.local_set(units);
    }
    code.charge_units(units, rate);
    if is_checked {
        code.higher();
        code.sink().end();
    }
    for local in &operands {
        code.sink().local_get(*local);
    }
    code.raw(bytes);
    code.free(&locals);
    code.free(&sizes);
}

/// Pushes how long something is, as an i64.
fn size(context: &Context<'_>, code: &mut Code<'_>, of: Size, operands: &[u32]) {
    match of {
        Size::Memory(memory) => {
            let ty = context.module.memories[memory as usize];
            code.sink().memory_size(memory);
            if ty.addr == AddrType::I32 {
                code.sink().i64_extend_i32_u();
            }
            code.sink().i64_const(ty.page_size_log2.into()).i64_shl();
        }
        Size::Table(table) => {
            code.sink().table_size(table);
            if context.table_address(table) == ValType::I32 {
                code.sink().i64_extend_i32_u();
            }
        }
        Size::Segment(Length::Dropped) => _ = code.sink().i64_const(0),
        Size::Segment(Length::Kept(global)) => _ = code.sink().global_get(global),
        Size::Array(operand) => {
            code.sink().local_get(operands[operand]).array_len().i64_extend_i32_u();
        }
    }
}

/// Whether `scale` times `units` from an operand on are inside of a size; without a sum that might wrap. Only counts of 32 bits are scaled.
fn inside(code: &mut Code<'_>, units: u32, scale: u64, size: u32, (from, ty): (u32, ValType)) {
    let needed = |code: &mut Code<'_>| {
        let mut sink = code.sink();
        sink.local_get(units);
        if scale > 1 {
            sink.i64_const(scale as i64).i64_mul();
        }
    };
    needed(code);
    code.sink().local_get(size).i64_le_u();
    widened(code, from, ty);
    code.sink().local_get(size);
    needed(code);
    code.sink().i64_sub().i64_le_u().i32_and();
}

/// The pages that a memory may have (gas-1, *Memories and tables*).
fn most_pages(context: &Context<'_>, ty: &MemoryType) -> u64 {
    let limits = context.schedule.limits();
    let cap = match ty.addr {
        AddrType::I32 => limits.memory_pages,
        AddrType::I64 => limits.memory_pages_64,
    };
    let cap = (u128::from(cap) << 16) >> ty.page_size_log2;
    let cap = u64::try_from(cap).unwrap_or(u64::MAX);
    capped(cap, ty.limits.max, ty.addr)
}

fn capped(cap: u64, declared: Option<u64>, addr: AddrType) -> u64 {
    cap.min(declared.unwrap_or(u64::MAX)).min(addr.greatest()).min(MOST)
}

fn memory_grow(
    context: &Context<'_>,
    code: &mut Code<'_>,
    memory: u32,
    ty: &MemoryType,
    rate: Rate,
    bytes: &[u8],
) {
    let operands = [context.memory_address(memory)];
    let size = Size::Memory(memory);
    let (most, imported) = (most_pages(context, ty), memory < context.module.imported_memories);
    let growth = Growth { operands: &operands, most, imported, rate };
    growth.write(
        code,
        bytes,
        |code, units| {
            // A page of 64 KiB is the unit, whatever the memory's own.
            if ty.page_size_log2 < 16 {
                code.sink().local_get(units).i64_const(ty.page_size_log2.into()).i64_shl();
                code.sink().i64_const(0xffff).i64_add().i64_const(16).i64_shr_u().local_set(units);
            }
        },
        |code| {
            self::size(context, code, size, &[]);
            code.sink().i64_const(ty.page_size_log2.into()).i64_shr_u();
        },
    );
}

fn table_grow(
    context: &Context<'_>,
    code: &mut Code<'_>,
    table: u32,
    ty: &TableType,
    rate: Rate,
    bytes: &[u8],
) {
    let operands = [ValType::Ref(ty.element), context.table_address(table)];
    let most = capped(context.schedule.limits().table_elements, ty.limits.max, ty.addr);
    let imported = table < context.module.imported_tables;
    let growth = Growth { operands: &operands, most, imported, rate };
    let size = |code: &mut Code<'_>| self::size(context, code, Size::Table(table), &[]);
    growth.write(code, bytes, |_, _| {}, size);
}

/// An operator that grows something by its last operand.
struct Growth<'a> {
    operands: &'a [ValType],
    /// How large it may become.
    most: u64,
    /// Whether it is imported, so that what was given may have a lower maximum.
    imported: bool,
    rate: Rate,
}

impl Growth<'_> {
    /// Gives -1 where it may not grow so far, without a charge; else charges and grows.
    fn write(
        &self,
        code: &mut Code<'_>,
        bytes: &[u8],
        to_units: impl Fn(&mut Code<'_>, u32),
        size: impl Fn(&mut Code<'_>),
    ) {
        let operands = take(code, self.operands);
        let last = operands.len() - 1;
        let (units, old) = (code.local(ValType::I64), code.local(ValType::I64));
        widened(code, operands[last], self.operands[last]);
        code.sink().local_set(units);
        size(code);
        let most = self.most as i64;
        let mut sink = code.sink();
        // It may be larger already, if it is imported.
        sink.local_tee(old).i64_const(most).i64_le_u();
        sink.local_get(units).i64_const(most).local_get(old).i64_sub().i64_le_u().i32_and();
        sink.if_(BlockType::Result(convert::val_type(self.operands[last])));
        code.deeper();
        let charge = |code: &mut Code<'_>| {
            to_units(code, units);
            code.charge_units(units, self.rate);
        };
        if !self.imported {
            charge(code);
        }
        for local in &operands {
            code.sink().local_get(*local);
        }
        code.raw(bytes);
        if self.imported {
            self.charge_if_grown(code, operands[last], charge);
        }
        code.higher();
        let mut sink = code.sink();
        sink.else_();
        match self.operands[last] {
            ValType::I64 => sink.i64_const(-1),
            _ => sink.i32_const(-1),
        };
        sink.end();
        code.free(&operands);
        code.free(&[units, old]);
    }

    /// Charges after the operator, unless it gave -1: whether something imported can grow is known by trying. Where gas runs out then, nobody
    /// sees that it has grown (gas-1, *Charging*).
    fn charge_if_grown(&self, code: &mut Code<'_>, operand: u32, charge: impl Fn(&mut Code<'_>)) {
        let is_wide = self.operands.last() == Some(&ValType::I64);
        let mut sink = code.sink();
        sink.local_tee(operand);
        match is_wide {
            true => sink.i64_const(-1).i64_ne(),
            false => sink.i32_const(-1).i32_ne(),
        };
        sink.if_(BlockType::Empty);
        code.deeper();
        charge(code);
        code.higher();
        code.sink().end().local_get(operand);
    }
}
