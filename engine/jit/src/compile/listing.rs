//! What the compiler makes of one function, for people: the generator's form, and machine code.

use super::budget::{Survey, within};
use super::function::{Generators, function};
use super::generate::Workspace;
use super::module::CompileOptions;
use super::translator::Env;
use crate::abi::VmLayout;
use crate::error::{CompileError, Failure};
use crate::trap;
use etalon_module::Module;
use std::sync::Arc;

/// A function as the compiler sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The code generator's form (CLIF) before it is optimised.
    pub clif: String,
    /// The machine code, disassembled.
    pub assembly: String,
}

/// Compiles one function of a module, within the limits that are those of all compilation, and gives what that makes. `None` if
/// the module does not define the function, or the compiler leaves it to another tier.
///
/// # Errors
/// If code for this processor cannot be made at all.
pub fn listing(
    module: &Module,
    options: &CompileOptions,
    func: u32,
) -> Result<Option<Listing>, CompileError> {
    let per_slot = trap::bytes_per_slot(options.schedule.depth());
    let own = module.imported_funcs..module.funcs.len() as u32;
    if !own.contains(&func) || per_slot == 0 {
        return Ok(None);
    }
    let generators = Generators::new(options)?;
    let env = Env {
        module,
        isa: Arc::clone(generators.asked_for()),
        layout: VmLayout::new(module, |f| own.contains(&f)),
        schedule: Arc::clone(&options.schedule),
        metering: options.metering,
        interruptible: options.interruptible,
        explicit_bounds: options.explicit_bounds,
        memory_regions: options.memory_regions,
        nans: options.nans,
    };
    let mut work = Workspace::new();
    work.listing = Some(Listing::default());
    let compiled = Survey::with(module, func, env.memory_regions).and_then(|survey| {
        within(options.budget, &[survey]).into_iter().collect::<Result<(), _>>()?;
        function(&mut work, &env, &generators, per_slot, func, &survey)
    });
    match compiled {
        Ok(_) => Ok(work.listing),
        Err(Failure::NotCompiled(_)) => Ok(None),
        Err(Failure::Error(error)) => Err(error),
    }
}
