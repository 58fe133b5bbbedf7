//! Calls ("Control Instructions").

use super::translator::{Form, Translator};
use crate::abi::{CODE_UNWIND, FuncEntry, JitContext, Region, trap_code};
use crate::error::Failure;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{FuncRef, InstBuilder, SigRef, Value};
use etalon_runtime::Trap;
use std::mem::offset_of;
use wasmparser::Operator as O;

/// What is called.
enum Callee {
    /// A function of the same compilation.
    Direct(FuncRef),
    /// Code at an address, with its context.
    Indirect { signature: SigRef, code: Value, vmctx: Value },
}

/// By how much the double of a function reference's word is more than where its entry is.
const BEYOND: i32 = 2;

impl Translator<'_> {
    /// Translates an operator of this file; gives false for any other.
    pub(super) fn call_operator(&mut self, operator: &O<'_>) -> Result<bool, Failure> {
        match operator {
            O::Call { function_index } => self.call(*function_index)?,
            O::CallIndirect { type_index, table_index } => {
                self.call_indirect(*table_index, *type_index)?;
            }
            O::CallRef { type_index } => self.call_ref(*type_index),
            O::ReturnCall { function_index } => self.return_call(*function_index),
            O::ReturnCallIndirect { type_index, table_index } => {
                self.return_call_indirect(*table_index, *type_index)?;
            }
            O::ReturnCallRef { type_index } => self.return_call_ref(*type_index),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// How a function of the module is called.
    fn function(&mut self, func: u32) -> Callee {
        let one_by_one = self.env.layout.is_one_by_one();
        let place = self.env.layout.callee(func);
        // Code that counts is to be replaced, and must not stay in itself until then; and code that begins with a loop is not the function.
        let is_itself = func == self.func && self.env.form == Form::Plain;
        let Some(at) = place.filter(|_| !one_by_one || !is_itself) else {
            return Callee::Direct(self.callee(func));
        };
        let signature = self.signature(self.module.funcs[func as usize]);
        let region = if one_by_one { Region::Callees } else { Region::VmCtx };
        let code = self.load_word(region, self.vmctx, at);
        let vmctx = self.load_word(region, self.vmctx, at + 8);
        Callee::Indirect { signature, code, vmctx }
    }

    /// `call`
    fn call(&mut self, func: u32) -> Result<(), Failure> {
        if let Some(small) = self.small(func)? {
            return self.inline(&small);
        }
        self.settle_gas();
        self.call_itself(func);
        Ok(())
    }

    /// Calls a function of the module as such.
    pub(super) fn call_itself(&mut self, func: u32) {
        let callee = self.function(func);
        self.emit_call(callee, self.module.funcs[func as usize]);
    }

    /// `return_call`
    fn return_call(&mut self, func: u32) {
        let callee = self.function(func);
        self.emit_tail_call(callee, self.module.funcs[func as usize]);
    }

    /// `call_indirect`
    fn call_indirect(&mut self, table: u32, ty: u32) -> Result<(), Failure> {
        let callee = self.table_callee(table, ty)?;
        self.emit_call(callee, ty);
        Ok(())
    }

    /// `return_call_indirect`
    fn return_call_indirect(&mut self, table: u32, ty: u32) -> Result<(), Failure> {
        let callee = self.table_callee(table, ty)?;
        self.emit_tail_call(callee, ty);
        Ok(())
    }

    /// `call_ref`
    fn call_ref(&mut self, ty: u32) {
        let callee = self.reference_callee(ty);
        self.emit_call(callee, ty);
    }

    /// `return_call_ref`
    fn return_call_ref(&mut self, ty: u32) {
        let callee = self.reference_callee(ty);
        self.emit_tail_call(callee, ty);
    }

    /// Where the entry of a function is, plus [`BEYOND`], from the word of a reference to it: `addr << 4 | 1` for an entry of 32
    /// bytes. What is too much goes into the accesses, which subtract it for nothing.
    fn entry(&mut self, word: Value) -> Value {
        const { assert!(size_of::<FuncEntry>() == 32) };
        let context = self.context();
        let entries = offset_of!(JitContext, entries) as i32;
        let base = self.load_word(Region::Context, context, entries);
        let twice = self.b.ins().ishl_imm_u(word, 1);
        self.b.ins().iadd(base, twice)
    }

    fn entry_callee(&mut self, entry: Value, ty: u32) -> Callee {
        let signature = self.signature(ty);
        let (code, vmctx) = (offset_of!(FuncEntry, code), offset_of!(FuncEntry, vmctx));
        let code = self.load_word(Region::Entries, entry, code as i32 - BEYOND);
        let vmctx = self.load_word(Region::Entries, entry, vmctx as i32 - BEYOND);
        Callee::Indirect { signature, code, vmctx }
    }

    /// The function in an element of a table. Traps in this order: no such element, a null reference, another type.
    fn table_callee(&mut self, table: u32, ty: u32) -> Result<Callee, Failure> {
        self.flush_gas();
        let index = self.pop();
        let word = self.element(table, index, Trap::UndefinedElement);
        self.b.ins().trapz(word, trap_code(Trap::UninitializedElement as u8));
        let entry = self.entry(word);
        if self.env.declared.tables[table as usize].ty == Some(ty) {
            return Ok(self.entry_callee(entry, ty));
        }
        let flags = Region::Entries.flags(self.b.func);
        let at = offset_of!(FuncEntry, ty) as i32 - BEYOND;
        let actual = self.b.ins().uload32(flags, entry, at);
        let expected = self.vm_word(self.env.layout.ty(ty));
        let other = self.b.ins().icmp(IntCC::NotEqual, actual, expected);
        if self.module.flat_types[ty as usize].is_final {
            self.b.ins().trapnz(other, trap_code(Trap::IndirectCallTypeMismatch as u8));
        } else {
            self.check_subtype(other, actual, expected)?;
        }
        Ok(self.entry_callee(entry, ty))
    }

    /// A type that may have subtypes: if it is not the expected type itself, a routine decides.
    fn check_subtype(
        &mut self,
        other: Value,
        actual: Value,
        expected: Value,
    ) -> Result<(), Failure> {
        let slow = self.b.create_block();
        let next = self.b.create_block();
        self.b.ins().brif(other, slow, &[], next, &[]);
        self.b.seal_block(slow);
        self.b.set_cold_block(slow);
        self.b.switch_to_block(slow);
        let matches = offset_of!(crate::libcalls::Builtins, call.type_matches);
        let matches = self.routine(matches, &[actual, expected]);
        self.b.ins().trapz(matches, trap_code(Trap::IndirectCallTypeMismatch as u8));
        self.b.ins().jump(next, &[]);
        self.b.seal_block(next);
        self.b.switch_to_block(next);
        Ok(())
    }

    fn reference_callee(&mut self, ty: u32) -> Callee {
        self.flush_gas();
        let word = self.pop();
        if let Some(func) = self.functions.get(&self.b.func.dfg.resolve_aliases(word)) {
            return self.function(*func);
        }
        self.b.ins().trapz(word, trap_code(Trap::NullFunctionReference as u8));
        let entry = self.entry(word);
        self.entry_callee(entry, ty)
    }

    fn arguments(&mut self, ty: u32, vmctx: Value, depth: Value) -> Vec<Value> {
        let count = self.module.func_type_at(ty).params.len();
        let mut args = vec![vmctx, depth];
        args.extend(self.pop_many(count));
        args
    }

    /// The callee may be a function of the host, which is told whose call it is.
    fn note_caller(&mut self) {
        let context = self.context();
        let flags = Region::Context.flags(self.b.func);
        let at = offset_of!(JitContext, caller) as i32;
        self.b.ins().store(flags, self.vmctx, context, at);
    }

    fn emit_call(&mut self, callee: Callee, ty: u32) {
        self.flush_gas();
        let depth = self.depth;
        let handled = self.is_handled();
        let results = match callee {
            Callee::Direct(func) => {
                let args = self.arguments(ty, self.vmctx, depth);
                if handled {
                    let signature = self.signature(ty);
                    let (table, normal) = self.exception_table(signature);
                    self.b.ins().try_call(func, &args, table);
                    self.returned(normal)
                } else {
                    let call = self.b.ins().call(func, &args);
                    self.b.inst_results(call).to_vec()
                }
            }
            Callee::Indirect { signature, code, vmctx } => {
                self.note_caller();
                let args = self.arguments(ty, vmctx, depth);
                self.indirect(signature, code, &args)
            }
        };
        let module = self.module;
        for (ty, result) in module.func_type_at(ty).results.iter().zip(results) {
            self.push_of(*ty, result);
        }
        self.gas_after_call();
    }

    /// Calls code at an address, with the exception handlers that enclose the call; gives the results.
    pub(super) fn indirect(
        &mut self,
        signature: SigRef,
        code: Value,
        args: &[Value],
    ) -> Vec<Value> {
        if self.is_handled() {
            let (table, normal) = self.exception_table(signature);
            self.b.ins().try_call_indirect(code, args, table);
            return self.returned(normal);
        }
        let call = self.b.ins().call_indirect(signature, code, args);
        self.b.inst_results(call).to_vec()
    }

    /// A tail call replaces the frame, so the callee gets the depth that was left before this frame was taken.
    fn emit_tail_call(&mut self, callee: Callee, ty: u32) {
        self.flush_gas();
        let depth = self.depth_outside;
        match callee {
            Callee::Direct(func) => {
                let args = self.arguments(ty, self.vmctx, depth);
                self.b.ins().return_call(func, &args);
            }
            Callee::Indirect { signature, code, vmctx } => {
                self.note_caller();
                let args = self.arguments(ty, vmctx, depth);
                self.b.ins().return_call_indirect(signature, code, &args);
            }
        }
        self.reachable = false;
    }

    /// Calls a routine of Rust with up to five words; `place` is its offset in [`Builtins`](crate::libcalls::Builtins).
    pub(super) fn routine(&mut self, place: usize, args: &[Value]) -> Value {
        let context = self.context();
        let at = offset_of!(JitContext, builtins) + place;
        let code = self.load_word(Region::Context, context, at as i32);
        let signature = self.builtin_signature();
        let mut all = vec![self.vmctx];
        all.extend_from_slice(args);
        while all.len() < 6 {
            let none = self.iconst(I64, 0);
            all.push(none);
        }
        let call = self.b.ins().call_indirect(signature, code, &all);
        self.b.inst_results(call)[0]
    }

    /// As [`routine`](Self::routine), for one that may stop execution and may charge.
    pub(super) fn stopping_routine(&mut self, place: usize, args: &[Value]) -> Value {
        self.store_gas();
        let result = self.routine(place, args);
        self.unless_stopped(result)
    }

    /// Leaves compiled code if a routine's result is [`STOP`](crate::libcalls::STOP).
    pub(super) fn unless_stopped(&mut self, result: Value) -> Value {
        self.leave_if_stopped(result);
        self.reload_gas();
        result
    }

    /// The same after a routine that charges nothing.
    pub(super) fn leave_if_stopped(&mut self, result: Value) {
        let stop = self.iconst(I64, crate::libcalls::STOP);
        let stopped = self.b.ins().icmp(IntCC::Equal, result, stop);
        self.b.ins().trapnz(stopped, trap_code(CODE_UNWIND));
    }
}
