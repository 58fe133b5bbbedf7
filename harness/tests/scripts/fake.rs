//! An engine that does what a test tells it.

use etalon_adapters::{
    Adapter, AdapterError, ExportInfo, Features, HostCall, Instance, Opened, Outcome, Prepared,
    Reason, Rejection, Session, SessionConfig, StateDigest, Val,
};
use etalon_harness::script::{ScriptOptions, ScriptSource, TextRule, run_script};
use etalon_record::{EngineInfo, Row};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// What happens at a call.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// This comes out.
    Do(Outcome),
    /// The engine panics with this text.
    Panic(&'static str),
}

/// An engine that accepts every module and knows no function, but for what it is told.
#[derive(Debug)]
pub(crate) struct Fake {
    name: &'static str,
    /// What becomes of the modules, in the order in which they are loaded; then all are accepted.
    loads: Mutex<Vec<Outcome>>,
    /// What the functions do, by name.
    calls: BTreeMap<&'static str, Act>,
    /// What globals hold.
    globals: BTreeMap<&'static str, Val>,
    gas: Option<u64>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        let (loads, calls, globals) = (Mutex::default(), BTreeMap::new(), BTreeMap::new());
        Fake { name: "fake", loads, calls, globals, gas: None }
    }

    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    pub(crate) fn loads(self, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        Fake { loads: Mutex::new(outcomes.into_iter().collect()), ..self }
    }

    pub(crate) fn call(mut self, name: &'static str, outcome: Outcome) -> Self {
        self.calls.insert(name, Act::Do(outcome));
        self
    }

    pub(crate) fn panics(mut self, name: &'static str, text: &'static str) -> Self {
        self.calls.insert(name, Act::Panic(text));
        self
    }

    pub(crate) fn global(mut self, name: &'static str, value: Val) -> Self {
        self.globals.insert(name, value);
        self
    }

    pub(crate) fn gas(self, gas: u64) -> Self {
        Fake { gas: Some(gas), ..self }
    }

    /// Runs a script.
    pub(crate) fn run(&self, text: &str) -> Row {
        self.run_source(&source(text))
    }

    /// Runs a script by a rule for texts.
    pub(crate) fn run_by(&self, texts: TextRule, text: &str) -> Row {
        let options = ScriptOptions { texts, ..ScriptOptions::default() };
        run_script(self, &source(text), &options).expect("a script")
    }

    pub(crate) fn run_source(&self, source: &ScriptSource) -> Row {
        run_script(self, source, &ScriptOptions::default()).expect("a script")
    }
}

/// A script called `suite/file`.
pub(crate) fn source(text: &str) -> ScriptSource {
    ScriptSource::new("suite", "file", text, Features::wasm3())
}

/// Outcomes in short.
pub(crate) fn returned(values: impl IntoIterator<Item = Val>) -> Outcome {
    Outcome::Returned(values.into_iter().collect())
}

pub(crate) fn trapped(text: &str) -> Outcome {
    Outcome::Trapped { text: text.to_owned(), site: None }
}

pub(crate) fn malformed() -> Outcome {
    Outcome::Rejected(Rejection::Malformed(Reason::new(Some("unexpected-end"), "bad")))
}

pub(crate) fn invalid() -> Outcome {
    Outcome::Rejected(Rejection::Invalid(Reason::new(Some("type-mismatch"), "bad")))
}

pub(crate) fn unlinkable() -> Outcome {
    Outcome::Rejected(Rejection::Unlinkable(Reason::new(Some("unknown-import"), "bad")))
}

pub(crate) fn unsupported(feature: &str) -> Outcome {
    let (feature, message) = (feature.to_owned(), "no".to_owned());
    Outcome::Rejected(Rejection::Unsupported { feature, message })
}

impl Adapter for Fake {
    fn info(&self) -> EngineInfo {
        EngineInfo::new(self.name, "1")
    }

    fn features(&self) -> Features {
        Features::all()
    }

    fn meters_gas(&self) -> bool {
        self.gas.is_some()
    }

    fn open(&self, _: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        let mut loads = self.loads.lock().unwrap().clone();
        loads.reverse();
        let (calls, globals) = (self.calls.clone(), self.globals.clone());
        Ok(Box::new(FakeOpened { loads: Mutex::new(loads), calls, globals, gas: self.gas }))
    }
}

struct FakeOpened {
    loads: Mutex<Vec<Outcome>>,
    calls: BTreeMap<&'static str, Act>,
    globals: BTreeMap<&'static str, Val>,
    gas: Option<u64>,
}

impl Opened for FakeOpened {
    fn prepare(&self, _: &[u8]) -> Result<Prepared, Outcome> {
        match self.loads.lock().unwrap().pop() {
            None | Some(Outcome::Returned(_)) => Ok(Prepared::new(())),
            Some(outcome) => Err(outcome),
        }
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        let (calls, globals) = (self.calls.clone(), self.globals.clone());
        Ok(Box::new(FakeSession { calls, globals, gas: self.gas, instances: 0 }))
    }
}

struct FakeSession {
    calls: BTreeMap<&'static str, Act>,
    globals: BTreeMap<&'static str, Val>,
    gas: Option<u64>,
    instances: usize,
}

impl Session for FakeSession {
    fn define_spectest(&mut self) -> Result<(), AdapterError> {
        Ok(())
    }

    fn define_missing_imports(&mut self, _: &Prepared) -> Result<(), Outcome> {
        Ok(())
    }

    fn instantiate(&mut self, _: &Prepared) -> Result<Instance, Outcome> {
        self.instances += 1;
        Ok(Instance(self.instances - 1))
    }

    fn register(&mut self, _: &str, _: Instance) {}

    fn exports(&self, _: Instance) -> Vec<ExportInfo> {
        Vec::new()
    }

    fn invoke(&mut self, _: Instance, export: &str, _: &[Val]) -> Outcome {
        match self.calls.get(export) {
            Some(Act::Do(outcome)) => outcome.clone(),
            Some(Act::Panic(text)) => panic!("{text}"),
            None => returned([]),
        }
    }

    fn global(&mut self, _: Instance, export: &str) -> Option<Val> {
        self.globals.get(export).copied()
    }

    fn gas_consumed(&self) -> Option<u64> {
        self.gas
    }

    fn take_host_calls(&mut self) -> Vec<HostCall> {
        Vec::new()
    }

    fn digest(&mut self) -> Option<StateDigest> {
        None
    }
}
