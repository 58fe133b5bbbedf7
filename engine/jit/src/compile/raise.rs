//! Traps as calls: code of an object file, which runs in programs that have no handler of signals.
//!
//! A pass over the translated function finds whatever may trap. Before it goes a branch to a block aside, which calls a routine with the
//! trap's code and the place in the module, and the routine does not return. What stays behind the branch traps no more. Divisions and
//! conversions, which the code generator makes trap by themselves, get their checks written out here; accesses to memories have theirs
//! already, because the bounds are explicit in such code.

use super::generate::our_code;
use crate::abi::{JitContext, Region, VmLayout};
use crate::error::Reason;
use crate::libcalls::Builtins;
use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32, I64};
use cranelift_codegen::ir::{
    AbiParam, Function, Inst, InstBuilder, InstructionData, Opcode, SigRef, Signature, TrapCode,
    Type, Value,
};
use cranelift_codegen::isa::TargetIsa;
use std::mem::offset_of;

/// Makes calls of the traps of a function.
///
/// # Errors
/// If it calls a routine that object files have none of.
pub(super) fn raise(func: &mut Function, isa: &dyn TargetIsa) -> Result<(), Reason> {
    let Some(entry) = func.layout.entry_block() else { return Ok(()) };
    let Some(vmctx) = func.dfg.block_params(entry).first().copied() else { return Ok(()) };
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.extend([AbiParam::new(I64); 6]);
    signature.returns.push(AbiParam::new(I64));
    let signature = func.import_signature(signature);
    let insts: Vec<Inst> =
        func.layout.blocks().flat_map(|block| func.layout.block_insts(block)).collect();
    let mut raising = Raising { func, vmctx, signature };
    // From the end: to split a block moves what comes after the place, which is then little.
    for inst in insts.into_iter().rev() {
        raising.is_known(inst)?;
        raising.instruction(inst);
    }
    Ok(())
}

/// The routines that object files have, by their names in the header of the runtime, with their offsets.
pub(crate) const ROUTINES: [(&str, usize); 13] = [
    ("RAISE", RAISE),
    ("MEMORY_GROW", offset_of!(Builtins, memory.grow)),
    ("MEMORY_FILL", offset_of!(Builtins, memory.fill)),
    ("MEMORY_COPY", offset_of!(Builtins, memory.copy)),
    ("MEMORY_INIT", offset_of!(Builtins, memory.init)),
    ("DATA_DROP", offset_of!(Builtins, memory.data_drop)),
    ("TABLE_GROW", offset_of!(Builtins, table.grow)),
    ("TABLE_FILL", offset_of!(Builtins, table.fill)),
    ("TABLE_COPY", offset_of!(Builtins, table.copy)),
    ("TABLE_INIT", offset_of!(Builtins, table.init)),
    ("ELEM_DROP", offset_of!(Builtins, table.elem_drop)),
    ("BARE_FILL", offset_of!(Builtins, bare.fill)),
    ("BARE_COPY", offset_of!(Builtins, bare.copy)),
];

/// What raises traps is in the place of what throws, for nothing throws in object files.
const RAISE: usize = offset_of!(Builtins, throw);

/// Words of the store's context that object files have, besides those of the routines.
const WORDS: [usize; 2] = [offset_of!(JitContext, entries), offset_of!(JitContext, caller)];

struct Raising<'a> {
    func: &'a mut Function,
    vmctx: Value,
    signature: SigRef,
}

impl Raising<'_> {
    /// Refuses what reads a word of the store's context that object files do not have.
    fn is_known(&self, inst: Inst) -> Result<(), Reason> {
        let dfg = &self.func.dfg;
        let (flags, offset) = match dfg.insts[inst] {
            InstructionData::Load { flags, offset, .. }
            | InstructionData::Store { flags, offset, .. } => (flags, offset),
            _ => return Ok(()),
        };
        let region = dfg.mem_flags[flags].alias_region().map(|region| &dfg.alias_regions[region]);
        if region.is_none_or(|region| region.user_id != Region::Context as u32) {
            return Ok(());
        }
        let at = usize::try_from(i32::from(offset)).unwrap_or(usize::MAX);
        let is_routine = at
            .checked_sub(offset_of!(JitContext, builtins))
            .is_some_and(|at| ROUTINES.iter().any(|(_, known)| *known == at));
        match is_routine || WORDS.contains(&at) {
            true => Ok(()),
            false => Err(Reason::Operator(format!(
                "what the operator at {:#x} needs in object files",
                self.func.srcloc(inst).bits()
            ))),
        }
    }

    fn instruction(&mut self, inst: Inst) {
        match self.func.dfg.insts[inst] {
            InstructionData::Trap { code, .. } => {
                let place = self.func.srcloc(inst).bits();
                let (vmctx, signature) = (self.vmctx, self.signature);
                let mut cursor = FuncCursor::new(self.func).at_inst(inst);
                call(&mut cursor, vmctx, signature, code, place);
            }
            InstructionData::CondTrap { opcode, arg, code } => {
                let when = opcode == Opcode::Trapnz;
                self.branch(inst, code, when, |_| arg);
                self.func.layout.remove_inst(inst);
            }
            InstructionData::IntAddTrap { args: [a, b], code, .. } => {
                let Some(next) = self.func.layout.next_inst(inst) else { return };
                self.func.replace(inst).iadd(a, b);
                let sum = self.func.dfg.first_result(inst);
                self.branch(next, code, true, |cursor| {
                    cursor.ins().icmp(IntCC::UnsignedLessThan, sum, a)
                });
            }
            InstructionData::Binary { opcode, args: [a, b] } => self.division(inst, opcode, a, b),
            InstructionData::Unary { opcode, arg } => self.conversion(inst, opcode, arg),
            _ => {}
        }
    }

    fn division(&mut self, inst: Inst, opcode: Opcode, a: Value, b: Value) {
        if !matches!(opcode, Opcode::Sdiv | Opcode::Udiv | Opcode::Srem | Opcode::Urem) {
            return;
        }
        let ty = self.func.dfg.value_type(b);
        self.branch(inst, TrapCode::INTEGER_DIVISION_BY_ZERO, false, |_| b);
        if opcode == Opcode::Sdiv {
            let least = i64::MIN >> (64 - ty.bits());
            self.branch(inst, TrapCode::INTEGER_OVERFLOW, true, |cursor| {
                let is_least = cursor.ins().icmp_imm_s(IntCC::Equal, a, least);
                let is_minus_one = cursor.ins().icmp_imm_s(IntCC::Equal, b, -1);
                cursor.ins().band(is_least, is_minus_one)
            });
        }
    }

    fn conversion(&mut self, inst: Inst, opcode: Opcode, arg: Value) {
        let is_signed = match opcode {
            Opcode::FcvtToSint => true,
            Opcode::FcvtToUint => false,
            _ => return,
        };
        let from = self.func.dfg.value_type(arg);
        let to = self.func.dfg.value_type(self.func.dfg.first_result(inst));
        self.branch(inst, TrapCode::BAD_CONVERSION_TO_INTEGER, true, |cursor| {
            cursor.ins().fcmp(FloatCC::Unordered, arg, arg)
        });
        let (above, at_least, below) = bounds(is_signed, from, to);
        self.branch(inst, TrapCode::INTEGER_OVERFLOW, false, |cursor| {
            let (holds, low) = match above {
                Some(low) => (FloatCC::GreaterThan, low),
                None => (FloatCC::GreaterThanOrEqual, at_least),
            };
            let low = float(cursor, from, low);
            cursor.ins().fcmp(holds, arg, low)
        });
        self.branch(inst, TrapCode::INTEGER_OVERFLOW, false, |cursor| {
            let high = float(cursor, from, below);
            cursor.ins().fcmp(FloatCC::LessThan, arg, high)
        });
    }

    /// Before an instruction: if a condition is `when`, the routine is called and nothing comes after it.
    fn branch(
        &mut self,
        inst: Inst,
        code: TrapCode,
        when: bool,
        condition: impl FnOnce(&mut FuncCursor<'_>) -> Value,
    ) {
        let place = self.func.srcloc(inst);
        let (rest, rare) = (self.func.dfg.make_block(), self.func.dfg.make_block());
        self.func.layout.split_block(rest, inst);
        self.func.layout.append_block(rare);
        self.func.layout.set_cold(rare);
        let Some(above) = self.func.layout.prev_block(rest) else { return };
        let (vmctx, signature) = (self.vmctx, self.signature);
        let mut cursor = FuncCursor::new(self.func).with_srcloc(place);
        cursor.goto_bottom(above);
        let condition = condition(&mut cursor);
        let (yes, no) = if when { (rare, rest) } else { (rest, rare) };
        cursor.ins().brif(condition, yes, &[], no, &[]);
        cursor.goto_bottom(rare);
        call(&mut cursor, vmctx, signature, code, place.bits());
        cursor.ins().trap(code);
    }
}

/// Calls the routine that raises a trap.
fn call(cursor: &mut FuncCursor<'_>, vmctx: Value, signature: SigRef, code: TrapCode, place: u32) {
    let flags = Region::VmCtx.flags(cursor.func);
    let context = cursor.ins().load(I64, flags, vmctx, VmLayout::CONTEXT);
    let at = offset_of!(JitContext, builtins) + RAISE;
    let flags = Region::Context.flags(cursor.func);
    let routine = cursor.ins().load(I64, flags, context, at as i32);
    let code = cursor.ins().iconst(I64, i64::from(our_code(code)));
    let place = cursor.ins().iconst(I64, i64::from(place));
    let none = cursor.ins().iconst(I64, 0);
    cursor.ins().call_indirect(signature, routine, &[vmctx, code, place, none, none, none]);
}

fn float(cursor: &mut FuncCursor<'_>, ty: Type, value: f64) -> Value {
    match ty {
        F32 => cursor.ins().f32const(value as f32),
        _ => cursor.ins().f64const(value),
    }
}

/// Between which floats are those whose integer parts are integers of a type: above the first, if there is such a float, or else not below the
/// second, and below the third. All of them are floats of the type that is converted.
fn bounds(is_signed: bool, from: Type, to: Type) -> (Option<f64>, f64, f64) {
    let half = 2f64.powi(to.bits() as i32 - 1);
    match is_signed {
        false => (Some(-1.0), 0.0, 2.0 * half),
        // Only where a float has more digits than the integer is there one between the least integer and the one before.
        true if from.bits() > to.bits() => (Some(-half - 1.0), -half, half),
        true => (None, -half, half),
    }
}
