//! A tier of ours with a fault: what a module with a certain operator does is wrong.

use etalon_adapters::{
    Adapter, AdapterError, ExportInfo, Features, HostCall, Instance, Outcome, Session,
    SessionConfig, StateDigest, Val,
};
use etalon_harness::generate::operators_of;
use etalon_record::EngineInfo;
use std::sync::Arc;

pub(crate) struct Planted {
    pub(crate) sound: Arc<dyn Adapter>,
    pub(crate) operator: &'static str,
    pub(crate) fault: Fault,
}

/// What is wrong with a call of a module that has the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The first result is off by one.
    Wrong,
    /// It does not end in time.
    Late,
}

struct PlantedSession {
    sound: Box<dyn Session>,
    operator: &'static str,
    fault: Fault,
    faulty: bool,
}

impl Adapter for Planted {
    fn info(&self) -> EngineInfo {
        EngineInfo::new("planted", "1")
    }

    fn features(&self) -> Features {
        self.sound.features()
    }

    fn meters_gas(&self) -> bool {
        self.sound.meters_gas()
    }

    fn session(&self, config: &SessionConfig) -> Result<Box<dyn Session>, AdapterError> {
        let sound = self.sound.session(config)?;
        let Planted { operator, fault, .. } = *self;
        Ok(Box::new(PlantedSession { sound, operator, fault, faulty: false }))
    }
}

impl Session for PlantedSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.sound.define_spectest()
    }

    fn define_missing_imports(&mut self, wasm: &[u8]) -> Result<(), Outcome> {
        self.sound.define_missing_imports(wasm)
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Outcome> {
        self.sound.validate(wasm)
    }

    fn instantiate(&mut self, wasm: &[u8]) -> Result<Instance, Outcome> {
        self.faulty = operators_of(wasm, Features::wasm3()).contains(self.operator);
        self.sound.instantiate(wasm)
    }

    fn register(&mut self, name: &str, instance: Instance) {
        self.sound.register(name, instance);
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        self.sound.exports(instance)
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        let mut outcome = self.sound.invoke(instance, export, args);
        if self.faulty && self.fault == Fault::Late {
            return Outcome::TimedOut;
        }
        if self.faulty
            && let Outcome::Returned(values) = &mut outcome
        {
            match values.first_mut() {
                Some(Val::I32(value)) => *value = value.wrapping_add(1),
                Some(Val::I64(value)) => *value = value.wrapping_add(1),
                Some(Val::F32(bits)) => *bits ^= 1,
                Some(Val::F64(bits)) => *bits ^= 1,
                _ => {}
            }
        }
        outcome
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        self.sound.global(instance, export)
    }

    fn gas_consumed(&self) -> Option<u64> {
        self.sound.gas_consumed()
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        self.sound.take_host_calls()
    }

    fn digest(&mut self) -> Option<StateDigest> {
        self.sound.digest()
    }
}
