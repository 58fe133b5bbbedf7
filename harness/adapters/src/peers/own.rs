//! Our own tiers, with and without gas; and whatever else the registry has in this process, as far as kernels go.

use super::timed::{HOST, Saved, Task, Timed, Timer, Work};
use super::{KERNEL_EXPORT, Loaded, Racer, fault};
use crate::adapter::{
    Adapter, AdapterError, GasConfig, Instance, Opened, Prepared, Session, SessionConfig,
};
use crate::outcome::Outcome;
use crate::own::OwnTier;
use crate::precompiled::OwnArtefact;
use crate::registry::{adapter, own_tier};
use crate::value::Val;
use etalon::{Caller, Config, Engine, InstancePre, Linker, Module, Schedule, Store, TypedFunc};
use etalon_record::EngineInfo;
use std::sync::Arc;

/// The gas of a store that charges it.
const GAS: u64 = i64::MAX as u64;

/// The engine with a name of the registry, or with one and `-metered`.
pub(super) fn named(name: &str) -> Result<Box<dyn Racer>, AdapterError> {
    let own = Own::named(name)?;
    let tier = own_tier(name.strip_suffix("-metered").unwrap_or(name)).map(OwnTier::embedded);
    match tier.ok().filter(|tier| tier.is_as_embedded()) {
        Some(tier) => {
            let made = Embedded::new(own.info(), &tier.settings(&own.config()));
            Ok(Box::new(Timer::new(made.map_err(|reason| fault(name, reason))?)))
        }
        None => Ok(Box::new(own)),
    }
}

/// An engine of the registry that no program can have as it is: two tiers at once, or one of another maker. Only kernels are
/// timed on it, in sessions.
struct Own {
    name: String,
    adapter: Arc<dyn Adapter>,
    gas: Option<GasConfig>,
}

impl Own {
    fn named(name: &str) -> Result<Own, AdapterError> {
        let (tier, gas) = match name.strip_suffix("-metered") {
            None => (name, None),
            Some(tier) => {
                if !adapter(tier)?.meters_gas() {
                    return Err(fault(name, "it does not charge gas"));
                }
                let schedule = Schedule::builtin(Schedule::DEFAULT)
                    .ok_or_else(|| fault(name, "the default schedule is missing"))?;
                (tier, Some(GasConfig { schedule, limit: Some(GAS) }))
            }
        };
        Ok(Own { name: name.to_owned(), adapter: adapter(tier)?, gas })
    }

    fn config(&self) -> SessionConfig {
        SessionConfig {
            features: self.adapter.features(),
            gas: self.gas.clone(),
            turns: false,
            measure: false,
            time: None,
        }
    }
}

impl Racer for Own {
    fn info(&self) -> EngineInfo {
        let mut info = self.adapter.info();
        info.name.clone_from(&self.name);
        if let Some(gas) = &self.gas {
            info.settings.insert("schedule".to_owned(), gas.schedule.id().to_string());
        }
        info
    }

    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Loaded>, AdapterError> {
        let failed = |o: Outcome| fault(&self.name, format!("{o:?}"));
        let opened = self.adapter.open(&self.config())?;
        let prepared = opened.prepare(wasm).map_err(failed)?;
        let mut session = opened.session()?;
        let instance = session.instantiate(&prepared).map_err(failed)?;
        Ok(Box::new(OwnInstance { name: self.name.clone(), session, instance, prepared, opened }))
    }

    fn task(&self, _: Work, _: &[u8]) -> Result<Box<dyn Task>, AdapterError> {
        Err(fault(&self.name, "only kernels are timed on it"))
    }
}

/// A kernel, in the order in which its parts are dropped.
struct OwnInstance {
    name: String,
    session: Box<dyn Session>,
    instance: Instance,
    prepared: Prepared,
    opened: Box<dyn Opened>,
}

impl Loaded for OwnInstance {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        match self.session.invoke(self.instance, KERNEL_EXPORT, &[Val::I32(n)]) {
            Outcome::Returned(values) if values.len() == 1 => Ok(values[0]),
            other => Err(fault(&self.name, format!("{other:?}"))),
        }
    }

    fn renew(&mut self) -> Result<(), AdapterError> {
        let mut session = self.opened.session()?;
        let made = session.instantiate(&self.prepared);
        self.instance = made.map_err(|o| fault(&self.name, format!("{o:?}")))?;
        self.session = session;
        Ok(())
    }
}

/// A tier as programs have it that embed the library.
struct Embedded {
    info: EngineInfo,
    engine: Engine,
    linker: Linker<u64>,
}

fn text(error: impl std::fmt::Display) -> String {
    format!("{error:#}")
}

impl Embedded {
    fn new(info: EngineInfo, config: &Config) -> Result<Embedded, String> {
        let engine = Engine::new(config).map_err(text)?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap(HOST, "plain", |n: i32| n.wrapping_add(1)).map_err(text)?;
        let with_data = |mut caller: Caller<'_, u64>, n: i32, sum: i64| {
            *caller.data_mut() += 1;
            sum.wrapping_add(i64::from(n))
        };
        linker.func_wrap(HOST, "data", with_data).map_err(text)?;
        Ok(Embedded { info, engine, linker })
    }
}

impl Saved<Module> for OwnArtefact {
    fn load(&self) -> Result<Module, String> {
        OwnArtefact::load(self).map_err(text)
    }

    fn load_file(&self) -> Result<Module, String> {
        OwnArtefact::load_file(self).map_err(|error| error.to_string())
    }
}

impl Timed for Embedded {
    type Module = Module;
    type Ready = InstancePre<u64>;
    type Alive = (Store<u64>, etalon::Instance);
    type Func = TypedFunc<i32, i32>;

    fn info(&self) -> EngineInfo {
        self.info.clone()
    }

    fn compile(&self, wasm: &[u8]) -> Result<Module, String> {
        Module::from_binary(&self.engine, wasm).map_err(text)
    }

    fn save(&self, module: &Module) -> Result<Box<dyn Saved<Module>>, String> {
        Ok(Box::new(OwnArtefact::of(module)?))
    }

    fn ready(&self, module: Module) -> Result<InstancePre<u64>, String> {
        self.linker.instantiate_pre(&module).map_err(text)
    }

    fn instance(&self, ready: &InstancePre<u64>) -> Result<Self::Alive, String> {
        let mut store = Store::new(&self.engine, 0);
        if self.engine.consumes_fuel() {
            store.set_fuel(GAS).map_err(text)?;
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
        let func = instance.get_func(&*store, KERNEL_EXPORT).ok_or("the export is missing")?;
        let mut results = [etalon::Val::I32(0)];
        func.call(store, &[etalon::Val::I32(n)], &mut results).map_err(text)?;
        Ok(match results {
            [etalon::Val::I32(v)] => Val::I32(v),
            [etalon::Val::I64(v)] => Val::I64(v),
            [etalon::Val::F32(v)] => Val::F32(v),
            [etalon::Val::F64(v)] => Val::F64(v),
            [etalon::Val::V128(v)] => Val::V128(v),
            _ => return Err("the result is not one number".to_owned()),
        })
    }
}
