//! Numeric Instructions.
//!
//! Which function of *Numerics* an operator is, the tables of the numerics say.

use crate::configuration::{Configuration, Step, wrong_type};
use etalon_module::{Opcode, Rule};
use etalon_numerics::Undefined;
use etalon_numerics::scalar::{self, Num};
use etalon_runtime::{Stop, Trap, Value};

impl Configuration<'_> {
    /// `i32.const`, `i64.const`, `f32.const`, `f64.const` are values already.
    pub(crate) fn constant(&mut self, value: Value) -> Step {
        self.push(value)
    }

    /// Operators of one number, with a result of its type. `Step_pure/unop-val`
    pub(crate) fn unop(&mut self, op: Opcode) -> Step {
        let c = self.pop_num()?;
        let result = scalar::unop(op, c).ok_or_else(|| wrong_operands(op))?;
        self.used(Rule::UnopVal);
        self.push_num(result)
    }

    /// Operators of two numbers, with a result of their type. Where there is none, they trap. `Step_pure/binop-val`, `Step_pure/binop-trap`
    pub(crate) fn binop(&mut self, op: Opcode) -> Step {
        let (c2, c1) = (self.pop_num()?, self.pop_num()?);
        match scalar::binop(op, c1, c2).ok_or_else(|| wrong_operands(op))? {
            Ok(c) => {
                self.used(Rule::BinopVal);
                self.push_num(c)
            }
            Err(why) => self.traps(Rule::BinopTrap, trap_of(why)),
        }
    }

    /// Operators that test a number. `Step_pure/testop`
    pub(crate) fn testop(&mut self, op: Opcode) -> Step {
        let c = self.pop_num()?;
        let holds = scalar::testop(op, c).ok_or_else(|| wrong_operands(op))?;
        self.used(Rule::Testop);
        self.push(Value::I32(holds.into()))
    }

    /// Operators that compare two numbers. `Step_pure/relop`
    pub(crate) fn relop(&mut self, op: Opcode) -> Step {
        let (c2, c1) = (self.pop_num()?, self.pop_num()?);
        let holds = scalar::relop(op, c1, c2).ok_or_else(|| wrong_operands(op))?;
        self.used(Rule::Relop);
        self.push(Value::I32(holds.into()))
    }

    /// Conversions. Where a number has no counterpart, they trap. `Step_pure/cvtop-val`, `Step_pure/cvtop-trap`
    pub(crate) fn cvtop(&mut self, op: Opcode) -> Step {
        let c1 = self.pop_num()?;
        match scalar::cvtop(op, c1).ok_or_else(|| wrong_operands(op))? {
            Ok(c) => {
                self.used(Rule::CvtopVal);
                self.push_num(c)
            }
            Err(why) => self.traps(Rule::CvtopTrap, trap_of(why)),
        }
    }
}

impl Configuration<'_> {
    #[inline(always)]
    fn pop_num(&mut self) -> Step<Num> {
        match self.pop()? {
            Value::I32(i) => Ok(Num::I32(i)),
            Value::I64(i) => Ok(Num::I64(i)),
            Value::F32(z) => Ok(Num::F32(z)),
            Value::F64(z) => Ok(Num::F64(z)),
            other => Err(wrong_type(other, "a number")),
        }
    }

    #[inline(always)]
    fn push_num(&mut self, c: Num) -> Step {
        self.push(match c {
            Num::I32(i) => Value::I32(i),
            Num::I64(i) => Value::I64(i),
            Num::F32(z) => Value::F32(z),
            Num::F64(z) => Value::F64(z),
        })
    }
}

#[cold]
fn wrong_operands(op: Opcode) -> Box<Stop> {
    Stop::crash(format!("{op} of numbers of other types")).into()
}

/// What a number without a result is called when it is a trap.
fn trap_of(why: Undefined) -> Trap {
    match why {
        Undefined::DivideByZero => Trap::IntegerDivideByZero,
        Undefined::Overflow => Trap::IntegerOverflow,
        Undefined::InvalidConversion => Trap::InvalidConversionToInteger,
    }
}
