//! An engine that does what it is told, for tests of the comparison.

use etalon_adapters::{
    Adapter, AdapterError, ExportInfo, Extent, Features, HostCall, Instance, MemorySum, Opened,
    Outcome, Prepared, Session, SessionConfig, StateDigest, Val, ValKind,
};
use etalon_record::EngineInfo;

/// What the engine does in every call; loading always works unless told otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Fake {
    pub(crate) name: &'static str,
    pub(crate) load: Result<(), Outcome>,
    pub(crate) outcome: Outcome,
    pub(crate) gas: Option<u64>,
    pub(crate) host_calls: Vec<HostCall>,
    pub(crate) global: Val,
    pub(crate) digest: Option<StateDigest>,
    /// The sum of its memory; it is another maker's engine if it tells one.
    pub(crate) memory: Option<MemorySum>,
    pub(crate) panics: bool,
    /// Whether it cannot be asked what the others are.
    pub(crate) misfit: bool,
}

impl Fake {
    /// An engine that returns 7 from every call.
    pub(crate) fn new(name: &'static str) -> Self {
        let text = |text: &str| text.to_owned();
        Fake {
            name,
            load: Ok(()),
            outcome: Outcome::Returned(vec![Val::I32(7)]),
            gas: Some(100),
            host_calls: vec![HostCall {
                module: text("env"),
                name: text("print"),
                args: vec![Val::I32(1)],
                gas_left: Some(900),
            }],
            global: Val::F32(0x7fc0_0000),
            digest: Some(StateDigest {
                memories: text("m"),
                globals: text("g"),
                tables: text("t"),
            }),
            memory: None,
            panics: false,
            misfit: false,
        }
    }
}

impl Adapter for Fake {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(self.name, "1")
    }

    fn features(&self) -> Features {
        Features::wasm2()
    }

    fn meters_gas(&self) -> bool {
        self.gas.is_some()
    }

    fn is_foreign(&self) -> bool {
        self.memory.is_some()
    }

    fn misfit(&self, _: &SessionConfig, _: &[u8]) -> Option<AdapterError> {
        let reason = "it was made for something else".to_owned();
        self.misfit.then(|| AdapterError { engine: self.name.to_owned(), reason })
    }

    fn open(&self, _: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        Ok(Box::new(self.clone()))
    }
}

impl Opened for Fake {
    fn prepare(&self, _: &[u8]) -> Result<Prepared, Outcome> {
        Ok(Prepared::new(()))
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        Ok(Box::new(self.clone()))
    }
}

impl Session for Fake {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        Ok(())
    }

    fn define_missing_imports(&mut self, _: &Prepared) -> Result<(), Outcome> {
        Ok(())
    }

    fn instantiate(&mut self, _: &Prepared) -> Result<Instance, Outcome> {
        self.load.clone().map(|()| Instance(0))
    }

    fn register(&mut self, _: &str, _: Instance) {}

    fn exports(&self, _: Instance) -> Vec<ExportInfo> {
        let memory = ExportInfo { name: "m".to_owned(), extent: Extent::Memory };
        vec![ExportInfo { name: "g".to_owned(), extent: Extent::Global(ValKind::F32) }, memory]
    }

    fn invoke(&mut self, _: Instance, _: &str, _: &[Val]) -> Outcome {
        assert!(!self.panics, "planted");
        self.outcome.clone()
    }

    fn global(&mut self, _: Instance, _: &str) -> Option<Val> {
        Some(self.global)
    }

    fn memory(&mut self, _: Instance, _: &str) -> Option<MemorySum> {
        self.memory
    }

    fn gas_consumed(&self) -> Option<u64> {
        self.gas
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        self.host_calls.clone()
    }

    fn digest(&mut self) -> Option<StateDigest> {
        self.digest.clone()
    }
}
