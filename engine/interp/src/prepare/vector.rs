//! Vector instructions.

use super::{Builder, Result};
use crate::program::{Op, Shape};
use etalon_module::{Class, Immediates, Opcode};
use etalon_numerics::vector;
use wasmparser::Operator;

impl Builder<'_> {
    pub(super) fn vector(&mut self, operator: &Operator<'_>, opcode: Opcode) -> Result<bool> {
        if let Some((operands, results)) = access(opcode) {
            return self.vector_access(operator, opcode, operands, results);
        }
        let row = |builder: &mut Self, value: u128| {
            builder.program.vectors.push(value);
            builder.program.vectors.len() as u32 - 1
        };
        let x = match operator {
            Operator::V128Const { value } => row(self, value.i128() as u128),
            Operator::I8x16Shuffle { lanes } => row(self, u128::from_le_bytes(*lanes)),
            _ => Immediates::of(operator).lane.into(),
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

/// The operands and results of a load or store, by its class.
fn access(opcode: Opcode) -> Option<(usize, &'static [u32])> {
    Some(match opcode.class()? {
        Class::VectorLoad => (1, &[2]),
        Class::VectorLoadLane => (2, &[2]),
        Class::VectorStore | Class::VectorStoreLane => (2, &[]),
        _ => return None,
    })
}
