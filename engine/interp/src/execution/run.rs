//! The loop: one operation after the other.
//!
//! This is a dispatch table. Longer work of an arm is in the macros above it, which know the loop's state, in those of `shapes`, which
//! do not, in `arithmetic`, or in the other files of this folder. A comment before each group of arms names its instructions. Variants that
//! end in `K` have a constant as their second operand, and those that begin with `BrIf` and a type are
//! comparisons that branch.

use super::memory::range;
use super::vector::{Fault, access, binary, step, unary};
use crate::arithmetic::{conversion, float, integer};
use crate::gas;
use crate::machine::{Exit, Frame, Machine};
use crate::program::{EXIT_PC, NO_MEMORY, Op, Program, Slow, Step};
use etalon_runtime::{Ref, Store, Trap};
use std::hint::cold_path;

/// Exits that valid code cannot reach. All operations share them, which takes less code than a panic in each.
const BEYOND_FRAME: Exit = Exit::Crash("an operation names a slot beyond its frame");
const BEYOND_PROGRAM: Exit = Exit::Crash("control has left the program");

/// Runs a machine until it needs something outside of the loop. With `CHARGES` it pays at cuts.
#[rustfmt::skip]
pub(crate) fn run<const CHARGES: bool>(
    program: &Program,
    store: &mut Store,
    machine: &mut Machine,
) -> Exit {
    let ops = &program.ops[..];
    let codes = &program.codes[..];
    let (globals, tables) = (&store.globals[..], &mut store.tables[..]);
    let home = machine.home;
    let memory: &mut [u8] = match store.memories.get_mut(home as usize) {
        Some(memory) if home != NO_MEMORY => memory.bytes_mut(),
        _ => &mut [],
    };
    // What every operation needs is kept in locals. The rest is read where it is, so that it occupies no
    // registers.
    let mut pc = machine.pc as usize;
    let mut slots = &mut machine.stack[machine.fp as usize..];

    let exit = 'run: {
        macro_rules! leave {
            ($exit:expr) => {
                break 'run $exit
            };
        }
        // Leaves on a path that hardly any run takes. That it is said keeps what the loop needs in registers on
        // the others; for the remaining exits it made the layout worse (measured on all kernels).
        macro_rules! leave_rarely {
            ($exit:expr) => {{
                cold_path();
                leave!($exit)
            }};
        }
        macro_rules! cost_at {
            ($pc:expr) => {
                match ops.get($pc) {
                    Some(step) => step.cost,
                    None => leave_rarely!(BEYOND_PROGRAM),
                }
            };
        }
        // gas-1, *Charging*: control reaches a cut.
        macro_rules! charge {
            ($cost:expr) => {
                if CHARGES {
                    match machine.fuel.gas.checked_sub($cost) {
                        Some(left) => machine.fuel.gas = left,
                        None => if let Some(exit) = machine.fuel.refill($cost) { leave!(exit) },
                    }
                }
            };
        }
        macro_rules! jump {
            ($target:expr) => {{
                pc = $target as usize;
                charge!(cost_at!(pc));
            }};
        }
        // The branch is not taken: what follows begins a gas segment.
        macro_rules! go_on {
            () => {
                charge!(cost_at!(pc))
            };
        }
        // Reads a slot. Every frame has all the slots that its operations name.
        macro_rules! slot {
            ($slot:expr) => {
                match slots.get($slot as usize) {
                    Some(value) => *value,
                    None => leave_rarely!(BEYOND_FRAME),
                }
            };
        }
        macro_rules! set {
            ($slot:expr, $value:expr) => {{
                let value: u64 = $value;
                match slots.get_mut($slot as usize) {
                    Some(slot) => *slot = value,
                    None => leave_rarely!(BEYOND_FRAME),
                }
            }};
        }
        // A vector in two slots.
        macro_rules! vector {
            ($slot:expr) => {
                match slots.get($slot as usize..).and_then(|s| s.first_chunk()) {
                    Some([low, high]) => u128::from(*low) | u128::from(*high) << 64,
                    None => leave_rarely!(BEYOND_FRAME),
                }
            };
        }
        macro_rules! set_vector {
            ($slot:expr, $value:expr) => {{
                let value: u128 = $value;
                match slots.get_mut($slot as usize..).and_then(|s| s.first_chunk_mut()) {
                    Some(slots) => *slots = [value as u64, (value >> 64) as u64],
                    None => leave_rarely!(BEYOND_FRAME),
                }
            }};
        }
        // The effective address is the operand plus the offset, without wrapping.
        macro_rules! load {
            ($t:ty as $to:ty, $o:ident) => {{
                let ea = slot!($o.addr) as u32 as usize + $o.offset as usize;
                match memory.get(ea..ea + size_of::<$t>()).and_then(|m| m.first_chunk()) {
                    Some(bytes) => set!($o.dst, <$t>::from_le_bytes(*bytes) as $to as u64),
                    None => leave_rarely!(Exit::Trap(Trap::MemoryOutOfBounds)),
                }
            }};
        }
        macro_rules! store {
            ($t:ty, $o:ident) => {{
                let ea = slot!($o.addr) as u32 as usize + $o.offset as usize;
                let value = slot!($o.value) as $t;
                match memory.get_mut(ea..ea + size_of::<$t>()).and_then(|m| m.first_chunk_mut()) {
                    Some(bytes) => *bytes = value.to_le_bytes(),
                    None => leave_rarely!(Exit::Trap(Trap::MemoryOutOfBounds)),
                }
            }};
        }
        // The bytes from an address on.
        macro_rules! in_memory {
            ($start:expr, $len:expr) => {
                match range(u64::from($start), u64::from($len), memory.len()) {
                    Some(range) => range,
                    None => leave_rarely!(Exit::Trap(Trap::MemoryOutOfBounds)),
                }
            };
        }
        // gas-1, *Dynamic charges*: after the checks and before the effect. A charge above 64 bits exceeds every
        // limit.
        macro_rules! dynamic_charge {
            ($rate:expr, $units:expr) => {
                charge!(u64::try_from(gas::dynamic($rate, u64::from($units))).unwrap_or(u64::MAX))
            };
        }
        // Enters a function of the same instance; others are entered outside of the loop.
        macro_rules! call {
            ($func:expr, $at:expr) => {{
                let (func, at): (u32, u32) = ($func, $at);
                let code = match codes.get(func as usize) {
                    Some(code) if code.entry != EXIT_PC && code.home == home => code,
                    _ => leave!(Exit::Call { func, at }),
                };
                match machine.depth_left.checked_sub(code.depth) {
                    Some(left) => machine.depth_left = left,
                    None => leave!(Exit::StackOverflow),
                }
                charge!(code.entry_cost);
                let (fp, depth) = (machine.fp, code.depth as u32);
                machine.frames.push(Frame { return_pc: pc as u32, fp, depth, far: false });
                machine.fp += at;
                let fp = machine.fp as usize;
                Machine::reserve(&mut machine.stack, fp + code.frame_slots as usize);
                slots = &mut machine.stack[fp..];
                slots[code.params as usize..code.locals as usize].fill(0);
                pc = code.entry as usize;
            }};
        }
        // The function that an indirect call refers to: in bounds, not null, of the right type.
        macro_rules! callee {
            ($index:expr, $signature:expr) => {{
                let signature = program.signatures[$signature as usize];
                let Some(element) = tables[signature.table.index()].get(slot!($index)) else {
                    leave!(Exit::Trap(Trap::UndefinedElement))
                };
                let Some(func) = element.as_func() else {
                    leave!(Exit::Trap(Trap::UninitializedElement))
                };
                let ty = store.funcs[func.index()].ty;
                if ty != signature.ty && !store.types.matches_def(ty, signature.ty) {
                    leave!(Exit::Trap(Trap::IndirectCallTypeMismatch))
                }
                func.0
            }};
        }
        macro_rules! branch_to {
            ($label:expr) => {{
                let label = &program.labels[$label as usize];
                if label.from != label.to {
                    let from = label.from as usize;
                    slots.copy_within(from..from + label.keep as usize, label.to as usize);
                }
                jump!(label.target)
            }};
        }
        macro_rules! ret {
            () => {{
                let Some(frame) = machine.frames.pop() else {
                    leave!(Exit::Crash("a return without a frame"))
                };
                machine.depth_left += u64::from(frame.depth);
                machine.fp = frame.fp;
                slots = &mut machine.stack[frame.fp as usize..];
                jump!(frame.return_pc);
                if frame.far {
                    leave!(Exit::Returned);
                }
            }};
        }
        loop {
            let Some(Step { op, .. }) = ops.get(pc) else { leave_rarely!(BEYOND_PROGRAM) };
            pc += 1;
            match *op {
            Op::Exit => leave!(Exit::Done),
            Op::Nop => {}
            // unreachable
            Op::Unreachable => leave!(Exit::Trap(Trap::Unreachable)),
            Op::Charge { cost } => charge!(cost),
            Op::Const { dst, value } => set!(dst, value),
            // local.get, local.set, local.tee
            Op::Copy(o) => set!(o.dst, slot!(o.a)),
            Op::Copy2(o) => set_vector!(o.dst, vector!(o.a)),
            // select
            Op::Select { dst, b, cond } => {
                if slot!(cond) as u32 == 0 {
                    set!(dst, slot!(b));
                }
            }
            Op::Select2 { dst, b, cond } => {
                if slot!(cond) as u32 == 0 {
                    set_vector!(dst, vector!(b));
                }
            }
            // global.get
            Op::GlobalGet { dst, global } => {
                set!(dst, globals[global as usize].slots()[0]);
            }
            Op::GlobalGet2 { dst, global } => {
                let value = globals[global as usize].slots();
                slots[dst as usize..dst as usize + 2].copy_from_slice(&value);
            }
            // global.set
            Op::GlobalSet { src, global } => {
                globals[global as usize].set_slots([slot!(src), 0]);
            }
            Op::GlobalSet2 { src, global } => {
                globals[global as usize].set_slots([slot!(src), slot!(src + 1)]);
            }
            // table.get
            Op::TableGet { dst, index, table } => match tables[table as usize].get(slot!(index)) {
                Some(value) => set!(dst, value.to_bits()),
                None => leave!(Exit::Trap(Trap::TableOutOfBounds)),
            },
            // table.set
            Op::TableSet { index, value, table } => {
                let Some(value) = Ref::from_bits(slot!(value)) else {
                    leave!(Exit::Crash("a word that is no reference"))
                };
                match tables[table as usize].set(slot!(index), value) {
                    Some(()) => {}
                    None => leave!(Exit::Trap(Trap::TableOutOfBounds)),
                }
            }
            // ref.is_null
            Op::RefIsNull(o) => {
                set!(o.dst, u64::from(slot!(o.a) == Ref::NULL.to_bits()));
            }
            // br, and the jump over the second arm of an if
            Op::Br { target } => jump!(target),
            // br_if
            Op::BrIf { cond, target } => {
                if slot!(cond) as u32 != 0 {
                    jump!(target)
                } else {
                    go_on!()
                }
            }
            // if
            Op::BrUnless { cond, target } => {
                if slot!(cond) as u32 == 0 {
                    jump!(target)
                } else {
                    go_on!()
                }
            }
            Op::BrIfMove { cond, label } => {
                if slot!(cond) as u32 != 0 {
                    branch_to!(label)
                } else {
                    go_on!()
                }
            }
            // br_table
            Op::BrTable { index, first, count } => {
                let index = slot!(index) as u32;
                branch_to!(first + index.min(count))
            }
            // call
            Op::Call { func, at } => call!(func, at),
            // call_indirect
            Op::CallIndirect { index, at, signature } => {
                call!(callee!(index, signature), at)
            }
            // call_ref
            Op::CallRef { func, at } => match Ref::from_bits(slot!(func)).and_then(Ref::as_func) {
                Some(func) => call!(func.0, at),
                None => leave!(Exit::Trap(Trap::NullFunctionReference)),
            },
            // return_call
            Op::ReturnCall { func, at } => leave!(Exit::TailCall { func, at }),
            // return_call_indirect
            Op::ReturnCallIndirect { index, at, signature } => {
                let func = callee!(index, signature);
                leave!(Exit::TailCall { func, at })
            }
            // return_call_ref
            Op::ReturnCallRef { func, at } => {
                match Ref::from_bits(slot!(func)).and_then(Ref::as_func) {
                    Some(func) => leave!(Exit::TailCall { func: func.0, at }),
                    None => leave!(Exit::Trap(Trap::NullFunctionReference)),
                }
            }
            // br_on_null
            Op::BrOnNull { a, label } => {
                if slot!(a) == Ref::NULL.to_bits() {
                    branch_to!(label)
                } else {
                    go_on!()
                }
            }
            // br_on_non_null
            Op::BrOnNonNull { a, label } => {
                if slot!(a) == Ref::NULL.to_bits() {
                    go_on!()
                } else {
                    branch_to!(label)
                }
            }
            Op::BrOnCast { fails, a, label, cast } => {
                leave!(Exit::BrOnCast { fails, word: slot!(a), label, cast })
            }
            // one vector to one vector: etalon_numerics::vector::unop has the instructions
            Op::V128Unary { opcode, dst, a } => {
                let a = vector!(a);
                set_vector!(dst, unary(opcode, a))
            }
            // two vectors to one vector: etalon_numerics::vector::binop has the instructions
            Op::V128Binary { opcode, dst, a, b } => {
                let (a, b) = (vector!(a), vector!(b));
                set_vector!(dst, binary(opcode, a, b))
            }
            // v128.load
            Op::V128Load(o) => {
                let ea = slot!(o.addr) as u32 as usize + o.offset as usize;
                match memory.get(ea..ea + size_of::<u128>()).and_then(|m| m.first_chunk()) {
                    Some(bytes) => set_vector!(o.dst, u128::from_le_bytes(*bytes)),
                    None => leave_rarely!(Exit::Trap(Trap::MemoryOutOfBounds)),
                }
            }
            // v128.store
            Op::V128Store(o) => {
                let ea = slot!(o.addr) as u32 as usize + o.offset as usize;
                let value = vector!(o.value);
                match memory.get_mut(ea..ea + size_of::<u128>()).and_then(|m| m.first_chunk_mut()) {
                    Some(bytes) => *bytes = value.to_le_bytes(),
                    None => leave_rarely!(Exit::Trap(Trap::MemoryOutOfBounds)),
                }
            }
            Op::Vector { opcode, shape, at, x } => {
                if step(&mut slots[at as usize..], &program.vectors, opcode, shape, x).is_none() {
                    leave!(Exit::Crash("no vector instruction"))
                }
            }
            Op::VectorAccess { opcode, at, memarg } => {
                let arg = &program.far_args[memarg as usize];
                // Where a memory may have regions, this operation is not there.
                match access((memory, &[]), &mut slots[at as usize..], opcode, arg) {
                    Ok(()) => {}
                    Err(Fault::Trap(trap)) => leave!(Exit::Trap(trap)),
                    Err(Fault::NoAccess | Fault::Forbidden(_)) => leave!(Exit::Crash("no access of a vector")),
                }
            }
            // memory.fill
            Op::MemoryFill { at, rate } => {
                let (to, value, len) = (read!(32, at), slot!(at + 1) as u8, read!(32, at + 2));
                let to = in_memory!(to, len);
                dynamic_charge!(rate, len);
                memory[to].fill(value);
            }
            // memory.copy
            Op::MemoryCopy { at, rate } => {
                let (to, from, len) = (read!(32, at), read!(32, at + 1), read!(32, at + 2));
                let (to, from) = (in_memory!(to, len), in_memory!(from, len));
                dynamic_charge!(rate, len);
                memory.copy_within(from, to.start);
            }
            // return, and the end of a body
            Op::Return0 => ret!(),
            Op::Return1 { src } => {
                set!(0, slot!(src));
                ret!()
            }
            Op::Return { from, count } => {
                slots.copy_within(from as usize..(from + count) as usize, 0);
                ret!()
            }
            Op::Far { opcode, at, memarg } => leave!(Exit::Far { opcode, at, memarg }),
            Op::Slow { opcode, at, x, y } => leave!(Exit::Slow(Slow { opcode, at, x, y })),
            // i32.add, i32.sub, i32.mul, i32.and, i32.or, i32.xor, i32.shl, i32.shr_s, i32.shr_u,
            // i32.rotl, i32.rotr
            Op::I32Add(o) => total!(32, o, integer::w32::add),
            Op::I32AddK(o) => total_k!(32, o, integer::w32::add),
            Op::I32Sub(o) => total!(32, o, integer::w32::sub),
            Op::I32SubK(o) => total_k!(32, o, integer::w32::sub),
            Op::I32Mul(o) => total!(32, o, integer::w32::mul),
            Op::I32MulK(o) => total_k!(32, o, integer::w32::mul),
            Op::I32And(o) => total!(32, o, integer::w32::and),
            Op::I32AndK(o) => total_k!(32, o, integer::w32::and),
            Op::I32Or(o) => total!(32, o, integer::w32::or),
            Op::I32OrK(o) => total_k!(32, o, integer::w32::or),
            Op::I32Xor(o) => total!(32, o, integer::w32::xor),
            Op::I32XorK(o) => total_k!(32, o, integer::w32::xor),
            Op::I32Shl(o) => total!(32, o, integer::w32::shl),
            Op::I32ShlK(o) => total_k!(32, o, integer::w32::shl),
            Op::I32ShrS(o) => total!(32, o, integer::w32::shr_s),
            Op::I32ShrSK(o) => total_k!(32, o, integer::w32::shr_s),
            Op::I32ShrU(o) => total!(32, o, integer::w32::shr_u),
            Op::I32ShrUK(o) => total_k!(32, o, integer::w32::shr_u),
            Op::I32Rotl(o) => total!(32, o, integer::w32::rotl),
            Op::I32RotlK(o) => total_k!(32, o, integer::w32::rotl),
            Op::I32Rotr(o) => total!(32, o, integer::w32::rotr),
            Op::I32RotrK(o) => total_k!(32, o, integer::w32::rotr),
            // i32.div_s, i32.div_u, i32.rem_s, i32.rem_u
            Op::I32DivS(o) => partial!(32, o, integer::w32::div_s),
            Op::I32DivSK(o) => partial_k!(32, o, integer::w32::div_s),
            Op::I32DivU(o) => partial!(32, o, integer::w32::div_u),
            Op::I32DivUK(o) => partial_k!(32, o, integer::w32::div_u),
            Op::I32RemS(o) => partial!(32, o, integer::w32::rem_s),
            Op::I32RemSK(o) => partial_k!(32, o, integer::w32::rem_s),
            Op::I32RemU(o) => partial!(32, o, integer::w32::rem_u),
            Op::I32RemUK(o) => partial_k!(32, o, integer::w32::rem_u),
            // i32.eq, i32.ne, i32.lt_s, i32.lt_u, i32.gt_s, i32.gt_u, i32.le_s, i32.le_u,
            // i32.ge_s, i32.ge_u
            Op::I32Eq(o) => rel!(32, o, integer::w32::eq),
            Op::I32EqK(o) => rel_k!(32, o, integer::w32::eq),
            Op::I32Ne(o) => rel!(32, o, integer::w32::ne),
            Op::I32NeK(o) => rel_k!(32, o, integer::w32::ne),
            Op::I32LtS(o) => rel!(32, o, integer::w32::lt_s),
            Op::I32LtSK(o) => rel_k!(32, o, integer::w32::lt_s),
            Op::I32LtU(o) => rel!(32, o, integer::w32::lt_u),
            Op::I32LtUK(o) => rel_k!(32, o, integer::w32::lt_u),
            Op::I32GtS(o) => rel!(32, o, integer::w32::gt_s),
            Op::I32GtSK(o) => rel_k!(32, o, integer::w32::gt_s),
            Op::I32GtU(o) => rel!(32, o, integer::w32::gt_u),
            Op::I32GtUK(o) => rel_k!(32, o, integer::w32::gt_u),
            Op::I32LeS(o) => rel!(32, o, integer::w32::le_s),
            Op::I32LeSK(o) => rel_k!(32, o, integer::w32::le_s),
            Op::I32LeU(o) => rel!(32, o, integer::w32::le_u),
            Op::I32LeUK(o) => rel_k!(32, o, integer::w32::le_u),
            Op::I32GeS(o) => rel!(32, o, integer::w32::ge_s),
            Op::I32GeSK(o) => rel_k!(32, o, integer::w32::ge_s),
            Op::I32GeU(o) => rel!(32, o, integer::w32::ge_u),
            Op::I32GeUK(o) => rel_k!(32, o, integer::w32::ge_u),
            // a comparison of i32 and br_if, or if
            Op::BrIfI32Eq(o) => branch!(32, o, integer::w32::eq),
            Op::BrIfI32EqK(o) => branch_k!(32, o, integer::w32::eq),
            Op::BrIfI32Ne(o) => branch!(32, o, integer::w32::ne),
            Op::BrIfI32NeK(o) => branch_k!(32, o, integer::w32::ne),
            Op::BrIfI32LtS(o) => branch!(32, o, integer::w32::lt_s),
            Op::BrIfI32LtSK(o) => branch_k!(32, o, integer::w32::lt_s),
            Op::BrIfI32LtU(o) => branch!(32, o, integer::w32::lt_u),
            Op::BrIfI32LtUK(o) => branch_k!(32, o, integer::w32::lt_u),
            Op::BrIfI32GtS(o) => branch!(32, o, integer::w32::gt_s),
            Op::BrIfI32GtSK(o) => branch_k!(32, o, integer::w32::gt_s),
            Op::BrIfI32GtU(o) => branch!(32, o, integer::w32::gt_u),
            Op::BrIfI32GtUK(o) => branch_k!(32, o, integer::w32::gt_u),
            Op::BrIfI32LeS(o) => branch!(32, o, integer::w32::le_s),
            Op::BrIfI32LeSK(o) => branch_k!(32, o, integer::w32::le_s),
            Op::BrIfI32LeU(o) => branch!(32, o, integer::w32::le_u),
            Op::BrIfI32LeUK(o) => branch_k!(32, o, integer::w32::le_u),
            Op::BrIfI32GeS(o) => branch!(32, o, integer::w32::ge_s),
            Op::BrIfI32GeSK(o) => branch_k!(32, o, integer::w32::ge_s),
            Op::BrIfI32GeU(o) => branch!(32, o, integer::w32::ge_u),
            Op::BrIfI32GeUK(o) => branch_k!(32, o, integer::w32::ge_u),
            // i32.eqz, i32.clz, i32.ctz, i32.popcnt, i32.extend8_s, i32.extend16_s
            Op::I32Eqz(o) => test!(32, o, integer::w32::eqz),
            Op::I32Clz(o) => unary!(32, o, integer::w32::clz),
            Op::I32Ctz(o) => unary!(32, o, integer::w32::ctz),
            Op::I32Popcnt(o) => unary!(32, o, integer::w32::popcnt),
            Op::I32Extend8S(o) => unary!(32, o, integer::w32::extend8_s),
            Op::I32Extend16S(o) => unary!(32, o, integer::w32::extend16_s),
            // i64.add, i64.sub, i64.mul, i64.and, i64.or, i64.xor, i64.shl, i64.shr_s, i64.shr_u,
            // i64.rotl, i64.rotr
            Op::I64Add(o) => total!(64, o, integer::w64::add),
            Op::I64AddK(o) => total_k!(64, o, integer::w64::add),
            Op::I64Sub(o) => total!(64, o, integer::w64::sub),
            Op::I64SubK(o) => total_k!(64, o, integer::w64::sub),
            Op::I64Mul(o) => total!(64, o, integer::w64::mul),
            Op::I64MulK(o) => total_k!(64, o, integer::w64::mul),
            Op::I64And(o) => total!(64, o, integer::w64::and),
            Op::I64AndK(o) => total_k!(64, o, integer::w64::and),
            Op::I64Or(o) => total!(64, o, integer::w64::or),
            Op::I64OrK(o) => total_k!(64, o, integer::w64::or),
            Op::I64Xor(o) => total!(64, o, integer::w64::xor),
            Op::I64XorK(o) => total_k!(64, o, integer::w64::xor),
            Op::I64Shl(o) => total!(64, o, integer::w64::shl),
            Op::I64ShlK(o) => total_k!(64, o, integer::w64::shl),
            Op::I64ShrS(o) => total!(64, o, integer::w64::shr_s),
            Op::I64ShrSK(o) => total_k!(64, o, integer::w64::shr_s),
            Op::I64ShrU(o) => total!(64, o, integer::w64::shr_u),
            Op::I64ShrUK(o) => total_k!(64, o, integer::w64::shr_u),
            Op::I64Rotl(o) => total!(64, o, integer::w64::rotl),
            Op::I64RotlK(o) => total_k!(64, o, integer::w64::rotl),
            Op::I64Rotr(o) => total!(64, o, integer::w64::rotr),
            Op::I64RotrK(o) => total_k!(64, o, integer::w64::rotr),
            // i64.div_s, i64.div_u, i64.rem_s, i64.rem_u
            Op::I64DivS(o) => partial!(64, o, integer::w64::div_s),
            Op::I64DivSK(o) => partial_k!(64, o, integer::w64::div_s),
            Op::I64DivU(o) => partial!(64, o, integer::w64::div_u),
            Op::I64DivUK(o) => partial_k!(64, o, integer::w64::div_u),
            Op::I64RemS(o) => partial!(64, o, integer::w64::rem_s),
            Op::I64RemSK(o) => partial_k!(64, o, integer::w64::rem_s),
            Op::I64RemU(o) => partial!(64, o, integer::w64::rem_u),
            Op::I64RemUK(o) => partial_k!(64, o, integer::w64::rem_u),
            // i64.eq, i64.ne, i64.lt_s, i64.lt_u, i64.gt_s, i64.gt_u, i64.le_s, i64.le_u,
            // i64.ge_s, i64.ge_u
            Op::I64Eq(o) => rel!(64, o, integer::w64::eq),
            // ref.eq
            Op::RefEq(o) => set!(o.dst, u64::from(slot!(o.a) == slot!(o.b))),
            Op::I64EqK(o) => rel_k!(64, o, integer::w64::eq),
            Op::I64Ne(o) => rel!(64, o, integer::w64::ne),
            Op::I64NeK(o) => rel_k!(64, o, integer::w64::ne),
            Op::I64LtS(o) => rel!(64, o, integer::w64::lt_s),
            Op::I64LtSK(o) => rel_k!(64, o, integer::w64::lt_s),
            Op::I64LtU(o) => rel!(64, o, integer::w64::lt_u),
            Op::I64LtUK(o) => rel_k!(64, o, integer::w64::lt_u),
            Op::I64GtS(o) => rel!(64, o, integer::w64::gt_s),
            Op::I64GtSK(o) => rel_k!(64, o, integer::w64::gt_s),
            Op::I64GtU(o) => rel!(64, o, integer::w64::gt_u),
            Op::I64GtUK(o) => rel_k!(64, o, integer::w64::gt_u),
            Op::I64LeS(o) => rel!(64, o, integer::w64::le_s),
            Op::I64LeSK(o) => rel_k!(64, o, integer::w64::le_s),
            Op::I64LeU(o) => rel!(64, o, integer::w64::le_u),
            Op::I64LeUK(o) => rel_k!(64, o, integer::w64::le_u),
            Op::I64GeS(o) => rel!(64, o, integer::w64::ge_s),
            Op::I64GeSK(o) => rel_k!(64, o, integer::w64::ge_s),
            Op::I64GeU(o) => rel!(64, o, integer::w64::ge_u),
            Op::I64GeUK(o) => rel_k!(64, o, integer::w64::ge_u),
            // a comparison of i64 and br_if, or if
            Op::BrIfI64Eq(o) => branch!(64, o, integer::w64::eq),
            Op::BrIfI64EqK(o) => branch_k!(64, o, integer::w64::eq),
            Op::BrIfI64Ne(o) => branch!(64, o, integer::w64::ne),
            Op::BrIfI64NeK(o) => branch_k!(64, o, integer::w64::ne),
            Op::BrIfI64LtS(o) => branch!(64, o, integer::w64::lt_s),
            Op::BrIfI64LtSK(o) => branch_k!(64, o, integer::w64::lt_s),
            Op::BrIfI64LtU(o) => branch!(64, o, integer::w64::lt_u),
            Op::BrIfI64LtUK(o) => branch_k!(64, o, integer::w64::lt_u),
            Op::BrIfI64GtS(o) => branch!(64, o, integer::w64::gt_s),
            Op::BrIfI64GtSK(o) => branch_k!(64, o, integer::w64::gt_s),
            Op::BrIfI64GtU(o) => branch!(64, o, integer::w64::gt_u),
            Op::BrIfI64GtUK(o) => branch_k!(64, o, integer::w64::gt_u),
            Op::BrIfI64LeS(o) => branch!(64, o, integer::w64::le_s),
            Op::BrIfI64LeSK(o) => branch_k!(64, o, integer::w64::le_s),
            Op::BrIfI64LeU(o) => branch!(64, o, integer::w64::le_u),
            Op::BrIfI64LeUK(o) => branch_k!(64, o, integer::w64::le_u),
            Op::BrIfI64GeS(o) => branch!(64, o, integer::w64::ge_s),
            Op::BrIfI64GeSK(o) => branch_k!(64, o, integer::w64::ge_s),
            Op::BrIfI64GeU(o) => branch!(64, o, integer::w64::ge_u),
            Op::BrIfI64GeUK(o) => branch_k!(64, o, integer::w64::ge_u),
            // i64.eqz, i64.clz, i64.ctz, i64.popcnt, i64.extend8_s, i64.extend16_s, i64.extend32_s
            Op::I64Eqz(o) => test!(64, o, integer::w64::eqz),
            Op::I64Clz(o) => unary!(64, o, integer::w64::clz),
            Op::I64Ctz(o) => unary!(64, o, integer::w64::ctz),
            Op::I64Popcnt(o) => unary!(64, o, integer::w64::popcnt),
            Op::I64Extend8S(o) => unary!(64, o, integer::w64::extend8_s),
            Op::I64Extend16S(o) => unary!(64, o, integer::w64::extend16_s),
            Op::I64Extend32S(o) => unary!(64, o, integer::extend32_s),
            // f32.add, f32.sub, f32.mul, f32.div, f32.min, f32.max, f32.copysign
            Op::F32Add(o) => total!(f32, o, float::w32::add),
            Op::F32Sub(o) => total!(f32, o, float::w32::sub),
            Op::F32Mul(o) => total!(f32, o, float::w32::mul),
            Op::F32Div(o) => total!(f32, o, float::w32::div),
            Op::F32Min(o) => total!(f32, o, float::w32::min),
            Op::F32Max(o) => total!(f32, o, float::w32::max),
            Op::F32Copysign(o) => total!(32, o, float::w32::copysign),
            // f32.eq, f32.ne, f32.lt, f32.gt, f32.le, f32.ge
            Op::F32Eq(o) => rel!(f32, o, float::w32::eq),
            Op::F32Ne(o) => rel!(f32, o, float::w32::ne),
            Op::F32Lt(o) => rel!(f32, o, float::w32::lt),
            Op::F32Gt(o) => rel!(f32, o, float::w32::gt),
            Op::F32Le(o) => rel!(f32, o, float::w32::le),
            Op::F32Ge(o) => rel!(f32, o, float::w32::ge),
            // f32.ceil, f32.floor, f32.trunc, f32.nearest, f32.sqrt, f32.abs, f32.neg
            Op::F32Ceil(o) => unary!(f32, o, float::w32::ceil),
            Op::F32Floor(o) => unary!(f32, o, float::w32::floor),
            Op::F32Trunc(o) => unary!(f32, o, float::w32::trunc),
            Op::F32Nearest(o) => unary!(f32, o, float::w32::nearest),
            Op::F32Sqrt(o) => unary!(f32, o, float::w32::sqrt),
            Op::F32Abs(o) => unary!(32, o, float::w32::abs),
            Op::F32Neg(o) => unary!(32, o, float::w32::neg),
            // f64.add, f64.sub, f64.mul, f64.div, f64.min, f64.max, f64.copysign
            Op::F64Add(o) => total!(f64, o, float::w64::add),
            Op::F64Sub(o) => total!(f64, o, float::w64::sub),
            Op::F64Mul(o) => total!(f64, o, float::w64::mul),
            Op::F64Div(o) => total!(f64, o, float::w64::div),
            Op::F64Min(o) => total!(f64, o, float::w64::min),
            Op::F64Max(o) => total!(f64, o, float::w64::max),
            Op::F64Copysign(o) => total!(64, o, float::w64::copysign),
            // f64.eq, f64.ne, f64.lt, f64.gt, f64.le, f64.ge
            Op::F64Eq(o) => rel!(f64, o, float::w64::eq),
            Op::F64Ne(o) => rel!(f64, o, float::w64::ne),
            Op::F64Lt(o) => rel!(f64, o, float::w64::lt),
            Op::F64Gt(o) => rel!(f64, o, float::w64::gt),
            Op::F64Le(o) => rel!(f64, o, float::w64::le),
            Op::F64Ge(o) => rel!(f64, o, float::w64::ge),
            // f64.ceil, f64.floor, f64.trunc, f64.nearest, f64.sqrt, f64.abs, f64.neg
            Op::F64Ceil(o) => unary!(f64, o, float::w64::ceil),
            Op::F64Floor(o) => unary!(f64, o, float::w64::floor),
            Op::F64Trunc(o) => unary!(f64, o, float::w64::trunc),
            Op::F64Nearest(o) => unary!(f64, o, float::w64::nearest),
            Op::F64Sqrt(o) => unary!(f64, o, float::w64::sqrt),
            Op::F64Abs(o) => unary!(64, o, float::w64::abs),
            Op::F64Neg(o) => unary!(64, o, float::w64::neg),
            // i32.wrap_i64, i64.extend_i32_s, i64.extend_i32_u, f32.convert_i32_s,
            // f32.convert_i32_u, f32.convert_i64_s, f32.convert_i64_u, f64.convert_i32_s,
            // f64.convert_i32_u, f64.convert_i64_s, f64.convert_i64_u, f32.demote_f64,
            // f64.promote_f32, i32.trunc_sat_f32_s, i32.trunc_sat_f32_u, i32.trunc_sat_f64_s,
            // i32.trunc_sat_f64_u, i64.trunc_sat_f32_s, i64.trunc_sat_f32_u, i64.trunc_sat_f64_s,
            // i64.trunc_sat_f64_u
            Op::I32WrapI64(o) => convert!(u64 => u32, o, conversion::i32_wrap_i64),
            Op::I64ExtendI32S(o) => convert!(u32 => u64, o, conversion::i64_extend_i32_s),
            Op::I64ExtendI32U(o) => convert!(u32 => u64, o, conversion::i64_extend_i32_u),
            Op::F32ConvertI32S(o) => convert!(u32 => f32, o, conversion::f32_convert_i32_s),
            Op::F32ConvertI32U(o) => convert!(u32 => f32, o, conversion::f32_convert_i32_u),
            Op::F32ConvertI64S(o) => convert!(u64 => f32, o, conversion::f32_convert_i64_s),
            Op::F32ConvertI64U(o) => convert!(u64 => f32, o, conversion::f32_convert_i64_u),
            Op::F64ConvertI32S(o) => convert!(u32 => f64, o, conversion::f64_convert_i32_s),
            Op::F64ConvertI32U(o) => convert!(u32 => f64, o, conversion::f64_convert_i32_u),
            Op::F64ConvertI64S(o) => convert!(u64 => f64, o, conversion::f64_convert_i64_s),
            Op::F64ConvertI64U(o) => convert!(u64 => f64, o, conversion::f64_convert_i64_u),
            Op::F32DemoteF64(o) => convert!(f64 => f32, o, conversion::f32_demote_f64),
            Op::F64PromoteF32(o) => convert!(f32 => f64, o, conversion::f64_promote_f32),
            Op::I32TruncSatF32S(o) => convert!(f32 => u32, o, conversion::i32_trunc_sat_f32_s),
            Op::I32TruncSatF32U(o) => convert!(f32 => u32, o, conversion::i32_trunc_sat_f32_u),
            Op::I32TruncSatF64S(o) => convert!(f64 => u32, o, conversion::i32_trunc_sat_f64_s),
            Op::I32TruncSatF64U(o) => convert!(f64 => u32, o, conversion::i32_trunc_sat_f64_u),
            Op::I64TruncSatF32S(o) => convert!(f32 => u64, o, conversion::i64_trunc_sat_f32_s),
            Op::I64TruncSatF32U(o) => convert!(f32 => u64, o, conversion::i64_trunc_sat_f32_u),
            Op::I64TruncSatF64S(o) => convert!(f64 => u64, o, conversion::i64_trunc_sat_f64_s),
            Op::I64TruncSatF64U(o) => convert!(f64 => u64, o, conversion::i64_trunc_sat_f64_u),
            // i32.trunc_f32_s, i32.trunc_f32_u, i32.trunc_f64_s, i32.trunc_f64_u, i64.trunc_f32_s,
            // i64.trunc_f32_u, i64.trunc_f64_s, i64.trunc_f64_u
            Op::I32TruncF32S(o) => convert_partial!(f32 => u32, o, conversion::i32_trunc_f32_s),
            Op::I32TruncF32U(o) => convert_partial!(f32 => u32, o, conversion::i32_trunc_f32_u),
            Op::I32TruncF64S(o) => convert_partial!(f64 => u32, o, conversion::i32_trunc_f64_s),
            Op::I32TruncF64U(o) => convert_partial!(f64 => u32, o, conversion::i32_trunc_f64_u),
            Op::I64TruncF32S(o) => convert_partial!(f32 => u64, o, conversion::i64_trunc_f32_s),
            Op::I64TruncF32U(o) => convert_partial!(f32 => u64, o, conversion::i64_trunc_f32_u),
            Op::I64TruncF64S(o) => convert_partial!(f64 => u64, o, conversion::i64_trunc_f64_s),
            Op::I64TruncF64U(o) => convert_partial!(f64 => u64, o, conversion::i64_trunc_f64_u),
            // i32.load, i64.load, f32.load, f64.load
            Op::I32Load(o) => load!(u32 as u32, o),
            Op::I64Load(o) => load!(u64 as u64, o),
            Op::F32Load(o) => load!(u32 as u32, o),
            Op::F64Load(o) => load!(u64 as u64, o),
            // i32.load8_s, i32.load8_u, i32.load16_s, i32.load16_u, i64.load8_s, i64.load8_u,
            // i64.load16_s, i64.load16_u, i64.load32_s, i64.load32_u
            Op::I32Load8S(o) => load!(i8 as u32, o),
            Op::I32Load8U(o) => load!(u8 as u32, o),
            Op::I32Load16S(o) => load!(i16 as u32, o),
            Op::I32Load16U(o) => load!(u16 as u32, o),
            Op::I64Load8S(o) => load!(i8 as u64, o),
            Op::I64Load8U(o) => load!(u8 as u64, o),
            Op::I64Load16S(o) => load!(i16 as u64, o),
            Op::I64Load16U(o) => load!(u16 as u64, o),
            Op::I64Load32S(o) => load!(i32 as u64, o),
            Op::I64Load32U(o) => load!(u32 as u64, o),
            // i32.store, i64.store, f32.store, f64.store
            Op::I32Store(o) => store!(u32, o),
            Op::I64Store(o) => store!(u64, o),
            Op::F32Store(o) => store!(u32, o),
            Op::F64Store(o) => store!(u64, o),
            // i32.store8, i32.store16, i64.store8, i64.store16, i64.store32
            Op::I32Store8(o) => store!(u8, o),
            Op::I32Store16(o) => store!(u16, o),
            Op::I64Store8(o) => store!(u8, o),
            Op::I64Store16(o) => store!(u16, o),
            Op::I64Store32(o) => store!(u32, o),
            }
        }
    };
    machine.pc = pc as u32;
    exit
}
