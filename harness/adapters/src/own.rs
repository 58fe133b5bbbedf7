//! Our own tiers as engines.

use crate::adapter::{
    Adapter, AdapterError, Call, ExportInfo, Extent, HostCall, Instance, Session, SessionConfig,
    StateDigest, Turn,
};
use crate::coverage::RuleTally;
use crate::outcome::{Outcome, Rejection};
use crate::own_values::{from_value, kind, returned, stopped, to_value, type_of};
use crate::placement::{MIXED, Placed, tier_of};
use crate::precompiled::artefact_misfit;
use crate::refusal::{rejection, unlinkable};
use crate::spectest::SPECTEST_FUNCS;
use crate::value::Val;
use crate::watchdog::{Armed, TimeLimit};
use etalon::unstable;
use etalon::{
    Caller, CompileError, Config, Engine, Error, Execution, ExternType, Features, Func, FuncType,
    Global, GlobalType, InstantiateError, InterruptHandle, LinkError, Linker, Memory, MemoryType,
    Module, ModuleError, Mutability, Ref, RefType, RootScope, Store, Table, TableType, Tag, Tier,
    ValType, WasmBacktrace,
};
use etalon_record::{Backtrace, BacktraceFrame, EngineInfo, role};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One of our own tiers.
#[derive(Clone, Debug)]
pub struct OwnTier {
    tier: Tier,
    /// With a number, the functions of a module are assigned to all tiers in turn; the number says which tier is first.
    mixed: Option<u32>,
    /// With this, given functions of a module are on one tier, and the others on another.
    placed: Option<Placed>,
    /// Whether the heap is collected before every allocation.
    gc_stress: bool,
    /// With a number, the oracle pauses after that many instructions.
    piece: Option<u64>,
    /// Where sessions add the rules that the oracle used.
    tally: Option<RuleTally>,
    /// Whether the user says that artefacts can be trusted.
    trusts: bool,
}

impl OwnTier {
    /// A tier alone.
    pub fn new(tier: Tier) -> OwnTier {
        let (mixed, placed, piece, tally) = (None, None, None, None);
        OwnTier { tier, mixed, placed, gc_stress: false, piece, tally, trusts: false }
    }

    /// Has given functions of each module on the second tier, and the others on the first. It goes by the name of the second.
    pub fn placed(first: Tier, second: Tier, funcs: BTreeSet<u32>) -> OwnTier {
        let placed = Some(Placed::new([first, second], funcs));
        OwnTier { placed, mixed: Some(0), ..OwnTier::new(Tier::Jit) }
    }

    /// Assigns the functions of each module to the compiler, the interpreter and the oracle in turn; `shift` says which is first.
    pub fn mixed(shift: u32) -> OwnTier {
        OwnTier { mixed: Some(shift), ..OwnTier::new(Tier::Jit) }
    }

    /// The oracle, paused after every `piece` instructions of a call and sometimes moved to a new store through a
    /// snapshot.
    pub fn paused(piece: u64) -> OwnTier {
        OwnTier { piece: Some(piece.max(1)), ..OwnTier::new(Tier::Oracle) }
    }

    /// The oracle, which adds the rules that it used to a tally.
    pub fn with_coverage(tally: RuleTally) -> OwnTier {
        OwnTier { tally: Some(tally), ..OwnTier::new(Tier::Oracle) }
    }

    fn settings(&self, config: &SessionConfig) -> Config {
        let mut settings = Config::new();
        settings.tier(self.tier).features(config.features).gc_stress(self.gc_stress);
        settings.interruptible(config.time.is_some());
        if let Some(gas) = &config.gas {
            settings.schedule(Arc::clone(&gas.schedule)).consume_fuel(true);
        }
        settings
    }

    /// Takes artefacts in place of modules: their machine code runs as it is, so the user must have said that it
    /// is trusted.
    #[must_use]
    pub fn trusting_artefacts(mut self) -> OwnTier {
        self.trusts = true;
        self
    }

    /// Collects the heap before every allocation. Nothing that a run shows may depend on this.
    #[must_use]
    pub fn with_gc_stress(mut self) -> OwnTier {
        self.gc_stress = true;
        self
    }
}

impl Adapter for OwnTier {
    fn info(&self) -> EngineInfo {
        let version = env!("CARGO_PKG_VERSION");
        let name = match (self.mixed, self.piece) {
            (None, None) => self.tier.name().to_owned(),
            (Some(_), _) if let Some(placed) = &self.placed => placed.name().to_owned(),
            (Some(shift), _) => format!("mixed{shift}"),
            (None, Some(piece)) => format!("paused:{piece}"),
        };
        let info = EngineInfo::new(name, version)
            .with_part(role::DECODE_VALIDATE, "wasmparser 0.263")
            .with_part(role::STORE, format!("etalon-runtime {version}"))
            .with_part(role::INSTANTIATION, format!("etalon-runtime {version}"))
            .with_part(role::GAS_SCHEDULE, format!("etalon-gas {version}"))
            .with_part(role::HOST_FUNCTIONS, format!("etalon-adapters {version}"));
        let cranelift = etalon::versions()[1].1;
        let runs = |tier: Tier| match self.mixed {
            None => {
                self.tier == tier
                    || (tier == Tier::Jit && matches!(self.tier, Tier::Aot | Tier::Auto))
            }
            Some(_) => MIXED.contains(&tier),
        };
        let mut info = info;
        if runs(Tier::Oracle) {
            info = info
                .with_part(role::SEMANTICS, format!("etalon-oracle {version}"))
                .with_part(role::SCALAR_ARITHMETIC, format!("etalon-numerics {version}"))
                .with_part(role::VECTOR_ARITHMETIC, format!("etalon-numerics {version}"))
                .with_part(role::GAS_CHARGING, format!("etalon-oracle {version}"));
        }
        if runs(Tier::Interp) {
            info = info
                .with_part(role::SEMANTICS, format!("etalon-interp {version}"))
                .with_part(role::SCALAR_ARITHMETIC, format!("etalon-interp {version}"))
                .with_part(role::VECTOR_ARITHMETIC, format!("etalon-numerics {version}"))
                .with_part(role::GAS_CHARGING, format!("etalon-interp {version}"));
        }
        if runs(Tier::Jit) {
            info = info
                .with_part(role::SEMANTICS, format!("etalon-jit {version}"))
                .with_part(role::SCALAR_ARITHMETIC, format!("etalon-jit {version}"))
                .with_part(role::VECTOR_ARITHMETIC, format!("etalon-jit {version}"))
                .with_part(role::GAS_CHARGING, format!("etalon-jit {version}"))
                .with_part(role::CODE_GENERATOR, format!("cranelift {cranelift}"));
        }
        info.features = self.features().names().into_iter().map(str::to_owned).collect();
        info
    }

    fn features(&self) -> Features {
        match self.mixed {
            None => self.tier.features(),
            Some(_) => MIXED
                .iter()
                .fold(self.tier.features(), |set, tier| set.intersection(tier.features())),
        }
    }

    fn meters_gas(&self) -> bool {
        true
    }

    fn misfit(&self, config: &SessionConfig, bytes: &[u8]) -> Option<AdapterError> {
        if !Module::is_artefact(bytes) {
            return None;
        }
        let settings = self.settings(config);
        let reason =
            artefact_misfit(&settings, self.tier, self.mixed.is_some(), self.trusts, bytes)?;
        Some(AdapterError { engine: self.info().name, reason })
    }

    fn session(&self, config: &SessionConfig) -> Result<Box<dyn Session>, AdapterError> {
        let settings = self.settings(config);
        let failed = |error: Error| AdapterError {
            engine: self.tier.name().to_owned(),
            reason: format!("{error:#}"),
        };
        let engine = Engine::new(&settings).map_err(failed)?;
        let mut store = Store::new(&engine, Vec::new());
        if let Some(limit) = config.gas.as_ref().and_then(|gas| gas.limit) {
            store.set_fuel(limit).map_err(failed)?;
        }
        let mut linker = Linker::new(&engine);
        linker.allow_shadowing(true);
        Ok(Box::new(OwnSession {
            engine,
            store,
            spectest: linker.clone(),
            hosts: linker.clone(),
            linker,
            thread: 0,
            others: BTreeMap::new(),
            mixed: self.mixed,
            placed: self.placed.clone(),
            piece: self.piece,
            turns: config.turns && self.tier == Tier::Oracle,
            time: config.time.clone(),
            tally: self.tally.clone(),
            trusts: self.trusts,
            started: Vec::new(),
            modules: Vec::new(),
            instances: Vec::new(),
            not_compiled: 0,
            backtrace: None,
        }))
    }
}

/// What a session keeps with its store: the calls of host functions that nobody has taken yet.
pub(crate) type Calls = Vec<HostCall>;

pub(crate) struct OwnSession {
    pub(crate) engine: Engine,
    pub(crate) store: Store<Calls>,
    pub(crate) linker: Linker<Calls>,
    /// The names that every thread knows.
    pub(crate) spectest: Linker<Calls>,
    /// All host functions, for stores that are restored from snapshots.
    pub(crate) hosts: Linker<Calls>,
    /// The thread of the script whose names `linker` has.
    pub(crate) thread: usize,
    /// The names of the other threads.
    pub(crate) others: BTreeMap<usize, Linker<Calls>>,
    pub(crate) mixed: Option<u32>,
    placed: Option<Placed>,
    pub(crate) piece: Option<u64>,
    /// Whether calls can be made in turns.
    turns: bool,
    /// How long each action may take.
    time: Option<TimeLimit>,
    /// The calls that are made in turns, by their numbers; `None` for those that are over.
    pub(crate) started: Vec<Option<Execution>>,
    /// Modules that were instantiated, kept for stores that are restored from snapshots.
    pub(crate) modules: Vec<Module>,
    pub(crate) instances: Vec<etalon::Instance>,
    /// Functions that were to be compiled, and were not.
    not_compiled: u64,
    /// Where the last call that stopped did.
    backtrace: Option<WasmBacktrace>,
    /// Where to add the rules that the oracle used.
    pub(crate) tally: Option<RuleTally>,
    pub(crate) trusts: bool,
}

/// A session is counted when it ends.
impl Drop for OwnSession {
    fn drop(&mut self) {
        if let Some(tally) = &self.tally {
            tally.add(&unstable::usage(&self.store));
        }
    }
}

impl OwnSession {
    /// Makes a module: the one place where that is done, under the eyes of the watchdog.
    fn module(&self, wasm: &[u8]) -> Result<Module, Outcome> {
        let _watched = self.watched();
        // Without a limit the engine is not interruptible, and there is no handle.
        let handle = self.time.as_ref().and_then(|_| self.store.interrupt_handle().ok());
        match Module::is_artefact(wasm) {
            true => self.precompiled(wasm, handle.as_ref()),
            false => self.made(wasm, handle.as_ref()),
        }
    }

    /// Makes a module of the binary format.
    pub(crate) fn made(
        &self,
        wasm: &[u8],
        handle: Option<&InterruptHandle>,
    ) -> Result<Module, Outcome> {
        let module = match (self.mixed, handle) {
            (Some(shift), Some(handle)) => {
                let tier_of = tier_of(shift, self.placed.clone());
                unstable::mixed_interruptible(&self.engine, wasm, handle, tier_of)
            }
            (Some(shift), None) => {
                unstable::mixed(&self.engine, wasm, tier_of(shift, self.placed.clone()))
            }
            // It would also take text, which is not asked for.
            (None, Some(handle)) if wasm.starts_with(b"\0asm") => {
                Module::new_interruptible(&self.engine, wasm, handle)
            }
            (None, _) => Module::from_binary(&self.engine, wasm),
        };
        module.map_err(|error| match error {
            ModuleError::Compile(CompileError::Interrupted) => Outcome::TimedOut,
            // The system has no thread for it: that says nothing of the module.
            ModuleError::Thread(error) => Outcome::HostError(error.to_string()),
            error => Outcome::Rejected(rejection(error)),
        })
    }

    /// Has an action watched until what this gives is dropped, if there is a limit.
    pub(crate) fn watched(&self) -> Option<Armed> {
        // Without a limit the engine is not interruptible, and there is no handle.
        Some(self.time.as_ref()?.arm(self.store.interrupt_handle().ok()?))
    }

    /// Defines a host function that records its calls and returns zeros and nulls.
    fn define_noting(&mut self, module: &str, name: &str, ty: &FuncType) -> Result<(), Error> {
        self.linker.func_new(module, name, ty.clone(), noting(module, name))?;
        self.hosts.func_new(module, name, ty.clone(), noting(module, name))?;
        Ok(())
    }

    /// Defines what an import asks for.
    fn provide(&mut self, module: &str, name: &str, ty: &ExternType) -> Result<(), Error> {
        let store = &mut self.store;
        let item: etalon::Extern = match ty {
            ExternType::Func(ty) => return self.define_noting(module, name, ty),
            ExternType::Table(ty) => {
                let null = Ref::null(ty.element().heap_type());
                Table::new(store, ty.clone(), null)?.into()
            }
            ExternType::Memory(ty) => Memory::new(store, ty.clone())?.into(),
            ExternType::Global(ty) => {
                let value = etalon::Val::default_for_ty(ty.content());
                let value = value.ok_or_else(|| Error::msg("it has no default value"))?;
                Global::new(store, ty.clone(), value)?.into()
            }
            ExternType::Tag(ty) => Tag::new(store, ty)?.into(),
        };
        self.linker.define(&self.store, module, name, item)?;
        Ok(())
    }

    fn define_all_of_spectest(&mut self) -> Result<(), Error> {
        for func in SPECTEST_FUNCS {
            let ty = FuncType::new(func.params.iter().map(|k| type_of(*k)), []);
            self.define_noting("spectest", func.name, &ty)?;
        }
        let number = 666.6_f64;
        for (name, ty, value) in [
            ("global_i32", ValType::I32, etalon::Val::I32(666)),
            ("global_i64", ValType::I64, etalon::Val::I64(666)),
            ("global_f32", ValType::F32, (number as f32).into()),
            ("global_f64", ValType::F64, number.into()),
        ] {
            let ty = GlobalType::new(ty, Mutability::Const);
            let item = Global::new(&mut self.store, ty, value)?;
            self.linker.define(&self.store, "spectest", name, item)?;
        }
        for (name, ty) in [
            ("table", TableType::new(RefType::FUNCREF, 10, Some(20))),
            ("table64", TableType::new64(RefType::FUNCREF, 10, Some(20))),
        ] {
            let item = Table::new(&mut self.store, ty, Ref::Func(None))?;
            self.linker.define(&self.store, "spectest", name, item)?;
        }
        for (name, ty) in
            [("memory", MemoryType::new(1, Some(2))), ("shared_memory", MemoryType::shared(1, 2))]
        {
            let item = Memory::new(&mut self.store, ty)?;
            self.linker.define(&self.store, "spectest", name, item)?;
        }
        Ok(())
    }
}

impl Session for OwnSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.define_all_of_spectest().map_err(|error| AdapterError {
            engine: self.engine.tier().name().to_owned(),
            reason: format!("spectest cannot be created: {error:#}"),
        })?;
        self.spectest = self.linker.clone();
        Ok(())
    }

    fn define_missing_imports(&mut self, wasm: &[u8]) -> Result<(), Outcome> {
        let module = self.module(wasm)?;
        for import in module.imports() {
            let (from, name) = (import.module(), import.name());
            if self.linker.contains(from, name) {
                continue;
            }
            self.provide(from, name, import.ty()).map_err(|error| {
                let why = format!("nothing fits {from:?} {name:?}: {error:#}");
                Outcome::Rejected(Rejection::Unlinkable(why.into()))
            })?;
        }
        Ok(())
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Outcome> {
        self.module(wasm).map(drop)
    }

    fn instantiate(&mut self, wasm: &[u8]) -> Result<Instance, Outcome> {
        let module = self.module(wasm)?;
        let _watched = self.watched();
        self.not_compiled += module.not_compiled().len() as u64;
        let instantiated = self.linker.instantiate(&mut self.store, &module);
        let error = match instantiated {
            Ok(instance) => {
                self.keep(module);
                self.instances.push(instance);
                return Ok(Instance(self.instances.len() - 1));
            }
            Err(error) => error,
        };
        if let Some(error) = error.downcast_ref::<LinkError>() {
            return Err(Outcome::Rejected(unlinkable(error)));
        }
        if error.is::<InstantiateError>() {
            return Err(Outcome::Rejected(Rejection::Limit(error.to_string())));
        }
        // It may have left functions in tables of other instances.
        self.keep(module);
        Err(self.stopped(&error))
    }

    fn register(&mut self, name: &str, instance: Instance) {
        let instance = self.instances[instance.0];
        let defined = self.linker.instance(&self.store, name, instance);
        defined.expect("a later definition replaces an earlier one");
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        let kinds = |types: &[ValType]| types.iter().map(kind).collect();
        self.instances[instance.0]
            .exports(&self.store)
            .map(|export| {
                let name = export.name().to_owned();
                let extent = match export.into_extern().ty(&self.store) {
                    ExternType::Func(ty) => {
                        Extent::Func { params: kinds(ty.params()), results: kinds(ty.results()) }
                    }
                    ExternType::Global(ty) => Extent::Global(kind(ty.content())),
                    ExternType::Memory(_) => Extent::Memory,
                    ExternType::Table(_) => Extent::Table,
                    ExternType::Tag(_) => Extent::Tag,
                };
                ExportInfo { name, extent }
            })
            .collect()
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        let (func, args) = match self.callee(instance, export, args) {
            Ok(callee) => callee,
            Err(outcome) => return outcome,
        };
        let watched = self.watched();
        match self.piece {
            None => self.invoke_at_once(func, &args),
            Some(piece) => self.invoke_in_pieces(func, &args, piece, watched.as_ref()),
        }
    }

    fn takes_turns(&self) -> bool {
        self.turns
    }

    fn use_names(&mut self, thread: usize) {
        self.use_names_of(thread);
    }

    fn start(&mut self, instance: Instance, export: &str, args: &[Val]) -> Result<Call, Outcome> {
        self.start_call(instance, export, args)
    }

    fn turn(&mut self, call: Call) -> Turn {
        self.take_turn(call)
    }

    fn waits(&self, call: Call) -> Option<i64> {
        self.waits_of(call)
    }

    fn time_out(&mut self, call: Call) {
        if let Some(execution) = self.execution(call) {
            self.store.time_out(execution);
        }
    }

    fn abandon(&mut self, call: Call) {
        if let Some(execution) = self.execution(call) {
            self.store.abandon(execution);
        }
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        let global = self.instances[instance.0].get_global(&self.store, export)?;
        let mut scope = RootScope::new(&mut self.store);
        let value = global.get(&mut scope);
        Some(from_value(&scope, &value))
    }

    fn gas_consumed(&self) -> Option<u64> {
        self.store.fuel_consumed()
    }

    fn not_compiled(&self) -> u64 {
        self.not_compiled
    }

    fn backtrace(&self) -> Backtrace {
        let Some(backtrace) = &self.backtrace else { return Backtrace::default() };
        let frames = backtrace.frames().iter().map(|frame| BacktraceFrame {
            func: frame.func_index(),
            name: frame.func_name().map(str::to_owned),
            offset: frame.module_offset().and_then(|at| u32::try_from(at).ok()),
            line: None,
            column: None,
        });
        Backtrace { frames: frames.collect(), omitted: backtrace.omitted() }
    }

    fn gas_executed(&self) -> Option<u64> {
        let counts = self.engine.tier() == Tier::Oracle;
        counts.then(|| unstable::executed(&self.store))
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        std::mem::take(self.store.data_mut())
    }

    fn digest(&mut self) -> Option<StateDigest> {
        let unstable::StateDigest { memories, globals, tables } = unstable::digest(&self.store);
        Some(StateDigest { memories, globals, tables })
    }
}

/// A host function that records its calls and returns zeros and nulls: those are in its results already.
fn noting(
    module: &str,
    name: &str,
) -> impl Fn(Caller<'_, Calls>, &[etalon::Val], &mut [etalon::Val]) -> Result<(), Error>
+ Send
+ Sync
+ 'static {
    let names = (module.to_owned(), name.to_owned());
    move |mut caller, args, _| {
        let args = args.iter().map(|val| from_value(&caller, val)).collect();
        let (module, name) = names.clone();
        let gas_left = caller.gas_left();
        caller.data_mut().push(HostCall { module, name, args, gas_left });
        Ok(())
    }
}

impl OwnSession {
    /// The function of an export, and its arguments as the store has them.
    pub(crate) fn callee(
        &mut self,
        instance: Instance,
        export: &str,
        args: &[Val],
    ) -> Result<(Func, Vec<etalon::Val>), Outcome> {
        let func = self.instances[instance.0].get_func(&self.store, export);
        let Some(func) = func else {
            return Err(Outcome::HostError(format!("no function is exported as {export:?}")));
        };
        let args: Option<Vec<_>> = args.iter().map(|v| to_value(&mut self.store, *v)).collect();
        match args {
            Some(args) => Ok((func, args)),
            None => Err(Outcome::HostError(
                "an argument has no value that the host can create".to_owned(),
            )),
        }
    }

    /// Calls a function in one piece.
    pub(crate) fn invoke_at_once(&mut self, func: Func, args: &[etalon::Val]) -> Outcome {
        let ty = func.ty(&self.store);
        let mut results = vec![etalon::Val::I32(0); ty.results().len()];
        // What it gives need not outlive this call.
        let mut scope = RootScope::new(&mut self.store);
        match func.call(&mut scope, args, &mut results) {
            Ok(()) => returned(&scope, &results),
            Err(error) => {
                self.backtrace = error.downcast_ref().cloned();
                stopped(&mut scope, &error)
            }
        }
    }

    pub(crate) fn stopped(&mut self, error: &Error) -> Outcome {
        self.backtrace = error.downcast_ref().cloned();
        stopped(&mut RootScope::new(&mut self.store), error)
    }

    /// A call that is made in turns, if it is not over.
    pub(crate) fn execution(&self, call: Call) -> Option<Execution> {
        *self.started.get(usize::try_from(call.0).ok()?)?
    }
}
