//! What the compiler makes of one function, for people: the generator's form, and machine code.

use super::function::translated;
use super::generate::{Workspace, generate};
use super::isa::{self, Effort};
use super::module::CompileOptions;
use super::translator::Env;
use super::variable::Locals;
use crate::abi::VmLayout;
use crate::error::{CompileError, Failure};
use etalon_module::Module;
use std::sync::Arc;

/// A function as the compiler sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The code generator's form (CLIF) before it is optimised.
    pub clif: String,
    /// The machine code, disassembled.
    pub assembly: String,
}

/// Compiles one function of a module and gives what that makes, as it is at the level that the options ask for. `None` if the
/// module does not define the function, or the compiler leaves it to another tier.
///
/// # Errors
/// If code for this processor cannot be made at all.
pub fn listing(
    module: &Module,
    options: &CompileOptions,
    func: u32,
) -> Result<Option<Listing>, CompileError> {
    if !(module.imported_funcs..module.funcs.len() as u32).contains(&func) {
        return Ok(None);
    }
    let isa = isa::host(Effort::from(options.opt), options.verify)?;
    let env = Env {
        module,
        isa: Arc::clone(&isa),
        layout: VmLayout::new(module, |f| f >= module.imported_funcs),
        schedule: Arc::clone(&options.schedule),
        metering: options.metering,
        interruptible: options.interruptible,
    };
    let mut work = Workspace::new();
    if let Err(failure) = translated(&mut work, &env, func, Locals::Variables) {
        return left_out(failure);
    }
    let clif = work.context.func.display().to_string();
    work.context.set_disasm(true);
    if let Err(failure) = generate(&mut work, &*isa, func) {
        return left_out(failure);
    }
    let code = work.context.compiled_code();
    let assembly = code.and_then(|code| code.vcode.clone()).unwrap_or_default();
    Ok(Some(Listing { clif, assembly }))
}

/// Nothing where the compiler leaves a function to another tier.
fn left_out(failure: Failure) -> Result<Option<Listing>, CompileError> {
    match failure {
        Failure::NotCompiled(_) => Ok(None),
        Failure::Error(error) => Err(error),
    }
}
