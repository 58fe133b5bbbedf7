//! Vector Instructions.
//!
//! Which function of *Numerics* an operator is, the tables of the numerics say, shape by shape.

use crate::configuration::{Configuration, Step, wrong_type};
use etalon_module::{Opcode, Rule};
use etalon_numerics::vector;
use etalon_runtime::{Stop, Value};

#[cold]
fn no_vector_operator(op: Opcode) -> Box<Stop> {
    Stop::crash(format!("{op} is no vector operator of its form")).into()
}

impl Configuration<'_> {
    /// `v128.const` is a value already.
    pub(crate) fn vconst(&mut self, number: u32) -> Step {
        let bits = self.frame()?.text.vector(number)?;
        self.push(Value::V128(bits))
    }

    /// Operators of one vector, with a vector for a result. The rule is that of the operator's form.
    /// `Step_pure/vvunop`, `Step_pure/vunop-val`, `Step_pure/vcvtop`, `Step_pure/vextunop`
    #[inline(never)]
    pub(crate) fn vunop(&mut self, op: Opcode, rule: Rule) -> Step {
        let v = self.pop_v128()?;
        self.used(rule);
        self.chose(op, [v, 0, 0]);
        let result = vector::unop(op, v).ok_or_else(|| no_vector_operator(op))?;
        self.push(Value::V128(result))
    }

    /// Operators of two vectors, with a vector for a result.
    /// `Step_pure/vvbinop`, `Step_pure/vbinop-val`, `Step_pure/vrelop`, `Step_pure/vswizzlop`, `Step_pure/vnarrow`, `Step_pure/vextbinop`
    #[inline(never)]
    pub(crate) fn vbinop(&mut self, op: Opcode, rule: Rule) -> Step {
        let (v2, v1) = (self.pop_v128()?, self.pop_v128()?);
        self.used(rule);
        self.chose(op, [v1, v2, 0]);
        let result = vector::binop(op, v1, v2).ok_or_else(|| no_vector_operator(op))?;
        self.push(Value::V128(result))
    }

    /// Operators of three vectors, with a vector for a result. `Step_pure/vvternop`, `Step_pure/vternop-val`, `Step_pure/vextternop`
    #[inline(never)]
    pub(crate) fn vternop(&mut self, op: Opcode, rule: Rule) -> Step {
        let (v3, v2, v1) = (self.pop_v128()?, self.pop_v128()?, self.pop_v128()?);
        self.used(rule);
        self.chose(op, [v1, v2, v3]);
        let result = vector::ternop(op, v1, v2, v3).ok_or_else(|| no_vector_operator(op))?;
        self.push(Value::V128(result))
    }

    /// Operators that make a number of a vector. `Step_pure/vvtestop`, `Step_pure/vtestop`, `Step_pure/vbitmask`
    pub(crate) fn vtestop(&mut self, op: Opcode, rule: Rule) -> Step {
        let v = self.pop_v128()?;
        self.used(rule);
        let result = vector::test(op, v).ok_or_else(|| no_vector_operator(op))?;
        self.push(Value::I32(result))
    }

    /// Shifts of all lanes by one number. `Step_pure/vshiftop`
    pub(crate) fn vshiftop(&mut self, op: Opcode) -> Step {
        let (amount, v) = (self.pop_i32()?, self.pop_v128()?);
        self.used(Rule::Vshiftop);
        let result = vector::shift(op, v, amount).ok_or_else(|| no_vector_operator(op))?;
        self.push(Value::V128(result))
    }

    /// `i8x16.shuffle` picks bytes of two vectors by the numbers in its immediate. `Step_pure/vshuffle`
    pub(crate) fn vshuffle(&mut self, number: u32) -> Step {
        let (v2, v1) = (self.pop_v128()?, self.pop_v128()?);
        self.used(Rule::Vshuffle);
        let picked = self.frame()?.text.vector(number)?;
        self.push(Value::V128(vector::shuffle(picked.to_le_bytes(), v1, v2)))
    }

    /// Operators that give every lane the same number. `Step_pure/vsplat`
    pub(crate) fn vsplat(&mut self, op: Opcode) -> Step {
        let bits = self.pop_bits()?;
        self.used(Rule::Vsplat);
        let result = vector::splat(op, bits).ok_or_else(|| no_vector_operator(op))?;
        self.push(Value::V128(result))
    }

    /// Operators that give a lane as a number. `Step_pure/vextract_lane-num`, `Step_pure/vextract_lane-pack`
    pub(crate) fn vextract_lane(&mut self, op: Opcode, lane: u8, number: fn(u64) -> Value) -> Step {
        use Opcode as O;
        let v = self.pop_v128()?;
        self.used(match op {
            O::I8x16ExtractLaneS | O::I8x16ExtractLaneU => Rule::VextractLanePack,
            O::I16x8ExtractLaneS | O::I16x8ExtractLaneU => Rule::VextractLanePack,
            _ => Rule::VextractLaneNum,
        });
        let bits = vector::extract(op, lane, v).ok_or_else(|| no_vector_operator(op))?;
        self.push(number(bits))
    }

    /// Operators that replace a lane by a number. `Step_pure/vreplace_lane`
    pub(crate) fn vreplace_lane(&mut self, op: Opcode, lane: u8) -> Step {
        let (bits, v) = (self.pop_bits()?, self.pop_v128()?);
        self.used(Rule::VreplaceLane);
        let result = vector::replace(op, lane, v, bits).ok_or_else(|| no_vector_operator(op))?;
        self.push(Value::V128(result))
    }

    /// The bits of a number that becomes a lane.
    fn pop_bits(&mut self) -> Step<u64> {
        match self.pop()? {
            Value::I32(bits) | Value::F32(bits) => Ok(bits.into()),
            Value::I64(bits) | Value::F64(bits) => Ok(bits),
            other => Err(wrong_type(other, "a number")),
        }
    }

    /// A relaxed operator leaves a choice.
    fn chose(&mut self, op: Opcode, operands: [u128; 3]) {
        self.count(|usage| usage.chose(op, operands));
    }
}
