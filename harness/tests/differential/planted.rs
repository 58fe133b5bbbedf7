//! A tier of ours with a fault: what a module with a certain operator does is wrong.

use etalon_adapters::{
    Adapter, AdapterError, ExportInfo, Features, HostCall, Instance, MemorySum, Opened, Outcome,
    Prepared, Session, SessionConfig, StateDigest, Val,
};
use etalon_harness::gas::MOST_GAS;
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
    /// It shows no digest, as an engine of another maker does not, and the sums of its memories are wrong.
    Memory,
    /// It shows no digest, and nothing is wrong.
    Undigested,
    /// A division by zero ends the process, and what was told is gone with it.
    Gone,
    /// It hands other numbers to the host.
    Altered,
    /// With a limit that is no round number it has one gas more, whatever the module: one engine breaks a law, and all that is compared
    /// is equal.
    Generous,
}

impl Fault {
    fn hides_digest(self) -> bool {
        matches!(self, Fault::Memory | Fault::Undigested)
    }
}

struct PlantedSession {
    sound: Box<dyn Session>,
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

    fn is_foreign(&self) -> bool {
        self.fault.hides_digest()
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        let Planted { operator, fault, .. } = *self;
        Ok(Box::new(PlantedOpened { sound: self.sound.open(config)?, operator, fault }))
    }
}

struct PlantedOpened {
    sound: Box<dyn Opened>,
    operator: &'static str,
    fault: Fault,
}

/// A module, and whether what it does is wrong.
struct PlantedModule {
    sound: Prepared,
    faulty: bool,
}

impl Opened for PlantedOpened {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        let faulty = operators_of(wasm, Features::wasm3()).contains(self.operator);
        Ok(Prepared::new(PlantedModule { sound: self.sound.prepare(wasm)?, faulty }))
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        let (sound, fault) = (self.sound.session()?, self.fault);
        Ok(Box::new(PlantedSession { sound, fault, faulty: false }))
    }
}

impl Session for PlantedSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.sound.define_spectest()
    }

    fn define_missing_imports(&mut self, module: &Prepared) -> Result<(), Outcome> {
        self.sound.define_missing_imports(&module.module::<PlantedModule>()?.sound)
    }

    fn instantiate(&mut self, module: &Prepared) -> Result<Instance, Outcome> {
        let module: &PlantedModule = module.module()?;
        self.faulty = module.faulty;
        self.sound.instantiate(&module.sound)
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
        let by_zero =
            matches!(&outcome, Outcome::Trapped { text, .. } if text == "integer divide by zero");
        if by_zero && self.fault == Fault::Gone {
            self.sound.take_host_calls();
            return Outcome::Crashed("signal 8".to_owned());
        }
        if self.faulty
            && self.fault == Fault::Wrong
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

    fn limit(&mut self, gas: u64) -> bool {
        let is_round = gas.is_multiple_of(1000) || gas == MOST_GAS;
        let more = u64::from(self.fault == Fault::Generous && !is_round);
        self.sound.limit(gas + more)
    }

    fn refuel(&mut self) -> bool {
        self.sound.refuel()
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        let mut calls = self.sound.take_host_calls();
        for val in calls.iter_mut().flat_map(|call| &mut call.args) {
            if let (Val::I32(number), Fault::Altered) = (val, self.fault) {
                *number = number.wrapping_add(1);
            }
        }
        calls
    }

    fn digest(&mut self) -> Option<StateDigest> {
        self.sound.digest().filter(|_| !self.fault.hides_digest())
    }

    fn memory(&mut self, instance: Instance, export: &str) -> Option<MemorySum> {
        let sum = self.sound.memory(instance, export)?;
        let wrong = u32::from(self.faulty && self.fault == Fault::Memory);
        Some(MemorySum { crc32: sum.crc32 ^ wrong, ..sum })
    }
}
