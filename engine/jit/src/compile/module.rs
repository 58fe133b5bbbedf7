//! A module's functions, compiled on all cores.

use super::budget::{Budget, Survey, within};
use super::cpu::CpuLevel;
use super::function::{Generators, function};
use super::generate::{Workspace, generate};
use super::isa::Choice;
use super::machine::Machine;
use super::memory::may_tear as stores_may_tear;
use super::nans::Nans;
use super::translator::{Declared, Env};
use crate::abi::{AbiSignature, VmLayout, bridge, entry, exit, safepoint, throw};
use crate::code::{Code, CompiledFunction, CompiledModule, Parts, Settings, Trampolines};
use crate::error::{CompileError, Failure, NotCompiled, Reason};
use crate::trap;
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::TargetIsa;
use etalon_gas::Schedule;
use etalon_module::{CompType, Module, SubType};
use etalon_runtime::Interrupt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use target_lexicon::Triple;

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
    /// Whether the code looks for an interrupt.
    pub interruptible: bool,
    /// Who interrupts the compilation, if anyone may.
    pub interrupt: Option<Interrupt>,
    /// How much the code generator tries.
    pub opt: OptLevel,
    /// The machine that the code is for; `None` is this one.
    pub target: Option<Machine>,
    /// Which features of the processor code may use. [`CpuLevel::Native`] is of this machine alone.
    pub cpu: CpuLevel,
    /// Whether each access to a memory compares its address with the length, also where pages without rights would catch it.
    pub explicit_bounds: bool,
    /// Whether each access to a memory asks the memory's regions.
    pub memory_regions: bool,
    /// Which NaNs arithmetic gives.
    pub nans: Nans,
    /// Indices of the functions to compile; `None` is all.
    pub functions: Option<Vec<u32>>,
    /// How much is compiled.
    pub budget: Budget,
    /// Whether the code generator checks itself: slow, for tests.
    pub verify: bool,
}

impl CompileOptions {
    /// All functions, at speed, without interruption.
    pub fn new(schedule: Arc<Schedule>, metering: bool) -> CompileOptions {
        CompileOptions {
            schedule,
            metering,
            interruptible: false,
            interrupt: None,
            opt: OptLevel::default(),
            target: None,
            cpu: CpuLevel::default(),
            explicit_bounds: false,
            memory_regions: false,
            nans: Nans::default(),
            functions: None,
            budget: Budget::default(),
            verify: false,
        }
    }

    /// The machine that the code is for, if it is another than this one.
    pub fn elsewhere(&self) -> Option<&Machine> {
        self.target.as_ref().filter(|target| Machine::here().as_ref() != Some(target))
    }

    /// Between two functions.
    fn check_interrupt(&self) -> Result<(), CompileError> {
        match self.interrupt.as_ref().is_some_and(Interrupt::is_requested) {
            true => Err(CompileError::Interrupted),
            false => Ok(()),
        }
    }
}

/// Compiles a module, for this machine or the one that the options name. The same module, options and target give the same code, whichever
/// machine compiles. A function that cannot be compiled is none of its errors: the result says which
/// functions those are and why ([`CompiledModule::not_compiled`]), and calls of them go to whatever tier they are placed in.
///
/// # Errors
/// If code for the processor cannot be made at all, or the compilation is interrupted.
pub fn compile(module: &Module, options: &CompileOptions) -> Result<CompiledModule, CompileError> {
    let own = module.imported_funcs..module.funcs.len() as u32;
    let wanted: Option<HashSet<u32>> =
        options.functions.as_ref().map(|f| f.iter().copied().collect());
    let is_wanted = |f: u32| own.contains(&f) && wanted.as_ref().is_none_or(|w| w.contains(&f));
    let generators = Generators::new(module, options)?;
    let isa = Arc::clone(generators.asked_for());
    let layout = VmLayout::new(module, is_wanted);
    let env = Env::new(module, isa, layout, options, Declared::of(module));
    let indices: Vec<u32> = own.clone().filter(|f| is_wanted(*f)).collect();
    let (functions, not_compiled) = functions(&env, &generators, options, &indices)?;
    linked(&env, options, functions, not_compiled)
}

/// Compiles all functions of a module for an object file. Traps are calls there, and the machine need not be one of artefacts. Gives besides
/// how many bytes of native frames there are for a slot of depth, at most.
pub(crate) fn compile_raising(
    module: &Module,
    options: &CompileOptions,
    triple: Option<&Triple>,
) -> Result<(CompiledModule, u64), CompileError> {
    let choice = Choice::of(module, options).with_triple(triple);
    let generators = Generators::chosen(options.opt, &choice)?;
    let isa = Arc::clone(generators.asked_for());
    let env = Env::new(module, isa, raising_layout(module), options, Declared::of(module));
    let tears = stores_may_tear(env.isa.triple(), triple.is_none());
    let env = Env { raises: true, tears, ..env };
    let indices: Vec<u32> = (module.imported_funcs..module.funcs.len() as u32).collect();
    let (functions, not_compiled) = functions(&env, &generators, options, &indices)?;
    let most = trap::bytes_per_slot(env.schedule.depth());
    let per_slot = |f: &CompiledFunction| {
        f.code.frame.map_or(most, |bytes| u64::from(bytes).div_ceil(env.frame_cost(f.index).max(1)))
    };
    let per_slot = functions.iter().map(per_slot).max().unwrap_or_default();
    Ok((linked(&env, options, functions, not_compiled)?, per_slot))
}

/// Where things are in the context of an instance in an object file.
pub(crate) fn raising_layout(module: &Module) -> VmLayout {
    VmLayout::new(module, |func| func >= module.imported_funcs)
}

/// Makes one piece of code of functions and what stands around them.
fn linked(
    env: &Env<'_>,
    options: &CompileOptions,
    functions: Vec<CompiledFunction>,
    not_compiled: Vec<NotCompiled>,
) -> Result<CompiledModule, CompileError> {
    let (module, isa) = (env.module, &env.isa);
    let layout = env.layout.clone().with_foreign(not_compiled.iter().map(|f| f.func));
    let mut work = Workspace::new();
    let bridge = |NotCompiled { func: index, .. }: &NotCompiled| {
        let signature = AbiSignature::of(module.func_type(*index));
        let build = |isa: &dyn TargetIsa, func: &mut Function| {
            bridge(isa, &signature, layout.callee(*index).unwrap_or_default(), func);
        };
        Ok(CompiledFunction { index: *index, code: stub(&mut work, build, &**isa)? })
    };
    let bridges = not_compiled.iter().map(bridge).collect::<Result<_, CompileError>>()?;
    let parts = Parts {
        settings: Settings::of(options),
        digest: module.digest(),
        functions,
        not_compiled,
        bridges,
        throw: stub(&mut work, throw, &**isa)?,
        safepoint: stub(&mut work, safepoint, &**isa)?,
        trampolines: trampolines(module, &**isa)?,
    };
    parts.link(&**isa)
}

/// Compiles functions, or says why not. The result does not depend on the order in which that is done.
fn functions(
    env: &Env<'_>,
    generators: &Generators,
    options: &CompileOptions,
    indices: &[u32],
) -> Result<(Vec<CompiledFunction>, Vec<NotCompiled>), CompileError> {
    let per_slot = trap::bytes_per_slot(env.schedule.depth());
    if per_slot == 0 {
        let reason = Reason::Depth(env.schedule.depth().max);
        let none = |func: &u32| NotCompiled { func: *func, reason: reason.clone() };
        return Ok((Vec::new(), indices.iter().map(none).collect()));
    }
    let survey = |index: &u32| {
        options.check_interrupt()?;
        Survey::with(env.module, *index, env.memory_regions).map_err(error)
    };
    let surveys = indices.par_iter().map(survey).collect::<Result<Vec<_>, _>>()?;
    let within = within(options.budget, &surveys);
    let one = |work: &mut Workspace, at: usize| {
        within[at].clone()?;
        options.check_interrupt()?;
        function(work, env, generators, per_slot, indices[at], &surveys[at])
    };
    let all = (0..indices.len()).into_par_iter();
    let outcomes: Vec<Result<Code, Failure>> = all.map_init(Workspace::new, one).collect();
    let (mut functions, mut not_compiled) = (Vec::new(), Vec::new());
    for (func, outcome) in indices.iter().zip(outcomes) {
        match outcome {
            Ok(code) => functions.push(CompiledFunction { index: *func, code }),
            Err(Failure::NotCompiled(reason)) => {
                not_compiled.push(NotCompiled { func: *func, reason });
            }
            Err(Failure::Error(error)) => return Err(error),
        }
    }
    Ok((functions, not_compiled))
}

/// The trampolines of each signature of the module.
fn trampolines(module: &Module, isa: &dyn TargetIsa) -> Result<Vec<Trampolines>, CompileError> {
    let pair = |work: &mut Workspace, signature| pair(work, signature, isa);
    signatures(module).into_par_iter().map_init(Workspace::new, pair).collect()
}

/// The signatures of a module's function types.
pub(super) fn signatures(module: &Module) -> BTreeSet<AbiSignature> {
    let signature = |ty: &SubType| match &ty.comp {
        CompType::Func(ty) => Some(AbiSignature::of(ty)),
        _ => None,
    };
    module.flat_types.iter().filter_map(signature).collect()
}

/// The trampolines of a signature.
pub(super) fn pair(
    work: &mut Workspace,
    signature: AbiSignature,
    isa: &dyn TargetIsa,
) -> Result<Trampolines, CompileError> {
    let entry = stub(work, |isa, func| entry(isa, &signature, func), isa)?;
    let exit = stub(work, |isa, func| exit(isa, &signature, func), isa)?;
    Ok(Trampolines { signature, entry, exit })
}

/// Code that is of no function of the module.
pub(super) fn stub(
    work: &mut Workspace,
    build: impl FnOnce(&dyn TargetIsa, &mut Function),
    isa: &dyn TargetIsa,
) -> Result<Code, CompileError> {
    work.context.clear();
    build(isa, &mut work.context.func);
    generate(work, isa, u32::MAX).map_err(error)
}

/// What fails where no other tier could help is a fault of this compiler.
fn error(failure: Failure) -> CompileError {
    match failure {
        Failure::Error(error) => error,
        Failure::NotCompiled(reason) => {
            CompileError::Codegen { func: u32::MAX, message: reason.to_string() }
        }
    }
}
