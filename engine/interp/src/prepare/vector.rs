//! Vector instructions.

use super::{Builder, Result};
use crate::program::{Op, Shape};
use etalon_module::Opcode;
use etalon_numerics::vector;
use wasmparser::{MemArg, Operator};

impl Builder<'_> {
    pub(super) fn vector(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        if let Some((memarg, lane, operands, results)) = access(operator) {
            return self.vector_access(opcode, &memarg, lane, operands, results);
        }
        let row = |builder: &mut Self, value: u128| {
            builder.program.vectors.push(value);
            builder.program.vectors.len() as u32 - 1
        };
        let x = match operator {
            Operator::V128Const { value } => row(self, value.i128() as u128),
            Operator::I8x16Shuffle { lanes } => row(self, u128::from_le_bytes(*lanes)),
            _ => lane(operator).unwrap_or(0).into(),
        };
        let Some((shape, operands, result)) = shape(opcode, x) else { return Ok(false) };
        match shape {
            Shape::Unary => {
                let a = self.pop_read()?;
                self.push_wide_result(2, |dst| Op::V128Unary { opcode, dst, a });
                return Ok(true);
            }
            Shape::Binary => {
                let b = self.pop_read()?;
                let a = self.pop_read()?;
                self.push_wide_result(2, |dst| Op::V128Binary { opcode, dst, a, b });
                return Ok(true);
            }
            _ => {}
        }
        let at = self.settle_operands(operands)?;
        self.emit(Op::Vector { opcode, shape, at, x });
        self.push_slot(result);
        Ok(true)
    }
}

/// The form of an operator, its operands, and the width of its result.
fn shape(opcode: Opcode, x: u32) -> Option<(Shape, usize, u32)> {
    let lane = x as u8;
    Some(match opcode {
        Opcode::V128Const => (Shape::Const, 0, 2),
        Opcode::I8x16Shuffle => (Shape::Shuffle, 2, 2),
        // The form of an operator is the function that knows it.
        _ if vector::unop(opcode, 0).is_some() => (Shape::Unary, 1, 2),
        _ if vector::binop(opcode, 0, 0).is_some() => (Shape::Binary, 2, 2),
        _ if vector::ternop(opcode, 0, 0, 0).is_some() => (Shape::Ternary, 3, 2),
        _ if vector::shift(opcode, 0, 0).is_some() => (Shape::Shift, 2, 2),
        _ if vector::test(opcode, 0).is_some() => (Shape::Test, 1, 1),
        _ if vector::splat(opcode, 0).is_some() => (Shape::Splat, 1, 2),
        _ if vector::extract(opcode, lane, 0).is_some() => (Shape::Extract, 1, 1),
        _ if vector::replace(opcode, lane, 0, 0).is_some() => (Shape::Replace, 2, 2),
        _ => return None,
    })
}

/// The lane index of an operator that does not access a memory.
#[rustfmt::skip]
fn lane(operator: &Operator<'_>) -> Option<u8> {
    use Operator as O;
    Some(match operator {
        O::I8x16ExtractLaneS { lane }
        | O::I8x16ExtractLaneU { lane }
        | O::I8x16ReplaceLane { lane }
        | O::I16x8ExtractLaneS { lane }
        | O::I16x8ExtractLaneU { lane }
        | O::I16x8ReplaceLane { lane }
        | O::I32x4ExtractLane { lane }
        | O::I32x4ReplaceLane { lane }
        | O::I64x2ExtractLane { lane }
        | O::I64x2ReplaceLane { lane }
        | O::F32x4ExtractLane { lane }
        | O::F32x4ReplaceLane { lane }
        | O::F64x2ExtractLane { lane }
        | O::F64x2ReplaceLane { lane } => *lane,
        _ => return None,
    })
}

/// Accesses to memory: immediate, lane, operands and results.
#[rustfmt::skip]
fn access(operator: &Operator<'_>) -> Option<(MemArg, u8, usize, &'static [u32])> {
    use Operator as O;
    Some(match operator {
        O::V128Load { memarg }
        | O::V128Load8x8S { memarg }
        | O::V128Load8x8U { memarg }
        | O::V128Load16x4S { memarg }
        | O::V128Load16x4U { memarg }
        | O::V128Load32x2S { memarg }
        | O::V128Load32x2U { memarg }
        | O::V128Load8Splat { memarg }
        | O::V128Load16Splat { memarg }
        | O::V128Load32Splat { memarg }
        | O::V128Load64Splat { memarg }
        | O::V128Load32Zero { memarg }
        | O::V128Load64Zero { memarg } => (*memarg, 0, 1, &[2]),
        O::V128Store { memarg } => (*memarg, 0, 2, &[]),
        O::V128Load8Lane { memarg, lane }
        | O::V128Load16Lane { memarg, lane }
        | O::V128Load32Lane { memarg, lane }
        | O::V128Load64Lane { memarg, lane } => (*memarg, *lane, 2, &[2]),
        O::V128Store8Lane { memarg, lane }
        | O::V128Store16Lane { memarg, lane }
        | O::V128Store32Lane { memarg, lane }
        | O::V128Store64Lane { memarg, lane } => (*memarg, *lane, 2, &[]),
        _ => return None,
    })
}
