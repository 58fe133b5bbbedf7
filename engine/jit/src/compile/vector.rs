//! "Vector Instructions": helpers of the table in `vector_operator.rs`.
//!
//! A vector is kept as sixteen bytes; each operator reinterprets it as the lanes that it works on.

use super::translator::Translator;
use crate::abi::slots::lanes;
use crate::error::CompileError;
use cranelift_codegen::ir::types::{F64X2, I8, I8X16, I16, I16X8, I32X4, I64X2};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value};
use cranelift_frontend::FunctionBuilder;
use wasmparser::MemArg;

impl<'a> Translator<'a> {
    /// Reinterprets a vector as lanes of a type.
    fn as_lanes(&mut self, ty: Type, value: Value) -> Value {
        if self.b.func.dfg.value_type(value) == ty {
            return value;
        }
        self.b.ins().bitcast(ty, lanes(), value)
    }

    fn pop_lanes(&mut self, ty: Type) -> Value {
        let value = self.pop();
        self.as_lanes(ty, value)
    }

    fn pop_lanes2(&mut self, ty: Type) -> (Value, Value) {
        let second = self.pop_lanes(ty);
        (self.pop_lanes(ty), second)
    }

    fn push_lanes(&mut self, value: Value) {
        let value = self.as_lanes(I8X16, value);
        self.push(value);
    }

    pub(super) fn v_unary(
        &mut self,
        ty: Type,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value,
    ) {
        let operand = self.pop_lanes(ty);
        let result = f(&mut self.b, operand);
        self.push_lanes(result);
    }

    pub(super) fn v_binary(
        &mut self,
        ty: Type,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        let (first, second) = self.pop_lanes2(ty);
        let result = f(&mut self.b, first, second);
        self.push_lanes(result);
    }

    /// A number from a vector.
    pub(super) fn test(
        &mut self,
        ty: Type,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value,
    ) {
        let operand = self.pop_lanes(ty);
        let result = f(&mut self.b, operand);
        self.push(result);
    }

    pub(super) fn v128_const(&mut self, bytes: &[u8; 16]) {
        let constant = self.b.func.dfg.constants.insert(bytes.to_vec().into());
        let value = self.b.ins().vconst(I8X16, constant);
        self.push(value);
    }

    pub(super) fn shuffle(&mut self, which: &[u8; 16]) {
        let mask = self.b.func.dfg.immediates.push(which.to_vec().into());
        self.v_binary(I8X16, |b, x, y| b.ins().shuffle(x, y, mask));
    }

    pub(super) fn extract(
        &mut self,
        ty: Type,
        lane: u8,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> Value,
    ) {
        self.test(ty, |b, x| {
            let value = b.ins().extractlane(x, lane);
            f(b, value)
        });
    }

    /// The lowest bits of a number, if a lane is narrower than the number.
    fn lane_of(&mut self, ty: Type, value: Value) -> Value {
        match ty.lane_type() {
            narrow @ (I8 | I16) => self.b.ins().ireduce(narrow, value),
            _ => value,
        }
    }

    pub(super) fn replace(&mut self, ty: Type, lane: u8) {
        let value = self.pop();
        let value = self.lane_of(ty, value);
        self.v_unary(ty, |b, x| b.ins().insertlane(x, value, lane));
    }

    pub(super) fn splat(&mut self, ty: Type) {
        let value = self.pop();
        let value = self.lane_of(ty, value);
        let vector = self.b.ins().splat(ty, value);
        self.push_lanes(vector);
    }

    pub(super) fn shift(
        &mut self,
        ty: Type,
        f: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        let amount = self.pop();
        self.v_unary(ty, |b, x| f(b, x, amount));
    }

    pub(super) fn bitselect(&mut self) {
        let (first, second, mask) = self.pop3();
        let value = self.b.ins().bitselect(mask, first, second);
        self.push(value);
    }

    /// `pmin` and `pmax`: the second operand where the comparison holds, else the first, bit for bit.
    pub(super) fn pseudo(
        &mut self,
        ty: Type,
        holds: impl FnOnce(&mut FunctionBuilder<'a>, Value, Value) -> Value,
    ) {
        let (first, second) = self.pop2();
        let (x, y) = (self.as_lanes(ty, first), self.as_lanes(ty, second));
        let mask = holds(&mut self.b, x, y);
        let mask = self.as_lanes(I8X16, mask);
        let value = self.b.ins().bitselect(mask, second, first);
        self.push(value);
    }

    pub(super) fn extended_mul(
        &mut self,
        ty: Type,
        widen: impl Fn(&mut FunctionBuilder<'a>, Value) -> Value,
    ) {
        self.v_binary(ty, |b, x, y| {
            let (x, y) = (widen(b, x), widen(b, y));
            b.ins().imul(x, y)
        });
    }

    pub(super) fn add_pairs(
        &mut self,
        ty: Type,
        widen: impl FnOnce(&mut FunctionBuilder<'a>, Value) -> (Value, Value),
    ) {
        self.v_unary(ty, |b, x| {
            let (low, high) = widen(b, x);
            b.ins().iadd_pairwise(low, high)
        });
    }

    /// `i32x4.dot_i16x8_s`
    pub(super) fn dot(&mut self) {
        self.v_binary(I16X8, |b, x, y| {
            let (x_low, x_high) = (b.ins().swiden_low(x), b.ins().swiden_high(x));
            let (y_low, y_high) = (b.ins().swiden_low(y), b.ins().swiden_high(y));
            let low = b.ins().imul(x_low, y_low);
            let high = b.ins().imul(x_high, y_high);
            b.ins().iadd_pairwise(low, high)
        });
    }

    /// `i32x4.trunc_sat_f64x2_s_zero` and `i32x4.trunc_sat_f64x2_u_zero`: converts to 64 bits, then narrows that and a
    /// vector of zeros.
    pub(super) fn truncate_doubles(&mut self, signed: bool) {
        let zeros = self.b.func.dfg.constants.insert(vec![0; 16].into());
        self.v_unary(F64X2, |b, x| {
            let zero = b.ins().vconst(I64X2, zeros);
            if signed {
                let wide = b.ins().fcvt_to_sint_sat(I64X2, x);
                b.ins().snarrow(wide, zero)
            } else {
                let wide = b.ins().fcvt_to_uint_sat(I64X2, x);
                b.ins().uunarrow(wide, zero)
            }
        });
    }

    /// Relaxed `madd` and `nmadd`, as one operation that rounds once.
    pub(super) fn multiply_add(&mut self, ty: Type, negate: bool) -> Result<(), CompileError> {
        if !self.env.isa.has_native_fma() {
            return Err(CompileError::Cpu("FMA"));
        }
        let addend = self.pop_lanes(ty);
        self.v_binary(ty, |b, x, y| {
            let x = if negate { b.ins().fneg(x) } else { x };
            b.ins().fma(x, y, addend)
        });
        Ok(())
    }

    /// The sums of neighbouring products of bytes, in 16 bits.
    fn byte_products(&mut self) -> Value {
        let (x, y) = self.pop_lanes2(I8X16);
        let b = &mut self.b;
        let (x_low, x_high) = (b.ins().swiden_low(x), b.ins().swiden_high(x));
        let (y_low, y_high) = (b.ins().swiden_low(y), b.ins().swiden_high(y));
        let low = b.ins().imul(x_low, y_low);
        let high = b.ins().imul(x_high, y_high);
        b.ins().iadd_pairwise(low, high)
    }

    /// `i16x8.relaxed_dot_i8x16_i7x16_s`
    pub(super) fn relaxed_dot(&mut self) {
        let sums = self.byte_products();
        self.push_lanes(sums);
    }

    /// `i32x4.relaxed_dot_i8x16_i7x16_add_s`
    pub(super) fn relaxed_dot_add(&mut self) {
        let addend = self.pop_lanes(I32X4);
        let sums = self.byte_products();
        let b = &mut self.b;
        let (low, high) = (b.ins().swiden_low(sums), b.ins().swiden_high(sums));
        let sums = b.ins().iadd_pairwise(low, high);
        let value = b.ins().iadd(sums, addend);
        self.push_lanes(value);
    }

    /// Loads eight bytes and widens each lane.
    pub(super) fn load_extended(
        &mut self,
        arg: &MemArg,
        f: impl FnOnce(&mut FunctionBuilder<'a>, MemFlagsData, Value, i32) -> Value,
    ) -> Result<(), CompileError> {
        let index = self.pop();
        let (flags, address, offset) = self.access(arg, index, 8)?;
        let value = f(&mut self.b, flags, address, offset);
        self.push_lanes(value);
        Ok(())
    }

    /// Loads what one lane holds.
    fn load_scalar(&mut self, lane: Type, arg: &MemArg) -> Result<Value, CompileError> {
        let index = self.pop();
        let (flags, address, offset) = self.access(arg, index, lane.bytes())?;
        Ok(self.b.ins().load(lane, flags, address, offset))
    }

    pub(super) fn load_splat(
        &mut self,
        lane: Type,
        ty: Type,
        arg: &MemArg,
    ) -> Result<(), CompileError> {
        let value = self.load_scalar(lane, arg)?;
        let vector = self.b.ins().splat(ty, value);
        self.push_lanes(vector);
        Ok(())
    }

    pub(super) fn load_zero(
        &mut self,
        lane: Type,
        ty: Type,
        arg: &MemArg,
    ) -> Result<(), CompileError> {
        let value = self.load_scalar(lane, arg)?;
        let vector = self.b.ins().scalar_to_vector(ty, value);
        self.push_lanes(vector);
        Ok(())
    }

    pub(super) fn load_lane(
        &mut self,
        lane: Type,
        ty: Type,
        arg: &MemArg,
        at: u8,
    ) -> Result<(), CompileError> {
        let vector = self.pop_lanes(ty);
        let value = self.load_scalar(lane, arg)?;
        let vector = self.b.ins().insertlane(vector, value, at);
        self.push_lanes(vector);
        Ok(())
    }

    pub(super) fn store_lane(
        &mut self,
        ty: Type,
        arg: &MemArg,
        at: u8,
    ) -> Result<(), CompileError> {
        let vector = self.pop_lanes(ty);
        let value = self.b.ins().extractlane(vector, at);
        self.push(value);
        self.store(None, arg)
    }
}
