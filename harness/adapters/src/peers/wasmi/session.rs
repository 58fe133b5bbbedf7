//! A store of wasmi.

use super::super::linked::{Kept, Left, LinkedModule};
use super::super::settings::FUEL;
use super::programs;
use crate::adapter::{AdapterError, ExportInfo, HostCall, Instance, Prepared, Session};
use crate::memory::MemorySum;
use crate::outcome::{Outcome, Reason, Rejection};
use crate::program::{Program, ProgramSeen, ProgramSetup};
use crate::reentry::REENTRY;
use crate::remote::WASMI;
use crate::spectest::SPECTEST_FUNCS;
use crate::value::{RefKind, Val, ValKind};
use etalon::Trap;
use etalon::wasi::WasiCtx;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasmi::errors::{ErrorKind, InstantiationError, LinkerError};
use wasmi::{
    AsContextMut, Engine, Error, Extern, ExternRef, ExternType, F32, F64, Func, FuncType, Global,
    Linker, Memory, MemoryType, Module, Mutability, Nullable, Ref, RefType, Store, Table,
    TableType, V128, Val as Value, ValType,
};

/// The harness's number, in an external reference.
struct Number(u32);

/// A store.
pub(super) struct WasmiSession {
    store: Store<Kept>,
    linker: Linker<Kept>,
    /// What the linker has.
    names: BTreeSet<(String, String)>,
    has_fuel: bool,
    instances: Vec<(wasmi::Instance, Arc<[ExportInfo]>)>,
}

fn type_of(kind: ValKind) -> ValType {
    match kind {
        ValKind::I32 => ValType::I32,
        ValKind::I64 => ValType::I64,
        ValKind::F32 => ValType::F32,
        ValKind::F64 => ValType::F64,
        ValKind::V128 => ValType::V128,
        ValKind::Func => ValType::FuncRef,
        ValKind::Extern | ValKind::Any | ValKind::Exn => ValType::ExternRef,
    }
}

/// A value of the harness in the store; `None` if it has none.
fn to_value(store: impl AsContextMut, val: Val) -> Option<Value> {
    Some(match val {
        Val::I32(v) => Value::I32(v),
        Val::I64(v) => Value::I64(v),
        Val::F32(v) => Value::F32(F32::from_bits(v)),
        Val::F64(v) => Value::F64(F64::from_bits(v)),
        Val::V128(v) => Value::V128(V128::from(v)),
        Val::Null(ValKind::Func) => Value::FuncRef(Nullable::Null),
        Val::Null(ValKind::Extern) => Value::ExternRef(Nullable::Null),
        Val::Ref(RefKind::Extern(n)) => {
            Value::ExternRef(Nullable::Val(ExternRef::new(store, Number(n))))
        }
        Val::Null(_) | Val::Ref(_) => return None,
    })
}

fn from_value(mut store: impl AsContextMut, value: &Value) -> Val {
    match value {
        Value::I32(v) => Val::I32(*v),
        Value::I64(v) => Val::I64(*v),
        Value::F32(v) => Val::F32(v.to_bits()),
        Value::F64(v) => Val::F64(v.to_bits()),
        Value::V128(v) => Val::V128(v.as_u128()),
        Value::FuncRef(Nullable::Null) => Val::Null(ValKind::Func),
        Value::FuncRef(_) => Val::Ref(RefKind::Func),
        Value::ExternRef(Nullable::Null) => Val::Null(ValKind::Extern),
        Value::ExternRef(Nullable::Val(reference)) => {
            let store = store.as_context_mut();
            let number = reference.data(&store).downcast_ref();
            Val::Ref(number.map_or(RefKind::Externalised, |Number(n)| RefKind::Extern(*n)))
        }
    }
}

/// How an action stopped.
fn stopped(error: &Error) -> Outcome {
    if let Some(trap) = error.as_trap_code() {
        let text = trap.trap_message().to_owned();
        return WASMI.translate(Outcome::Trapped { text, site: None });
    }
    if let Some(left) = error.downcast_ref::<Left>() {
        return left.outcome();
    }
    let text = error.to_string();
    let unlinkable =
        |kind| Outcome::Rejected(Rejection::Unlinkable(Reason::new(Some(kind), text.clone())));
    match error.kind() {
        ErrorKind::Linker(LinkerError::MissingDefinition { .. }) => unlinkable("unknown-import"),
        ErrorKind::Linker(_) => unlinkable("incompatible-import"),
        ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
            let text = Trap::TableOutOfBounds.text().to_owned();
            Outcome::Trapped { text, site: None }
        }
        ErrorKind::Instantiation(_) if text.contains("type mismatch") => {
            unlinkable("incompatible-import")
        }
        _ => WASMI.translate(Outcome::HostError(text)),
    }
}

impl WasmiSession {
    pub(super) fn new(engine: &Engine, has_fuel: bool) -> WasmiSession {
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        let (names, instances) = (BTreeSet::new(), Vec::new());
        WasmiSession {
            store: Store::new(engine, Kept::default()),
            linker,
            names,
            has_fuel,
            instances,
        }
    }

    /// Each action has fuel of its own: it ends what has no end.
    fn refuelled(&mut self) -> Result<(), Outcome> {
        let failed = |error: Error| Outcome::HostError(error.to_string());
        if self.has_fuel { self.store.set_fuel(FUEL).map_err(failed) } else { Ok(()) }
    }

    fn define(&mut self, module: &str, name: &str, item: Extern) -> Result<(), Error> {
        self.linker.define(module, name, item)?;
        self.names.insert((module.to_owned(), name.to_owned()));
        Ok(())
    }

    /// A host function that records its calls and returns zeros and nulls; or what an export of the instance that calls does.
    fn noting(&mut self, module: &str, name: &str, ty: FuncType) -> Extern {
        let (own, names) = (ty.clone(), (module.to_owned(), name.to_owned()));
        let func = Func::new(&mut self.store, ty, move |mut caller, args, results| {
            let noted = args.iter().map(|arg| from_value(&mut caller, arg)).collect();
            let (module, name) = names.clone();
            caller.data_mut().calls.push(HostCall { module, name, args: noted, gas_left: None });
            if names.0 == REENTRY {
                let export = caller.get_export(&names.1).and_then(Extern::into_func);
                let func = export.ok_or_else(|| Error::new("no such function is exported"))?;
                return func.call(&mut caller, args, results);
            }
            for (result, ty) in results.iter_mut().zip(own.results()) {
                *result = Value::default_for_ty(*ty);
            }
            Ok(())
        });
        func.into()
    }

    fn provide(&mut self, module: &str, name: &str, ty: &ExternType) -> Result<(), Error> {
        let store = &mut self.store;
        let item = match ty {
            ExternType::Func(ty) => self.noting(module, name, ty.clone()),
            ExternType::Global(ty) => {
                let value = Value::default_for_ty(ty.content());
                Global::new(store, value, ty.mutability()).into()
            }
            ExternType::Memory(ty) => Memory::new(store, *ty)?.into(),
            ExternType::Table(ty) => {
                Table::new(store, *ty, Ref::default_for_ty(ty.element()))?.into()
            }
        };
        self.define(module, name, item)
    }

    fn define_wasi_functions(&mut self) -> Result<(), AdapterError> {
        for (name, item) in programs::functions(&mut self.store) {
            self.define(etalon_wasi::MODULE, name, item).map_err(|error| AdapterError {
                engine: "wasmi".to_owned(),
                reason: format!("WASI cannot be defined: {error}"),
            })?;
        }
        Ok(())
    }

    fn define_all_of_spectest(&mut self) -> Result<(), Error> {
        for func in SPECTEST_FUNCS {
            let ty = FuncType::new(func.params.iter().map(|k| type_of(*k)), []);
            let item = self.noting("spectest", func.name, ty);
            self.define("spectest", func.name, item)?;
        }
        let number = 666.6_f64;
        for (name, value) in [
            ("global_i32", Value::I32(666)),
            ("global_i64", Value::I64(666)),
            ("global_f32", Value::from(number as f32)),
            ("global_f64", Value::from(number)),
        ] {
            let item = Global::new(&mut self.store, value, Mutability::Const);
            self.define("spectest", name, item.into())?;
        }
        for (name, ty) in [
            ("table", TableType::new(RefType::Func, 10, Some(20))),
            ("table64", TableType::new64(RefType::Func, 10, Some(20))),
        ] {
            let item = Table::new(&mut self.store, ty, Ref::default_for_ty(RefType::Func))?;
            self.define("spectest", name, item.into())?;
        }
        let memory = Memory::new(&mut self.store, MemoryType::new(1, Some(2)))?;
        self.define("spectest", "memory", memory.into())
    }
}

impl Session for WasmiSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.define_all_of_spectest().map_err(|error| AdapterError {
            engine: "wasmi".to_owned(),
            reason: format!("spectest cannot be created: {error}"),
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
            if self.names.contains(&(from.to_owned(), name.to_owned())) {
                continue;
            }
            self.provide(from, name, import.ty()).map_err(|error| {
                let why = format!("nothing fits {from:?} {name:?}: {error}");
                Outcome::Rejected(Rejection::Unlinkable(why.into()))
            })?;
        }
        Ok(())
    }

    fn instantiate(&mut self, module: &Prepared) -> Result<Instance, Outcome> {
        let LinkedModule { module, facts } = module.module::<LinkedModule<Module>>()?;
        self.refuelled()?;
        match self.linker.instantiate_and_start(&mut self.store, module) {
            Ok(instance) => {
                self.instances.push((instance, facts.exports.clone().into()));
                Ok(Instance(self.instances.len() - 1))
            }
            Err(error) => Err(match stopped(&error) {
                Outcome::HostError(text) => Outcome::Rejected(Rejection::Limit(text)),
                other => other,
            }),
        }
    }

    fn register(&mut self, name: &str, instance: Instance) {
        let Some((instance, exports)) = self.instances.get(instance.0) else { return };
        // A later definition replaces an earlier one.
        if self.linker.instance(&mut self.store, name, *instance).is_ok() {
            let names = exports.iter().map(|export| (name.to_owned(), export.name.clone()));
            self.names.extend(names);
        }
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        self.instances.get(instance.0).map_or(Vec::new(), |(_, exports)| exports.to_vec())
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        let found = self.instances.get(instance.0);
        let func = found.and_then(|(instance, _)| instance.get_func(&self.store, export));
        let Some(func) = func else {
            return Outcome::HostError(format!("no function is exported as {export:?}"));
        };
        if let Err(outcome) = self.refuelled() {
            return outcome;
        }
        let results = func.ty(&self.store);
        let results = results.results().iter().map(|ty| Value::default_for_ty(*ty));
        let mut results: Vec<Value> = results.collect();
        let args: Option<Vec<_>> = args.iter().map(|v| to_value(&mut self.store, *v)).collect();
        let Some(args) = args else {
            let text = "an argument has no value that the host can create";
            return Outcome::HostError(text.to_owned());
        };
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => {
                let values = results.iter().map(|v| from_value(&mut self.store, v));
                Outcome::Returned(values.collect())
            }
            Err(error) => stopped(&error),
        }
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        let (instance, _) = self.instances.get(instance.0)?;
        let value = instance.get_global(&self.store, export)?.get(&self.store);
        Some(from_value(&mut self.store, &value))
    }

    fn memory(&mut self, instance: Instance, export: &str) -> Option<MemorySum> {
        let (instance, _) = self.instances.get(instance.0)?;
        let memory = instance.get_memory(&self.store, export)?;
        MemorySum::of(memory.data(&self.store))
    }

    fn fuel_taken(&self) -> Option<u64> {
        self.store.get_fuel().ok().map(|left| FUEL.saturating_sub(left))
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        std::mem::take(&mut self.store.data_mut().calls)
    }
}
