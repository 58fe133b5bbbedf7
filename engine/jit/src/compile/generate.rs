//! From the code generator's form to machine code, with the tables that describe it.

use super::isa;
use super::listing::Listing;
use super::pinned::{shorten, unmarked};
use crate::abi::CODES;
use crate::code::{CallSite, Code, HandlerSite, StackMap};
use crate::error::{CompileError, Failure, Reason};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, TrapCode, UserStackMap};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{
    CodegenError, Context, ExceptionContextLoc, Final, FinalizedMachExceptionHandler,
    FinalizedRelocTarget, MachBufferFinalized,
};
use cranelift_frontend::FunctionBuilderContext;
use etalon_runtime::Trap;

/// What a thread uses again for each function.
pub(super) struct Workspace {
    pub(super) context: Context,
    pub(super) builder: FunctionBuilderContext,
    control: ControlPlane,
    /// Where it is asked for, what the function looked like that was generated last.
    pub(super) listing: Option<Listing>,
}

impl Workspace {
    pub(super) fn new() -> Workspace {
        let (builder, control) = (FunctionBuilderContext::new(), ControlPlane::default());
        Workspace { context: Context::new(), builder, control, listing: None }
    }

    /// Bytes of the native frame of the code that was generated last.
    pub(super) fn frame_bytes(&self) -> Option<u32> {
        let layout = self.context.compiled_code()?.buffer.frame_layout()?;
        Some(layout.frame_to_fp_offset)
    }
}

/// The references that a function holds in its calls.
fn maps(buffer: &MachBufferFinalized<Final>) -> Vec<StackMap> {
    let map = |(offset, frame, map): &(u32, u32, UserStackMap)| StackMap {
        offset: *offset,
        frame: *frame,
        words: map.entries().map(|(_, at)| at).collect(),
    };
    let mut maps: Vec<StackMap> = buffer.user_stack_maps().iter().map(map).collect();
    maps.retain(|map| !map.words.is_empty());
    maps.sort_unstable_by_key(|map| map.offset);
    maps
}

/// The handlers of a function's calls. A tag of the code generator is the number of a scope.
fn handlers(buffer: &MachBufferFinalized<Final>) -> Result<Vec<HandlerSite>, String> {
    let mut sites = Vec::new();
    for call in buffer.call_sites() {
        let (mut context, mut handler) = (None, None);
        for item in call.exception_handlers {
            match item {
                FinalizedMachExceptionHandler::Tag(tag, offset) => {
                    handler = Some((tag.as_u32(), *offset));
                }
                FinalizedMachExceptionHandler::Context(ExceptionContextLoc::SPOffset(at)) => {
                    context = Some(*at);
                }
                // Where a trampoline goes on, which it notes itself.
                FinalizedMachExceptionHandler::Default(_) => {}
                other => return Err(format!("a context at {other:?}")),
            }
        }
        let Some((scope, landing)) = handler else { continue };
        let context = context.ok_or("a handler without a context")?;
        let frame = call.frame_offset.ok_or("a frame of unknown size")?;
        sites.push(HandlerSite { offset: call.ret_addr, frame, context, scope, landing });
    }
    sites.sort_unstable_by_key(|site| site.offset);
    Ok(sites)
}

/// Compiles what is in the workspace.
pub(super) fn generate(
    work: &mut Workspace,
    isa: &dyn TargetIsa,
    index: u32,
) -> Result<Code, Failure> {
    let crash = |message: String| Failure::from(CompileError::Codegen { func: index, message });
    if let Some(listing) = &mut work.listing {
        listing.clif = work.context.func.display().to_string();
        work.context.set_disasm(true);
    }
    work.context.compile(isa, &mut work.control).map_err(|e| match e.inner {
        CodegenError::CodeTooLarge | CodegenError::ImplLimitExceeded => Reason::TooLarge.into(),
        CodegenError::Verifier(errors) => crash(errors.to_string()),
        other => crash(other.to_string()),
    })?;
    let compiled = work.context.compiled_code().ok_or_else(|| crash("no code".into()))?;
    if let Some(listing) = &mut work.listing {
        listing.assembly = compiled.vcode.clone().unwrap_or_default();
        listing.blocks.clone_from(&compiled.bb_starts);
    }
    let buffer = &compiled.buffer;
    let mut code = Code { alignment: buffer.alignment, ..Code::default() };
    code.bytes = buffer.data().to_vec();
    code.frame = buffer.frame_layout().map(|layout| layout.frame_to_fp_offset);
    for trap in buffer.traps() {
        code.traps.push((trap.offset, our_code(trap.code)));
    }
    code.traps.sort_unstable();
    let is_x64 = isa.name() == "x64";
    for range in buffer.get_srclocs_sorted() {
        let (place, is_charge) = unmarked(range.loc);
        if is_charge && is_x64 {
            shorten(&mut code.bytes[range.start as usize..range.end as usize]);
        }
        // Only where one range ends and none begins is there a gap to note.
        match code.sites.last_mut() {
            Some((from, at)) if *from == range.start => *at = place.bits(),
            _ => code.sites.push((range.start, place.bits())),
        }
        code.sites.push((range.end, u32::MAX));
    }
    code.handlers = handlers(buffer).map_err(crash)?;
    code.maps = maps(buffer);
    for reloc in buffer.relocs() {
        let FinalizedRelocTarget::ExternalName(ExternalName::User(name)) = reloc.target else {
            return Err(crash(format!("a reference to {:?}", reloc.target)));
        };
        if reloc.kind != isa::call_reloc(isa) {
            return Err(crash(format!("a relocation of kind {:?}", reloc.kind)));
        }
        let callee = work.context.func.params.user_named_funcs()[name].index;
        code.calls.push(CallSite { offset: reloc.offset, addend: reloc.addend, callee });
    }
    Ok(code)
}

/// The code generator's own reasons in our numbers.
pub(super) fn our_code(code: TrapCode) -> u8 {
    let trap = match code {
        TrapCode::INTEGER_OVERFLOW => Trap::IntegerOverflow,
        TrapCode::INTEGER_DIVISION_BY_ZERO => Trap::IntegerDivideByZero,
        TrapCode::BAD_CONVERSION_TO_INTEGER => Trap::InvalidConversionToInteger,
        TrapCode::HEAP_OUT_OF_BOUNDS => Trap::MemoryOutOfBounds,
        other => {
            let code = other.as_raw().get();
            let known = CODES.contains(&code);
            return if known || Trap::from_code(code).is_some() { code } else { 0 };
        }
    };
    trap as u8
}
