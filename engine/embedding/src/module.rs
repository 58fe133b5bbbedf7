//! Modules, decoded once and made ready for the engine's tier.

use crate::config::{Config, Tier};
use crate::engine::Engine;
use crate::error::{ModuleError, Result};
use crate::facade::Span;
use crate::interrupt::{InterruptHandle, until_interrupted};
use crate::store::TIERS;
use crate::tier_up::Promoter;
use crate::types::{ExportType, ExternType, ImportType};
use etalon_jit::artefact::{self, Artefact, Check, Wanted};
use etalon_jit::{CompileError, CompileOptions, CompiledModule, Listed, LoadedModule, NotCompiled};
use etalon_module::{Bytes, LoadError, LoadErrorKind, Module as ModuleData};
use etalon_runtime::{Initial, Placement};
use std::borrow::Cow;
use std::fs::File;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// A module that any number of stores of its engine can instantiate. It is cheap to clone, and any number of threads
/// may use it at once.
#[derive(Clone, Debug)]
pub struct Module {
    engine: Engine,
    data: Arc<ModuleData>,
    compiled: Option<CompiledModule>,
    code: Option<Arc<LoadedModule>>,
    /// The tier of each function of the module's own, by its index.
    tiers: Vec<(u32, Tier)>,
    compile_time: Option<Duration>,
    /// Whether its code was found in a cache; `None` if there was none to look in.
    cached: Option<bool>,
    /// What its instances share of their memories.
    initial: Arc<Initial>,
    /// What compiles its functions when they turn out to be hot, on the tier `auto`.
    promoter: Option<Arc<Promoter>>,
    /// Which tier of a store runs which of its functions; made for the first instance.
    placement: OnceLock<Box<Placement>>,
}

impl Module {
    /// What the compiler makes of a function, for a machine that may be named.
    pub(crate) fn listed(
        engine: &Engine,
        bytes: &[u8],
        func: u32,
        target: Option<&str>,
    ) -> Result<Listed, ModuleError> {
        let data = load(engine, bytes)?;
        check_implemented(&data, Tier::Jit)?;
        Ok(etalon_jit::listing(&data, &engine.config().compile_options(), func, target)?)
    }

    /// Decodes, validates and, if the tier compiles, compiles. With the feature `wat` of this package the bytes may
    /// also be the text format.
    ///
    /// # Errors
    /// If the bytes are refused, or no code can be made for this processor.
    pub fn new(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<Module, ModuleError> {
        let binary = binary_of(bytes.as_ref())?;
        Module::from_binary(engine, &binary)
    }

    /// As [`Module::new`], for the binary format alone.
    ///
    /// # Errors
    /// As for [`Module::new`].
    pub fn from_binary(engine: &Engine, bytes: &[u8]) -> Result<Module, ModuleError> {
        let tier = engine.config().tier;
        Module::placed(engine, bytes, None, |_| tier)
    }

    /// As [`Module::new`], until another thread interrupts it, by the handle of a store, at any time.
    ///
    /// It is done in a thread of its own. What cannot be cut short, which is to decode or to compile one function, ends there after
    /// this has returned; [`Config::compile_budget`](crate::Config) bounds it.
    ///
    /// # Errors
    /// As for [`Module::new`]; and [`ModuleError::Compile`] with [`CompileError::Interrupted`](crate::CompileError) where it was
    /// interrupted, or [`ModuleError::Thread`].
    pub fn new_interruptible(
        engine: &Engine,
        bytes: impl AsRef<[u8]>,
        handle: &InterruptHandle,
    ) -> Result<Module, ModuleError> {
        let tier = engine.config().tier;
        Module::placed_interruptible(engine, bytes.as_ref(), handle, move |_| tier)
    }

    /// As [`Module::new_interruptible`], with each function of the module's own, by its index, placed in a tier.
    pub(crate) fn placed_interruptible(
        engine: &Engine,
        bytes: &[u8],
        handle: &InterruptHandle,
        tier_of: impl Fn(u32) -> Tier + Send + 'static,
    ) -> Result<Module, ModuleError> {
        let (engine, bytes) = (engine.clone(), bytes.to_vec());
        let load = move |abandoned: &InterruptHandle| {
            let binary = binary_of(&bytes)?;
            Module::placed(&engine, &binary, Some(abandoned), tier_of)
        };
        let loaded = until_interrupted(handle, load).map_err(ModuleError::Thread)?;
        loaded.unwrap_or(Err(CompileError::Interrupted.into()))
    }

    /// The artefact of a module that need not run here.
    pub(crate) fn precompiled(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, ModuleError> {
        let data = load(engine, &binary_of(bytes)?)?;
        check_implemented(&data, Tier::Jit)?;
        let compiled = etalon_jit::compile(&data, &engine.config().compile_options())?;
        Ok(artefact::write(&compiled, &data))
    }

    /// The object file of a module.
    pub(crate) fn object_file(
        engine: &Engine,
        bytes: &[u8],
        target: Option<&str>,
        symbol: &str,
    ) -> Result<Vec<u8>, ModuleError> {
        use etalon_jit::object_file::{ObjectTarget, object_file};
        let data = load(engine, &binary_of(bytes)?)?;
        check_implemented(&data, Tier::Jit)?;
        let target = ObjectTarget::named(target)?;
        let options = engine.config().compile_options();
        let cpu = engine.config().level(target.is_elsewhere());
        Ok(object_file(&data, &CompileOptions { cpu, target: None, ..options }, &target, symbol)?)
    }

    /// Decodes and validates, and compiles nothing.
    ///
    /// # Errors
    /// If the bytes are refused.
    pub fn validate(engine: &Engine, bytes: impl AsRef<[u8]>) -> Result<(), ModuleError> {
        load(engine, &binary_of(bytes.as_ref())?)?;
        Ok(())
    }

    /// With each function of the module's own, by its index, placed in a tier.
    pub(crate) fn placed(
        engine: &Engine,
        bytes: &[u8],
        interrupt: Option<&InterruptHandle>,
        tier_of: impl Fn(u32) -> Tier,
    ) -> Result<Module, ModuleError> {
        Module::timed(engine, || Module::made(engine, bytes, interrupt, tier_of))
    }

    /// Notes how long it took to make a module, if that is asked for.
    fn timed(
        engine: &Engine,
        make: impl FnOnce() -> Result<Module, ModuleError>,
    ) -> Result<Module, ModuleError> {
        let begun = engine.config().measure_time.then(Instant::now);
        let _span = Span::new("module");
        let module = make()?;
        Ok(Module { compile_time: begun.map(|begun| begun.elapsed()), ..module })
    }

    /// Whether its code was found in the engine's cache; `None` if it has none, or the engine no cache.
    pub fn is_from_cache(&self) -> Option<bool> {
        self.cached
    }

    /// How long it took to decode, validate and compile it; `None` without [`Config::measure_time`](crate::Config).
    pub fn compile_time(&self) -> Option<Duration> {
        self.compile_time
    }

    fn made(
        engine: &Engine,
        bytes: &[u8],
        interrupt: Option<&InterruptHandle>,
        tier_of: impl Fn(u32) -> Tier,
    ) -> Result<Module, ModuleError> {
        let config = engine.config();
        if let Some(target) = config.compile_options().elsewhere() {
            return Err(ModuleError::Elsewhere(target.to_string()));
        }
        let check = || match interrupt.is_some_and(InterruptHandle::is_interrupted) {
            true => Err(CompileError::Interrupted),
            false => Ok(()),
        };
        let data = Arc::new(load(engine, bytes)?);
        check()?;
        let own = data.imported_funcs..data.funcs.len() as u32;
        let compilable = data.lacking(Tier::Jit.features()).is_none();
        let is_auto = config.tier == Tier::Auto;
        if is_auto && compilable && own.clone().all(|func| tier_of(func) == Tier::Auto) {
            return Module::begun(engine, data);
        }
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
            Tier::Oracle | Tier::Interp | Tier::Auto => !functions.is_empty(),
            Tier::Jit | Tier::Aot => true,
        };
        let engine = engine.clone();
        if !uses_code {
            return Ok(Module::interpreted(engine, data, tiers));
        }
        let options = CompileOptions {
            interrupt: interrupt.map(|handle| handle.flag().clone()),
            functions: (functions.len() < tiers.len()).then_some(functions),
            ..config.compile_options()
        };
        let (compiled, cached) = match &config.cache {
            Some(cache) => {
                let (compiled, found) = cache.compiled(&data, &options, &wanted(config))?;
                (compiled, Some(found))
            }
            None => (etalon_jit::compile(&data, &options)?, None),
        };
        check()?;
        if config.tier == Tier::Aot {
            // The whole way through the artefact, as another process would go it.
            let artefact = artefact::write(&compiled, &data);
            let made = Module::read(&engine, &artefact.into(), Check::Digest, None)?;
            return Ok(Module { cached, ..made });
        }
        let code = LoadedModule::load(&compiled, &data)?;
        Ok(Module { cached, ..Module::with_code(engine, data, compiled, code, tiers) })
    }

    /// A module without code.
    fn interpreted(engine: Engine, data: Arc<ModuleData>, tiers: Vec<(u32, Tier)>) -> Module {
        let (compiled, code, compile_time) = Default::default();
        let (cached, promoter, placement) = Default::default();
        let initial = Initial::new();
        Module {
            engine,
            data,
            compiled,
            code,
            tiers,
            compile_time,
            cached,
            promoter,
            initial,
            placement,
        }
    }

    /// A module whose functions are interpreted until they turn out to be hot; unless a cache has the code of all.
    fn begun(engine: &Engine, data: Arc<ModuleData>) -> Result<Module, ModuleError> {
        let (config, engine) = (engine.config(), engine.clone());
        let own = data.imported_funcs..data.funcs.len() as u32;
        let options = config.compile_options();
        let found = config.cache.as_ref().map(|cache| cache.find(&data, &options, &wanted(config)));
        if let Some(compiled) = found.transpose()?.flatten() {
            let code = LoadedModule::load(&compiled, &data)?;
            let tiers = own.map(|func| (func, Tier::Jit)).collect();
            let made = Module::with_code(engine, data, compiled, code, tiers);
            return Ok(Module { cached: Some(true), ..made });
        }
        let promoter = Some(Promoter::new(&engine, &data, options));
        let tiers = own.map(|func| (func, Tier::Auto)).collect();
        Ok(Module { promoter, ..Module::interpreted(engine, data, tiers) })
    }

    /// A module with its code. Functions that were to be compiled, and are not, run in the interpreter (gas-1, *Depth*).
    fn with_code(
        engine: Engine,
        data: Arc<ModuleData>,
        compiled: CompiledModule,
        code: LoadedModule,
        mut tiers: Vec<(u32, Tier)>,
    ) -> Module {
        let mut compiled_functions = compiled.functions().peekable();
        for (func, tier) in &mut tiers {
            // Both are in the order of the functions.
            let has_code = compiled_functions.next_if_eq(func).is_some();
            if *tier == Tier::Jit && !has_code {
                *tier = Tier::Interp;
            }
        }
        drop(compiled_functions);
        let (compiled, code) = (Some(compiled), Some(Arc::new(code)));
        Module { compiled, code, ..Module::interpreted(engine, data, tiers) }
    }

    /// Of an artefact whose machine code is trusted.
    pub(crate) fn loaded(engine: &Engine, bytes: &[u8]) -> Result<Module, ModuleError> {
        Module::timed(engine, || Module::read(engine, &bytes.to_vec().into(), Check::Digest, None))
    }

    /// The same of bytes that are those of a file that is mapped.
    pub(crate) fn mapped(
        engine: &Engine,
        bytes: &Bytes,
        check: Check,
        file: &File,
    ) -> Result<Module, ModuleError> {
        Module::timed(engine, || Module::read(engine, bytes, check, Some(file)))
    }

    fn read(
        engine: &Engine,
        bytes: &Bytes,
        check: Check,
        file: Option<&File>,
    ) -> Result<Module, ModuleError> {
        let config = engine.config();
        let artefact = Artefact::read(bytes, &wanted(config), check)?;
        let code = artefact.load(file)?;
        let Artefact { module: data, compiled, .. } = artefact;
        for (who, features) in
            [("the engine", config.allowed()), (config.tier.name(), config.tier.features())]
        {
            if let Some(feature) = data.lacking(features) {
                return Err(not_implemented(who, feature).into());
            }
        }
        let own = data.imported_funcs..data.funcs.len() as u32;
        let tiers = own.map(|func| (func, Tier::Jit)).collect();
        Ok(Module::with_code(engine.clone(), Arc::new(data), compiled, code, tiers))
    }

    /// Whether bytes are meant to be an artefact rather than a module.
    pub fn is_artefact(bytes: &[u8]) -> bool {
        artefact::is_artefact(bytes)
    }

    /// The module with its compiled code, to be loaded by [`Module::from_artefact`]. What is made by an engine with
    /// [`Config::interruptible`] also loads where nothing is interrupted; not the other way round. What is made with
    /// [`Config::memory_regions`] loads only with it, and without only without. On the tier [`Tier::Auto`] all of the module is compiled
    /// for it now.
    ///
    /// # Errors
    /// If the module was made for interpretation alone, or no code can be made for this processor.
    pub fn to_artefact(&self) -> Result<Vec<u8>, ModuleError> {
        match &self.compiled {
            Some(compiled) => Ok(artefact::write(compiled, &self.data)),
            None if self.promoter.is_some() => {
                let options = self.engine.config().compile_options();
                Ok(artefact::write(&etalon_jit::compile(&self.data, &options)?, &self.data))
            }
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

    /// The engine that it was made for.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What it imports, in order.
    pub fn imports(&self) -> impl ExactSizeIterator<Item = ImportType<'_>> {
        self.data.imports.iter().map(|import| {
            ImportType::new(
                &import.module,
                &import.name,
                ExternType::of_module(&self.data, import.ty),
            )
        })
    }

    /// What it exports, in order.
    pub fn exports(&self) -> impl ExactSizeIterator<Item = ExportType<'_>> {
        self.data.exports.iter().map(|export| {
            let ty = self.data.export_type(export);
            ExportType::new(&export.name, ExternType::of_module(&self.data, ty))
        })
    }

    /// Its name, if its name section has one.
    pub fn name(&self) -> Option<&str> {
        self.data.name.as_deref()
    }

    /// The type of what it exports under a name.
    pub fn get_export(&self, name: &str) -> Option<ExternType> {
        let export = self.data.export(name)?;
        Some(ExternType::of_module(&self.data, self.data.export_type(export)))
    }

    /// What the module declares.
    pub(crate) fn data(&self) -> &Arc<ModuleData> {
        &self.data
    }

    /// Its compiled code, if it has any.
    pub(crate) fn code(&self) -> Option<&Arc<LoadedModule>> {
        self.code.as_ref()
    }

    /// What moves its functions from tier to tier, if they move.
    pub(crate) fn promoter(&self) -> Option<&Arc<Promoter>> {
        self.promoter.as_ref()
    }

    /// Which tier of a store runs which of its functions.
    pub(crate) fn placement(&self) -> &Placement {
        self.placement.get_or_init(|| {
            let tier_of = |tier: Tier| match tier {
                Tier::Oracle => TIERS.oracle,
                Tier::Interp | Tier::Auto => TIERS.interp,
                Tier::Jit | Tier::Aot => TIERS.jit,
            };
            // Most modules have all of their functions in one tier, which is the placement's default then.
            let default = self.tiers.first().map_or(TIERS.oracle, |(_, tier)| tier_of(*tier));
            let mut placement = Placement::all(default).with_initial(self.initial.clone());
            if let Some(code) = &self.code {
                placement = placement.with_code(TIERS.jit, code.clone());
            }
            for (func, tier) in self.tiers.iter().filter(|(_, tier)| tier_of(*tier) != default) {
                placement = placement.place(*func, tier_of(*tier));
            }
            Box::new(placement)
        })
    }
}

/// What an artefact must have been made for.
pub(crate) fn wanted(config: &Config) -> Wanted<'_> {
    Wanted {
        schedule: &config.schedule,
        metering: config.metering,
        interruptible: config.interruptible,
        memory_regions: config.memory_regions,
        nans: config.nans,
    }
}

/// The binary format, of which the text format may have been given.
#[cfg(feature = "wat")]
fn binary_of(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ModuleError> {
    if bytes.starts_with(b"\0") || artefact::is_artefact(bytes) {
        return Ok(Cow::Borrowed(bytes));
    }
    wat::parse_bytes(bytes).map_err(|error| ModuleError::Text(error.to_string()))
}

#[cfg(not(feature = "wat"))]
fn binary_of(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ModuleError> {
    Ok(Cow::Borrowed(bytes))
}

/// Judges bytes by the features in force, then asks whether the tier implements what they need.
fn load(engine: &Engine, bytes: &[u8]) -> Result<ModuleData, LoadError> {
    let data = ModuleData::new(bytes, engine.config().allowed())?;
    check_implemented(&data, engine.config().tier)?;
    Ok(data)
}

fn check_implemented(data: &ModuleData, tier: Tier) -> Result<(), LoadError> {
    match data.lacking(tier.features()) {
        None => Ok(()),
        Some(feature) => Err(not_implemented(tier.name(), feature)),
    }
}

fn not_implemented(who: &str, feature: &'static str) -> LoadError {
    LoadError {
        kind: LoadErrorKind::Unsupported { feature },
        fault: None,
        message: format!("{who} does not implement {feature}"),
        offset: 0,
    }
}
