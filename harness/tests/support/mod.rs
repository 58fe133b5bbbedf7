//! An engine that is wrong in one operator: it is given another module than it was asked to run.

use etalon_adapters::{
    Adapter, AdapterError, ExportInfo, Features, HostCall, Instance, Outcome, Session,
    SessionConfig, StateDigest, Val, adapter,
};
use etalon_module::{Module, Opcode};
use etalon_record::EngineInfo;
use std::sync::Arc;

/// What is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// The operator, by its name.
    pub operator: &'static str,
    /// What stands in its place: an opcode of the same length.
    pub becomes: &'static [u8],
    /// The operator that must stand right before it, if there must be one.
    pub after: Option<&'static str>,
}

/// The interpreter with a fault.
pub(crate) struct Falsified {
    inner: Arc<dyn Adapter>,
    fault: Fault,
}

impl Falsified {
    pub(crate) fn new(fault: Fault) -> Arc<dyn Adapter> {
        Arc::new(Falsified { inner: adapter("interp").unwrap(), fault })
    }
}

impl Adapter for Falsified {
    fn info(&self) -> EngineInfo {
        EngineInfo { name: "falsified".into(), ..self.inner.info() }
    }

    fn features(&self) -> Features {
        self.inner.features()
    }

    fn meters_gas(&self) -> bool {
        false
    }

    fn session(&self, config: &SessionConfig) -> Result<Box<dyn Session>, AdapterError> {
        Ok(Box::new(Wrong { inner: self.inner.session(config)?, fault: self.fault }))
    }
}

struct Wrong {
    inner: Box<dyn Session>,
    fault: Fault,
}

impl Fault {
    /// The module that is run in the place of one.
    fn plant(&self, wasm: &[u8]) -> Vec<u8> {
        let mut wrong = wasm.to_vec();
        let Ok(module) = Module::new(wasm, Features::all()) else { return wrong };
        for body in &module.bodies {
            let mut reader = module.operators(body);
            let mut before = None;
            while !reader.eof() {
                let at = reader.original_position() as usize;
                let name = Opcode::of(&reader.read().unwrap()).name();
                let follows = self.after.is_none() || self.after == before;
                if name == self.operator && follows {
                    wrong[at..at + self.becomes.len()].copy_from_slice(self.becomes);
                }
                before = Some(name);
            }
        }
        wrong
    }
}

impl Session for Wrong {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        self.inner.define_spectest()
    }

    fn define_missing_imports(&mut self, wasm: &[u8]) -> Result<(), Outcome> {
        self.inner.define_missing_imports(wasm)
    }

    fn validate(&mut self, wasm: &[u8]) -> Result<(), Outcome> {
        self.inner.validate(wasm)
    }

    fn instantiate(&mut self, wasm: &[u8]) -> Result<Instance, Outcome> {
        self.inner.instantiate(&self.fault.plant(wasm))
    }

    fn register(&mut self, name: &str, instance: Instance) {
        self.inner.register(name, instance);
    }

    fn exports(&self, instance: Instance) -> Vec<ExportInfo> {
        self.inner.exports(instance)
    }

    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome {
        self.inner.invoke(instance, export, args)
    }

    fn global(&mut self, instance: Instance, export: &str) -> Option<Val> {
        self.inner.global(instance, export)
    }

    fn gas_consumed(&self) -> Option<u64> {
        None
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        self.inner.take_host_calls()
    }

    fn digest(&mut self) -> Option<StateDigest> {
        self.inner.digest()
    }
}
