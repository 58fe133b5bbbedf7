//! Wasmtime, timed.

use super::super::linked::{Peer, version};
use super::super::{KERNEL_EXPORT, Loaded, Racer, fault};
use super::Wasmtime;
use crate::adapter::AdapterError;
use crate::value::Val;
use etalon::Features;
use etalon_record::EngineInfo;
use std::collections::BTreeMap;
use wasmtime::{Func, Instance, Module, Store};

const NAME: &str = Wasmtime::NAME;

/// The engine in its usual configuration, with all features.
pub(crate) struct WasmtimeRacer;

impl Racer for WasmtimeRacer {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(NAME, version(NAME))
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
        let refused = |error: wasmtime::Error| fault(NAME, format!("{error:#}"));
        let usual = Wasmtime::new(&BTreeMap::from([("fuel", "off")]), false)?;
        let engine = usual.engine(Features::all()).map_err(|reason| fault(NAME, reason))?;
        let module = Module::new(&engine, wasm).map_err(refused)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).map_err(refused)?;
        let func = instance
            .get_func(&mut store, KERNEL_EXPORT)
            .ok_or_else(|| fault(NAME, "the export is missing"))?;
        Ok(Box::new(WasmtimeInstance { store, func }))
    }
}

struct WasmtimeInstance {
    store: Store<()>,
    func: Func,
}

impl Loaded for WasmtimeInstance {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        let mut results = [wasmtime::Val::I32(0)];
        self.func
            .call(&mut self.store, &[wasmtime::Val::I32(n)], &mut results)
            .map_err(|error| fault(NAME, format!("{error:#}")))?;
        match results {
            [wasmtime::Val::I32(v)] => Ok(Val::I32(v)),
            [wasmtime::Val::I64(v)] => Ok(Val::I64(v)),
            [wasmtime::Val::F32(v)] => Ok(Val::F32(v)),
            [wasmtime::Val::F64(v)] => Ok(Val::F64(v)),
            _ => Err(fault(NAME, "the result is not one number")),
        }
    }
}
