//! Our own tiers, with and without gas.

use super::{KERNEL_EXPORT, Loaded, Racer, fault};
use crate::adapter::{Adapter, AdapterError, GasConfig, Instance, SessionConfig};
use crate::outcome::Outcome;
use crate::registry::adapter;
use crate::solo::Solo;
use crate::value::Val;
use etalon::Schedule;
use etalon_record::EngineInfo;
use std::sync::Arc;

/// A tier of ours, and whether it meters.
pub(super) struct Own {
    name: String,
    adapter: Arc<dyn Adapter>,
    gas: Option<GasConfig>,
}

impl Own {
    /// An engine of the registry, or one and `-metered`.
    pub(super) fn named(name: &str) -> Result<Own, AdapterError> {
        let (tier, gas) = match name.strip_suffix("-metered") {
            None => (name, None),
            Some(tier) => {
                if !adapter(tier)?.meters_gas() {
                    return Err(fault(name, "it does not charge gas"));
                }
                let schedule = Schedule::builtin(Schedule::DEFAULT)
                    .ok_or_else(|| fault(name, "the default schedule is missing"))?;
                (tier, Some(GasConfig { schedule, limit: Some(i64::MAX as u64) }))
            }
        };
        Ok(Own { name: name.to_owned(), adapter: adapter(tier)?, gas })
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
        let config = SessionConfig {
            features: self.adapter.features(),
            gas: self.gas.clone(),
            turns: false,
            measure: false,
            time: None,
        };
        let mut session = self.adapter.session(&config)?;
        let instance = session.load(wasm).map_err(|o| fault(&self.name, format!("{o:?}")))?;
        Ok(Box::new(OwnInstance { name: self.name.clone(), session, instance }))
    }
}

struct OwnInstance {
    name: String,
    session: Solo,
    instance: Instance,
}

impl Loaded for OwnInstance {
    fn run(&mut self, n: i32) -> Result<Val, AdapterError> {
        match self.session.invoke(self.instance, KERNEL_EXPORT, &[Val::I32(n)]) {
            Outcome::Returned(values) if values.len() == 1 => Ok(values[0]),
            other => Err(fault(&self.name, format!("{other:?}"))),
        }
    }
}
