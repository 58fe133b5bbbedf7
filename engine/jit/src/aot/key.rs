//! What compiled code depends on, as a number: what a cache of it goes by.

use super::artefact::Versions;
use crate::code::{Settings, Target};
use crate::compile::{CompileOptions, isa, stores_may_tear};
use crate::error::CompileError;
use etalon_module::Module;
use serde::Serialize;

/// The sources that this was built from, as `build.rs` hashes them.
const SOURCES: &str = env!("ETALON_SOURCES");

/// All that decides which code is made of a module.
#[derive(Serialize)]
struct Parts<'a> {
    versions: Versions,
    sources: &'static str,
    module: [u8; 32],
    target: Target,
    /// Whether a store that traps may write a part of its bytes here: it depends on who executes, and not on features.
    tears: bool,
    settings: Settings,
    explicit_bounds: bool,
    /// Of a function, and of all.
    budget: [u64; 2],
    functions: Option<&'a [u32]>,
}

/// A number for the code that [`compile`](crate::compile) makes of a module under some options. Two that differ in anything that the code
/// may depend on have different numbers; so have two builds of different sources.
///
/// # Errors
/// If code for the machine cannot be made at all.
///
/// # Panics
/// Never: the types written have no form that cannot be.
pub fn key(module: &Module, options: &CompileOptions) -> Result<[u8; 32], CompileError> {
    let isa = isa::Choice::of(module, options).generator(options.opt.into())?;
    let parts = Parts {
        versions: Versions::current(),
        sources: SOURCES,
        module: module.digest(),
        target: isa::target_of(&*isa),
        tears: stores_may_tear(isa.triple(), options.elsewhere().is_none()),
        settings: Settings::of(options),
        explicit_bounds: options.explicit_bounds,
        budget: [options.budget.function, options.budget.module],
        functions: options.functions.as_deref(),
    };
    let bytes = postcard::to_stdvec(&parts).expect("plain data is always written");
    Ok(*blake3::hash(&bytes).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::key;
    use crate::compile::{Budget, CompileOptions, CpuLevel, Nans, OptLevel};
    use etalon_gas::Schedule;
    use etalon_module::{Features, Module};
    use std::collections::BTreeSet;

    fn module(text: &str) -> Module {
        Module::new(&wat::parse_str(text).unwrap(), Features::all()).unwrap()
    }

    #[test]
    fn whatever_code_depends_on_changes_the_key() {
        let plain = || CompileOptions::new(Schedule::builtin(Schedule::DEFAULT).unwrap(), false);
        let one = module("(module (func) (func))");
        let of = |change: &dyn Fn(&mut CompileOptions)| {
            let mut options = plain();
            change(&mut options);
            key(&one, &options).unwrap()
        };
        let flat = Schedule::builtin("flat").unwrap();
        let mut keys = vec![
            of(&|_| ()),
            of(&|o| o.schedule = flat.clone()),
            of(&|o| o.metering = true),
            of(&|o| o.interruptible = true),
            of(&|o| o.opt = OptLevel::None),
            of(&|o| o.opt = OptLevel::Size),
            of(&|o| o.explicit_bounds = true),
            of(&|o| o.memory_regions = true),
            of(&|o| o.nans = Nans::Any),
            of(&|o| o.functions = Some(vec![])),
            of(&|o| o.functions = Some(vec![1])),
            of(&|o| o.budget = Budget { function: 7, ..o.budget }),
            of(&|o| o.budget = Budget { module: 7, ..o.budget }),
            key(&module("(module (func))"), &plain()).unwrap(),
        ];
        // Elsewhere the levels are one.
        if cfg!(target_arch = "x86_64") {
            keys.push(of(&|o| o.cpu = CpuLevel::Baseline));
        }
        let different: BTreeSet<[u8; 32]> = keys.iter().copied().collect();
        assert_eq!(different.len(), keys.len());
        assert_eq!(of(&|_| ()), keys[0], "the same is the same");
        assert_eq!(of(&|o| o.verify = true), keys[0], "a check changes nothing of the code");
    }
}
