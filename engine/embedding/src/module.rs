//! Modules, decoded once and made ready for the engine's tier.

use crate::config::Tier;
use crate::engine::Engine;
use crate::error::ModuleError;
use etalon_jit::{CompileOptions, CompiledModule, LoadedModule, artefact};
use etalon_module::{LoadError, LoadErrorKind, Module as ModuleData};
use std::sync::Arc;

/// A module that any number of stores of its engine can instantiate. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Module {
    data: Arc<ModuleData>,
    compiled: Option<Arc<CompiledModule>>,
    code: Option<Arc<LoadedModule>>,
    /// Functions that the interpreter runs although the module has compiled code.
    interpreted: Vec<u32>,
}

impl Module {
    /// Decodes, validates and, if the tier compiles, compiles.
    ///
    /// # Errors
    /// If the bytes are refused, or the compiler cannot translate them.
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
        let (mut interpreted, mut functions) = (Vec::new(), Vec::new());
        for func in own {
            match tier_of(func) {
                Tier::Interp => interpreted.push(func),
                Tier::Auto if !compilable => interpreted.push(func),
                Tier::Jit | Tier::Aot | Tier::Auto => functions.push(func),
            }
        }
        if !interpreted.is_empty() {
            check_implemented(&data, Tier::Interp)?;
        }
        let uses_code = match config.tier {
            Tier::Interp => !functions.is_empty(),
            Tier::Auto => compilable,
            Tier::Jit | Tier::Aot => true,
        };
        if !uses_code {
            return Ok(Module { data, compiled: None, code: None, interpreted });
        }
        let options = CompileOptions {
            schedule: Arc::clone(&config.schedule),
            metering: config.metering,
            opt: config.opt,
            functions: (!interpreted.is_empty()).then_some(functions),
            verify: cfg!(debug_assertions),
        };
        let compiled = etalon_jit::compile(&data, &options)?;
        if config.tier == Tier::Aot {
            // The whole way through the artefact, as another process would go it.
            let artefact = artefact::write(&compiled, &data);
            return Module::from_artefact(engine, &artefact);
        }
        let code = Arc::new(LoadedModule::load(&compiled, &data)?);
        Ok(Module { data, compiled: Some(Arc::new(compiled)), code: Some(code), interpreted })
    }

    /// Loads an artefact after checking that it was made for this version, machine and schedule.
    ///
    /// # Errors
    /// If it was not, by name; or if its module is refused.
    pub fn from_artefact(engine: &Engine, bytes: &[u8]) -> Result<Module, ModuleError> {
        let config = engine.config();
        let (wasm, compiled) = artefact::read(bytes, &config.schedule, config.metering)?;
        let data = Arc::new(load(engine, &wasm)?);
        let code = Arc::new(LoadedModule::load(&compiled, &data)?);
        let interpreted = Vec::new();
        Ok(Module { data, compiled: Some(Arc::new(compiled)), code: Some(code), interpreted })
    }

    /// Whether bytes are meant to be an artefact rather than a module.
    pub fn is_artefact(bytes: &[u8]) -> bool {
        artefact::is_artefact(bytes)
    }

    /// The compiled code as an artefact.
    ///
    /// # Errors
    /// If the module was made for the interpreter alone.
    pub fn to_artefact(&self) -> Result<Vec<u8>, ModuleError> {
        match &self.compiled {
            Some(compiled) => Ok(artefact::write(compiled, &self.data)),
            None => Err(ModuleError::NoCode(Tier::Interp.name())),
        }
    }

    /// What the module declares.
    pub fn data(&self) -> &Arc<ModuleData> {
        &self.data
    }

    /// Its compiled code, if it has any.
    pub(crate) fn code(&self) -> Option<&Arc<LoadedModule>> {
        self.code.as_ref()
    }

    /// The functions that the interpreter runs although there is compiled code.
    pub(crate) fn interpreted(&self) -> &[u32] {
        &self.interpreted
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
            message: format!("{tier} does not implement {feature}"),
            offset: 0,
        }),
    }
}
