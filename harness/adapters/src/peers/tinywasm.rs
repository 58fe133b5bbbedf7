//! tinywasm: an interpreter in safe Rust.

use super::KERNEL_EXPORT;
use super::timed::{HOST, Timed};
use crate::value::Val;
use etalon_record::EngineInfo;
use std::cell::Cell;
use std::rc::Rc;
use tinywasm::types::WasmValue;
use tinywasm::{FuncContext, FunctionTyped, HostFunction, Imports, Module, ModuleInstance, Store};

/// The engine in its usual configuration.
pub(super) struct Tinywasm;

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Timed for Tinywasm {
    type Module = Module;
    type Ready = Module;
    type Alive = (Store, ModuleInstance);
    type Func = FunctionTyped<i32, i32>;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("tinywasm", "0.10")
    }

    fn compile(&self, wasm: &[u8]) -> Result<Module, String> {
        tinywasm::parse_bytes(wasm).map_err(text)
    }

    fn ready(&self, module: Module) -> Result<Module, String> {
        Ok(module)
    }

    /// Functions of the host belong to one store, and its stores keep nothing for the host.
    fn instance(&self, module: &Module) -> Result<Self::Alive, String> {
        let mut store = Store::default();
        let plain = |_: FuncContext<'_>, n: i32| Ok(n.wrapping_add(1));
        let calls = Rc::new(Cell::new(0u64));
        let data = move |_: FuncContext<'_>, (n, sum): (i32, i64)| {
            calls.set(calls.get() + 1);
            Ok(sum.wrapping_add(i64::from(n)))
        };
        let mut imports = Imports::new();
        imports.define(HOST, "plain", HostFunction::from(&mut store, plain));
        imports.define(HOST, "data", HostFunction::from(&mut store, data));
        let instance =
            ModuleInstance::instantiate(&mut store, module, Some(imports)).map_err(text)?;
        Ok((store, instance))
    }

    fn func(
        &self,
        (store, instance): &mut Self::Alive,
        export: &str,
    ) -> Result<Self::Func, String> {
        instance.func(store, export).map_err(text)
    }

    fn call(&self, alive: &mut Self::Alive, func: &Self::Func, n: i32) -> Result<i32, String> {
        func.call(&mut alive.0, n).map_err(text)
    }

    fn kernel(&self, (store, instance): &mut Self::Alive, n: i32) -> Result<Val, String> {
        let func = instance.func_untyped(store, KERNEL_EXPORT).map_err(text)?;
        match func.call(store, &[WasmValue::I32(n)]).map_err(text)?[..] {
            [WasmValue::I32(v)] => Ok(Val::I32(v)),
            [WasmValue::I64(v)] => Ok(Val::I64(v)),
            [WasmValue::F32(v)] => Ok(Val::F32(v.to_bits())),
            [WasmValue::F64(v)] => Ok(Val::F64(v.to_bits())),
            _ => Err("the result is not one number".to_owned()),
        }
    }
}
