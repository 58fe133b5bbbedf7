//! Trampolines: from Rust into compiled code, and back out.

use super::slots::{read, write};
use super::{Activation, CODE_UNWIND, HostContext, JitContext, Region, VmLayout, trap_code};
use crate::abi::{AbiSignature, AbiType};
use crate::libcalls::Builtins;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{
    AbiParam, BlockArg, ExceptionTableData, ExceptionTableItem, Function, InstBuilder, Signature,
    StackSlotData, StackSlotKind, Value,
};
use cranelift_codegen::isa::{CallConv, TargetIsa};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use std::mem::offset_of;

fn read_all(b: &mut FunctionBuilder<'_>, types: &[AbiType], base: Value) -> Vec<Value> {
    let mut at = 0;
    let mut values = Vec::with_capacity(types.len());
    for ty in types {
        values.push(read(b, Region::Slots, *ty, base, at));
        at += 8 * ty.slots() as i32;
    }
    values
}

fn write_all(b: &mut FunctionBuilder<'_>, types: &[AbiType], values: &[Value], base: Value) {
    let mut at = 0;
    for (ty, value) in types.iter().zip(values) {
        write(b, Region::Slots, *ty, *value, base, at);
        at += 8 * ty.slots() as i32;
    }
}

/// Takes the gas left from memory into its register, which holds its complement.
fn load_gas(b: &mut FunctionBuilder<'_>, context: Value) {
    let flags = Region::Context.flags(b.func);
    let address = b.ins().load(I64, flags, context, offset_of!(JitContext, gas) as i32);
    let flags = Region::Gas.flags(b.func);
    let left = b.ins().load(I64, flags, address, 0);
    let spent = b.ins().bnot(left);
    b.ins().set_pinned_reg(spent);
}

/// Puts the gas left from its register into memory.
fn store_gas(b: &mut FunctionBuilder<'_>, context: Value) {
    let flags = Region::Context.flags(b.func);
    let address = b.ins().load(I64, flags, context, offset_of!(JitContext, gas) as i32);
    let flags = Region::Gas.flags(b.func);
    let spent = b.ins().get_pinned_reg(I64);
    let left = b.ins().bnot(spent);
    b.ins().store(flags, left, address, 0);
}

/// `extern "C" fn(context, code, slots, depth, activation) -> u32`: calls compiled code of one
/// signature. Gives 0 when it returned and 1 when it stopped.
pub(crate) fn entry(isa: &dyn TargetIsa, signature: &AbiSignature, func: &mut Function) {
    let mut host = Signature::new(isa.default_call_conv());
    host.params.extend([AbiParam::new(I64); 5]);
    host.returns.push(AbiParam::new(I32));
    func.signature = host;
    let mut contexts = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(func, &mut contexts);
    let start = b.create_block();
    // The address of a handler can be had for any block but the first.
    let calling = b.create_block();
    let returned = b.create_block();
    let stopped = b.create_block();
    b.append_block_params_for_function_params(start);
    let types: Vec<_> = signature.results.iter().map(|t| t.clif()).collect();
    let results: Vec<Value> = types.iter().map(|t| b.append_block_param(returned, *t)).collect();

    b.switch_to_block(start);
    let [vmctx, code, slots, depth, activation] = b.block_params(start)[..] else {
        unreachable!("the signature above has five parameters")
    };
    // The register of the gas is the host's outside.
    let pins = isa.flags().enable_pinned_reg();
    let hosts = pins.then(|| b.ins().get_pinned_reg(I64));
    if pins {
        let flags = Region::VmCtx.flags(b.func);
        let context = b.ins().load(I64, flags, vmctx, VmLayout::CONTEXT);
        load_gas(&mut b, context);
    }
    b.ins().jump(calling, &[]);
    b.switch_to_block(calling);
    let flags = Region::Activation.flags(b.func);
    let handler = b.ins().get_exception_handler_address(I64, calling, 0);
    let sp = b.ins().get_stack_pointer(I64);
    let fp = b.ins().get_frame_pointer(I64);
    b.ins().store(flags, handler, activation, offset_of!(Activation, handler) as i32);
    b.ins().store(flags, sp, activation, offset_of!(Activation, sp) as i32);
    b.ins().store(flags, fp, activation, offset_of!(Activation, fp) as i32);
    let mut args = vec![vmctx, depth];
    args.extend(read_all(&mut b, &signature.params, slots));
    let callee = b.import_signature(signature.native());
    let normal: Vec<BlockArg> = (0..types.len() as u32).map(BlockArg::TryCallRet).collect();
    let normal = b.func.dfg.block_call(returned, &normal);
    let default = b.func.dfg.block_call(stopped, &[]);
    let table = ExceptionTableData::new(callee, normal, [ExceptionTableItem::Default(default)]);
    let table = b.func.dfg.exception_tables.push(table);
    b.ins().try_call_indirect(code, &args, table);

    b.switch_to_block(returned);
    if let Some(hosts) = hosts {
        let flags = Region::VmCtx.flags(b.func);
        let context = b.ins().load(I64, flags, vmctx, VmLayout::CONTEXT);
        store_gas(&mut b, context);
        b.ins().set_pinned_reg(hosts);
    }
    write_all(&mut b, &signature.results, &results, slots);
    let ok = b.ins().iconst(I32, 0);
    b.ins().return_(&[ok]);

    b.switch_to_block(stopped);
    // The handler has what was in it.
    if let Some(hosts) = hosts {
        b.ins().set_pinned_reg(hosts);
    }
    let failed = b.ins().iconst(I32, 1);
    b.ins().return_(&[failed]);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

/// The exit stub of a signature: code in the calling convention of Wasm functions that calls a function of the host or
/// of another tier. Its context is a [`HostContext`].
pub(crate) fn exit(isa: &dyn TargetIsa, signature: &AbiSignature, func: &mut Function) {
    func.signature = signature.native();
    let mut contexts = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(func, &mut contexts);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let params = b.block_params(start).to_vec();
    let (vmctx, depth, args) = (params[0], params[1], &params[2..]);

    let bytes = (signature.slots().max(1) * 8) as u32;
    let slot = b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4));
    let slots = b.ins().stack_addr(I64, slot, 0);
    write_all(&mut b, &signature.params, args, slots);
    let flags = Region::VmCtx.flags(b.func);
    let context = b.ins().load(I64, flags, vmctx, offset_of!(HostContext, context) as i32);
    let pins = isa.flags().enable_pinned_reg();
    if pins {
        store_gas(&mut b, context);
    }
    let at = offset_of!(JitContext, builtins) + offset_of!(Builtins, call_out);
    let flags = Region::Context.flags(b.func);
    let routine = b.ins().load(I64, flags, context, at as i32);
    let mut host = Signature::new(host_conv(isa));
    host.params.extend([AbiParam::new(I64); 5]);
    host.returns.push(AbiParam::new(I64));
    let host = b.import_signature(host);
    let fp = b.ins().get_frame_pointer(I64);
    let call = b.ins().call_indirect(host, routine, &[context, vmctx, slots, depth, fp]);
    let status = b.inst_results(call)[0];
    b.ins().trapnz(status, trap_code(CODE_UNWIND));
    if pins {
        load_gas(&mut b, context);
    }
    let results = read_all(&mut b, &signature.results, slots);
    b.ins().return_(&results);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

/// A bridge: what code calls in place of a function that was to be compiled, and is not. It goes on, as a tail call
/// does, to the code and with the context that are in two words of the instance's context at `at`.
pub(crate) fn bridge(isa: &dyn TargetIsa, signature: &AbiSignature, at: i32, func: &mut Function) {
    func.signature = signature.native();
    let mut contexts = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(func, &mut contexts);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let mut args = b.block_params(start).to_vec();
    let flags = Region::VmCtx.flags(b.func);
    // A direct call did not note whose it is, and what follows may be an exit stub, which asks.
    let context = b.ins().load(I64, flags, args[0], VmLayout::CONTEXT);
    let noted = Region::Context.flags(b.func);
    b.ins().store(noted, args[0], context, offset_of!(JitContext, caller) as i32);
    let code = b.ins().load(I64, flags, args[0], at);
    args[0] = b.ins().load(I64, flags, args[0], at + 8);
    let callee = b.import_signature(signature.native());
    b.ins().return_call_indirect(callee, code, &args);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

/// The signature of [`throw`]: context, and the word of the reference to the exception.
pub(crate) fn throw_signature() -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.extend([AbiParam::new(I64); 2]);
    signature
}

/// Code in the calling convention of Wasm functions that throws. It never returns. For its caller it is a call like any
/// other that may throw, so the caller's handlers are found as those of any frame are.
pub(crate) fn throw(isa: &dyn TargetIsa, func: &mut Function) {
    func.signature = throw_signature();
    let mut contexts = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(func, &mut contexts);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let [vmctx, exception] = b.block_params(start)[..] else {
        unreachable!("the signature above has two parameters")
    };
    let flags = Region::VmCtx.flags(b.func);
    let context = b.ins().load(I64, flags, vmctx, VmLayout::CONTEXT);
    let at = offset_of!(JitContext, builtins) + offset_of!(Builtins, throw);
    let flags = Region::Context.flags(b.func);
    let routine = b.ins().load(I64, flags, context, at as i32);
    let fp = b.ins().get_frame_pointer(I64);
    let zero = b.ins().iconst(I64, 0);
    let mut host = Signature::new(host_conv(isa));
    host.params.extend([AbiParam::new(I64); 6]);
    host.returns.push(AbiParam::new(I64));
    let host = b.import_signature(host);
    b.ins().call_indirect(host, routine, &[vmctx, exception, fp, zero, zero, zero]);
    b.ins().trap(trap_code(CODE_UNWIND));
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

/// Words that a routine gets that may collect, in addition to the context and the frame pointer.
pub(crate) const SAFEPOINT_WORDS: usize = 4;

/// The signature of [`safepoint`]: context, address of the routine, and its words.
pub(crate) fn safepoint_signature() -> Signature {
    let mut signature = Signature::new(CallConv::Tail);
    signature.params.extend([AbiParam::new(I64); 2 + SAFEPOINT_WORDS]);
    signature.returns.push(AbiParam::new(I64));
    signature
}

/// Code in the calling convention of Wasm functions that calls a routine and passes its own frame pointer as the last
/// word. From there a collection finds the frames of compiled code.
pub(crate) fn safepoint(isa: &dyn TargetIsa, func: &mut Function) {
    func.signature = safepoint_signature();
    let mut contexts = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(func, &mut contexts);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let params = b.block_params(start).to_vec();
    let (vmctx, routine, words) = (params[0], params[1], &params[2..]);
    let mut args = vec![vmctx];
    args.extend_from_slice(words);
    args.push(b.ins().get_frame_pointer(I64));
    let mut host = Signature::new(host_conv(isa));
    host.params.extend([AbiParam::new(I64); 2 + SAFEPOINT_WORDS]);
    host.returns.push(AbiParam::new(I64));
    let host = b.import_signature(host);
    let call = b.ins().call_indirect(host, routine, &args);
    let result = b.inst_results(call)[0];
    b.ins().return_(&[result]);
    b.seal_all_blocks();
    b.finalize(isa.frontend_config());
}

fn host_conv(isa: &dyn TargetIsa) -> CallConv {
    isa.default_call_conv()
}
