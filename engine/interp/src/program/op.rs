//! Operations: what preparation turns a function's instructions into.
//!
//! An operation names its operands by their slots, counted from the first slot of the frame. That is
//! possible because validation has determined the height of the operand stack at every instruction. An
//! operand that is still in its local needs no move: the operation reads it there.

use etalon_gas::Rate;
use etalon_module::Opcode;

/// A result and one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Un {
    pub(crate) dst: u32,
    pub(crate) a: u32,
}

/// A result and two operands. In variants that end in `K`, the second is the value itself: a constant that is
/// sign-extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bin {
    pub(crate) dst: u32,
    pub(crate) a: u32,
    pub(crate) b: u32,
}

/// A comparison, and its target if it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cmp {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) target: u32,
}

/// A load from the instance's first memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) dst: u32,
    pub(crate) addr: u32,
    pub(crate) offset: u32,
}

/// A store to the instance's first memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Store {
    pub(crate) addr: u32,
    pub(crate) value: u32,
    pub(crate) offset: u32,
}

/// Any operator without a variant of its own: where its operands begin, and two immediates,
/// resolved to addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slow {
    pub(crate) opcode: Opcode,
    pub(crate) at: u32,
    pub(crate) x: u32,
    pub(crate) y: u32,
}

/// The form of a vector instruction: what its operands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Shape {
    /// A constant.
    Const,
    /// One vector.
    Unary,
    /// Two vectors.
    Binary,
    /// Two vectors and sixteen lane numbers.
    Shuffle,
    /// Three vectors.
    Ternary,
    /// A vector and an amount.
    Shift,
    /// A vector, to a number.
    Test,
    /// A number.
    Splat,
    /// A vector and a lane number, to a number.
    Extract,
    /// A vector, a lane number and a number.
    Replace,
}

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[rustfmt::skip]
pub(crate) enum Op {
    /// Leaves the loop: the function that was called from outside has returned.
    Exit,
    /// Nothing.
    Nop,
    /// `unreachable`
    Unreachable,
    /// Takes gas where control falls through into a gas segment.
    Charge { cost: u64 },
    /// A constant.
    Const { dst: u32, value: u64 },
    /// Moves one slot: `local.get`, `local.set`, `local.tee`, or a value to where a label wants it.
    Copy(Un),
    /// Moves two slots.
    Copy2(Un),
    /// Keeps `dst` if the condition holds, else replaces it by `b`.
    Select { dst: u32, b: u32, cond: u32 },
    /// The same for two slots.
    Select2 { dst: u32, b: u32, cond: u32 },
    /// `global.get`
    GlobalGet { dst: u32, global: u32 },
    /// `global.get` of a vector.
    GlobalGet2 { dst: u32, global: u32 },
    /// `global.set`
    GlobalSet { src: u32, global: u32 },
    /// `global.set` of a vector.
    GlobalSet2 { src: u32, global: u32 },
    /// `table.get`
    TableGet { dst: u32, index: u32, table: u32 },
    /// `table.set`
    TableSet { index: u32, value: u32, table: u32 },
    /// `ref.is_null`
    RefIsNull(Un),
    /// A jump: `br` with its values in place, or past the other arm of an `if`.
    Br { target: u32 },
    /// Jumps if the condition holds.
    BrIf { cond: u32, target: u32 },
    /// Jumps if the condition does not hold: an `if`, or `i32.eqz` before `br_if`.
    BrUnless { cond: u32, target: u32 },
    /// Moves a label's values and jumps if the condition holds.
    BrIfMove { cond: u32, label: u32 },
    /// `br_table`: the first of its labels and how many it has besides the default.
    BrTable { index: u32, first: u32, count: u32 },
    /// `call`: the function's address, and where its arguments begin.
    Call { func: u32, at: u32 },
    /// `call_indirect`: operand, where the arguments begin, and which row of the signatures.
    CallIndirect { index: u32, at: u32, signature: u32 },
    /// `call_ref`: the slot of the function reference, and where its arguments begin.
    CallRef { func: u32, at: u32 },
    /// `return_call`
    ReturnCall { func: u32, at: u32 },
    /// `return_call_indirect`
    ReturnCallIndirect { index: u32, at: u32, signature: u32 },
    /// `return_call_ref`
    ReturnCallRef { func: u32, at: u32 },
    /// `br_on_null`
    BrOnNull { a: u32, label: u32 },
    /// `br_on_non_null`
    BrOnNonNull { a: u32, label: u32 },
    /// `br_on_cast`, or with `fails` `br_on_cast_fail`: the reference's slot, and which row of the casts.
    BrOnCast { fails: bool, a: u32, label: u32, cast: u32 },
    /// A vector instruction from one vector to one vector.
    V128Unary { opcode: Opcode, dst: u32, a: u32 },
    /// A vector instruction from two vectors to one vector.
    V128Binary { opcode: Opcode, dst: u32, a: u32, b: u32 },
    /// Any other vector instruction: its operands are at `at`, and so is its result.
    Vector { opcode: Opcode, shape: Shape, at: u32, x: u32 },
    /// `v128.load` from the instance's first memory.
    V128Load(Load),
    /// `v128.store` to the instance's first memory.
    V128Store(Store),
    /// Any other load or store of a vector or lane in the instance's first memory.
    VectorAccess { opcode: Opcode, at: u32, memarg: u32 },
    /// `memory.fill` of the instance's first memory with 32-bit addresses: where its operands begin, and
    /// the rate of its dynamic charge.
    MemoryFill { at: u32, rate: Rate },
    /// `memory.copy` within the instance's first memory with 32-bit addresses.
    MemoryCopy { at: u32, rate: Rate },
    /// Returns no results.
    Return0,
    /// Returns one slot.
    Return1 { src: u32 },
    /// Returns the slots from `from` on.
    Return { from: u32, count: u32 },
    /// A load or store of a memory that is not the instance's first, has 64-bit addresses, or may have regions.
    Far { opcode: Opcode, at: u32, memarg: u32 },
    /// Any other operator: its operands are at `at`, and so are its results.
    Slow { opcode: Opcode, at: u32, x: u32, y: u32 },
    // numeric instructions with two operands
    I32Add(Bin),
    I32Sub(Bin),
    I32Mul(Bin),
    I32And(Bin),
    I32Or(Bin),
    I32Xor(Bin),
    I32Shl(Bin),
    I32ShrS(Bin),
    I32ShrU(Bin),
    I32Rotl(Bin),
    I32Rotr(Bin),
    I32DivS(Bin),
    I32DivU(Bin),
    I32RemS(Bin),
    I32RemU(Bin),
    I32Eq(Bin),
    I32Ne(Bin),
    I32LtS(Bin),
    I32LtU(Bin),
    I32GtS(Bin),
    I32GtU(Bin),
    I32LeS(Bin),
    I32LeU(Bin),
    I32GeS(Bin),
    I32GeU(Bin),
    I64Add(Bin),
    I64Sub(Bin),
    I64Mul(Bin),
    I64And(Bin),
    I64Or(Bin),
    I64Xor(Bin),
    I64Shl(Bin),
    I64ShrS(Bin),
    I64ShrU(Bin),
    I64Rotl(Bin),
    I64Rotr(Bin),
    I64DivS(Bin),
    I64DivU(Bin),
    I64RemS(Bin),
    I64RemU(Bin),
    I64Eq(Bin),
    /// `ref.eq`: equal references are equal words, null among them.
    RefEq(Bin),
    I64Ne(Bin),
    I64LtS(Bin),
    I64LtU(Bin),
    I64GtS(Bin),
    I64GtU(Bin),
    I64LeS(Bin),
    I64LeU(Bin),
    I64GeS(Bin),
    I64GeU(Bin),
    F32Add(Bin),
    F32Sub(Bin),
    F32Mul(Bin),
    F32Div(Bin),
    F32Min(Bin),
    F32Max(Bin),
    F32Copysign(Bin),
    F32Eq(Bin),
    F32Ne(Bin),
    F32Lt(Bin),
    F32Gt(Bin),
    F32Le(Bin),
    F32Ge(Bin),
    F64Add(Bin),
    F64Sub(Bin),
    F64Mul(Bin),
    F64Div(Bin),
    F64Min(Bin),
    F64Max(Bin),
    F64Copysign(Bin),
    F64Eq(Bin),
    F64Ne(Bin),
    F64Lt(Bin),
    F64Gt(Bin),
    F64Le(Bin),
    F64Ge(Bin),
    // the same with a constant for the second
    I32AddK(Bin),
    I32SubK(Bin),
    I32MulK(Bin),
    I32AndK(Bin),
    I32OrK(Bin),
    I32XorK(Bin),
    I32ShlK(Bin),
    I32ShrSK(Bin),
    I32ShrUK(Bin),
    I32RotlK(Bin),
    I32RotrK(Bin),
    I32DivSK(Bin),
    I32DivUK(Bin),
    I32RemSK(Bin),
    I32RemUK(Bin),
    I32EqK(Bin),
    I32NeK(Bin),
    I32LtSK(Bin),
    I32LtUK(Bin),
    I32GtSK(Bin),
    I32GtUK(Bin),
    I32LeSK(Bin),
    I32LeUK(Bin),
    I32GeSK(Bin),
    I32GeUK(Bin),
    I64AddK(Bin),
    I64SubK(Bin),
    I64MulK(Bin),
    I64AndK(Bin),
    I64OrK(Bin),
    I64XorK(Bin),
    I64ShlK(Bin),
    I64ShrSK(Bin),
    I64ShrUK(Bin),
    I64RotlK(Bin),
    I64RotrK(Bin),
    I64DivSK(Bin),
    I64DivUK(Bin),
    I64RemSK(Bin),
    I64RemUK(Bin),
    I64EqK(Bin),
    I64NeK(Bin),
    I64LtSK(Bin),
    I64LtUK(Bin),
    I64GtSK(Bin),
    I64GtUK(Bin),
    I64LeSK(Bin),
    I64LeUK(Bin),
    I64GeSK(Bin),
    I64GeUK(Bin),
    // numeric instructions with one operand
    I32Eqz(Un),
    I32Clz(Un),
    I32Ctz(Un),
    I32Popcnt(Un),
    I32Extend8S(Un),
    I32Extend16S(Un),
    I64Eqz(Un),
    I64Clz(Un),
    I64Ctz(Un),
    I64Popcnt(Un),
    I64Extend8S(Un),
    I64Extend16S(Un),
    I64Extend32S(Un),
    F32Ceil(Un),
    F32Floor(Un),
    F32Trunc(Un),
    F32Nearest(Un),
    F32Sqrt(Un),
    F32Abs(Un),
    F32Neg(Un),
    F64Ceil(Un),
    F64Floor(Un),
    F64Trunc(Un),
    F64Nearest(Un),
    F64Sqrt(Un),
    F64Abs(Un),
    F64Neg(Un),
    I32WrapI64(Un),
    I32TruncF32S(Un),
    I32TruncF32U(Un),
    I32TruncF64S(Un),
    I32TruncF64U(Un),
    I64TruncF32S(Un),
    I64TruncF32U(Un),
    I64TruncF64S(Un),
    I64TruncF64U(Un),
    I64ExtendI32S(Un),
    I64ExtendI32U(Un),
    F32ConvertI32S(Un),
    F32ConvertI32U(Un),
    F32ConvertI64S(Un),
    F32ConvertI64U(Un),
    F64ConvertI32S(Un),
    F64ConvertI32U(Un),
    F64ConvertI64S(Un),
    F64ConvertI64U(Un),
    F32DemoteF64(Un),
    F64PromoteF32(Un),
    I32TruncSatF32S(Un),
    I32TruncSatF32U(Un),
    I32TruncSatF64S(Un),
    I32TruncSatF64U(Un),
    I64TruncSatF32S(Un),
    I64TruncSatF32U(Un),
    I64TruncSatF64S(Un),
    I64TruncSatF64U(Un),
    // comparisons that branch
    BrIfI32Eq(Cmp),
    BrIfI32EqK(Cmp),
    BrIfI32Ne(Cmp),
    BrIfI32NeK(Cmp),
    BrIfI32LtS(Cmp),
    BrIfI32LtSK(Cmp),
    BrIfI32LtU(Cmp),
    BrIfI32LtUK(Cmp),
    BrIfI32GtS(Cmp),
    BrIfI32GtSK(Cmp),
    BrIfI32GtU(Cmp),
    BrIfI32GtUK(Cmp),
    BrIfI32LeS(Cmp),
    BrIfI32LeSK(Cmp),
    BrIfI32LeU(Cmp),
    BrIfI32LeUK(Cmp),
    BrIfI32GeS(Cmp),
    BrIfI32GeSK(Cmp),
    BrIfI32GeU(Cmp),
    BrIfI32GeUK(Cmp),
    BrIfI64Eq(Cmp),
    BrIfI64EqK(Cmp),
    BrIfI64Ne(Cmp),
    BrIfI64NeK(Cmp),
    BrIfI64LtS(Cmp),
    BrIfI64LtSK(Cmp),
    BrIfI64LtU(Cmp),
    BrIfI64LtUK(Cmp),
    BrIfI64GtS(Cmp),
    BrIfI64GtSK(Cmp),
    BrIfI64GtU(Cmp),
    BrIfI64GtUK(Cmp),
    BrIfI64LeS(Cmp),
    BrIfI64LeSK(Cmp),
    BrIfI64LeU(Cmp),
    BrIfI64LeUK(Cmp),
    BrIfI64GeS(Cmp),
    BrIfI64GeSK(Cmp),
    BrIfI64GeU(Cmp),
    BrIfI64GeUK(Cmp),
    // loads
    I32Load(Load),
    I64Load(Load),
    F32Load(Load),
    F64Load(Load),
    I32Load8S(Load),
    I32Load8U(Load),
    I32Load16S(Load),
    I32Load16U(Load),
    I64Load8S(Load),
    I64Load8U(Load),
    I64Load16S(Load),
    I64Load16U(Load),
    I64Load32S(Load),
    I64Load32U(Load),
    // stores
    I32Store(Store),
    I64Store(Store),
    F32Store(Store),
    F64Store(Store),
    I32Store8(Store),
    I32Store16(Store),
    I64Store8(Store),
    I64Store16(Store),
    I64Store32(Store),
}

impl Op {
    /// The slot that the operation writes, where that is one that may be chosen freely.
    #[rustfmt::skip]
    pub(crate) fn dst_mut(&mut self) -> Option<&mut u32> {
        match self {
            Op::Const { dst, .. } | Op::GlobalGet { dst, .. } | Op::TableGet { dst, .. } => Some(dst),
            Op::V128Unary { dst, .. } | Op::V128Binary { dst, .. } => Some(dst),
            Op::V128Load(o) => Some(&mut o.dst),
            Op::Copy(o) | Op::RefIsNull(o) => Some(&mut o.dst),
            Op::I32Eqz(o)
            | Op::I32Clz(o)
            | Op::I32Ctz(o)
            | Op::I32Popcnt(o)
            | Op::I32Extend8S(o)
            | Op::I32Extend16S(o)
            | Op::I64Eqz(o)
            | Op::I64Clz(o)
            | Op::I64Ctz(o)
            | Op::I64Popcnt(o)
            | Op::I64Extend8S(o)
            | Op::I64Extend16S(o)
            | Op::I64Extend32S(o)
            | Op::F32Ceil(o)
            | Op::F32Floor(o)
            | Op::F32Trunc(o)
            | Op::F32Nearest(o)
            | Op::F32Sqrt(o)
            | Op::F32Abs(o)
            | Op::F32Neg(o)
            | Op::F64Ceil(o)
            | Op::F64Floor(o)
            | Op::F64Trunc(o)
            | Op::F64Nearest(o)
            | Op::F64Sqrt(o)
            | Op::F64Abs(o)
            | Op::F64Neg(o)
            | Op::I32WrapI64(o)
            | Op::I32TruncF32S(o)
            | Op::I32TruncF32U(o)
            | Op::I32TruncF64S(o)
            | Op::I32TruncF64U(o)
            | Op::I64TruncF32S(o)
            | Op::I64TruncF32U(o)
            | Op::I64TruncF64S(o)
            | Op::I64TruncF64U(o)
            | Op::I64ExtendI32S(o)
            | Op::I64ExtendI32U(o)
            | Op::F32ConvertI32S(o)
            | Op::F32ConvertI32U(o)
            | Op::F32ConvertI64S(o)
            | Op::F32ConvertI64U(o)
            | Op::F64ConvertI32S(o)
            | Op::F64ConvertI32U(o)
            | Op::F64ConvertI64S(o)
            | Op::F64ConvertI64U(o)
            | Op::F32DemoteF64(o)
            | Op::F64PromoteF32(o)
            | Op::I32TruncSatF32S(o)
            | Op::I32TruncSatF32U(o)
            | Op::I32TruncSatF64S(o)
            | Op::I32TruncSatF64U(o)
            | Op::I64TruncSatF32S(o)
            | Op::I64TruncSatF32U(o)
            | Op::I64TruncSatF64S(o)
            | Op::I64TruncSatF64U(o) => Some(&mut o.dst),
            Op::I32Add(o)
            | Op::I32Sub(o)
            | Op::I32Mul(o)
            | Op::I32And(o)
            | Op::I32Or(o)
            | Op::I32Xor(o)
            | Op::I32Shl(o)
            | Op::I32ShrS(o)
            | Op::I32ShrU(o)
            | Op::I32Rotl(o)
            | Op::I32Rotr(o)
            | Op::I32DivS(o)
            | Op::I32DivU(o)
            | Op::I32RemS(o)
            | Op::I32RemU(o)
            | Op::I32Eq(o)
            | Op::I32Ne(o)
            | Op::I32LtS(o)
            | Op::I32LtU(o)
            | Op::I32GtS(o)
            | Op::I32GtU(o)
            | Op::I32LeS(o)
            | Op::I32LeU(o)
            | Op::I32GeS(o)
            | Op::I32GeU(o)
            | Op::I64Add(o)
            | Op::I64Sub(o)
            | Op::I64Mul(o)
            | Op::I64And(o)
            | Op::I64Or(o)
            | Op::I64Xor(o)
            | Op::I64Shl(o)
            | Op::I64ShrS(o)
            | Op::I64ShrU(o)
            | Op::I64Rotl(o)
            | Op::I64Rotr(o)
            | Op::I64DivS(o)
            | Op::I64DivU(o)
            | Op::I64RemS(o)
            | Op::I64RemU(o)
            | Op::I64Eq(o)
            | Op::RefEq(o)
            | Op::I64Ne(o)
            | Op::I64LtS(o)
            | Op::I64LtU(o)
            | Op::I64GtS(o)
            | Op::I64GtU(o)
            | Op::I64LeS(o)
            | Op::I64LeU(o)
            | Op::I64GeS(o)
            | Op::I64GeU(o)
            | Op::F32Add(o)
            | Op::F32Sub(o)
            | Op::F32Mul(o)
            | Op::F32Div(o)
            | Op::F32Min(o)
            | Op::F32Max(o)
            | Op::F32Copysign(o)
            | Op::F32Eq(o)
            | Op::F32Ne(o)
            | Op::F32Lt(o)
            | Op::F32Gt(o)
            | Op::F32Le(o)
            | Op::F32Ge(o)
            | Op::F64Add(o)
            | Op::F64Sub(o)
            | Op::F64Mul(o)
            | Op::F64Div(o)
            | Op::F64Min(o)
            | Op::F64Max(o)
            | Op::F64Copysign(o)
            | Op::F64Eq(o)
            | Op::F64Ne(o)
            | Op::F64Lt(o)
            | Op::F64Gt(o)
            | Op::F64Le(o)
            | Op::F64Ge(o)
            | Op::I32AddK(o)
            | Op::I32SubK(o)
            | Op::I32MulK(o)
            | Op::I32AndK(o)
            | Op::I32OrK(o)
            | Op::I32XorK(o)
            | Op::I32ShlK(o)
            | Op::I32ShrSK(o)
            | Op::I32ShrUK(o)
            | Op::I32RotlK(o)
            | Op::I32RotrK(o)
            | Op::I32DivSK(o)
            | Op::I32DivUK(o)
            | Op::I32RemSK(o)
            | Op::I32RemUK(o)
            | Op::I32EqK(o)
            | Op::I32NeK(o)
            | Op::I32LtSK(o)
            | Op::I32LtUK(o)
            | Op::I32GtSK(o)
            | Op::I32GtUK(o)
            | Op::I32LeSK(o)
            | Op::I32LeUK(o)
            | Op::I32GeSK(o)
            | Op::I32GeUK(o)
            | Op::I64AddK(o)
            | Op::I64SubK(o)
            | Op::I64MulK(o)
            | Op::I64AndK(o)
            | Op::I64OrK(o)
            | Op::I64XorK(o)
            | Op::I64ShlK(o)
            | Op::I64ShrSK(o)
            | Op::I64ShrUK(o)
            | Op::I64RotlK(o)
            | Op::I64RotrK(o)
            | Op::I64DivSK(o)
            | Op::I64DivUK(o)
            | Op::I64RemSK(o)
            | Op::I64RemUK(o)
            | Op::I64EqK(o)
            | Op::I64NeK(o)
            | Op::I64LtSK(o)
            | Op::I64LtUK(o)
            | Op::I64GtSK(o)
            | Op::I64GtUK(o)
            | Op::I64LeSK(o)
            | Op::I64LeUK(o)
            | Op::I64GeSK(o)
            | Op::I64GeUK(o) => Some(&mut o.dst),
            Op::I32Load(o)
            | Op::I64Load(o)
            | Op::F32Load(o)
            | Op::F64Load(o)
            | Op::I32Load8S(o)
            | Op::I32Load8U(o)
            | Op::I32Load16S(o)
            | Op::I32Load16U(o)
            | Op::I64Load8S(o)
            | Op::I64Load8U(o)
            | Op::I64Load16S(o)
            | Op::I64Load16U(o)
            | Op::I64Load32S(o)
            | Op::I64Load32U(o) => Some(&mut o.dst),
            _ => None,
        }
    }

    /// Where the operation jumps to, to be filled in when that is known.
    #[rustfmt::skip]
    pub(crate) fn target_mut(&mut self) -> Option<&mut u32> {
        match self {
            Op::Br { target } | Op::BrIf { target, .. } | Op::BrUnless { target, .. } => Some(target),
            Op::BrIfI32Eq(o)
            | Op::BrIfI32EqK(o)
            | Op::BrIfI32Ne(o)
            | Op::BrIfI32NeK(o)
            | Op::BrIfI32LtS(o)
            | Op::BrIfI32LtSK(o)
            | Op::BrIfI32LtU(o)
            | Op::BrIfI32LtUK(o)
            | Op::BrIfI32GtS(o)
            | Op::BrIfI32GtSK(o)
            | Op::BrIfI32GtU(o)
            | Op::BrIfI32GtUK(o)
            | Op::BrIfI32LeS(o)
            | Op::BrIfI32LeSK(o)
            | Op::BrIfI32LeU(o)
            | Op::BrIfI32LeUK(o)
            | Op::BrIfI32GeS(o)
            | Op::BrIfI32GeSK(o)
            | Op::BrIfI32GeU(o)
            | Op::BrIfI32GeUK(o)
            | Op::BrIfI64Eq(o)
            | Op::BrIfI64EqK(o)
            | Op::BrIfI64Ne(o)
            | Op::BrIfI64NeK(o)
            | Op::BrIfI64LtS(o)
            | Op::BrIfI64LtSK(o)
            | Op::BrIfI64LtU(o)
            | Op::BrIfI64LtUK(o)
            | Op::BrIfI64GtS(o)
            | Op::BrIfI64GtSK(o)
            | Op::BrIfI64GtU(o)
            | Op::BrIfI64GtUK(o)
            | Op::BrIfI64LeS(o)
            | Op::BrIfI64LeSK(o)
            | Op::BrIfI64LeU(o)
            | Op::BrIfI64LeUK(o)
            | Op::BrIfI64GeS(o)
            | Op::BrIfI64GeSK(o)
            | Op::BrIfI64GeU(o)
            | Op::BrIfI64GeUK(o) => Some(&mut o.target),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_small() {
        assert_eq!(size_of::<Op>(), 16);
    }
}
