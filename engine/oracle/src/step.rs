//! One step: the next instruction of the innermost frame, by the function of its rule.

use crate::configuration::{Configuration, Context, Step, bug, site_of};
use crate::pause::{Pause, Pausing};
use crate::rules::Extend::{Signed, Unsigned};
use crate::rules::{PACK, SPLAT, ZERO};
use crate::text::{Instruction, Text};
use etalon_module::{Class, Opcode, Rule};
use etalon_numerics::wide;
use etalon_runtime::Value::{F32, F64, I32, I64};
use etalon_runtime::{FuncAddr, Site, Stop};
use std::sync::Arc;

/// Why a thread does not go on.
#[derive(Debug)]
pub(crate) enum Leave {
    /// The function that was called from outside has returned. Its results are the only values.
    Done,
    /// It is replaced by a function of the host or of another tier, whose arguments are the only values.
    TailCall(FuncAddr),
    /// It is to stop before the next instruction.
    Paused(Pause),
    /// The last instruction waits to be notified.
    Waiting,
}

impl Configuration<'_> {
    /// Invokes a function from outside, whose arguments are the only values.
    pub(crate) fn start(&mut self, func: FuncAddr) -> Step {
        let text =
            self.text(func)?.ok_or_else(|| bug("a function that the oracle does not run"))?;
        self.count(|usage| usage.set_present(None));
        self.enter_function(func, text)?;
        self.charge_segment()
    }

    /// Makes steps until the thread is over or has to stop.
    pub(crate) fn run(&mut self, pausing: Option<&mut Pausing>) -> Step<Leave> {
        let left = self.advance(pausing);
        match &left {
            Ok(Leave::Paused(_) | Leave::Waiting) => {}
            Ok(Leave::Done | Leave::TailCall(_)) => self.ended(None),
            Err(stop) => self.ended(Some(stop)),
        }
        left
    }

    fn advance(&mut self, mut pausing: Option<&mut Pausing>) -> Step<Leave> {
        while let Some(frame) = self.thread.frames.last() {
            let text = Arc::clone(&frame.text);
            self.store.set_running(Some(frame.instance));
            self.thread.is_elsewhere = false;
            while !self.thread.is_elsewhere {
                if let Some(pausing) = &mut pausing {
                    let gas_left = self.store.meter().cell().left();
                    if let Some(pause) = pausing.before(self.thread, gas_left) {
                        return Ok(Leave::Paused(pause));
                    }
                }
                self.step(&text)?;
                if let Some(waiter) = self.waiter
                    && self.store.waits.of(waiter).is_some()
                {
                    return Ok(Leave::Waiting);
                }
            }
        }
        Ok(self.thread.tail_call.map_or(Leave::Done, Leave::TailCall))
    }

    /// Executes the next instruction of the innermost frame, whose text this is, and pays for the gas segment that begins after it if it
    /// ends one. A step is made in the midst of other instructions if another follows: `Step/ctxt-instrs`.
    #[inline(always)]
    fn step(&mut self, text: &Text) -> Step {
        let frame = self.thread.frames.last_mut().ok_or_else(|| bug("no frame"))?;
        let instruction = text.instructions.get(frame.next as usize);
        let instruction = instruction.ok_or_else(|| bug("control left the text"))?;
        frame.next += 1;
        self.count(|usage| usage.begin(instruction.opcode, instruction.is_followed));
        if self.oracle.observer.is_some() {
            self.tell_beginning(instruction);
        }
        if let Err(stop) = self.execute(instruction) {
            self.count(|usage| usage.stop(instruction.opcode));
            return Err(stop);
        }
        if instruction.ends_segment {
            self.charge_segment()?;
        }
        Ok(())
    }

    /// Tells the observer that an instruction begins.
    #[cold]
    fn tell_beginning(&self, instruction: &Instruction) {
        let Some(frame) = self.thread.frames.last() else { return };
        let site = Site { func: frame.text.index, offset: instruction.offset };
        self.tell(|observer| observer.operator(frame.func, site, instruction.opcode));
        if instruction.is_followed {
            self.tell(|observer| observer.rule(Rule::CtxtInstrs));
        }
    }

    /// A thread is over. A trap goes out through all that is open.
    /// `Steps/trans`, `Steps/refl`, `Step_pure/trap-instrs`, `Step_pure/trap-label`, `Step_pure/trap-handler`, `Step_pure/trap-frame`
    fn ended(&mut self, stop: Option<&Stop>) {
        for frame in self.thread.frames.iter().rev().filter(|_| stop.is_some_and(Stop::is_traced)) {
            self.store.note_site(frame.instance, site_of(frame));
        }
        match stop {
            None | Some(Stop::Throw(_)) => {}
            // Where the thread is damaged its rules end there. It trapped all the same.
            Some(Stop::Trap(_)) => _ = self.trap_goes_out(),
            // The specification has no rule for these ends.
            Some(_) => return,
        }
        self.used(Rule::Trans);
        self.used(Rule::Refl);
    }

    fn trap_goes_out(&mut self) -> Step {
        while !self.thread.frames.is_empty() {
            match self.innermost()? {
                Some(Context::Label(label)) => {
                    if self.is_among_others()? {
                        self.used(Rule::TrapInstrs);
                    }
                    self.used(Rule::TrapLabel);
                    self.come_out_of(label)?;
                }
                Some(Context::Handler { .. }) => {
                    self.used(Rule::TrapHandler);
                    self.leave();
                }
                Some(Context::Try { .. } | Context::Caught { .. }) => self.leave(),
                None => {
                    self.used(Rule::TrapFrame);
                    self.drop_frame()?;
                }
            }
        }
        Ok(())
    }

    /// The rule of an instruction.
    #[rustfmt::skip]
    fn execute(&mut self, i: &Instruction) -> Step {
        use Opcode as O;
        let op = i.opcode;
        match op {
            // Parametric Instructions
            O::Nop => self.nop(),
            O::Unreachable => self.unreachable(),
            O::Drop => self.drop_(),
            O::Select | O::TypedSelect => self.select(),

            // Control Instructions: blocks and branches
            O::Block => self.block(i.block()?),
            O::Loop => self.loop_(i.block()?),
            O::If => self.if_(i.block()?),
            O::Else | O::End => self.end_label(),
            O::Br => self.br(i.index()?),
            O::BrIf => self.br_if(i.index()?),
            O::BrTable => self.br_table(i.row()?),
            O::BrOnNull => self.br_on_null(i.index()?),
            O::BrOnNonNull => self.br_on_non_null(i.index()?),
            O::BrOnCast => self.br_on_cast(i.indices()?),
            O::BrOnCastFail => self.br_on_cast_fail(i.indices()?),

            // Control Instructions: calls and returns
            O::Call => self.call(i.index()?),
            O::CallRef => self.call_ref(),
            O::CallIndirect => self.call_indirect(i.indices()?),
            O::Return => self.return_(),
            O::ReturnCall => self.return_call(i.index()?),
            O::ReturnCallRef => self.return_call_ref(),
            O::ReturnCallIndirect => self.return_call_indirect(i.indices()?),

            // Control Instructions: exceptions, and those of before 3.0
            O::TryTable => self.try_table(i.block()?),
            O::Throw => self.throw(i.index()?),
            O::ThrowRef => self.throw_ref(),
            O::Try => self.try_(i.block()?),
            O::Catch | O::CatchAll | O::Delegate => self.end_label(),
            O::Rethrow => self.rethrow(i.index()?),

            // Variable Instructions
            O::LocalGet => self.local_get(i.index()?),
            O::LocalSet => self.local_set(i.index()?),
            O::LocalTee => self.local_tee(i.index()?),
            O::GlobalGet => self.global_get(i.index()?),
            O::GlobalSet => self.global_set(i.index()?),

            // Table Instructions
            O::TableGet => self.table_get(i.index()?),
            O::TableSet => self.table_set(i.index()?),
            O::TableSize => self.table_size(i.index()?),
            O::TableGrow => self.table_grow(i.index()?),
            O::TableFill => self.table_fill(i.index()?),
            O::TableCopy => self.table_copy(i.indices()?),
            O::TableInit => self.table_init(i.indices()?),
            O::ElemDrop => self.elem_drop(i.index()?),

            // Memory Instructions
            O::MemorySize => self.memory_size(i.index()?),
            O::MemoryGrow => self.memory_grow(i.index()?),
            O::MemoryFill => self.memory_fill(i.index()?),
            O::MemoryDiscard => self.memory_discard(i.index()?),
            O::MemoryCopy => self.memory_copy(i.indices()?),
            O::MemoryInit => self.memory_init(i.indices()?),
            O::DataDrop => self.data_drop(i.index()?),

            // Reference Instructions
            O::RefNull => self.ref_null(),
            O::RefFunc => self.ref_func(i.index()?),
            O::RefIsNull => self.ref_is_null(),
            O::RefAsNonNull => self.ref_as_non_null(),
            O::RefEq => self.ref_eq(),
            O::RefTestNonNull | O::RefTestNullable => self.ref_test(i.row()?),
            O::RefCastNonNull | O::RefCastNullable => self.ref_cast(i.row()?),
            O::RefI31 => self.ref_i31(),
            O::I31GetS => self.i31_get(Signed),
            O::I31GetU => self.i31_get(Unsigned),
            O::AnyConvertExtern => self.any_convert_extern(),
            O::ExternConvertAny => self.extern_convert_any(),

            // Aggregate Instructions
            O::StructNew => self.struct_new(i.index()?),
            O::StructNewDefault => self.struct_new_default(i.index()?),
            O::StructGet | O::StructGetU => self.struct_get(i.indices()?, Unsigned),
            O::StructGetS => self.struct_get(i.indices()?, Signed),
            O::StructSet => self.struct_set(i.indices()?),
            O::ArrayNew => self.array_new(i.index()?),
            O::ArrayNewDefault => self.array_new_default(i.index()?),
            O::ArrayNewFixed => self.array_new_fixed(i.indices()?),
            O::ArrayNewData => self.array_new_data(i.indices()?),
            O::ArrayNewElem => self.array_new_elem(i.indices()?),
            O::ArrayGet | O::ArrayGetU => self.array_get(i.index()?, Unsigned),
            O::ArrayGetS => self.array_get(i.index()?, Signed),
            O::ArraySet => self.array_set(i.index()?),
            O::ArrayLen => self.array_len(),
            O::ArrayFill => self.array_fill(i.index()?),
            O::ArrayCopy => self.array_copy(),
            O::ArrayInitData => self.array_init_data(i.indices()?),
            O::ArrayInitElem => self.array_init_elem(i.indices()?),

            // Numeric Instructions
            O::I32Const | O::I64Const | O::F32Const | O::F64Const => self.constant(i.constant()?),
            O::I32Clz | O::I32Ctz | O::I32Popcnt | O::I32Extend8S | O::I32Extend16S
            | O::I64Clz | O::I64Ctz | O::I64Popcnt | O::I64Extend8S | O::I64Extend16S | O::I64Extend32S
            | O::F32Abs | O::F32Neg | O::F32Sqrt | O::F32Ceil | O::F32Floor | O::F32Trunc | O::F32Nearest
            | O::F64Abs | O::F64Neg | O::F64Sqrt | O::F64Ceil | O::F64Floor | O::F64Trunc | O::F64Nearest
                => self.unop(op),
            O::I32Add | O::I32Sub | O::I32Mul | O::I32DivS | O::I32DivU | O::I32RemS | O::I32RemU
            | O::I32And | O::I32Or | O::I32Xor | O::I32Shl | O::I32ShrS | O::I32ShrU | O::I32Rotl | O::I32Rotr
            | O::I64Add | O::I64Sub | O::I64Mul | O::I64DivS | O::I64DivU | O::I64RemS | O::I64RemU
            | O::I64And | O::I64Or | O::I64Xor | O::I64Shl | O::I64ShrS | O::I64ShrU | O::I64Rotl | O::I64Rotr
            | O::F32Add | O::F32Sub | O::F32Mul | O::F32Div | O::F32Min | O::F32Max | O::F32Copysign
            | O::F64Add | O::F64Sub | O::F64Mul | O::F64Div | O::F64Min | O::F64Max | O::F64Copysign
                => self.binop(op),
            O::I32Eqz | O::I64Eqz => self.testop(op),
            O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU | O::I32LeS | O::I32LeU | O::I32GeS | O::I32GeU
            | O::I64Eq | O::I64Ne | O::I64LtS | O::I64LtU | O::I64GtS | O::I64GtU | O::I64LeS | O::I64LeU | O::I64GeS | O::I64GeU
            | O::F32Eq | O::F32Ne | O::F32Lt | O::F32Gt | O::F32Le | O::F32Ge
            | O::F64Eq | O::F64Ne | O::F64Lt | O::F64Gt | O::F64Le | O::F64Ge
                => self.relop(op),
            O::I32WrapI64 | O::I64ExtendI32S | O::I64ExtendI32U
            | O::I32TruncF32S | O::I32TruncF32U | O::I32TruncF64S | O::I32TruncF64U
            | O::I64TruncF32S | O::I64TruncF32U | O::I64TruncF64S | O::I64TruncF64U
            | O::I32TruncSatF32S | O::I32TruncSatF32U | O::I32TruncSatF64S | O::I32TruncSatF64U
            | O::I64TruncSatF32S | O::I64TruncSatF32U | O::I64TruncSatF64S | O::I64TruncSatF64U
            | O::F32ConvertI32S | O::F32ConvertI32U | O::F32ConvertI64S | O::F32ConvertI64U
            | O::F64ConvertI32S | O::F64ConvertI32U | O::F64ConvertI64S | O::F64ConvertI64U
            | O::F32DemoteF64 | O::F64PromoteF32
            | O::I32ReinterpretF32 | O::I64ReinterpretF64 | O::F32ReinterpretI32 | O::F64ReinterpretI64
                => self.cvtop(op),
            O::I64Add128 => self.wide_binop(wide::add128),
            O::I64Sub128 => self.wide_binop(wide::sub128),
            O::I64MulWideS => self.widening_mul(wide::mul_wide_s),
            O::I64MulWideU => self.widening_mul(wide::mul_wide_u),

            _ => self.access(i),
        }
    }

    /// The rule of a load, a store or an atomic access.
    #[rustfmt::skip]
    fn access(&mut self, i: &Instruction) -> Step {
        use Opcode as O;
        let op = i.opcode;
        match op {
            // Memory Instructions: numbers
            O::I32Load => self.load_num(i.memarg()?, |bytes| I32(u32::from_le_bytes(bytes))),
            O::I64Load => self.load_num(i.memarg()?, |bytes| I64(u64::from_le_bytes(bytes))),
            O::F32Load => self.load_num(i.memarg()?, |bytes| F32(u32::from_le_bytes(bytes))),
            O::F64Load => self.load_num(i.memarg()?, |bytes| F64(u64::from_le_bytes(bytes))),
            O::I32Load8S => self.load_pack(i.memarg()?, |bytes| I32(i8::from_le_bytes(bytes) as u32)),
            O::I32Load8U => self.load_pack(i.memarg()?, |bytes| I32(u8::from_le_bytes(bytes).into())),
            O::I32Load16S => self.load_pack(i.memarg()?, |bytes| I32(i16::from_le_bytes(bytes) as u32)),
            O::I32Load16U => self.load_pack(i.memarg()?, |bytes| I32(u16::from_le_bytes(bytes).into())),
            O::I64Load8S => self.load_pack(i.memarg()?, |bytes| I64(i8::from_le_bytes(bytes) as u64)),
            O::I64Load8U => self.load_pack(i.memarg()?, |bytes| I64(u8::from_le_bytes(bytes).into())),
            O::I64Load16S => self.load_pack(i.memarg()?, |bytes| I64(i16::from_le_bytes(bytes) as u64)),
            O::I64Load16U => self.load_pack(i.memarg()?, |bytes| I64(u16::from_le_bytes(bytes).into())),
            O::I64Load32S => self.load_pack(i.memarg()?, |bytes| I64(i32::from_le_bytes(bytes) as u64)),
            O::I64Load32U => self.load_pack(i.memarg()?, |bytes| I64(u32::from_le_bytes(bytes).into())),
            O::I32Store => self.store_num(i.memarg()?, |c| if let I32(i) = c { Some(i.to_le_bytes()) } else { None }),
            O::I64Store => self.store_num(i.memarg()?, |c| if let I64(i) = c { Some(i.to_le_bytes()) } else { None }),
            O::F32Store => self.store_num(i.memarg()?, |c| if let F32(z) = c { Some(z.to_le_bytes()) } else { None }),
            O::F64Store => self.store_num(i.memarg()?, |c| if let F64(z) = c { Some(z.to_le_bytes()) } else { None }),
            O::I32Store8 => self.store_pack(i.memarg()?, |c| if let I32(i) = c { Some((i as u8).to_le_bytes()) } else { None }),
            O::I32Store16 => self.store_pack(i.memarg()?, |c| if let I32(i) = c { Some((i as u16).to_le_bytes()) } else { None }),
            O::I64Store8 => self.store_pack(i.memarg()?, |c| if let I64(i) = c { Some((i as u8).to_le_bytes()) } else { None }),
            O::I64Store16 => self.store_pack(i.memarg()?, |c| if let I64(i) = c { Some((i as u16).to_le_bytes()) } else { None }),
            O::I64Store32 => self.store_pack(i.memarg()?, |c| if let I64(i) = c { Some((i as u32).to_le_bytes()) } else { None }),

            // Memory Instructions: vectors
            O::V128Load => self.vload(i.memarg()?),
            O::V128Load8x8S | O::V128Load8x8U | O::V128Load16x4S | O::V128Load16x4U | O::V128Load32x2S | O::V128Load32x2U
                => self.vload_part::<8>(op, i.memarg()?, PACK),
            O::V128Load8Splat => self.vload_part::<1>(op, i.memarg()?, SPLAT),
            O::V128Load16Splat => self.vload_part::<2>(op, i.memarg()?, SPLAT),
            O::V128Load32Splat => self.vload_part::<4>(op, i.memarg()?, SPLAT),
            O::V128Load64Splat => self.vload_part::<8>(op, i.memarg()?, SPLAT),
            O::V128Load32Zero => self.vload_part::<4>(op, i.memarg()?, ZERO),
            O::V128Load64Zero => self.vload_part::<8>(op, i.memarg()?, ZERO),
            O::V128Load8Lane => self.vload_lane::<1>(op, i.memarg()?, i.lane()?),
            O::V128Load16Lane => self.vload_lane::<2>(op, i.memarg()?, i.lane()?),
            O::V128Load32Lane => self.vload_lane::<4>(op, i.memarg()?, i.lane()?),
            O::V128Load64Lane => self.vload_lane::<8>(op, i.memarg()?, i.lane()?),
            O::V128Store => self.vstore(i.memarg()?),
            O::V128Store8Lane => self.vstore_lane::<1>(op, i.memarg()?, i.lane()?),
            O::V128Store16Lane => self.vstore_lane::<2>(op, i.memarg()?, i.lane()?),
            O::V128Store32Lane => self.vstore_lane::<4>(op, i.memarg()?, i.lane()?),
            O::V128Store64Lane => self.vstore_lane::<8>(op, i.memarg()?, i.lane()?),

            // Atomic accesses (proposal *threads*)
            O::MemoryAtomicNotify => self.atomic_notify(i.memarg()?),
            O::MemoryAtomicWait32 => self.atomic_wait(4, i.memarg()?),
            O::MemoryAtomicWait64 => self.atomic_wait(8, i.memarg()?),
            O::AtomicFence => self.atomic_fence(),
            O::I32AtomicLoad | O::I32AtomicLoad8U | O::I32AtomicLoad16U | O::I64AtomicLoad | O::I64AtomicLoad8U
            | O::I64AtomicLoad16U | O::I64AtomicLoad32U => self.atomic_load(op, i.memarg()?),
            O::I32AtomicStore | O::I32AtomicStore8 | O::I32AtomicStore16 | O::I64AtomicStore | O::I64AtomicStore8
            | O::I64AtomicStore16 | O::I64AtomicStore32 => self.atomic_store(op, i.memarg()?),
            O::I32AtomicRmwAdd | O::I32AtomicRmw8AddU | O::I32AtomicRmw16AddU | O::I64AtomicRmwAdd
            | O::I64AtomicRmw8AddU | O::I64AtomicRmw16AddU | O::I64AtomicRmw32AddU
                => self.atomic_rmw(op, i.memarg()?, |a, b| a.wrapping_add(b)),
            O::I32AtomicRmwSub | O::I32AtomicRmw8SubU | O::I32AtomicRmw16SubU | O::I64AtomicRmwSub
            | O::I64AtomicRmw8SubU | O::I64AtomicRmw16SubU | O::I64AtomicRmw32SubU
                => self.atomic_rmw(op, i.memarg()?, |a, b| a.wrapping_sub(b)),
            O::I32AtomicRmwAnd | O::I32AtomicRmw8AndU | O::I32AtomicRmw16AndU | O::I64AtomicRmwAnd
            | O::I64AtomicRmw8AndU | O::I64AtomicRmw16AndU | O::I64AtomicRmw32AndU
                => self.atomic_rmw(op, i.memarg()?, |a, b| a & b),
            O::I32AtomicRmwOr | O::I32AtomicRmw8OrU | O::I32AtomicRmw16OrU | O::I64AtomicRmwOr | O::I64AtomicRmw8OrU
            | O::I64AtomicRmw16OrU | O::I64AtomicRmw32OrU => self.atomic_rmw(op, i.memarg()?, |a, b| a | b),
            O::I32AtomicRmwXor | O::I32AtomicRmw8XorU | O::I32AtomicRmw16XorU | O::I64AtomicRmwXor
            | O::I64AtomicRmw8XorU | O::I64AtomicRmw16XorU | O::I64AtomicRmw32XorU
                => self.atomic_rmw(op, i.memarg()?, |a, b| a ^ b),
            O::I32AtomicRmwXchg | O::I32AtomicRmw8XchgU | O::I32AtomicRmw16XchgU | O::I64AtomicRmwXchg
            | O::I64AtomicRmw8XchgU | O::I64AtomicRmw16XchgU | O::I64AtomicRmw32XchgU
                => self.atomic_rmw(op, i.memarg()?, |_, b| b),
            O::I32AtomicRmwCmpxchg | O::I32AtomicRmw8CmpxchgU | O::I32AtomicRmw16CmpxchgU | O::I64AtomicRmwCmpxchg
            | O::I64AtomicRmw8CmpxchgU | O::I64AtomicRmw16CmpxchgU | O::I64AtomicRmw32CmpxchgU
                => self.atomic_cmpxchg(op, i.memarg()?),

            _ => self.vector(i),
        }
    }

    /// The rule of a vector instruction on values.
    #[rustfmt::skip]
    fn vector(&mut self, i: &Instruction) -> Step {
        use Opcode as O;
        let op = i.opcode;
        match op {
            O::V128Const => self.vconst(i.row()?),
            O::V128Not => self.vunop(op, Rule::Vvunop),
            O::V128And | O::V128AndNot | O::V128Or | O::V128Xor => self.vbinop(op, Rule::Vvbinop),
            O::V128Bitselect => self.vternop(op, Rule::Vvternop),
            O::V128AnyTrue => self.vtestop(op, Rule::Vvtestop),
            O::I8x16AllTrue | O::I16x8AllTrue | O::I32x4AllTrue | O::I64x2AllTrue => self.vtestop(op, Rule::Vtestop),
            O::I8x16Bitmask | O::I16x8Bitmask | O::I32x4Bitmask | O::I64x2Bitmask => self.vtestop(op, Rule::Vbitmask),

            // Lanes moved
            O::I8x16Shuffle => self.vshuffle(i.row()?),
            O::I8x16Swizzle | O::I8x16RelaxedSwizzle => self.vbinop(op, Rule::Vswizzlop),
            O::I8x16Splat | O::I16x8Splat | O::I32x4Splat | O::F32x4Splat | O::I64x2Splat | O::F64x2Splat
                => self.vsplat(op),
            O::I8x16ReplaceLane | O::I16x8ReplaceLane | O::I32x4ReplaceLane | O::F32x4ReplaceLane
            | O::I64x2ReplaceLane | O::F64x2ReplaceLane
                => self.vreplace_lane(op, i.lane()?),
            O::I8x16ExtractLaneS | O::I8x16ExtractLaneU | O::I16x8ExtractLaneS | O::I16x8ExtractLaneU | O::I32x4ExtractLane
                => self.vextract_lane(op, i.lane()?, |i| I32(i as u32)),
            O::I64x2ExtractLane => self.vextract_lane(op, i.lane()?, I64),
            O::F32x4ExtractLane => self.vextract_lane(op, i.lane()?, |z| F32(z as u32)),
            O::F64x2ExtractLane => self.vextract_lane(op, i.lane()?, F64),

            // Relaxed operators
            O::I32x4RelaxedTruncF32x4S | O::I32x4RelaxedTruncF32x4U | O::I32x4RelaxedTruncF64x2SZero
            | O::I32x4RelaxedTruncF64x2UZero
                => self.vunop(op, Rule::Vcvtop),
            O::F32x4RelaxedMin | O::F32x4RelaxedMax | O::F64x2RelaxedMin | O::F64x2RelaxedMax
            | O::I16x8RelaxedQ15mulrS
                => self.vbinop(op, Rule::VbinopVal),
            O::F32x4RelaxedMadd | O::F32x4RelaxedNmadd | O::F64x2RelaxedMadd | O::F64x2RelaxedNmadd
            | O::I8x16RelaxedLaneselect | O::I16x8RelaxedLaneselect | O::I32x4RelaxedLaneselect
            | O::I64x2RelaxedLaneselect
                => self.vternop(op, Rule::VternopVal),
            O::I16x8RelaxedDotI8x16I7x16S => self.vbinop(op, Rule::Vextbinop),
            O::I32x4RelaxedDotI8x16I7x16AddS => self.vternop(op, Rule::Vextternop),

            // Those that are not of the form of their class
            O::I16x8ExtAddPairwiseI8x16S | O::I16x8ExtAddPairwiseI8x16U | O::I32x4ExtAddPairwiseI16x8S
            | O::I32x4ExtAddPairwiseI16x8U
                => self.vunop(op, Rule::Vextunop),
            O::I8x16NarrowI16x8S | O::I8x16NarrowI16x8U | O::I16x8NarrowI32x4S | O::I16x8NarrowI32x4U
                => self.vbinop(op, Rule::Vnarrow),

            // All others, lane by lane: the rule is that of the class. The numerics name each of them.
            _ => match op.class() {
                Some(Class::VectorIntUnop | Class::VectorFloatUnop) => self.vunop(op, Rule::VunopVal),
                Some(Class::VectorIntBinop | Class::VectorFloatBinop) => self.vbinop(op, Rule::VbinopVal),
                Some(Class::VectorRelop) => self.vbinop(op, Rule::Vrelop),
                Some(Class::VectorIntShift) => self.vshiftop(op),
                Some(Class::VectorIntExtend) => self.vbinop(op, Rule::Vextbinop),
                Some(Class::VectorCvtop) => self.vunop(op, Rule::Vcvtop),
                _ => Err(Stop::crash(format!("{op} has no rule")).into()),
            },
        }
    }
}
