//! The operations of numeric operators: one table for each shape.

use crate::program::{Bin, Cmp, Load, Op, Store, Un};
use etalon_module::Opcode;
use wasmparser::Operator;

/// An operation with two operands, by its slots.
pub(crate) type MakeBin = fn(Bin) -> Op;
/// An operation with one operand, by its slots.
pub(crate) type MakeUn = fn(Un) -> Op;

/// A load, by its slots and offset.
pub(crate) type MakeLoad = fn(Load) -> Op;
/// A store, by its slots and offset.
pub(crate) type MakeStore = fn(Store) -> Op;

/// The width of the operands of an integer operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// 32 bits.
    Narrow,
    /// 64 bits.
    Wide,
}

impl Width {
    /// Whether an operation can hold a constant: it has 32 bits, which are sign-extended.
    pub(crate) fn fits(self, value: u64) -> bool {
        self == Width::Narrow || value as u32 as i32 as u64 == value
    }
}

/// Operators with two operands and one result, and their form with a constant if there is one.
#[rustfmt::skip]
pub(crate) fn binary(operator: &Operator<'_>) -> Option<(MakeBin, Option<(MakeBin, Width)>)> {
    use Operator as O;
    Some(match operator {
        O::I32Add => (Op::I32Add, Some((Op::I32AddK, Width::Narrow))),
        O::I32Sub => (Op::I32Sub, Some((Op::I32SubK, Width::Narrow))),
        O::I32Mul => (Op::I32Mul, Some((Op::I32MulK, Width::Narrow))),
        O::I32And => (Op::I32And, Some((Op::I32AndK, Width::Narrow))),
        O::I32Or => (Op::I32Or, Some((Op::I32OrK, Width::Narrow))),
        O::I32Xor => (Op::I32Xor, Some((Op::I32XorK, Width::Narrow))),
        O::I32Shl => (Op::I32Shl, Some((Op::I32ShlK, Width::Narrow))),
        O::I32ShrS => (Op::I32ShrS, Some((Op::I32ShrSK, Width::Narrow))),
        O::I32ShrU => (Op::I32ShrU, Some((Op::I32ShrUK, Width::Narrow))),
        O::I32Rotl => (Op::I32Rotl, Some((Op::I32RotlK, Width::Narrow))),
        O::I32Rotr => (Op::I32Rotr, Some((Op::I32RotrK, Width::Narrow))),
        O::I32DivS => (Op::I32DivS, Some((Op::I32DivSK, Width::Narrow))),
        O::I32DivU => (Op::I32DivU, Some((Op::I32DivUK, Width::Narrow))),
        O::I32RemS => (Op::I32RemS, Some((Op::I32RemSK, Width::Narrow))),
        O::I32RemU => (Op::I32RemU, Some((Op::I32RemUK, Width::Narrow))),
        O::I32Eq => (Op::I32Eq, Some((Op::I32EqK, Width::Narrow))),
        O::I32Ne => (Op::I32Ne, Some((Op::I32NeK, Width::Narrow))),
        O::I32LtS => (Op::I32LtS, Some((Op::I32LtSK, Width::Narrow))),
        O::I32LtU => (Op::I32LtU, Some((Op::I32LtUK, Width::Narrow))),
        O::I32GtS => (Op::I32GtS, Some((Op::I32GtSK, Width::Narrow))),
        O::I32GtU => (Op::I32GtU, Some((Op::I32GtUK, Width::Narrow))),
        O::I32LeS => (Op::I32LeS, Some((Op::I32LeSK, Width::Narrow))),
        O::I32LeU => (Op::I32LeU, Some((Op::I32LeUK, Width::Narrow))),
        O::I32GeS => (Op::I32GeS, Some((Op::I32GeSK, Width::Narrow))),
        O::I32GeU => (Op::I32GeU, Some((Op::I32GeUK, Width::Narrow))),
        O::I64Add => (Op::I64Add, Some((Op::I64AddK, Width::Wide))),
        O::I64Sub => (Op::I64Sub, Some((Op::I64SubK, Width::Wide))),
        O::I64Mul => (Op::I64Mul, Some((Op::I64MulK, Width::Wide))),
        O::I64And => (Op::I64And, Some((Op::I64AndK, Width::Wide))),
        O::I64Or => (Op::I64Or, Some((Op::I64OrK, Width::Wide))),
        O::I64Xor => (Op::I64Xor, Some((Op::I64XorK, Width::Wide))),
        O::I64Shl => (Op::I64Shl, Some((Op::I64ShlK, Width::Wide))),
        O::I64ShrS => (Op::I64ShrS, Some((Op::I64ShrSK, Width::Wide))),
        O::I64ShrU => (Op::I64ShrU, Some((Op::I64ShrUK, Width::Wide))),
        O::I64Rotl => (Op::I64Rotl, Some((Op::I64RotlK, Width::Wide))),
        O::I64Rotr => (Op::I64Rotr, Some((Op::I64RotrK, Width::Wide))),
        O::I64DivS => (Op::I64DivS, Some((Op::I64DivSK, Width::Wide))),
        O::I64DivU => (Op::I64DivU, Some((Op::I64DivUK, Width::Wide))),
        O::I64RemS => (Op::I64RemS, Some((Op::I64RemSK, Width::Wide))),
        O::I64RemU => (Op::I64RemU, Some((Op::I64RemUK, Width::Wide))),
        O::I64Eq => (Op::I64Eq, Some((Op::I64EqK, Width::Wide))),
        O::I64Ne => (Op::I64Ne, Some((Op::I64NeK, Width::Wide))),
        O::I64LtS => (Op::I64LtS, Some((Op::I64LtSK, Width::Wide))),
        O::I64LtU => (Op::I64LtU, Some((Op::I64LtUK, Width::Wide))),
        O::I64GtS => (Op::I64GtS, Some((Op::I64GtSK, Width::Wide))),
        O::I64GtU => (Op::I64GtU, Some((Op::I64GtUK, Width::Wide))),
        O::I64LeS => (Op::I64LeS, Some((Op::I64LeSK, Width::Wide))),
        O::I64LeU => (Op::I64LeU, Some((Op::I64LeUK, Width::Wide))),
        O::I64GeS => (Op::I64GeS, Some((Op::I64GeSK, Width::Wide))),
        O::I64GeU => (Op::I64GeU, Some((Op::I64GeUK, Width::Wide))),
        O::F32Add => (Op::F32Add, None),
        O::F32Sub => (Op::F32Sub, None),
        O::F32Mul => (Op::F32Mul, None),
        O::F32Div => (Op::F32Div, None),
        O::F32Min => (Op::F32Min, None),
        O::F32Max => (Op::F32Max, None),
        O::F32Copysign => (Op::F32Copysign, None),
        O::F32Eq => (Op::F32Eq, None),
        O::F32Ne => (Op::F32Ne, None),
        O::F32Lt => (Op::F32Lt, None),
        O::F32Gt => (Op::F32Gt, None),
        O::F32Le => (Op::F32Le, None),
        O::F32Ge => (Op::F32Ge, None),
        O::F64Add => (Op::F64Add, None),
        O::F64Sub => (Op::F64Sub, None),
        O::F64Mul => (Op::F64Mul, None),
        O::F64Div => (Op::F64Div, None),
        O::F64Min => (Op::F64Min, None),
        O::F64Max => (Op::F64Max, None),
        O::F64Copysign => (Op::F64Copysign, None),
        O::F64Eq => (Op::F64Eq, None),
        O::F64Ne => (Op::F64Ne, None),
        O::F64Lt => (Op::F64Lt, None),
        O::F64Gt => (Op::F64Gt, None),
        O::F64Le => (Op::F64Le, None),
        O::F64Ge => (Op::F64Ge, None),
        _ => return None,
    })
}

/// Operators with one operand and one result.
#[rustfmt::skip]
pub(crate) fn unary(operator: &Operator<'_>) -> Option<MakeUn> {
    use Operator as O;
    Some(match operator {
        O::I32Eqz => Op::I32Eqz,
        O::I32Clz => Op::I32Clz,
        O::I32Ctz => Op::I32Ctz,
        O::I32Popcnt => Op::I32Popcnt,
        O::I32Extend8S => Op::I32Extend8S,
        O::I32Extend16S => Op::I32Extend16S,
        O::I64Eqz => Op::I64Eqz,
        O::I64Clz => Op::I64Clz,
        O::I64Ctz => Op::I64Ctz,
        O::I64Popcnt => Op::I64Popcnt,
        O::I64Extend8S => Op::I64Extend8S,
        O::I64Extend16S => Op::I64Extend16S,
        O::I64Extend32S => Op::I64Extend32S,
        O::F32Ceil => Op::F32Ceil,
        O::F32Floor => Op::F32Floor,
        O::F32Trunc => Op::F32Trunc,
        O::F32Nearest => Op::F32Nearest,
        O::F32Sqrt => Op::F32Sqrt,
        O::F32Abs => Op::F32Abs,
        O::F32Neg => Op::F32Neg,
        O::F64Ceil => Op::F64Ceil,
        O::F64Floor => Op::F64Floor,
        O::F64Trunc => Op::F64Trunc,
        O::F64Nearest => Op::F64Nearest,
        O::F64Sqrt => Op::F64Sqrt,
        O::F64Abs => Op::F64Abs,
        O::F64Neg => Op::F64Neg,
        O::I32WrapI64 => Op::I32WrapI64,
        O::I32TruncF32S => Op::I32TruncF32S,
        O::I32TruncF32U => Op::I32TruncF32U,
        O::I32TruncF64S => Op::I32TruncF64S,
        O::I32TruncF64U => Op::I32TruncF64U,
        O::I64TruncF32S => Op::I64TruncF32S,
        O::I64TruncF32U => Op::I64TruncF32U,
        O::I64TruncF64S => Op::I64TruncF64S,
        O::I64TruncF64U => Op::I64TruncF64U,
        O::I64ExtendI32S => Op::I64ExtendI32S,
        O::I64ExtendI32U => Op::I64ExtendI32U,
        O::F32ConvertI32S => Op::F32ConvertI32S,
        O::F32ConvertI32U => Op::F32ConvertI32U,
        O::F32ConvertI64S => Op::F32ConvertI64S,
        O::F32ConvertI64U => Op::F32ConvertI64U,
        O::F64ConvertI32S => Op::F64ConvertI32S,
        O::F64ConvertI32U => Op::F64ConvertI32U,
        O::F64ConvertI64S => Op::F64ConvertI64S,
        O::F64ConvertI64U => Op::F64ConvertI64U,
        O::F32DemoteF64 => Op::F32DemoteF64,
        O::F64PromoteF32 => Op::F64PromoteF32,
        O::I32TruncSatF32S => Op::I32TruncSatF32S,
        O::I32TruncSatF32U => Op::I32TruncSatF32U,
        O::I32TruncSatF64S => Op::I32TruncSatF64S,
        O::I32TruncSatF64U => Op::I32TruncSatF64U,
        O::I64TruncSatF32S => Op::I64TruncSatF32S,
        O::I64TruncSatF32U => Op::I64TruncSatF32U,
        O::I64TruncSatF64S => Op::I64TruncSatF64S,
        O::I64TruncSatF64U => Op::I64TruncSatF64U,
        _ => return None,
    })
}

/// A comparison as a branch that is taken if it holds, or if it does not; the target is still 0.
#[rustfmt::skip]
pub(crate) fn branch(comparison: Op, if_holds: bool) -> Option<Op> {
    let cmp = |o: Bin| Cmp { a: o.a, b: o.b, target: 0 };
    Some(match (comparison, if_holds) {
        (Op::I32Eqz(o), true) => Op::BrUnless { cond: o.a, target: 0 },
        (Op::I32Eqz(o), false) => Op::BrIf { cond: o.a, target: 0 },
        (Op::I64Eqz(o), true) => Op::BrIfI64EqK(Cmp { a: o.a, b: 0, target: 0 }),
        (Op::I64Eqz(o), false) => Op::BrIfI64NeK(Cmp { a: o.a, b: 0, target: 0 }),
        (Op::I32Eq(o), true) => Op::BrIfI32Eq(cmp(o)),
        (Op::I32Eq(o), false) => Op::BrIfI32Ne(cmp(o)),
        (Op::I32EqK(o), true) => Op::BrIfI32EqK(cmp(o)),
        (Op::I32EqK(o), false) => Op::BrIfI32NeK(cmp(o)),
        (Op::I32Ne(o), true) => Op::BrIfI32Ne(cmp(o)),
        (Op::I32Ne(o), false) => Op::BrIfI32Eq(cmp(o)),
        (Op::I32NeK(o), true) => Op::BrIfI32NeK(cmp(o)),
        (Op::I32NeK(o), false) => Op::BrIfI32EqK(cmp(o)),
        (Op::I32LtS(o), true) => Op::BrIfI32LtS(cmp(o)),
        (Op::I32LtS(o), false) => Op::BrIfI32GeS(cmp(o)),
        (Op::I32LtSK(o), true) => Op::BrIfI32LtSK(cmp(o)),
        (Op::I32LtSK(o), false) => Op::BrIfI32GeSK(cmp(o)),
        (Op::I32LtU(o), true) => Op::BrIfI32LtU(cmp(o)),
        (Op::I32LtU(o), false) => Op::BrIfI32GeU(cmp(o)),
        (Op::I32LtUK(o), true) => Op::BrIfI32LtUK(cmp(o)),
        (Op::I32LtUK(o), false) => Op::BrIfI32GeUK(cmp(o)),
        (Op::I32GtS(o), true) => Op::BrIfI32GtS(cmp(o)),
        (Op::I32GtS(o), false) => Op::BrIfI32LeS(cmp(o)),
        (Op::I32GtSK(o), true) => Op::BrIfI32GtSK(cmp(o)),
        (Op::I32GtSK(o), false) => Op::BrIfI32LeSK(cmp(o)),
        (Op::I32GtU(o), true) => Op::BrIfI32GtU(cmp(o)),
        (Op::I32GtU(o), false) => Op::BrIfI32LeU(cmp(o)),
        (Op::I32GtUK(o), true) => Op::BrIfI32GtUK(cmp(o)),
        (Op::I32GtUK(o), false) => Op::BrIfI32LeUK(cmp(o)),
        (Op::I32LeS(o), true) => Op::BrIfI32LeS(cmp(o)),
        (Op::I32LeS(o), false) => Op::BrIfI32GtS(cmp(o)),
        (Op::I32LeSK(o), true) => Op::BrIfI32LeSK(cmp(o)),
        (Op::I32LeSK(o), false) => Op::BrIfI32GtSK(cmp(o)),
        (Op::I32LeU(o), true) => Op::BrIfI32LeU(cmp(o)),
        (Op::I32LeU(o), false) => Op::BrIfI32GtU(cmp(o)),
        (Op::I32LeUK(o), true) => Op::BrIfI32LeUK(cmp(o)),
        (Op::I32LeUK(o), false) => Op::BrIfI32GtUK(cmp(o)),
        (Op::I32GeS(o), true) => Op::BrIfI32GeS(cmp(o)),
        (Op::I32GeS(o), false) => Op::BrIfI32LtS(cmp(o)),
        (Op::I32GeSK(o), true) => Op::BrIfI32GeSK(cmp(o)),
        (Op::I32GeSK(o), false) => Op::BrIfI32LtSK(cmp(o)),
        (Op::I32GeU(o), true) => Op::BrIfI32GeU(cmp(o)),
        (Op::I32GeU(o), false) => Op::BrIfI32LtU(cmp(o)),
        (Op::I32GeUK(o), true) => Op::BrIfI32GeUK(cmp(o)),
        (Op::I32GeUK(o), false) => Op::BrIfI32LtUK(cmp(o)),
        (Op::I64Eq(o) | Op::RefEq(o), true) => Op::BrIfI64Eq(cmp(o)),
        (Op::I64Eq(o) | Op::RefEq(o), false) => Op::BrIfI64Ne(cmp(o)),
        (Op::I64EqK(o), true) => Op::BrIfI64EqK(cmp(o)),
        (Op::I64EqK(o), false) => Op::BrIfI64NeK(cmp(o)),
        (Op::I64Ne(o), true) => Op::BrIfI64Ne(cmp(o)),
        (Op::I64Ne(o), false) => Op::BrIfI64Eq(cmp(o)),
        (Op::I64NeK(o), true) => Op::BrIfI64NeK(cmp(o)),
        (Op::I64NeK(o), false) => Op::BrIfI64EqK(cmp(o)),
        (Op::I64LtS(o), true) => Op::BrIfI64LtS(cmp(o)),
        (Op::I64LtS(o), false) => Op::BrIfI64GeS(cmp(o)),
        (Op::I64LtSK(o), true) => Op::BrIfI64LtSK(cmp(o)),
        (Op::I64LtSK(o), false) => Op::BrIfI64GeSK(cmp(o)),
        (Op::I64LtU(o), true) => Op::BrIfI64LtU(cmp(o)),
        (Op::I64LtU(o), false) => Op::BrIfI64GeU(cmp(o)),
        (Op::I64LtUK(o), true) => Op::BrIfI64LtUK(cmp(o)),
        (Op::I64LtUK(o), false) => Op::BrIfI64GeUK(cmp(o)),
        (Op::I64GtS(o), true) => Op::BrIfI64GtS(cmp(o)),
        (Op::I64GtS(o), false) => Op::BrIfI64LeS(cmp(o)),
        (Op::I64GtSK(o), true) => Op::BrIfI64GtSK(cmp(o)),
        (Op::I64GtSK(o), false) => Op::BrIfI64LeSK(cmp(o)),
        (Op::I64GtU(o), true) => Op::BrIfI64GtU(cmp(o)),
        (Op::I64GtU(o), false) => Op::BrIfI64LeU(cmp(o)),
        (Op::I64GtUK(o), true) => Op::BrIfI64GtUK(cmp(o)),
        (Op::I64GtUK(o), false) => Op::BrIfI64LeUK(cmp(o)),
        (Op::I64LeS(o), true) => Op::BrIfI64LeS(cmp(o)),
        (Op::I64LeS(o), false) => Op::BrIfI64GtS(cmp(o)),
        (Op::I64LeSK(o), true) => Op::BrIfI64LeSK(cmp(o)),
        (Op::I64LeSK(o), false) => Op::BrIfI64GtSK(cmp(o)),
        (Op::I64LeU(o), true) => Op::BrIfI64LeU(cmp(o)),
        (Op::I64LeU(o), false) => Op::BrIfI64GtU(cmp(o)),
        (Op::I64LeUK(o), true) => Op::BrIfI64LeUK(cmp(o)),
        (Op::I64LeUK(o), false) => Op::BrIfI64GtUK(cmp(o)),
        (Op::I64GeS(o), true) => Op::BrIfI64GeS(cmp(o)),
        (Op::I64GeS(o), false) => Op::BrIfI64LtS(cmp(o)),
        (Op::I64GeSK(o), true) => Op::BrIfI64GeSK(cmp(o)),
        (Op::I64GeSK(o), false) => Op::BrIfI64LtSK(cmp(o)),
        (Op::I64GeU(o), true) => Op::BrIfI64GeU(cmp(o)),
        (Op::I64GeU(o), false) => Op::BrIfI64LtU(cmp(o)),
        (Op::I64GeUK(o), true) => Op::BrIfI64GeUK(cmp(o)),
        (Op::I64GeUK(o), false) => Op::BrIfI64LtUK(cmp(o)),
        _ => return None,
    })
}

/// Loads of numbers.
#[rustfmt::skip]
pub(crate) fn load(opcode: Opcode) -> Option<MakeLoad> {
    use Opcode as O;
    Some(match opcode {
        O::I32Load => Op::I32Load,
        O::I64Load => Op::I64Load,
        O::F32Load => Op::F32Load,
        O::F64Load => Op::F64Load,
        O::I32Load8S => Op::I32Load8S,
        O::I32Load8U => Op::I32Load8U,
        O::I32Load16S => Op::I32Load16S,
        O::I32Load16U => Op::I32Load16U,
        O::I64Load8S => Op::I64Load8S,
        O::I64Load8U => Op::I64Load8U,
        O::I64Load16S => Op::I64Load16S,
        O::I64Load16U => Op::I64Load16U,
        O::I64Load32S => Op::I64Load32S,
        O::I64Load32U => Op::I64Load32U,
        _ => return None,
    })
}

/// Stores of numbers.
#[rustfmt::skip]
pub(crate) fn store(opcode: Opcode) -> Option<MakeStore> {
    use Opcode as O;
    Some(match opcode {
        O::I32Store => Op::I32Store,
        O::I64Store => Op::I64Store,
        O::F32Store => Op::F32Store,
        O::F64Store => Op::F64Store,
        O::I32Store8 => Op::I32Store8,
        O::I32Store16 => Op::I32Store16,
        O::I64Store8 => Op::I64Store8,
        O::I64Store16 => Op::I64Store16,
        O::I64Store32 => Op::I64Store32,
        _ => return None,
    })
}
