//! Our own tiers as engines.

use crate::adapter::{
    Adapter, AdapterError, Call, ExportInfo, Extent, HostCall, Instance, Session, SessionConfig,
    StateDigest, Turn,
};
use crate::coverage::RuleTally;
use crate::outcome::{Outcome, Rejection};
use crate::spectest::SPECTEST_FUNCS;
use crate::value::{RefKind, Val, ValKind};
use etalon::{
    AddrType, Config, Engine, Execution, Extern, ExternType, Features, FuncAddr, FuncType,
    GlobalType, HeapType, HostFn, HostImport, InstantiateError, InvokeError, Limits, Linker,
    LoadErrorKind, MemoryType, Module, ModuleError, Ref, RefType, Stop, Store, TableType, Tier,
    TypeRegistry, TypeUse, ValType, Value,
};
use etalon_record::{EngineInfo, role};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// One of our own tiers.
#[derive(Clone, Debug)]
pub struct OwnTier {
    tier: Tier,
    /// With a number, the functions of a module are assigned to all tiers in turn; the number says which tier is first.
    mixed: Option<u32>,
    /// Whether the heap is collected before every allocation.
    gc_stress: bool,
    /// With a number, the oracle pauses after that many instructions.
    piece: Option<u64>,
    /// Where sessions add the rules that the oracle used.
    tally: Option<RuleTally>,
}

impl OwnTier {
    /// A tier alone.
    pub fn new(tier: Tier) -> OwnTier {
        OwnTier { tier, mixed: None, gc_stress: false, piece: None, tally: None }
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

    fn session(&self, config: &SessionConfig) -> Result<Box<dyn Session>, AdapterError> {
        let mut settings = Config::new(self.tier);
        settings.features = config.features;
        settings.gc_stress = self.gc_stress;
        let mut limit = None;
        if let Some(gas) = &config.gas {
            settings = settings.metered(Arc::clone(&gas.schedule));
            limit = gas.limit;
        }
        let engine = Engine::new(settings);
        let store = Store::new(&engine, limit).map_err(|error| AdapterError {
            engine: self.tier.name().to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Box::new(OwnSession {
            engine,
            store,
            linker: Linker::new(),
            spectest: Linker::new(),
            thread: 0,
            others: BTreeMap::new(),
            mixed: self.mixed,
            piece: self.piece,
            turns: config.turns && self.tier == Tier::Oracle,
            tally: self.tally.clone(),
            started: BTreeMap::new(),
            modules: Vec::new(),
            instances: Vec::new(),
            calls: Arc::default(),
        }))
    }
}

/// The tiers to which functions are assigned in turn where tiers are mixed.
const MIXED: [Tier; 3] = [Tier::Jit, Tier::Interp, Tier::Oracle];

pub(crate) type Calls = Arc<Mutex<Vec<HostCall>>>;

pub(crate) struct OwnSession {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) linker: Linker,
    /// The names that every thread knows.
    pub(crate) spectest: Linker,
    /// The thread of the script whose names `linker` has.
    pub(crate) thread: usize,
    /// The names of the other threads.
    pub(crate) others: BTreeMap<usize, Linker>,
    mixed: Option<u32>,
    pub(crate) piece: Option<u64>,
    /// Whether calls can be made in turns.
    turns: bool,
    /// The functions of calls that are made in turns.
    pub(crate) started: BTreeMap<Execution, FuncAddr>,
    /// Modules that were instantiated, kept for stores that are restored from snapshots.
    pub(crate) modules: Vec<Module>,
    instances: Vec<etalon::Instance>,
    pub(crate) calls: Calls,
    /// Where to add the rules that the oracle used.
    pub(crate) tally: Option<RuleTally>,
}

/// A session is counted when it ends.
impl Drop for OwnSession {
    fn drop(&mut self) {
        if let Some(tally) = &self.tally {
            tally.add(&self.store.usage());
        }
    }
}

impl OwnSession {
    fn module(&self, wasm: &[u8]) -> Result<Module, Rejection> {
        let module = match self.mixed {
            _ if Module::is_artefact(wasm) => Module::from_artefact(&self.engine, wasm),
            None => Module::new(&self.engine, wasm),
            Some(shift) => Module::mixed(&self.engine, wasm, |func| {
                MIXED[(func.wrapping_add(shift) % 3) as usize]
            }),
        };
        module.map_err(rejection)
    }

    /// A host function that records its calls and returns zeros and nulls.
    fn noting_func(&mut self, module: &str, name: &str, ty: FuncType) -> Extern {
        let import = HostImport { module, name, ty: &ty, types: &self.store.types };
        let func = noting(&self.calls, &import);
        Extern::Func(self.store.alloc_host_func(ty, func))
    }

    /// Creates what an import asks for.
    fn provide(&mut self, module: &str, name: &str, ty: ExternType) -> Option<Extern> {
        Some(match ty {
            ExternType::Func(TypeUse::Def(id)) => {
                let ty = self.store.types.func(id)?.clone();
                self.noting_func(module, name, ty)
            }
            ExternType::Func(_) => return None,
            ExternType::Table(ty) => Extern::Table(self.store.alloc_table(ty, Ref::NULL).ok()?),
            ExternType::Memory(ty) => Extern::Memory(self.store.alloc_memory(ty).ok()?),
            ExternType::Global(ty) => {
                let value = Value::default_of(ty.val)?;
                Extern::Global(self.store.alloc_global(ty, value))
            }
            ExternType::Tag(ty) => match ty.ty {
                TypeUse::Def(id) => Extern::Tag(self.store.alloc_tag(id)),
                _ => return None,
            },
        })
    }
}

impl Session for OwnSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        for func in SPECTEST_FUNCS {
            let params: Vec<ValType> = func.params.iter().map(|k| type_of(*k)).collect();
            let item = self.noting_func("spectest", func.name, FuncType::new(params, []));
            self.linker.define("spectest", func.name, item);
        }
        let number = 666.6_f64;
        for (name, val, value) in [
            ("global_i32", ValType::I32, Value::I32(666)),
            ("global_i64", ValType::I64, Value::I64(666)),
            ("global_f32", ValType::F32, Value::F32((number as f32).to_bits())),
            ("global_f64", ValType::F64, Value::F64(number.to_bits())),
        ] {
            let item = self.store.alloc_global(GlobalType { mutable: false, val }, value);
            self.linker.define("spectest", name, Extern::Global(item));
        }
        let failed = |what: &str| AdapterError {
            engine: "own tier".to_owned(),
            reason: format!("{what} of spectest cannot be created"),
        };
        let limits = Limits { min: 10, max: Some(20) };
        for (name, addr) in [("table", AddrType::I32), ("table64", AddrType::I64)] {
            let ty = TableType { addr, limits, element: RefType::FUNCREF };
            let item = self.store.alloc_table(ty, Ref::NULL).map_err(|_| failed(name))?;
            self.linker.define("spectest", name, Extern::Table(item));
        }
        let limits = Limits { min: 1, max: Some(2) };
        for (name, shared) in [("memory", false), ("shared_memory", true)] {
            let ty = MemoryType { addr: AddrType::I32, limits, shared, page_size_log2: 16 };
            let item = self.store.alloc_memory(ty).map_err(|_| failed(name))?;
            self.linker.define("spectest", name, Extern::Memory(item));
        }
        self.spectest = self.linker.clone();
        Ok(())
    }

    fn define_missing_imports(&mut self, wasm: &[u8]) -> Result<(), Rejection> {
        use etalon::Canonicalise;
        let module = self.module(wasm)?;
        let data = Arc::clone(module.data());
        let ids = self.store.types.intern_groups(&data.types);
        for import in &data.imports {
            if self.linker.get(&import.module, &import.name).is_some() {
                continue;
            }
            let ty = import.ty.canonical(&ids);
            match self.provide(&import.module, &import.name, ty) {
                Some(item) => self.linker.define(&import.module, &import.name, item),
                None => {
                    let text = format!("nothing fits {:?} {:?}", import.module, import.name);
                    return Err(Rejection::Unlinkable(text));
                }
            }
        }
        Ok(())
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Rejection> {
        self.module(wasm).map(drop)
    }

    fn instantiate(&mut self, wasm: &[u8]) -> Result<Instance, Outcome> {
        let module = self.module(wasm).map_err(Outcome::Rejected)?;
        match self.store.instantiate(&module, &self.linker) {
            Ok(instance) => {
                self.keep(module);
                self.instances.push(instance);
                Ok(Instance(self.instances.len() - 1))
            }
            Err(InstantiateError::Link(e)) => {
                Err(Outcome::Rejected(Rejection::Unlinkable(e.to_string())))
            }
            Err(InstantiateError::Stop(stop)) => {
                // It may have left functions in tables of other instances.
                self.keep(module);
                Err(self.stopped(stop))
            }
            Err(other) => Err(Outcome::Rejected(Rejection::Limit(other.to_string()))),
        }
    }

    fn register(&mut self, name: &str, instance: Instance) {
        let instance = self.instances[instance.0];
        self.linker.define_instance(&self.store, name, instance);
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        let inst = self.store.instance(self.instances[instance.0]);
        let kinds = |types: &[ValType]| types.iter().map(|t| self.kind(*t)).collect();
        inst.module
            .exports
            .iter()
            .map(|export| {
                let extent = match inst.resolve(export) {
                    Extern::Func(a) => {
                        let ty = self.store.func_type(a);
                        Extent::Func { params: kinds(&ty.params), results: kinds(&ty.results) }
                    }
                    Extern::Global(a) => {
                        Extent::Global(self.kind(self.store.globals[a.index()].ty().val))
                    }
                    Extern::Memory(_) => Extent::Memory,
                    Extern::Table(_) => Extent::Table,
                    Extern::Tag(_) => Extent::Tag,
                };
                ExportInfo { name: export.name.clone(), extent }
            })
            .collect()
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        let (func, args) = match self.callee(instance, export, args) {
            Ok(callee) => callee,
            Err(outcome) => return outcome,
        };
        let result = match self.piece {
            None => self.store.invoke(func, &args),
            Some(piece) => self.invoke_in_pieces(func, &args, piece),
        };
        match result {
            Ok(values) => self.returned(func, &values),
            Err(InvokeError::Arguments(text)) => Outcome::HostError(text),
            Err(InvokeError::Stop(stop)) => self.stopped(stop),
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
        self.store.time_out(Execution(call.0));
    }

    fn abandon(&mut self, call: Call) {
        self.store.abandon(Execution(call.0));
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        match self.store.export(self.instances[instance.0], export)? {
            Extern::Global(a) => {
                let global = &self.store.globals[a.index()];
                Some(from_value(global.get(), self.kind(global.ty().val)))
            }
            _ => None,
        }
    }

    fn gas_consumed(&self) -> Option<u64> {
        self.store.is_metering().then(|| self.store.meter().consumed())
    }

    fn gas_executed(&self) -> Option<u64> {
        let counts = self.engine.config().tier == Tier::Oracle;
        counts.then(|| self.store.executed())
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(|poison| poison.into_inner()))
    }

    fn digest(&mut self) -> Option<StateDigest> {
        let etalon::StateDigest { memories, globals, tables } = self.store.digest();
        Some(StateDigest { memories, globals, tables })
    }
}

/// A host function that records its calls and returns zeros and nulls.
pub(crate) fn noting(calls: &Calls, import: &HostImport<'_>) -> HostFn {
    let calls = Arc::clone(calls);
    let results: Vec<Value> =
        import.ty.results.iter().filter_map(|t| Value::default_of(*t)).collect();
    let kinds: Vec<ValKind> = import.ty.params.iter().map(|t| kind_in(import.types, *t)).collect();
    let names = (import.module.to_owned(), import.name.to_owned());
    HostFn::new(import.module, import.name, move |caller, args| {
        let args = args.iter().zip(&kinds).map(|(v, k)| from_value(*v, *k)).collect();
        let (module, name) = names.clone();
        let gas_left = caller.gas_left();
        let mut calls = calls.lock().unwrap_or_else(|poison| poison.into_inner());
        calls.push(HostCall { module, name, args, gas_left });
        Ok(results.clone())
    })
}

/// The kind of a canonical type.
fn kind_in(types: &TypeRegistry, ty: ValType) -> ValKind {
    match ty {
        ValType::Ref(RefType { heap: HeapType::Use(TypeUse::Def(id)), .. })
            if types.func(id).is_none() =>
        {
            ValKind::Any
        }
        _ => kind_of(ty),
    }
}

impl OwnSession {
    /// The function of an export, and its arguments as the store has them.
    pub(crate) fn callee(
        &self,
        instance: Instance,
        export: &str,
        args: &[Val],
    ) -> Result<(FuncAddr, Vec<Value>), Outcome> {
        let Some(func) = self.store.func(self.instances[instance.0], export) else {
            return Err(Outcome::HostError(format!("no function is exported as {export:?}")));
        };
        let args: Option<Vec<Value>> = args.iter().map(|v| to_value(*v)).collect();
        match args {
            Some(args) => Ok((func, args)),
            None => Err(Outcome::HostError(
                "an argument has no value that the host can create".to_owned(),
            )),
        }
    }

    /// The outcome of a function that returned.
    pub(crate) fn returned(&self, func: FuncAddr, values: &[Value]) -> Outcome {
        let types = &self.store.func_type(func).results;
        let values = values.iter().zip(types).map(|(v, t)| from_value(*v, self.kind(*t)));
        Outcome::Returned(values.collect())
    }

    fn kind(&self, ty: ValType) -> ValKind {
        kind_in(&self.store.types, ty)
    }

    pub(crate) fn stopped(&self, stop: Stop) -> Outcome {
        match stop {
            Stop::Trap(trapped) => Outcome::Trapped {
                text: trapped.trap.text().to_owned(),
                site: trapped.site.map(|s| (s.func, s.offset)),
            },
            Stop::Throw(exn) => {
                let Some(exn) = self.store.exn(exn) else {
                    return Outcome::Crashed("the exception is gone".to_owned());
                };
                let tag = self.store.tags[exn.tag.index()];
                let params = self.store.types.func(tag.ty).map_or(&[][..], |ty| &ty.params);
                let kinds = params.iter().map(|t| self.kind(*t));
                Outcome::Threw(
                    exn.fields.iter().zip(kinds).map(|(v, k)| from_value(*v, k)).collect(),
                )
            }
            Stop::Exhausted(what) => Outcome::Exhausted(what.text().to_owned()),
            Stop::Host(error) => Outcome::HostError(error.to_string()),
            Stop::Crash(crash) => Outcome::Crashed(crash.to_string()),
        }
    }
}

fn rejection(error: ModuleError) -> Rejection {
    let text = error.to_string();
    match error {
        // The rejection already names the phase, so the message does not repeat it.
        ModuleError::Load(error) => {
            let message = format!("{} (at offset {:#x})", error.message, error.offset);
            match error.kind {
                LoadErrorKind::Malformed => Rejection::Malformed(message),
                LoadErrorKind::Invalid => Rejection::Invalid(message),
                LoadErrorKind::Limit => Rejection::Limit(message),
                LoadErrorKind::Unsupported { feature } => {
                    Rejection::Unsupported { feature: feature.to_owned(), message: error.message }
                }
            }
        }
        // An artefact for another machine or schedule is refused by name and never run.
        ModuleError::Artefact(_) => {
            Rejection::Unsupported { feature: "artefact".to_owned(), message: text }
        }
        _ => Rejection::Limit(text),
    }
}

/// The kind of a type, as far as it is known without a store: a defined type counts as a function type.
pub fn kind_of(ty: ValType) -> ValKind {
    match ty {
        ValType::I32 => ValKind::I32,
        ValType::I64 => ValKind::I64,
        ValType::F32 => ValKind::F32,
        ValType::F64 => ValKind::F64,
        ValType::V128 => ValKind::V128,
        ValType::Ref(r) => match r.heap {
            HeapType::Func | HeapType::NoFunc => ValKind::Func,
            HeapType::Extern | HeapType::NoExtern => ValKind::Extern,
            HeapType::Exn | HeapType::NoExn => ValKind::Exn,
            HeapType::Use(_) => ValKind::Func,
            _ => ValKind::Any,
        },
    }
}

fn type_of(kind: ValKind) -> ValType {
    let nullable = |heap| ValType::Ref(RefType { nullable: true, heap });
    match kind {
        ValKind::I32 => ValType::I32,
        ValKind::I64 => ValType::I64,
        ValKind::F32 => ValType::F32,
        ValKind::F64 => ValType::F64,
        ValKind::V128 => ValType::V128,
        ValKind::Func => nullable(HeapType::Func),
        ValKind::Extern => nullable(HeapType::Extern),
        ValKind::Any => nullable(HeapType::Any),
        ValKind::Exn => nullable(HeapType::Exn),
    }
}

/// A value of the harness in the store; `None` if only a guest can create it.
fn to_value(val: Val) -> Option<Value> {
    Some(match val {
        Val::I32(v) => Value::I32(v as u32),
        Val::I64(v) => Value::I64(v as u64),
        Val::F32(v) => Value::F32(v),
        Val::F64(v) => Value::F64(v),
        Val::V128(v) => Value::V128(v),
        Val::Null(_) => Value::Ref(Ref::NULL),
        Val::Ref(RefKind::Extern(n)) => Value::Ref(Ref::external(n)),
        Val::Ref(RefKind::Host(n)) => Value::Ref(Ref::host(n)),
        Val::Ref(RefKind::I31(n)) => Value::Ref(Ref::i31(n)),
        Val::Ref(_) => return None,
    })
}

fn from_value(value: Value, kind: ValKind) -> Val {
    match value {
        Value::I32(v) => Val::I32(v as i32),
        Value::I64(v) => Val::I64(v as i64),
        Value::F32(v) => Val::F32(v),
        Value::F64(v) => Val::F64(v),
        Value::V128(v) => Val::V128(v),
        Value::Ref(r) => match r.kind() {
            None => Val::Null(kind),
            Some(etalon::RefKind::Host(n)) if r.is_externalised() => Val::Ref(RefKind::Extern(n)),
            Some(_) if r.is_externalised() => Val::Ref(RefKind::Externalised),
            Some(etalon::RefKind::Host(n)) => Val::Ref(RefKind::Host(n)),
            Some(etalon::RefKind::Func(_)) => Val::Ref(RefKind::Func),
            Some(etalon::RefKind::I31(n)) => Val::Ref(RefKind::I31(n)),
            Some(etalon::RefKind::Struct(_)) => Val::Ref(RefKind::Struct),
            Some(etalon::RefKind::Array(_)) => Val::Ref(RefKind::Array),
            Some(etalon::RefKind::Exn(_)) => Val::Ref(RefKind::Exn),
        },
    }
}
