//! tinywasm: an interpreter in safe Rust.

use super::{KERNEL_EXPORT, Loaded, Racer, fault};
use crate::adapter::AdapterError;
use crate::value::Val;
use etalon_record::EngineInfo;
use tinywasm::types::WasmValue;
use tinywasm::{Function, ModuleInstance, Store};

const NAME: &str = "tinywasm";

/// The engine in its usual configuration.
pub(super) struct Tinywasm;

impl Racer for Tinywasm {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(NAME, "0.10")
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
        let refused = |error: tinywasm::Error| fault(NAME, error);
        let module = tinywasm::parse_bytes(wasm).map_err(|error| fault(NAME, error))?;
        let mut store = Store::default();
        let instance = ModuleInstance::instantiate(&mut store, &module, None).map_err(refused)?;
        let func = instance.func_untyped(&store, KERNEL_EXPORT).map_err(refused)?;
        Ok(Box::new(TinywasmInstance { store, func }))
    }
}

struct TinywasmInstance {
    store: Store,
    func: Function,
}

impl Loaded for TinywasmInstance {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        let results = self.func.call(&mut self.store, &[WasmValue::I32(n)]);
        match results.map_err(|error| fault(NAME, error))?[..] {
            [WasmValue::I32(v)] => Ok(Val::I32(v)),
            [WasmValue::I64(v)] => Ok(Val::I64(v)),
            [WasmValue::F32(v)] => Ok(Val::F32(v.to_bits())),
            [WasmValue::F64(v)] => Ok(Val::F64(v.to_bits())),
            _ => Err(fault(NAME, "the result is not one number")),
        }
    }
}
