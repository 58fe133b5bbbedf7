//! The functions of a module, compiled one by one and when they are asked for, each into code of its own.
//!
//! What they share is compiled once: stubs, and trampolines for every signature. They call each other through their instance's context, so a
//! function can be compiled later than its callers, and again.

use super::budget::{Budget, Survey, within};
use super::enter::entrance;
use super::function::{Generators, function};
use super::generate::Workspace;
use super::module::{CompileOptions, OptLevel, pair, signatures, stub};
use super::translator::{Declared, Env, Form};
use crate::abi::{VmLayout, safepoint, throw};
use crate::code::{CompiledFunction, LoadedModule, Parts, Settings, Shelf};
use crate::error::{Reason, Refusal};
use crate::trap;
use etalon_module::Module;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The most signatures of a module whose functions are compiled one by one: trampolines of all are made for the first of them.
const MOST_SIGNATURES: usize = 1 << 10;

/// How a function is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// Soon: the code generator does not optimise. The code counts its entries and turns of loops
    /// ([`Promote`](etalon_runtime::Promote)).
    Baseline,
    /// So that the code is fast.
    Speed,
    /// The same, to begin with the loop that is at an offset in the module ([`Jit`](crate::Jit)'s `enter_loop`).
    Loop(u32),
}

/// A module whose functions are compiled one by one.
pub struct OneByOne {
    module: Arc<Module>,
    options: CompileOptions,
    per_slot: u64,
    layout: VmLayout,
    declared: Arc<Declared>,
    baseline: Generators,
    speed: Generators,
    stubs: Arc<LoadedModule>,
    shelf: Shelf,
    /// What is left of the budget of the module.
    left: AtomicU64,
}

impl fmt::Debug for OneByOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneByOne").field("stubs", &self.stubs).finish_non_exhaustive()
    }
}

impl OneByOne {
    /// Compiles what all functions of a module share.
    ///
    /// # Errors
    /// If no function of the module is compiled one by one, or code for this processor cannot be made at all.
    pub fn new(module: &Arc<Module>, options: &CompileOptions) -> Result<OneByOne, Refusal> {
        let depth = options.schedule.depth();
        let per_slot = trap::bytes_per_slot(depth);
        let signatures = signatures(module);
        if per_slot == 0 {
            return Err(Reason::Depth(depth.max).into());
        }
        if signatures.len() > MOST_SIGNATURES {
            let (count, limit) = (signatures.len() as u64, MOST_SIGNATURES as u64);
            return Err(Reason::Budget { cost: count, limit }.into());
        }
        let at = |opt| Generators::new(module, &CompileOptions { opt, ..options.clone() });
        let (baseline, speed) = (at(OptLevel::None)?, at(options.opt)?);
        let isa = &**baseline.asked_for();
        let mut work = Workspace::new();
        let parts = Parts {
            throw: stub(&mut work, throw, isa)?,
            safepoint: stub(&mut work, safepoint, isa)?,
            trampolines: signatures
                .into_iter()
                .map(|signature| pair(&mut work, signature, isa))
                .collect::<Result<_, _>>()?,
            ..Parts::empty(Settings::of(options), module.digest())
        };
        let layout = VmLayout::one_by_one(module);
        let stubs = LoadedModule::stubs_of(&parts.link(isa)?, module, &layout)?;
        Ok(OneByOne {
            module: Arc::clone(module),
            options: options.clone(),
            per_slot,
            layout,
            declared: Declared::of(module),
            baseline,
            speed,
            stubs: Arc::new(stubs),
            shelf: Shelf::default(),
            left: AtomicU64::new(options.budget.module),
        })
    }

    /// Compiles a function. The budget of the module goes to the functions in the order in which they are asked for.
    ///
    /// # Errors
    /// If it is not compiled, so that another tier has to run it, or there is no memory for its code.
    pub fn function(&self, index: u32, level: Level) -> Result<Arc<LoadedModule>, Refusal> {
        let survey = Survey::with(&self.module, index, self.options.memory_regions);
        let survey = survey.map_err(Refusal::from)?;
        let budget = Budget { module: self.left.load(Relaxed), ..self.options.budget };
        within(budget, &[survey]).into_iter().collect::<Result<(), Reason>>()?;
        let _ =
            self.left.fetch_update(Relaxed, Relaxed, |left| Some(left.saturating_sub(survey.cost)));
        let generators = if level == Level::Baseline { &self.baseline } else { &self.speed };
        let form = match level {
            Level::Baseline => Form::Counting,
            Level::Speed => Form::Plain,
            Level::Loop(at) => Form::From(at),
        };
        let (isa, layout) = (Arc::clone(generators.asked_for()), self.layout.clone());
        let env = Env::new(&self.module, isa, layout, &self.options, Arc::clone(&self.declared));
        let env = Env { form, ..env };
        let mut work = Workspace::new();
        let code = function(&mut work, &env, generators, self.per_slot, index, &survey)?;
        let trampolines = match form {
            Form::Plain | Form::Counting => Vec::new(),
            Form::From(_) => {
                let signature = entrance(self.module.func_type(index));
                vec![pair(&mut work, signature, &*env.isa)?]
            }
        };
        let parts = Parts {
            functions: vec![CompiledFunction { index, code }],
            trampolines,
            ..Parts::empty(Settings::of(&self.options), self.module.digest())
        };
        let compiled = parts.link(&*env.isa)?;
        Ok(Arc::new(LoadedModule::one(compiled, index, &self.stubs, &self.shelf)?))
    }
}
