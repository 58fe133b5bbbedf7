//! Vector instructions.

use super::op::{Bin, Op, Un};
use super::{Builder, Result};
use crate::execution::{Packed, packed};
use etalon_module::{Class, Immediates, Opcode};
use wasmparser::Operator;

impl Builder<'_> {
    pub(super) fn vector(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        match opcode.class() {
            Some(Class::VectorLoadLane) => return self.lane_access(operator, opcode, &[2]),
            Some(Class::VectorStoreLane) => return self.lane_access(operator, opcode, &[]),
            _ => {}
        }
        match *operator {
            Operator::V128Const { value } => {
                let row = self.vector_row(value.i128() as u128);
                self.push_wide_result(2, |dst| Op::VectorConst { dst, row });
            }
            // Both operands are named by the slot of the first.
            Operator::I8x16Shuffle { lanes } => {
                let row = self.vector_row(u128::from_le_bytes(lanes));
                let a = self.settle_operands(2)?;
                self.push_wide_result(2, |dst| Op::VectorShuffle { o: Un { dst, a }, row });
            }
            _ => return self.packed(operator, opcode),
        }
        Ok(true)
    }

    fn packed(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        let Some(packed) = packed(opcode) else { return Ok(false) };
        let lane = Immediates::of(operator).lane;
        let third = match packed {
            Packed::Ternary(_) => self.pop_read()?,
            _ => 0,
        };
        let b = match packed {
            Packed::Binary(_) | Packed::Ternary(_) | Packed::Shift(_) | Packed::Replace(_) => {
                self.pop_read()?
            }
            _ => 0,
        };
        let a = self.pop_read()?;
        let un = |dst| Un { dst, a };
        let bin = |dst| Bin { dst, a, b };
        match packed {
            Packed::Unary(h) => self.push_wide_result(2, |dst| Op::VectorUnary(h, un(dst))),
            Packed::Binary(h) => self.push_wide_result(2, |dst| Op::VectorBinary(h, bin(dst))),
            Packed::Ternary(h) => {
                self.push_wide_result(2, |dst| Op::VectorTernary(h, bin(dst), third));
            }
            Packed::Shift(h) => self.push_wide_result(2, |dst| Op::VectorShift(h, bin(dst))),
            Packed::Test(h) => self.push_result(|dst| Op::Unary(h, un(dst))),
            Packed::Splat(h) => self.push_wide_result(2, |dst| Op::VectorSplat(h, un(dst))),
            Packed::Extract(handler) => {
                self.push_result(|dst| Op::VectorExtract { handler, o: un(dst), lane });
            }
            Packed::Replace(handler) => {
                self.push_wide_result(2, |dst| Op::VectorReplace { handler, o: bin(dst), lane });
            }
        }
        Ok(true)
    }

    /// A row of the program's vectors.
    fn vector_row(&mut self, value: u128) -> u32 {
        self.program.vectors.push(value);
        self.program.vectors.len() as u32 - 1
    }
}
