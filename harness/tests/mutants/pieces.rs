
// What faults in the compiler are written with. This stands behind `switch.rs` in the copy.

pub(crate) use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
pub(crate) use cranelift_codegen::ir::types::*;
pub(crate) use cranelift_codegen::ir::{InstBuilder, InstructionData, Opcode, Value, ValueDef};
use cranelift_frontend::FunctionBuilder;

/// The number that a value is, if it is a constant. One of 32 bits has no sign.
pub(crate) fn constant(b: &FunctionBuilder<'_>, value: Value) -> Option<i64> {
    let ValueDef::Result(inst, _) = b.func.dfg.value_def(value) else { return None };
    match b.func.dfg.insts[inst] {
        InstructionData::UnaryImm { opcode: Opcode::Iconst, imm } => Some(imm.bits()),
        _ => None,
    }
}

pub(crate) fn is_minus_one(b: &FunctionBuilder<'_>, value: Value) -> bool {
    let bits = b.func.dfg.value_type(value).bits();
    constant(b, value).is_some_and(|n| n == -1 || bits == 32 && n == 0xffff_ffff)
}

/// The first operand of the instruction that made a value, if it is of an opcode.
pub(crate) fn operand_of(b: &FunctionBuilder<'_>, value: Value, opcode: Opcode) -> Option<Value> {
    let ValueDef::Result(inst, _) = b.func.dfg.value_def(value) else { return None };
    (b.func.dfg.insts[inst].opcode() == opcode)
        .then(|| b.func.dfg.inst_args(inst).first().copied())
        .flatten()
}
