//! How a value gets the canonical NaN for every NaN.
//!
//! A float that is written to memory is looked at behind its store. To compare the float itself before takes the units that compute
//! floats, which may be waiting for divisions and roots. What was written is read again as an integer instead, which costs next to nothing
//! and holds up nobody. Nothing but this code can have seen it before it is canonical: the memory belongs to this thread, and nothing traps
//! between the store and the end of this.

use super::nans::{SINGLE, Widths};
use crate::abi::slots::lanes;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::types::{F32, F32X4, F64X2, I32};
use cranelift_codegen::ir::{BlockArg, Function, Inst, InstBuilder, InstructionData, Type, Value};

pub(super) const CANONICAL32: u32 = 0x7fc0_0000;
pub(super) const CANONICAL64: u64 = 0x7ff8_0000_0000_0000;

pub(super) fn nan(cursor: &mut FuncCursor<'_>, lane: Type) -> Value {
    match lane {
        F32 => cursor.ins().f32const(Ieee32::with_bits(CANONICAL32)),
        _ => cursor.ins().f64const(Ieee64::with_bits(CANONICAL64)),
    }
}

/// The same for every lane.
pub(super) fn lanes_canonical(cursor: &mut FuncCursor<'_>, value: Value, free: Widths) -> Value {
    let ty = cursor.func.dfg.value_type(value);
    let lanes_of = if free == SINGLE { F32X4 } else { F64X2 };
    let seen_as = |cursor: &mut FuncCursor<'_>, ty, value| match cursor.func.dfg.value_type(value) {
        own if own == ty => value,
        _ => cursor.ins().bitcast(ty, lanes(), value),
    };
    let numbers = seen_as(cursor, lanes_of, value);
    let is_nan = cursor.ins().fcmp(FloatCC::Unordered, numbers, numbers);
    let is_nan = seen_as(cursor, lanes_of, is_nan);
    let nan = nan(cursor, lanes_of.lane_type());
    let nan = cursor.ins().splat(lanes_of, nan);
    let made = cursor.ins().bitselect(is_nan, nan, numbers);
    seen_as(cursor, ty, made)
}

/// The same behind a branch that is not taken: whoever waits for the value does not wait for the comparison.
pub(super) fn scalar_canonical(func: &mut Function, inst: Inst, value: Value) -> Value {
    let ty = func.dfg.value_type(value);
    let (rest, rare) = (func.dfg.make_block(), func.dfg.make_block());
    let made = func.dfg.append_block_param(rest, ty);
    let place = func.srcloc(inst);
    func.layout.split_block(rest, inst);
    func.layout.append_block(rare);
    func.layout.set_cold(rare);
    let above = func.layout.prev_block(rest);
    let mut cursor = FuncCursor::new(func).with_srcloc(place);
    if let Some(above) = above {
        cursor.goto_bottom(above);
        let is_nan = cursor.ins().fcmp(FloatCC::Unordered, value, value);
        cursor.ins().brif(is_nan, rare, &[], rest, &[BlockArg::Value(value)]);
    }
    cursor.goto_bottom(rare);
    let nan = nan(&mut cursor, ty);
    cursor.ins().jump(rest, &[BlockArg::Value(nan)]);
    made
}

/// Twice the highest 32 bits of an infinity, and no less than those of any number.
const INFINITE64: i64 = 0xffe0_0000;

/// Twice the bits of an infinity.
const INFINITE32: i64 = 0xff00_0000;

/// Makes what a store of a float writes canonical, behind it; false if that store is not of this form.
pub(super) fn look_behind(func: &mut Function, store: Inst) -> bool {
    let InstructionData::Store { args: [value, address], flags, offset, .. } =
        func.dfg.insts[store]
    else {
        return false;
    };
    let (ty, offset) = (func.dfg.value_type(value), i32::from(offset));
    // The exponent and the first bits of the fraction lie last.
    let high = offset.checked_add(ty.bytes() as i32 - 4);
    let (Some(next), Some(high)) = (func.layout.next_inst(store), high) else { return false };
    let (place, flags) = (func.srcloc(store), func.dfg.mem_flags[flags].with_trap_code(None));
    let (rest, rare) = (func.dfg.make_block(), func.dfg.make_block());
    func.layout.split_block(rest, next);
    func.layout.append_block(rare);
    func.layout.set_cold(rare);
    let mut cursor = FuncCursor::new(func).after_inst(store).with_srcloc(place);
    // Twice, so that the sign is gone.
    let bits = cursor.ins().load(I32, flags, address, high);
    let bits = cursor.ins().iadd(bits, bits);
    let infinite = cursor.ins().iconst(I32, if ty == F32 { INFINITE32 } else { INFINITE64 });
    let may_be_nan = cursor.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, bits, infinite);
    cursor.ins().brif(may_be_nan, rare, &[], rest, &[]);
    cursor.goto_bottom(rare);
    let is_nan = cursor.ins().fcmp(FloatCC::Unordered, value, value);
    let nan = nan(&mut cursor, ty);
    let value = cursor.ins().select(is_nan, nan, value);
    cursor.ins().store(flags, value, address, offset);
    cursor.ins().jump(rest, &[]);
    true
}
