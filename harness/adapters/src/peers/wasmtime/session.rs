//! A store of Wasmtime.

use super::super::linked::{Kept, LinkedModule};
use super::super::settings::FUEL;
use super::programs;
use super::values::{from_value, stopped, to_value};
use crate::adapter::{AdapterError, ExportInfo, HostCall, Instance, Prepared, Session};
use crate::memory::MemorySum;
use crate::outcome::{Outcome, Rejection};
use crate::program::{Program, ProgramSeen, ProgramSetup};
use crate::reentry::REENTRY;
use crate::spectest::SPECTEST_FUNCS;
use crate::value::{Val, ValKind};
use etalon::wasi::WasiCtx;
use std::sync::Arc;
use wasmtime::{
    AsContextMut, Caller, Engine, Error, Extern, ExternType, Func, FuncType, Global, GlobalType,
    Linker, Memory, MemoryType, Module, Mutability, Ref, RefType, RootScope, SharedMemory, Store,
    Table, TableType, Val as Value, ValType,
};

/// A store.
pub(super) struct WasmtimeSession {
    store: Store<Kept>,
    linker: Linker<Kept>,
    has_fuel: bool,
    instances: Vec<(wasmtime::Instance, Arc<[ExportInfo]>)>,
}

fn type_of(kind: ValKind) -> ValType {
    match kind {
        ValKind::I32 => ValType::I32,
        ValKind::I64 => ValType::I64,
        ValKind::F32 => ValType::F32,
        ValKind::F64 => ValType::F64,
        ValKind::V128 => ValType::V128,
        ValKind::Func => ValType::FUNCREF,
        ValKind::Extern => ValType::EXTERNREF,
        ValKind::Any => ValType::ANYREF,
        ValKind::Exn => ValType::Ref(RefType::new(true, wasmtime::HeapType::Exn)),
    }
}

/// Records a call, and returns zeros and nulls; or what an export of the instance that calls does.
fn note(
    mut caller: Caller<'_, Kept>,
    names: (&str, &str),
    ty: &FuncType,
    args: &[Value],
    results: &mut [Value],
) -> Result<(), Error> {
    let noted = args.iter().map(|arg| from_value(&mut caller, arg)).collect();
    let (module, name) = (names.0.to_owned(), names.1.to_owned());
    caller.data_mut().calls.push(HostCall { module, name, args: noted, gas_left: None });
    if names.0 == REENTRY {
        let export = caller.get_export(names.1).and_then(Extern::into_func);
        let func = export.ok_or_else(|| Error::msg("no such function is exported"))?;
        return func.call(&mut caller, args, results);
    }
    for (result, ty) in results.iter_mut().zip(ty.results()) {
        *result = ty.default_value().ok_or_else(|| Error::msg("a result has no default value"))?;
    }
    Ok(())
}

impl WasmtimeSession {
    pub(super) fn new(engine: &Engine, has_fuel: bool) -> WasmtimeSession {
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        let store = Store::new(engine, Kept::default());
        WasmtimeSession { store, linker, has_fuel, instances: Vec::new() }
    }

    /// Each action has fuel of its own: it ends what has no end.
    fn refuelled(&mut self) -> Result<(), Outcome> {
        match self.has_fuel {
            true => self.store.set_fuel(FUEL).map_err(|error| failed(&error)),
            false => Ok(()),
        }
    }

    fn define_noting(&mut self, module: &str, name: &str, ty: FuncType) -> Result<(), Error> {
        let (own, names) = (ty.clone(), (module.to_owned(), name.to_owned()));
        self.linker.func_new(module, name, ty, move |caller, args, results| {
            note(caller, (&names.0, &names.1), &own, args, results)
        })?;
        Ok(())
    }

    fn provide(&mut self, module: &str, name: &str, ty: ExternType) -> Result<(), Error> {
        if let ExternType::Func(ty) = ty {
            return self.define_noting(module, name, ty);
        }
        let item = ty.default_value(&mut self.store)?;
        self.linker.define(&self.store, module, name, item)?;
        Ok(())
    }

    /// What the features do not allow is left out: no module imports it then.
    fn define_in_spectest(&mut self, name: &str, item: Result<Extern, Error>) -> Result<(), Error> {
        if let Ok(item) = item {
            self.linker.define(&self.store, "spectest", name, item)?;
        }
        Ok(())
    }

    fn define_all_of_spectest(&mut self) -> Result<(), Error> {
        let engine = self.store.engine().clone();
        for func in SPECTEST_FUNCS {
            let ty = FuncType::new(&engine, func.params.iter().map(|k| type_of(*k)), []);
            self.define_noting("spectest", func.name, ty)?;
        }
        let number = 666.6_f64;
        for (name, ty, value) in [
            ("global_i32", ValType::I32, Value::I32(666)),
            ("global_i64", ValType::I64, Value::I64(666)),
            ("global_f32", ValType::F32, Value::F32((number as f32).to_bits())),
            ("global_f64", ValType::F64, Value::F64(number.to_bits())),
        ] {
            let ty = GlobalType::new(ty, Mutability::Const);
            let item = Global::new(&mut self.store, ty, value);
            self.define_in_spectest(name, item.map(Extern::from))?;
        }
        for (name, ty) in [
            ("table", TableType::new(RefType::FUNCREF, 10, Some(20))),
            ("table64", TableType::new64(RefType::FUNCREF, 10, Some(20))),
        ] {
            let item = Table::new(&mut self.store, ty, Ref::Func(None));
            self.define_in_spectest(name, item.map(Extern::from))?;
        }
        let memory = Memory::new(&mut self.store, MemoryType::new(1, Some(2)));
        self.define_in_spectest("memory", memory.map(Extern::from))?;
        let shared = SharedMemory::new(&engine, MemoryType::shared(1, 2));
        self.define_in_spectest("shared_memory", shared.map(Extern::from))
    }

    fn define_wasi_functions(&mut self) -> Result<(), AdapterError> {
        programs::define(&mut self.linker).map_err(|error| AdapterError {
            engine: "wasmtime".to_owned(),
            reason: format!("WASI cannot be defined: {error:#}"),
        })
    }

    fn callee(&mut self, instance: Instance, export: &str) -> Option<Func> {
        let (instance, _) = self.instances.get(instance.0)?;
        instance.get_func(&mut self.store, export)
    }
}

fn failed(error: &Error) -> Outcome {
    Outcome::HostError(format!("{error:#}"))
}

impl Session for WasmtimeSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.define_all_of_spectest().map_err(|error| AdapterError {
            engine: "wasmtime".to_owned(),
            reason: format!("spectest cannot be created: {error:#}"),
        })
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

    fn define_missing_imports(&mut self, module: &Prepared) -> Result<(), Outcome> {
        let LinkedModule { module, .. } = module.module::<LinkedModule<Module>>()?;
        for import in module.imports() {
            let (from, name) = (import.module(), import.name());
            if self.linker.get(&mut self.store, from, name).is_ok() {
                continue;
            }
            self.provide(from, name, import.ty()).map_err(|error| {
                let why = format!("nothing fits {from:?} {name:?}: {error:#}");
                Outcome::Rejected(Rejection::Unlinkable(why.into()))
            })?;
        }
        Ok(())
    }

    fn instantiate(&mut self, module: &Prepared) -> Result<Instance, Outcome> {
        let LinkedModule { module, facts } = module.module::<LinkedModule<Module>>()?;
        self.refuelled()?;
        match self.linker.instantiate(&mut self.store, module) {
            Ok(instance) => {
                self.instances.push((instance, facts.exports.clone().into()));
                Ok(Instance(self.instances.len() - 1))
            }
            Err(error) => {
                let mut scope = RootScope::new(&mut self.store);
                Err(match stopped(scope.as_context_mut(), &error) {
                    Outcome::HostError(text) => Outcome::Rejected(Rejection::Limit(text)),
                    other => other,
                })
            }
        }
    }

    fn register(&mut self, name: &str, instance: Instance) {
        if let Some((instance, _)) = self.instances.get(instance.0) {
            // A later definition replaces an earlier one.
            _ = self.linker.instance(&mut self.store, name, *instance);
        }
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        self.instances.get(instance.0).map_or(Vec::new(), |(_, exports)| exports.to_vec())
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        let Some(func) = self.callee(instance, export) else {
            return Outcome::HostError(format!("no function is exported as {export:?}"));
        };
        if let Err(outcome) = self.refuelled() {
            return outcome;
        }
        let mut results = vec![Value::I32(0); func.ty(&self.store).results().len()];
        // What it is given and gives need not outlive this call.
        let mut scope = RootScope::new(&mut self.store);
        let args: Option<Vec<_>> = args.iter().map(|v| to_value(&mut scope, *v)).collect();
        let Some(args) = args else {
            let text = "an argument has no value that the host can create";
            return Outcome::HostError(text.to_owned());
        };
        match func.call(&mut scope, &args, &mut results) {
            Ok(()) => {
                Outcome::Returned(results.iter().map(|v| from_value(&mut scope, v)).collect())
            }
            Err(error) => stopped(scope.as_context_mut(), &error),
        }
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        let (instance, _) = self.instances.get(instance.0)?;
        let global = instance.get_global(&mut self.store, export)?;
        let mut scope = RootScope::new(&mut self.store);
        let value = global.get(&mut scope);
        Some(from_value(&mut scope, &value))
    }

    fn memory(&mut self, instance: Instance, export: &str) -> Option<MemorySum> {
        let (instance, _) = self.instances.get(instance.0)?;
        let memory = instance.get_memory(&mut self.store, export)?;
        MemorySum::of(memory.data(&self.store))
    }

    fn fuel_taken(&self) -> Option<u64> {
        self.store.get_fuel().ok().map(|left| FUEL.saturating_sub(left))
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        std::mem::take(&mut self.store.data_mut().calls)
    }
}
