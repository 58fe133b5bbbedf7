//! A module's functions, compiled on all cores.

use super::isa::{self, SharedIsa};
use super::translator::{Env, translate};
use crate::abi::{
    AbiSignature, CODE_GAS, CODE_STACK, CODE_UNWIND, VmLayout, entry, exit, safepoint, throw,
};
use crate::code::{
    CallSite, Clause, Code, CompiledFunction, CompiledModule, HandlerSite, Settings, StackMap,
    Trampolines,
};
use crate::error::CompileError;
use crate::trap;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{ExternalName, Function, TrapCode, UserStackMap};
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{
    CodegenError, Context, ExceptionContextLoc, Final, FinalizedMachExceptionHandler,
    FinalizedRelocTarget, MachBufferFinalized,
};
use cranelift_frontend::FunctionBuilderContext;
use etalon_gas::Schedule;
use etalon_module::{CompType, Module};
use etalon_runtime::Trap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// How much the code generator tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OptLevel {
    /// Compiles fast.
    None,
    /// Makes fast code.
    #[default]
    Speed,
    /// Makes fast code, but not at any size.
    Size,
}

/// What is compiled, and how.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    /// Prices, and the frames that depth is counted in.
    pub schedule: Arc<Schedule>,
    /// Whether instructions are charged.
    pub metering: bool,
    /// How much the code generator tries.
    pub opt: OptLevel,
    /// Indices of the functions to compile; `None` is all.
    pub functions: Option<Vec<u32>>,
    /// Whether the code generator checks itself: slow, for tests.
    pub verify: bool,
}

impl CompileOptions {
    /// All functions, at speed.
    pub fn new(schedule: Arc<Schedule>, metering: bool) -> CompileOptions {
        let opt = OptLevel::default();
        CompileOptions { schedule, metering, opt, functions: None, verify: false }
    }
}

/// Compiles a module for this machine.
///
/// # Errors
/// If an operator is not in this tier, a function is too large, the schedule allows too much depth, or the
/// processor lacks something.
pub fn compile(module: &Module, options: &CompileOptions) -> Result<CompiledModule, CompileError> {
    let depth = options.schedule.depth();
    if !trap::suffices(depth) {
        return Err(CompileError::Depth(depth.max));
    }
    let isa: SharedIsa = isa::host(options.opt, options.verify)?;
    let own = module.imported_funcs..module.funcs.len() as u32;
    let wanted: Option<HashSet<u32>> =
        options.functions.as_ref().map(|f| f.iter().copied().collect());
    let compiled = |f: u32| own.contains(&f) && wanted.as_ref().is_none_or(|w| w.contains(&f));
    let env = Env {
        module,
        isa: Arc::clone(&isa),
        layout: VmLayout::new(module, compiled),
        schedule: Arc::clone(&options.schedule),
        metering: options.metering,
    };
    let indices: Vec<u32> = own.clone().filter(|f| compiled(*f)).collect();
    let functions = indices
        .par_iter()
        .map_init(Workspace::new, |work, index| function(work, &env, *index))
        .collect::<Result<Vec<_>, _>>()?;
    let signatures: BTreeSet<AbiSignature> = module
        .flat_types
        .iter()
        .filter_map(|ty| match &ty.comp {
            CompType::Func(ty) => Some(AbiSignature::of(ty)),
            _ => None,
        })
        .collect();
    let trampolines = signatures
        .into_par_iter()
        .map_init(Workspace::new, |work, signature| trampolines(work, &*isa, signature))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(CompiledModule {
        target: isa::target_of(&*isa),
        settings: Settings {
            opt: options.opt,
            metering: options.metering,
            schedule: options.schedule.id().to_string(),
        },
        digest: module.digest(),
        functions,
        throw: stub(throw, &*isa)?,
        safepoint: stub(safepoint, &*isa)?,
        trampolines,
    })
}

/// What a thread uses again for each function.
struct Workspace {
    context: Context,
    builder: FunctionBuilderContext,
    control: ControlPlane,
}

impl Workspace {
    fn new() -> Workspace {
        let (builder, control) = (FunctionBuilderContext::new(), ControlPlane::default());
        Workspace { context: Context::new(), builder, control }
    }
}

fn function(
    work: &mut Workspace,
    env: &Env<'_>,
    index: u32,
) -> Result<CompiledFunction, CompileError> {
    work.context.clear();
    translate(env, index, &mut work.context.func, &mut work.builder)?;
    let code = generate(work, &*env.isa, index)?;
    let slots = env.frame_cost(index);
    if let Some(bytes) = frame_bytes(&work.context)
        && u64::from(bytes) > slots.saturating_mul(trap::FRAME_BYTES_PER_SLOT)
    {
        return Err(CompileError::Frame { func: index, bytes, slots });
    }
    Ok(CompiledFunction { index, code })
}

fn frame_bytes(context: &Context) -> Option<u32> {
    let layout = context.compiled_code()?.buffer.frame_layout()?;
    Some(layout.frame_to_fp_offset)
}

fn trampolines(
    work: &mut Workspace,
    isa: &dyn TargetIsa,
    signature: AbiSignature,
) -> Result<Trampolines, CompileError> {
    let mut make = |build: fn(&dyn TargetIsa, &AbiSignature, &mut Function)| {
        work.context.clear();
        build(isa, &signature, &mut work.context.func);
        generate(work, isa, u32::MAX)
    };
    let (entry, exit) = (make(entry)?, make(exit)?);
    Ok(Trampolines { signature, entry, exit })
}

fn stub(
    build: fn(&dyn TargetIsa, &mut Function),
    isa: &dyn TargetIsa,
) -> Result<Code, CompileError> {
    let mut work = Workspace::new();
    build(isa, &mut work.context.func);
    generate(&mut work, isa, u32::MAX)
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

/// The handlers of a function's calls.
fn handlers(buffer: &MachBufferFinalized<Final>) -> Result<Vec<HandlerSite>, String> {
    let mut sites = Vec::new();
    for call in buffer.call_sites().filter(|call| !call.exception_handlers.is_empty()) {
        let frame = call.frame_offset.ok_or("a frame of unknown size")?;
        let clauses = call.exception_handlers.iter().map(|handler| match handler {
            FinalizedMachExceptionHandler::Tag(tag, offset) => {
                Ok(Clause::Tag(tag.as_u32(), *offset))
            }
            FinalizedMachExceptionHandler::Default(offset) => Ok(Clause::All(*offset)),
            FinalizedMachExceptionHandler::Context(ExceptionContextLoc::SPOffset(at)) => {
                Ok(Clause::Context(*at))
            }
            other => Err(format!("a context at {other:?}")),
        });
        let clauses = clauses.collect::<Result<_, _>>()?;
        sites.push(HandlerSite { offset: call.ret_addr, frame, clauses });
    }
    sites.sort_unstable_by_key(|site| site.offset);
    Ok(sites)
}

/// Compiles what is in the workspace.
fn generate(work: &mut Workspace, isa: &dyn TargetIsa, index: u32) -> Result<Code, CompileError> {
    let crash = |message: String| CompileError::Codegen { func: index, message };
    work.context.compile(isa, &mut work.control).map_err(|e| match e.inner {
        CodegenError::CodeTooLarge | CodegenError::ImplLimitExceeded => {
            CompileError::TooLarge { func: index }
        }
        CodegenError::Verifier(errors) => crash(errors.to_string()),
        other => crash(other.to_string()),
    })?;
    let compiled = work.context.compiled_code().ok_or_else(|| crash("no code".into()))?;
    let buffer = &compiled.buffer;
    let mut code = Code { alignment: buffer.alignment, ..Code::default() };
    code.bytes = buffer.data().to_vec();
    for trap in buffer.traps() {
        code.traps.push((trap.offset, our_code(trap.code)));
    }
    code.traps.sort_unstable();
    for range in buffer.get_srclocs_sorted() {
        // Only where one range ends and none begins is there a gap to note.
        match code.sites.last_mut() {
            Some((from, at)) if *from == range.start => *at = range.loc.bits(),
            _ => code.sites.push((range.start, range.loc.bits())),
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
fn our_code(code: TrapCode) -> u8 {
    let trap = match code {
        TrapCode::INTEGER_OVERFLOW => Trap::IntegerOverflow,
        TrapCode::INTEGER_DIVISION_BY_ZERO => Trap::IntegerDivideByZero,
        TrapCode::BAD_CONVERSION_TO_INTEGER => Trap::InvalidConversionToInteger,
        TrapCode::HEAP_OUT_OF_BOUNDS => Trap::MemoryOutOfBounds,
        other => {
            let code = other.as_raw().get();
            let known = matches!(code, CODE_UNWIND | CODE_STACK | CODE_GAS);
            return if known || Trap::from_code(code).is_some() { code } else { 0 };
        }
    };
    trap as u8
}
