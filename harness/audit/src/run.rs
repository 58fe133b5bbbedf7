//! Running scenarios.

use crate::bill::Bill;
use crate::book::{Prices, Shared};
use crate::error::RunError;
use crate::host::{define, fits, made};
use crate::scenario::{Import, Scenario, Step, said};
use crate::text::one_line;
use etalon::unstable::module::{ExternKind, ExternType};
use etalon::unstable::{self, ModuleData};
use etalon::{
    Config, Engine, Features, Instance, InstantiateError, LinkError, Linker, Module, Schedule,
    Store, Tier, Val,
};
use etalon_adapters::{Outcome, Rejection, returned, stopped};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The gas limit of a step that has none.
const NO_LIMIT: u64 = i64::MAX as u64;

/// What all scenarios of a run have in common.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What costs what.
    pub schedule: Arc<Schedule>,
    /// What the module may use.
    pub features: Features,
    /// The tier that runs. Only the oracle says where the gas went.
    pub tier: Tier,
}

/// A module that can be run, compiled once for all of its scenarios.
#[derive(Debug)]
pub struct Trial {
    setting: Setting,
    module: Module,
    /// By function.
    names: Vec<String>,
}

impl Trial {
    /// Loads a module, binary or text.
    ///
    /// # Errors
    /// If it is refused.
    pub fn new(setting: Setting, wasm: &[u8]) -> Result<Trial, RunError> {
        let mut config = Config::new();
        config.tier(setting.tier).features(setting.features).consume_fuel(true);
        config.schedule(Arc::clone(&setting.schedule));
        let engine = Engine::new(&config)?;
        let module =
            Module::new(&engine, wasm).map_err(|error| RunError::Module(error.to_string()))?;
        let names = names_of(unstable::module_data(&module));
        Ok(Trial { setting, module, names })
    }

    /// What the module declares.
    pub fn module(&self) -> &Arc<ModuleData> {
        unstable::module_data(&self.module)
    }

    /// The functions that the module imports, by their two names, in order.
    pub fn imported_functions(&self) -> impl Iterator<Item = (&str, &str)> {
        let imports = self.module().imports.iter();
        let functions = imports.filter(|import| matches!(import.ty, ExternType::Func(_)));
        functions.map(|import| (&*import.module, &*import.name))
    }

    /// What costs what.
    pub(crate) fn schedule(&self) -> &Schedule {
        &self.setting.schedule
    }

    /// What all functions are called.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// What a function is called: its name, or what it is imported or exported as, or its index.
    pub fn name(&self, function: u32) -> String {
        self.names.get(function as usize).cloned().unwrap_or_default()
    }
}

/// What people call each function of a module.
fn names_of(module: &ModuleData) -> Vec<String> {
    let imports = module.imports.iter().filter(|i| matches!(i.ty, ExternType::Func(_)));
    let imports: Vec<(&str, &str)> = imports.map(|i| (&*i.module, &*i.name)).collect();
    // Of several exports of one function the first names it.
    let exports = module.exports.iter().rev().filter(|e| e.kind == ExternKind::Func);
    let exports: FxHashMap<u32, &str> = exports.map(|e| (e.index, &*e.name)).collect();
    let name = |function: u32| {
        if let Some(name) = module.func_name(function) {
            let line = one_line(name);
            // Two that are cut alike are still two.
            return if line.ends_with('…') { format!("{line}[{function}]") } else { line };
        }
        match (imports.get(function as usize), exports.get(&function)) {
            (Some((module, name)), _) => format!("{}.{}", one_line(module), one_line(name)),
            (None, Some(name)) => one_line(name),
            (None, None) => format!("function[{function}]"),
        }
    };
    (0..module.funcs.len() as u32).map(name).collect()
}

/// Runs a scenario in a fresh store: the bill of loading, then of each call. The first step that does not end well ends nothing: later calls are
/// made all the same.
///
/// # Errors
/// If the scenario does not fit the module.
pub fn run(
    trial: &Trial,
    imports: &[Import],
    scenario: &Scenario,
    gas: Option<u64>,
) -> Result<Vec<Bill>, RunError> {
    let misfit = |message: String| RunError::Misfit { scenario: scenario.name.clone(), message };
    let data = Arc::clone(trial.module());
    let mut linker = Linker::new(trial.module.engine());
    let slots = frames(&data, &trial.setting.schedule);
    let schedule = Arc::clone(&trial.setting.schedule);
    let prices = Prices { schedule, frames: slots };
    let book = Shared::new(prices);
    let mut store = unstable::observed(trial.module.engine(), (), Box::new(book.clone()));
    define(&mut linker, &mut store, &trial.module, imports, &book).map_err(misfit)?;
    let mut teller = Teller { trial, book, store, bills: Vec::new() };
    let limit = scenario.gas.or(gas);
    let mut misfits = None;
    let loaded = teller.step("instantiation".to_owned(), limit, |store| {
        match linker.instantiate(&mut *store, &trial.module) {
            Ok(instance) => (Some(instance), Outcome::Returned(Vec::new())),
            // What stands for an import has no type of its own: one that is `sub` or in a group cannot be had.
            Err(error) if error.is::<LinkError>() => {
                misfits = Some(format!("{error:#}"));
                (None, Outcome::HostError(String::new()))
            }
            Err(error) if error.is::<InstantiateError>() => {
                (None, Outcome::Rejected(Rejection::Limit(error.to_string())))
            }
            Err(error) => (None, stopped(store, &error)),
        }
    })?;
    if let Some(why) = misfits {
        return Err(misfit(why));
    }
    let Some(instance) = loaded else { return Ok(teller.bills) };
    presets(&mut teller.store, instance, scenario).map_err(misfit)?;
    for call in &scenario.calls {
        let (func, args) = prepared(&mut teller.store, instance, call).map_err(misfit)?;
        let words: Vec<String> = call.args.iter().map(|arg| said(*arg)).collect();
        let what = format!("{}({})", one_line(&call.export), words.join(", "));
        teller.step(what, call.gas.or(limit), |store| {
            let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
            match func.call(&mut *store, &args, &mut results) {
                Ok(()) => ((), returned(&*store, &results)),
                Err(error) => ((), stopped(store, &error)),
            }
        })?;
    }
    Ok(teller.bills)
}

/// By function: the slots of its frame (gas-1, *Depth*).
fn frames(module: &ModuleData, schedule: &Schedule) -> Vec<u64> {
    let frame = |function: u32| {
        let Some(body) = module.body(function) else { return 0 };
        let params = module.func_type(function).param_slots() as u64;
        let slots = params + body.locals.slots() as u64 + u64::from(body.max_height);
        u64::from(schedule.depth().frame).saturating_add(slots)
    };
    (0..module.funcs.len() as u32).map(frame).collect()
}

fn presets(store: &mut Store<()>, instance: Instance, scenario: &Scenario) -> Result<(), String> {
    for preset in &scenario.memories {
        let export = &preset.export;
        let memory = instance.get_memory(&mut *store, export);
        let memory = memory.ok_or_else(|| format!("the module exports no memory {export:?}"))?;
        let bytes = preset.bytes().unwrap_or_default();
        let at = usize::try_from(preset.at).unwrap_or(usize::MAX);
        memory.write(&mut *store, at, &bytes).map_err(|_| {
            let len = bytes.len();
            format!("{len} bytes at {at} do not lie in the memory {export:?}")
        })?;
    }
    Ok(())
}

fn prepared(
    store: &mut Store<()>,
    instance: Instance,
    call: &Step,
) -> Result<(etalon::Func, Vec<Val>), String> {
    let export = &call.export;
    let func = instance.get_func(&mut *store, export);
    let func = func.ok_or_else(|| {
        let there = exported(instance, store);
        format!("the module exports no function {export:?}; it exports {there}")
    })?;
    let ty = func.ty(&*store);
    let args = call.args.iter().map(|arg| made(&mut *store, *arg));
    let args = args.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let fits = args.len() == ty.params().len()
        && call.args.iter().zip(ty.params()).all(|(arg, ty)| fits(*arg, ty));
    let given: Vec<String> = call.args.iter().map(|arg| said(*arg)).collect();
    match fits {
        true => Ok((func, args)),
        false => {
            Err(format!("{export:?} has the type {ty}, and is called with ({})", given.join(", ")))
        }
    }
}

/// The functions that an instance exports, for people: the first of them.
fn exported(instance: Instance, store: &mut Store<()>) -> String {
    let names = instance
        .exports(&mut *store)
        .filter(|e| matches!(e.clone().into_extern(), etalon::Extern::Func(_)));
    let names: Vec<String> = names.take(11).map(|e| one_line(e.name())).collect();
    match names.len() {
        0 => "none".to_owned(),
        11 => format!("{}, …", names[..10].join(", ")),
        _ => names.join(", "),
    }
}

/// What makes the bills.
struct Teller<'t> {
    trial: &'t Trial,
    book: Shared,
    store: Store<()>,
    bills: Vec<Bill>,
}

impl Teller<'_> {
    /// Makes a step under a limit of its own.
    fn step<R>(
        &mut self,
        what: String,
        limit: Option<u64>,
        make: impl FnOnce(&mut Store<()>) -> (R, Outcome),
    ) -> Result<R, RunError> {
        self.store.set_fuel(limit.unwrap_or(NO_LIMIT))?;
        let (executed, heap) = (unstable::executed(&self.store), unstable::heap(&self.store).1);
        self.book.lock().begin(unstable::gas_cell(&self.store));
        let (result, outcome) = make(&mut self.store);
        let consumed = self.store.fuel_consumed().unwrap_or(0);
        let page = self.book.lock().end(|function| self.trial.name(function));
        let metrics = self.store.metrics();
        self.bills.push(Bill {
            what,
            outcome,
            consumed,
            executed: unstable::executed(&self.store).saturating_sub(executed),
            depth: page.depth,
            pages: metrics.peak_memory_pages(),
            heap: unstable::heap(&self.store).1 - heap,
            outside: page.outside + consumed.saturating_sub(page.taken),
            functions: page.functions,
            operators: page.operators,
            segments: page.segments,
            tree: page.tree,
        });
        Ok(result)
    }
}
