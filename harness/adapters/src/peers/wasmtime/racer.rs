//! Wasmtime, timed.

use super::super::KERNEL_EXPORT;
use super::super::linked::{Peer, version};
use super::super::timed::{HOST, Saved, Timed};
use super::Wasmtime;
use super::artefact::Artefact;
use crate::value::Val;
use etalon::Features;
use etalon_record::EngineInfo;
use std::collections::BTreeMap;
use wasmtime::{Caller, Engine, Instance, InstancePre, Linker, Module, Store, TypedFunc};

const NAME: &str = Wasmtime::NAME;

/// The engine with all features, the settings of a name, and without fuel unless it is metered.
pub(crate) struct WasmtimeTimed {
    info: EngineInfo,
    engine: Engine,
    linker: Linker<u64>,
    has_fuel: bool,
}

fn text(error: wasmtime::Error) -> String {
    format!("{error:#}")
}

impl WasmtimeTimed {
    pub(crate) fn new(
        name: &str,
        settings: &BTreeMap<&str, &str>,
        has_fuel: bool,
    ) -> Result<WasmtimeTimed, String> {
        let mut settings = settings.clone();
        if !has_fuel {
            settings.insert("fuel", "off");
        }
        // With fuel, it costs what it costs in the usual configuration.
        let peer = Wasmtime::new(&settings, true).map_err(|error| error.reason)?;
        let engine = peer.engine(Features::all())?;
        let mut info = EngineInfo::new(name, version(NAME));
        info.settings.clone_from(peer.settings());
        let mut linker = Linker::new(&engine);
        linker.func_wrap(HOST, "plain", |n: i32| n.wrapping_add(1)).map_err(text)?;
        let with_data = |mut caller: Caller<'_, u64>, n: i32, sum: i64| {
            *caller.data_mut() += 1;
            sum.wrapping_add(i64::from(n))
        };
        linker.func_wrap(HOST, "data", with_data).map_err(text)?;
        Ok(WasmtimeTimed { info, engine, linker, has_fuel })
    }
}

impl Saved<Module> for Artefact {
    fn load(&self) -> Result<Module, String> {
        Artefact::load(self).map_err(text)
    }

    fn load_file(&self) -> Result<Module, String> {
        Artefact::load_file(self).map_err(text)
    }
}

impl Timed for WasmtimeTimed {
    type Module = Module;
    type Ready = InstancePre<u64>;
    type Alive = (Store<u64>, Instance);
    type Func = TypedFunc<i32, i32>;

    fn info(&self) -> EngineInfo {
        self.info.clone()
    }

    fn compile(&self, wasm: &[u8]) -> Result<Module, String> {
        Module::from_binary(&self.engine, wasm).map_err(text)
    }

    fn save(&self, module: &Module) -> Result<Box<dyn Saved<Module>>, String> {
        Ok(Box::new(Artefact::of(module)?))
    }

    fn ready(&self, module: Module) -> Result<InstancePre<u64>, String> {
        self.linker.instantiate_pre(&module).map_err(text)
    }

    fn instance(&self, ready: &InstancePre<u64>) -> Result<Self::Alive, String> {
        let mut store = Store::new(&self.engine, 0);
        if self.has_fuel {
            store.set_fuel(u64::MAX).map_err(text)?;
        }
        let instance = ready.instantiate(&mut store).map_err(text)?;
        Ok((store, instance))
    }

    fn func(
        &self,
        (store, instance): &mut Self::Alive,
        export: &str,
    ) -> Result<Self::Func, String> {
        instance.get_typed_func(store, export).map_err(text)
    }

    fn call(&self, alive: &mut Self::Alive, func: &Self::Func, n: i32) -> Result<i32, String> {
        func.call(&mut alive.0, n).map_err(text)
    }

    fn kernel(&self, (store, instance): &mut Self::Alive, n: i32) -> Result<Val, String> {
        let func = instance.get_func(&mut *store, KERNEL_EXPORT).ok_or("the export is missing")?;
        let mut results = [wasmtime::Val::I32(0)];
        func.call(store, &[wasmtime::Val::I32(n)], &mut results).map_err(text)?;
        match results {
            [wasmtime::Val::I32(v)] => Ok(Val::I32(v)),
            [wasmtime::Val::I64(v)] => Ok(Val::I64(v)),
            [wasmtime::Val::F32(v)] => Ok(Val::F32(v)),
            [wasmtime::Val::F64(v)] => Ok(Val::F64(v)),
            _ => Err("the result is not one number".to_owned()),
        }
    }
}
