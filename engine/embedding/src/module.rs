//! Modules, decoded once and made ready for the engine's tier.

use crate::config::Tier;
use crate::engine::Engine;
use crate::error::ModuleError;
use etalon_jit::{CompileOptions, CompiledModule, LoadedModule, NotCompiled, artefact};
use etalon_module::{LoadError, LoadErrorKind, Module as ModuleData};
use std::collections::HashSet;
use std::sync::Arc;

/// A module that any number of stores of its engine can instantiate. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Module {
    data: Arc<ModuleData>,
    compiled: Option<Arc<CompiledModule>>,
    code: Option<Arc<LoadedModule>>,
    /// The tier of each function of the module's own, by its index.
    tiers: Vec<(u32, Tier)>,
}

impl Module {
    /// Decodes, validates and, if the tier compiles, compiles.
    ///
    /// # Errors
    /// If the bytes are refused, or no code can be made for this processor.
    pub fn new(engine: &Engine, bytes: &[u8]) -> Result<Module, ModuleError> {
        let tier = engine.config().tier;
        Module::mixed(engine, bytes, |_| tier)
    }

    /// The same with each function of the module's own, by its index, placed in a tier.
    ///
    /// # Errors
    /// As for [`Module::new`].
    pub fn mixed(
        engine: &Engine,
        bytes: &[u8],
        tier_of: impl Fn(u32) -> Tier,
    ) -> Result<Module, ModuleError> {
        let config = engine.config();
        let data = Arc::new(load(engine, bytes)?);
        let own = data.imported_funcs..data.funcs.len() as u32;
        let compilable = data.lacking(Tier::Jit.features()).is_none();
        let placed = |func| match tier_of(func) {
            Tier::Auto if compilable => (func, Tier::Jit),
            Tier::Auto => (func, Tier::Interp),
            Tier::Aot => (func, Tier::Jit),
            tier => (func, tier),
        };
        let tiers: Vec<(u32, Tier)> = own.map(placed).collect();
        for (_, tier) in &tiers {
            check_implemented(&data, *tier)?;
        }
        let is_compiled = |tier: &Tier| *tier == Tier::Jit;
        let functions: Vec<u32> =
            tiers.iter().filter(|(_, tier)| is_compiled(tier)).map(|(func, _)| *func).collect();
        let uses_code = match config.tier {
            Tier::Oracle | Tier::Interp => !functions.is_empty(),
            Tier::Auto => compilable,
            Tier::Jit | Tier::Aot => true,
        };
        if !uses_code {
            return Ok(Module { data, compiled: None, code: None, tiers });
        }
        let options = CompileOptions {
            schedule: Arc::clone(&config.schedule),
            metering: config.metering,
            opt: config.opt,
            budget: config.compile_budget,
            functions: (functions.len() < tiers.len()).then_some(functions),
            verify: cfg!(debug_assertions),
        };
        let compiled = etalon_jit::compile(&data, &options)?;
        if config.tier == Tier::Aot {
            // The whole way through the artefact, as another process would go it.
            let artefact = artefact::write(&compiled, &data);
            return Module::from_artefact(engine, &artefact);
        }
        Module::compiled(data, compiled, tiers)
    }

    /// A module with its code. Functions that were to be compiled, and are not, run in the interpreter (gas-1, *Depth*).
    fn compiled(
        data: Arc<ModuleData>,
        compiled: CompiledModule,
        mut tiers: Vec<(u32, Tier)>,
    ) -> Result<Module, ModuleError> {
        let has_code: HashSet<u32> = compiled.functions().collect();
        for (func, tier) in &mut tiers {
            if *tier == Tier::Jit && !has_code.contains(func) {
                *tier = Tier::Interp;
            }
        }
        let code = Arc::new(LoadedModule::load(&compiled, &data)?);
        Ok(Module { data, compiled: Some(Arc::new(compiled)), code: Some(code), tiers })
    }

    /// Loads an artefact after checking that it was made for this version, machine and schedule.
    ///
    /// # Errors
    /// If it was not, by name; or if its module is refused.
    pub fn from_artefact(engine: &Engine, bytes: &[u8]) -> Result<Module, ModuleError> {
        let config = engine.config();
        let (wasm, compiled) = artefact::read(bytes, &config.schedule, config.metering)?;
        let data = Arc::new(load(engine, &wasm)?);
        let own = data.imported_funcs..data.funcs.len() as u32;
        let tiers = own.map(|func| (func, Tier::Jit)).collect();
        Module::compiled(data, compiled, tiers)
    }

    /// Whether bytes are meant to be an artefact rather than a module.
    pub fn is_artefact(bytes: &[u8]) -> bool {
        artefact::is_artefact(bytes)
    }

    /// The compiled code as an artefact.
    ///
    /// # Errors
    /// If the module was made for interpretation alone.
    pub fn to_artefact(&self) -> Result<Vec<u8>, ModuleError> {
        match &self.compiled {
            Some(compiled) => Ok(artefact::write(compiled, &self.data)),
            None => Err(ModuleError::NoCode(
                self.tiers.first().map_or("interp", |(_, tier)| tier.name()),
            )),
        }
    }

    /// Functions that were to be compiled, and run in the interpreter instead, with the reasons. What they do and what gas
    /// they take is the same. By index, ascending.
    pub fn not_compiled(&self) -> &[NotCompiled] {
        self.compiled.as_ref().map_or(&[], |compiled| compiled.not_compiled())
    }

    /// What the module declares.
    pub fn data(&self) -> &Arc<ModuleData> {
        &self.data
    }

    /// Its compiled code, if it has any.
    pub(crate) fn code(&self) -> Option<&Arc<LoadedModule>> {
        self.code.as_ref()
    }

    /// The tier of each function of the module's own, by its index.
    pub(crate) fn tiers(&self) -> &[(u32, Tier)] {
        &self.tiers
    }
}

/// Judges bytes by the features in force, then asks whether the tier implements what they need.
fn load(engine: &Engine, bytes: &[u8]) -> Result<ModuleData, LoadError> {
    let data = ModuleData::new(bytes, engine.config().features)?;
    check_implemented(&data, engine.config().tier)?;
    Ok(data)
}

fn check_implemented(data: &ModuleData, tier: Tier) -> Result<(), LoadError> {
    match data.lacking(tier.features()) {
        None => Ok(()),
        Some(feature) => Err(LoadError {
            kind: LoadErrorKind::Unsupported { feature },
            fault: None,
            message: format!("{tier} does not implement {feature}"),
            offset: 0,
        }),
    }
}
