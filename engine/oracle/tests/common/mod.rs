//! What the tests share: one module in one store, and a way to call it.
#![allow(dead_code, unused_imports, reason = "each test uses a part")]

mod cases;

pub(crate) use cases::{Case, Gives, check_all, int, long};

use etalon_gas::Schedule;
use etalon_module::Module;
use etalon_oracle::{Oracle, supported_features};
use etalon_runtime::{
    Extern, FuncAddr, InstanceAddr, InvokeError, Placement, Stop, Store, StoreConfig, Value,
    instantiate,
};
use std::sync::Arc;

/// A store with one instance, and the oracle that runs it.
pub(crate) struct Guest {
    pub(crate) store: Store,
    pub(crate) oracle: Arc<Oracle>,
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
        Guest::with(wat, StoreConfig::unmetered(), Oracle::new())
    }

    pub(crate) fn metered(wat: &str, gas: Option<u64>) -> Guest {
        Guest::with(wat, StoreConfig::metered(gas), Oracle::new())
    }

    /// A guest under another schedule, without a limit.
    pub(crate) fn priced(wat: &str, schedule: Arc<Schedule>) -> Guest {
        let config = StoreConfig { schedule, ..StoreConfig::metered(None) };
        Guest::with(wat, config, Oracle::new())
    }

    pub(crate) fn with(wat: &str, config: StoreConfig, oracle: Oracle) -> Guest {
        let mut store = Store::new(config).unwrap();
        let oracle = Arc::new(oracle);
        let tier = store.add_executor(Arc::clone(&oracle) as Arc<_>);
        let placement = Placement::all(tier);
        let instance = instantiate(&mut store, &module(wat), &[], &placement).unwrap();
        Guest { store, oracle, instance }
    }

    /// The executed ledger.
    pub(crate) fn executed(&self) -> u64 {
        self.oracle.usage().ledger(self.store.schedule())
    }

    /// A function that the instance exports.
    pub(crate) fn func(&self, name: &str) -> FuncAddr {
        match self.store.instance(self.instance).export(name) {
            Some(Extern::Func(func)) => func,
            other => panic!("{name}: {other:?}"),
        }
    }

    pub(crate) fn call(&mut self, name: &str, args: &[Value]) -> Result<Vec<Value>, Stop> {
        let func = self.func(name);
        self.store.invoke(func, args).map_err(|error| match error {
            InvokeError::Stop(stop) => stop,
            InvokeError::Arguments(what) => panic!("{what}"),
        })
    }
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
