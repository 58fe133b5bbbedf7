//! An engine that is wrong in one operator: it is given another module than it was asked to run.

use etalon_adapters::{
    Adapter, AdapterError, Features, Opened, Outcome, Prepared, Rejection, Session, SessionConfig,
    SettingsTurn, adapter,
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
    /// How many bytes a module must have for the fault to show, unless every allocation collects.
    least: usize,
    /// Whether it refuses modules that import functions.
    is_closed: bool,
}

impl Falsified {
    pub(crate) fn engine(fault: Fault) -> Arc<dyn Adapter> {
        Falsified::from(fault, 0)
    }

    /// An engine that is wrong in modules of at least so many bytes, and in all if every allocation collects.
    pub(crate) fn from(fault: Fault, least: usize) -> Arc<dyn Adapter> {
        let inner = adapter("interp").unwrap();
        Arc::new(Falsified { inner, fault, least, is_closed: false })
    }

    /// An engine that takes no imports.
    pub(crate) fn closed(fault: Fault) -> Arc<dyn Adapter> {
        let inner = adapter("interp").unwrap();
        Arc::new(Falsified { inner, fault, least: 0, is_closed: true })
    }
}

impl Adapter for Falsified {
    fn info(&self) -> EngineInfo {
        let name = if self.least > 0 { "falsified" } else { "falsified?gc=stress" };
        EngineInfo { name: name.into(), ..self.inner.info() }
    }

    fn turned(&self, turn: SettingsTurn) -> Option<Arc<dyn Adapter>> {
        let can_be = turn == SettingsTurn::GcStress && self.least > 0;
        can_be.then(|| Falsified::engine(self.fault))
    }

    fn features(&self) -> Features {
        self.inner.features()
    }

    fn meters_gas(&self) -> bool {
        false
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        Ok(Box::new(Wrong {
            inner: self.inner.open(config)?,
            fault: self.fault,
            least: self.least,
            is_closed: self.is_closed,
        }))
    }
}

struct Wrong {
    inner: Box<dyn Opened>,
    fault: Fault,
    least: usize,
    is_closed: bool,
}

impl Opened for Wrong {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        let imports =
            || Module::new(wasm, Features::all()).map_or(0, |module| module.imports.len());
        if self.is_closed && imports() > 0 {
            let (feature, message) = ("imports".to_owned(), "it takes none".to_owned());
            return Err(Outcome::Rejected(Rejection::Unsupported { feature, message }));
        }
        if wasm.len() < self.least {
            return self.inner.prepare(wasm);
        }
        self.inner.prepare(&self.fault.plant(wasm))
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        self.inner.session()
    }
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
