//! What the tests share: one module in one store, and a way to call it.
#![allow(dead_code, unused_imports, reason = "each test uses a part")]

mod cases;

pub(crate) use cases::{Case, Gives, check_all, int, long};

use etalon_gas::Schedule;
use etalon_interp::{Interp, supported_features};
use etalon_module::{Class, Module, Opcode, ValType};
use etalon_runtime::{
    Extern, InstanceAddr, InvokeError, Placement, Stop, Store, StoreConfig, Value, instantiate,
};
use std::sync::Arc;

/// A store with one instance.
pub(crate) struct Guest {
    pub(crate) store: Store,
    pub(crate) instance: InstanceAddr,
}

/// Compiles text.
pub(crate) fn module(wat: &str) -> Arc<Module> {
    let bytes = wat::parse_str(wat).unwrap_or_else(|e| panic!("{e}\n{wat}"));
    let module = Module::new(&bytes, supported_features());
    Arc::new(module.unwrap_or_else(|e| panic!("{e}\n{wat}")))
}

impl Guest {
    pub(crate) fn new(wat: &str) -> Guest {
        Guest::with(wat, StoreConfig::unmetered())
    }

    pub(crate) fn metered(wat: &str, gas: Option<u64>) -> Guest {
        Guest::with(wat, StoreConfig::metered(gas))
    }

    /// A guest under another schedule, without a limit.
    pub(crate) fn under(wat: &str, schedule: Arc<Schedule>) -> Guest {
        Guest::with(wat, StoreConfig { schedule, ..StoreConfig::metered(None) })
    }

    pub(crate) fn with(wat: &str, config: StoreConfig) -> Guest {
        let mut store = Store::new(config).unwrap();
        let tier = store.add_executor(Arc::new(Interp::new()));
        let placement = Placement::all(tier);
        let instance = instantiate(&mut store, &module(wat), &[], &placement).unwrap();
        Guest { store, instance }
    }

    /// A guest that imports what another module exports under these names.
    pub(crate) fn importing(wat: &str, from: &str, names: &[&str], config: StoreConfig) -> Guest {
        let Guest { mut store, instance } = Guest::with(from, config);
        let export = |name: &&str| store.instance(instance).export(name).expect("an export");
        let imports: Vec<Extern> = names.iter().map(export).collect();
        let tier = store.add_executor(Arc::new(Interp::new()));
        let instance =
            instantiate(&mut store, &module(wat), &imports, &Placement::all(tier)).unwrap();
        Guest { store, instance }
    }

    pub(crate) fn call(&mut self, name: &str, args: &[Value]) -> Result<Vec<Value>, Stop> {
        let Some(Extern::Func(func)) = self.store.instance(self.instance).export(name) else {
            panic!("no function {name}");
        };
        self.store.invoke(func, args).map_err(|error| match error {
            InvokeError::Stop(stop) => stop,
            InvokeError::Arguments(what) => panic!("{what}"),
        })
    }
}

/// The types of the value that a load or store takes, and of the one that it gives.
pub(crate) fn access(op: Opcode) -> Option<(Option<ValType>, Option<ValType>)> {
    use Class::{Load, Store, VectorLoad, VectorLoadLane, VectorStore, VectorStoreLane};
    let ty = match op.name().split_once('.')?.0 {
        "i32" => ValType::I32,
        "i64" => ValType::I64,
        "f32" => ValType::F32,
        "f64" => ValType::F64,
        _ => ValType::V128,
    };
    Some(match op.class().filter(|_| op.is_executed())? {
        Load | VectorLoad => (None, Some(ty)),
        VectorLoadLane => (Some(ty), Some(ty)),
        Store | VectorStore | VectorStoreLane => (Some(ty), None),
        _ => return None,
    })
}

pub(crate) fn i32(value: i32) -> Value {
    Value::I32(value as u32)
}

pub(crate) fn i64(value: i64) -> Value {
    Value::I64(value as u64)
}

pub(crate) fn f32(value: f32) -> Value {
    Value::F32(value.to_bits())
}

pub(crate) fn f64(value: f64) -> Value {
    Value::F64(value.to_bits())
}
