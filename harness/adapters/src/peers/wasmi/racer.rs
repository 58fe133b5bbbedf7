//! wasmi, timed.

use super::super::linked::{Peer, version};
use super::super::{KERNEL_EXPORT, Loaded, Racer, fault};
use super::Wasmi;
use crate::adapter::AdapterError;
use crate::value::Val;
use etalon::Features;
use etalon_record::EngineInfo;
use std::collections::BTreeMap;
use wasmi::{Func, Linker, Module, Store};

const NAME: &str = Wasmi::NAME;

/// The engine in its usual configuration, with all features.
pub(crate) struct WasmiRacer;

impl Racer for WasmiRacer {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(NAME, version(NAME))
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
        let refused = |error: wasmi::Error| fault(NAME, error);
        let usual = Wasmi::new(&BTreeMap::from([("fuel", "off")]))?;
        let engine = usual.engine(Features::all()).map_err(|reason| fault(NAME, reason))?;
        let module = Module::new(&engine, wasm).map_err(refused)?;
        let mut store = Store::new(&engine, ());
        let instance =
            Linker::new(&engine).instantiate_and_start(&mut store, &module).map_err(refused)?;
        let func = instance
            .get_func(&store, KERNEL_EXPORT)
            .ok_or_else(|| fault(NAME, "the export is missing"))?;
        Ok(Box::new(WasmiInstance { store, func }))
    }
}

struct WasmiInstance {
    store: Store<()>,
    func: Func,
}

impl Loaded for WasmiInstance {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        let mut results = [wasmi::Val::I32(0)];
        self.func
            .call(&mut self.store, &[wasmi::Val::I32(n)], &mut results)
            .map_err(|error| fault(NAME, error))?;
        match results {
            [wasmi::Val::I32(v)] => Ok(Val::I32(v)),
            [wasmi::Val::I64(v)] => Ok(Val::I64(v)),
            [wasmi::Val::F32(v)] => Ok(Val::F32(v.to_bits())),
            [wasmi::Val::F64(v)] => Ok(Val::F64(v.to_bits())),
            _ => Err(fault(NAME, "the result is not one number")),
        }
    }
}
