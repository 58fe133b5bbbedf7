//! What the compiler makes of one function, for people: the generator's form, and machine code.

use super::CpuLevel;
use super::budget::{Survey, within};
use super::function::{Generators, function};
use super::generate::Workspace;
use super::isa::target_of;
use super::module::CompileOptions;
use super::translator::{Declared, Env};
use crate::abi::{CODE_GAS, CODE_INTERRUPT, CODE_STACK, CODE_UNWIND, VmLayout};
use crate::code::Code;
use crate::error::{CompileError, Failure, Reason};
use crate::trap;
use etalon_module::Module;
use etalon_runtime::Trap;
use std::sync::Arc;

/// A function as the compiler sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The code generator's form (CLIF) before it is optimised. Instructions begin with the offset in the module that they are from.
    pub clif: String,
    /// The machine code, as the code generator writes it.
    pub assembly: String,
    /// The machine code.
    pub bytes: Vec<u8>,
    /// Where blocks begin in it.
    pub blocks: Vec<u32>,
    /// Where the code of an operator begins, and the operator's offset in the module; `None` is code of no operator. Ascending.
    pub sites: Vec<(u32, Option<u32>)>,
    /// Instructions that may end the execution, with the reason. Ascending.
    pub traps: Vec<(u32, &'static str)>,
    /// Where the distance to a function is written into the code when it is loaded, and the function's index. Ascending.
    pub calls: Vec<(u32, u32)>,
    /// The triple of the machine that the code is for.
    pub target: String,
    /// The features that it has: of the levels between the first and the last, if the machine has them.
    pub cpu: CpuLevel,
}

/// What the compiler does with a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listed {
    /// It compiles it.
    Code(Box<Listing>),
    /// It leaves it to another tier.
    NotCompiled(Reason),
    /// The module does not define it.
    NotDefined,
}

/// Compiles one function of a module, within the limits that are those of all compilation, and gives what that makes. With a `target`,
/// the code is for a machine of that triple, which has the features of the level in the options and no others.
///
/// # Errors
/// If code for the machine cannot be made at all.
pub fn listing(
    module: &Module,
    options: &CompileOptions,
    func: u32,
    target: Option<&str>,
) -> Result<Listed, CompileError> {
    let own = module.imported_funcs..module.funcs.len() as u32;
    if !own.contains(&func) {
        return Ok(Listed::NotDefined);
    }
    let depth = options.schedule.depth();
    let per_slot = trap::bytes_per_slot(depth);
    if per_slot == 0 {
        return Ok(Listed::NotCompiled(Reason::Depth(depth.max)));
    }
    let generators = Generators::shown(module, options, target)?;
    let layout = VmLayout::new(module, |f| own.contains(&f));
    let isa = Arc::clone(generators.asked_for());
    let env = Env::new(module, isa, layout, options, Declared::of(module));
    let mut work = Workspace::new();
    work.listing = Some(Listing::default());
    let compiled = Survey::with(module, func, env.memory_regions).and_then(|survey| {
        within(options.budget, &[survey]).into_iter().collect::<Result<(), _>>()?;
        function(&mut work, &env, &generators, per_slot, func, &survey)
    });
    match compiled {
        Ok(code) => {
            let listing = work.listing.unwrap_or_default();
            let target = target_of(&*env.isa).triple;
            let cpu = options.cpu.on(env.isa.triple());
            Ok(Listed::Code(Box::new(Listing { target, cpu, ..described(listing, code) })))
        }
        Err(Failure::NotCompiled(reason)) => Ok(Listed::NotCompiled(reason)),
        Err(Failure::Error(error)) => Err(error),
    }
}

/// A listing with what is known of its machine code.
fn described(listing: Listing, code: Code) -> Listing {
    let site = |(at, offset): &(u32, u32)| (*at, (*offset != u32::MAX).then_some(*offset));
    let mut calls: Vec<(u32, u32)> =
        code.calls.iter().map(|call| (call.offset, call.callee)).collect();
    calls.sort_unstable();
    Listing {
        sites: code.sites.iter().map(site).collect(),
        traps: code.traps.iter().map(|(at, code)| (*at, reason(*code))).collect(),
        calls,
        bytes: code.bytes,
        ..listing
    }
}

/// Why an instruction with a code may end the execution.
fn reason(code: u8) -> &'static str {
    match code {
        CODE_UNWIND => "leave",
        CODE_STACK => "call stack exhausted",
        CODE_GAS => "out of gas",
        CODE_INTERRUPT => "interrupted",
        other => Trap::from_code(other).map_or("cannot happen", Trap::text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CompiledModule;
    use crate::compile::compile;
    use etalon_gas::Schedule;
    use etalon_module::Features;

    const TEXT: &str = r#"(module (memory 1) (func (param i32) (result i32)
        (i32.load (local.get 0)) (call 0) (block (br_table 0 0 0 (local.get 0)))))"#;

    fn options(metering: bool) -> CompileOptions {
        CompileOptions::new(Schedule::builtin(Schedule::DEFAULT).unwrap(), metering)
    }

    fn shown(module: &Module, options: &CompileOptions, target: Option<&str>) -> Listing {
        match listing(module, options, 0, target).unwrap() {
            Listed::Code(code) => *code,
            other => panic!("{other:?}"),
        }
    }

    fn module() -> Module {
        Module::new(&wat::parse_str(TEXT).unwrap(), Features::all()).unwrap()
    }

    #[test]
    fn what_is_shown_is_what_is_compiled() {
        let module = module();
        for metering in [false, true] {
            let options = options(metering);
            let compiled: CompiledModule = compile(&module, &options).unwrap();
            let shown = shown(&module, &options, None);
            // What is shown is not linked yet: where the callee is stands in the last four bytes of its call.
            let mut linked = compiled.function_code(0).unwrap().to_vec();
            let mut bytes = shown.bytes.clone();
            for (at, _) in &shown.calls {
                let callee = *at as usize..*at as usize + 4;
                linked[callee.clone()].fill(0);
                bytes[callee].fill(0);
            }
            assert_eq!(bytes, linked);
            assert_eq!(shown.calls.len(), 1, "{shown:?}");
            let reasons: Vec<&str> = shown.traps.iter().map(|(_, why)| *why).collect();
            assert!(reasons.contains(&"out of bounds memory access"), "{reasons:?}");
            assert_eq!(reasons.contains(&"out of gas"), metering, "{reasons:?}");
            assert!(shown.blocks.len() > 1, "{shown:?}");
        }
    }

    #[test]
    fn a_machine_that_is_named_has_its_level_alone() {
        let mut options = options(false);
        options.cpu = CpuLevel::Baseline;
        let own = shown(&module(), &options, None);
        let named = shown(&module(), &options, Some(&own.target));
        assert_eq!(named.bytes, own.bytes);
        for (name, said) in [
            ("nonsense", "is no triple"),
            ("wasm32-unknown-unknown", "no code is made for"),
            ("aarch64_be-unknown-linux-gnu", "no code is made for"),
        ] {
            let error = listing(&module(), &options, 0, Some(name)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn what_has_no_code_says_why() {
        let mut options = options(false);
        options.budget.function = 1;
        let module = module();
        let left = listing(&module, &options, 0, None).unwrap();
        assert!(matches!(left, Listed::NotCompiled(Reason::Budget { .. })), "{left:?}");
        assert_eq!(listing(&module, &options, 1, None), Ok(Listed::NotDefined));
    }
}
