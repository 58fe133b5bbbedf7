//! A session of one of our own tiers.

use crate::adapter::{
    AdapterError, Call, ExportInfo, Extent, HostCall, Instance, Prepared, Session, StateDigest,
    Turns,
};
use crate::coverage::RuleTally;
use crate::memory::MemorySum;
use crate::outcome::{Outcome, Rejection};
use crate::own::OwnOpened;
use crate::own_values::{from_value, kind, returned, stopped, to_value, type_of};
use crate::program::{Program, ProgramSeen, ProgramSetup};
use crate::reentry::REENTRY;
use crate::refusal::unlinkable;
use crate::spectest::SPECTEST_FUNCS;
use crate::touch::{TOUCH, TOUCHED};
use crate::value::Val;
use crate::watchdog::{Armed, TimeLimit};
use etalon::unstable::{self, Opcode};
use etalon::wasi::{self, WasiCtx};
use etalon::{
    Caller, Engine, Error, Execution, Extern, ExternType, Func, FuncType, Global, GlobalType,
    InstantiateError, LinkError, Linker, Memory, MemoryType, Metrics, Module, Mutability,
    Protection, Ref, RefType, RootScope, Store, Table, TableType, Tag, Tier, ValType,
    WasmBacktrace,
};
use etalon_record::{Backtrace, BacktraceFrame};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a session keeps with its store.
#[derive(Default)]
pub(crate) struct Kept {
    /// The calls of host functions that nobody has taken yet.
    calls: Vec<HostCall>,
    /// The program of WASI, if one runs.
    program: Program,
}

/// What `regions=on` protects of each memory that an instance exports, from and to. Generated accesses are to low addresses and about
/// the ends of pages.
const REGIONS: &[(&str, Protection, u64, u64)] = &[
    ("read-only", Protection::ReadOnly, 17, 30),
    ("inaccessible", Protection::Inaccessible, 43, 57),
    ("an edge", Protection::ReadOnly, 65_531, 65_540),
    ("far", Protection::Inaccessible, 131_070, 1 << 40),
];

/// Protects the memories that an instance exports. One that is shared, or that another instance exports too, stays as it is.
fn protect(store: &mut Store<Kept>, instance: etalon::Instance) {
    let memories: Vec<Memory> =
        instance.exports(&*store).filter_map(|export| export.into_memory()).collect();
    for memory in memories {
        for (name, protection, start, end) in REGIONS {
            _ = memory.protect(&mut *store, *start..*end, *protection, name);
        }
    }
}

pub(crate) struct OwnSession {
    pub(crate) engine: Engine,
    pub(crate) store: Store<Kept>,
    pub(crate) linker: Linker<Kept>,
    /// The names that every thread knows.
    pub(crate) spectest: Linker<Kept>,
    /// All host functions, for stores that are restored from snapshots.
    pub(crate) hosts: Linker<Kept>,
    /// The thread of the script whose names `linker` has.
    pub(crate) thread: usize,
    /// The names of the other threads.
    pub(crate) others: BTreeMap<usize, Linker<Kept>>,
    pub(crate) piece: Option<u64>,
    /// Whether calls can be made in turns.
    turns: bool,
    /// How long each action may take.
    time: Option<TimeLimit>,
    /// The gas that a call has.
    limit: Option<u64>,
    /// Whether memories get regions.
    regions: bool,
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
    /// A fresh session of an engine.
    pub(crate) fn new(opened: &OwnOpened) -> Result<OwnSession, Error> {
        let mut store = match &opened.tier.watcher {
            Some(watcher) => {
                unstable::observed(&opened.engine, Kept::default(), watcher.observer())
            }
            None => Store::new(&opened.engine, Kept::default()),
        };
        if let Some(limit) = opened.limit {
            store.set_fuel(limit)?;
        }
        let mut linker = Linker::new(&opened.engine);
        linker.allow_shadowing(true);
        Ok(OwnSession {
            engine: opened.engine.clone(),
            store,
            spectest: linker.clone(),
            hosts: linker.clone(),
            linker,
            thread: 0,
            others: BTreeMap::new(),
            piece: opened.tier.piece,
            turns: opened.turns,
            time: opened.time.clone(),
            limit: opened.limit,
            regions: opened.tier.protects(),
            tally: opened.tier.tally.clone(),
            started: Vec::new(),
            modules: Vec::new(),
            instances: Vec::new(),
            not_compiled: 0,
            backtrace: None,
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

    /// Defines a host function that calls an export of the instance that calls it.
    fn define_reentering(&mut self, name: &str, ty: &FuncType) -> Result<(), Error> {
        self.linker.func_new(REENTRY, name, ty.clone(), reentering(name))?;
        self.hosts.func_new(REENTRY, name, ty.clone(), reentering(name))?;
        Ok(())
    }

    /// Defines a host function that declares bytes.
    fn define_touching(&mut self, name: &str, ty: &FuncType) -> Result<(), Error> {
        self.linker.func_new(TOUCH, name, ty.clone(), touching(name))?;
        self.hosts.func_new(TOUCH, name, ty.clone(), touching(name))?;
        Ok(())
    }

    /// Defines what an import asks for.
    fn provide(&mut self, module: &str, name: &str, ty: &ExternType) -> Result<(), Error> {
        let store = &mut self.store;
        let item: etalon::Extern = match ty {
            ExternType::Func(ty) if module == REENTRY => return self.define_reentering(name, ty),
            ExternType::Func(ty) if module == TOUCH => return self.define_touching(name, ty),
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

    fn define_wasi_functions(&mut self) -> Result<(), AdapterError> {
        for linker in [&mut self.linker, &mut self.hosts] {
            let defined = wasi::add_to_linker(linker, |kept: &mut Kept| kept.program.wasi());
            defined.map_err(|error| AdapterError {
                engine: self.engine.tier().name().to_owned(),
                reason: format!("WASI cannot be defined: {error:#}"),
            })?;
        }
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

    fn define_missing_imports(&mut self, module: &Prepared) -> Result<(), Outcome> {
        let module: &Module = module.module()?;
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

    fn define_program(&mut self, setup: &ProgramSetup) -> Result<(), AdapterError> {
        self.store.data_mut().program = Program::of_case(setup)?;
        self.define_wasi_functions()
    }

    fn program_seen(&mut self) -> Option<ProgramSeen> {
        self.store.data().program.seen()
    }

    fn define_wasi(&mut self, program: WasiCtx) -> Result<(), AdapterError> {
        self.store.data_mut().program = Program::new(program);
        self.define_wasi_functions()
    }

    fn instantiate(&mut self, module: &Prepared) -> Result<Instance, Outcome> {
        let module: &Module = module.module()?;
        let _watched = self.watched();
        self.not_compiled += module.not_compiled().len() as u64;
        let instantiated = self.linker.instantiate(&mut self.store, module);
        let error = match instantiated {
            Ok(instance) => {
                self.keep(module.clone());
                if self.regions {
                    protect(&mut self.store, instance);
                }
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
        self.keep(module.clone());
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
        // What was seen until then is kept.
        let ended = catch_unwind(AssertUnwindSafe(|| match self.piece {
            None => self.invoke_at_once(func, &args),
            Some(piece) => self.invoke_in_pieces(func, &args, piece, watched.as_ref()),
        }));
        ended.unwrap_or_else(|panic| Outcome::of_panic(panic.as_ref()))
    }

    fn turns(&mut self) -> Option<&mut dyn Turns> {
        match self.turns {
            true => Some(self),
            false => None,
        }
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        let global = self.instances[instance.0].get_global(&self.store, export)?;
        let mut scope = RootScope::new(&mut self.store);
        let value = global.get(&mut scope);
        Some(from_value(&scope, &value))
    }

    fn memory(&mut self, instance: Instance, export: &str) -> Option<MemorySum> {
        let memory = self.instances[instance.0].get_memory(&self.store, export)?;
        let all = 0..memory.data_size(&self.store);
        MemorySum::of(memory.slice(&self.store, all).ok()?)
    }

    fn gas_consumed(&self) -> Option<u64> {
        self.store.fuel_consumed()
    }

    fn refuel(&mut self) -> bool {
        self.limit.is_some_and(|limit| self.store.set_fuel(limit).is_ok())
    }

    fn limit(&mut self, gas: u64) -> bool {
        self.limit = Some(gas);
        self.store.set_fuel(gas).is_ok()
    }

    fn operators(&self) -> Option<Vec<(Opcode, u64)>> {
        let usage = (self.engine.tier() == Tier::Oracle).then(|| unstable::usage(&self.store))?;
        let counts = Opcode::ALL.iter().map(|opcode| (*opcode, usage.executed(*opcode)));
        Some(counts.filter(|(_, count)| *count > 0).collect())
    }

    /// A store that goes on from a snapshot does not know what it had before.
    fn most_pages(&self) -> Option<u64> {
        self.piece.is_none().then(|| self.store.metrics().peak_memory_pages())
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
        // A store that goes on from a snapshot does not know what was executed before.
        let counts = self.engine.tier() == Tier::Oracle && self.piece.is_none();
        counts.then(|| unstable::executed(&self.store))
    }

    fn figures(&self) -> Option<Metrics> {
        Some(self.store.metrics())
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        std::mem::take(&mut self.store.data_mut().calls)
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
) -> impl Fn(Caller<'_, Kept>, &[etalon::Val], &mut [etalon::Val]) -> Result<(), Error>
+ Send
+ Sync
+ 'static {
    let names = (module.to_owned(), name.to_owned());
    move |mut caller, args, _| {
        note(&mut caller, (&names.0, &names.1), args);
        Ok(())
    }
}

fn note(caller: &mut Caller<'_, Kept>, names: (&str, &str), args: &[etalon::Val]) {
    let args = args.iter().map(|val| from_value(&*caller, val)).collect();
    let (module, name) = (names.0.to_owned(), names.1.to_owned());
    let gas_left = caller.gas_left();
    caller.data_mut().calls.push(HostCall { module, name, args, gas_left });
}

/// A host function that records its calls, before and after it is charged for what it declares.
fn touching(
    name: &str,
) -> impl Fn(Caller<'_, Kept>, &[etalon::Val], &mut [etalon::Val]) -> Result<(), Error>
+ Send
+ Sync
+ 'static {
    let name = name.to_owned();
    move |mut caller, args, _| {
        note(&mut caller, (TOUCH, &name), args);
        let bytes = args.first().and_then(etalon::Val::i32).unwrap_or_default();
        caller.charge_bytes(u64::from(bytes.cast_unsigned()))?;
        note(&mut caller, (TOUCHED, &name), args);
        Ok(())
    }
}

/// A host function that records its calls and makes them on an export of the instance that calls it.
fn reentering(
    name: &str,
) -> impl Fn(Caller<'_, Kept>, &[etalon::Val], &mut [etalon::Val]) -> Result<(), Error>
+ Send
+ Sync
+ 'static {
    let name = name.to_owned();
    move |mut caller, args, results| {
        note(&mut caller, (REENTRY, &name), args);
        let export = caller.get_export(&name).and_then(Extern::into_func);
        let func =
            export.ok_or_else(|| Error::msg(format!("no function is exported as {name:?}")))?;
        func.call(&mut caller, args, results)
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
