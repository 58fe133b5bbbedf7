//! An engine that is linked into this program: what is the same for all of them.

use crate::adapter::{Adapter, AdapterError, HostCall, Opened, Prepared, Session, SessionConfig};
use crate::outcome::Outcome;
use crate::program::Program;
use crate::remote::{Facts, Gate, probe};
use etalon::Features;
use etalon_record::{EngineInfo, role};
use etalon_wasi::Ended;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// What a crate must have to be an engine here.
pub(super) trait Peer: Send + Sync + 'static {
    /// Its engine, set up; clones are the same.
    type Engine: Clone + Send + Sync + 'static;
    /// A module of it.
    type Module: Send + Sync + 'static;

    /// The name of the crate.
    const NAME: &'static str;

    /// Which crates do what in it, besides itself.
    const PARTS: &'static [(&'static str, &'static str)];

    /// The settings that are not as usual.
    fn settings(&self) -> &BTreeMap<String, String>;

    /// Its engine with features, those that it has among them.
    fn engine(&self, features: Features) -> Result<Self::Engine, String>;

    /// Decodes, validates and compiles.
    fn module(engine: &Self::Engine, wasm: &[u8]) -> Result<Self::Module, Outcome>;

    /// Decodes and validates.
    fn validate(engine: &Self::Engine, wasm: &[u8]) -> Result<(), Outcome>;

    /// A fresh store.
    fn session(&self, engine: &Self::Engine) -> Result<Box<dyn Session>, String>;
}

/// What a session of a crate keeps with its store.
#[derive(Default)]
pub(super) struct Kept {
    /// The calls of host functions that nobody has taken yet.
    pub(super) calls: Vec<HostCall>,
    /// The program of WASI, if one runs.
    pub(super) program: Program,
}

/// How a call of WASI ended that does not return.
#[derive(Debug, Error)]
#[error(transparent)]
pub(super) struct Left(pub(super) Ended);

impl Left {
    /// The outcome of the call that the program was in.
    pub(super) fn outcome(&self) -> Outcome {
        match &self.0 {
            Ended::Exited(status) => Outcome::Exited(*status),
            ended => Outcome::HostError(ended.to_string()),
        }
    }
}

/// A module of a crate, and what our decoder knows of it.
pub(super) struct LinkedModule<M> {
    pub(super) module: M,
    pub(super) facts: Facts,
}

/// A crate as an engine. Its engine is made once for each set of features.
pub(super) struct Linked<P: Peer> {
    name: String,
    peer: Arc<P>,
    engines: Mutex<Engines<P>>,
}

/// By the names of the features.
type Engines<P> = BTreeMap<Vec<&'static str>, <P as Peer>::Engine>;

impl<P: Peer> Linked<P> {
    pub(super) fn new(name: &str, peer: P) -> Linked<P> {
        Linked { name: name.to_owned(), peer: Arc::new(peer), engines: Mutex::default() }
    }
}

/// The lock file's words on a crate, behind its name.
fn locked(name: &str) -> &'static str {
    let lock = include_str!("../../../../Cargo.lock");
    let entry = format!("name = \"{name}\"\nversion = \"");
    let rest = lock.find(&entry).map(|at| &lock[at + entry.len()..]);
    rest.and_then(|rest| rest.split("[[package]]").next()).unwrap_or_default()
}

/// The version of a crate, as the lock file of this build has it.
pub(super) fn version(name: &str) -> &'static str {
    locked(name).split('"').next().unwrap_or_default()
}

/// The version of a crate that another one uses.
fn version_in(user: &str, name: &str) -> &'static str {
    let entry = format!("\n \"{name} ");
    let named = locked(user).split_once(&entry).and_then(|(_, rest)| rest.split('"').next());
    named.unwrap_or_else(|| version(name))
}

impl<P: Peer> Adapter for Linked<P> {
    fn info(&self) -> EngineInfo {
        let version = version(P::NAME);
        let mut info = EngineInfo::new(&self.name, version)
            .with_part(role::SEMANTICS, format!("{} {version}", P::NAME));
        for (role, by) in P::PARTS {
            info = info.with_part(*role, format!("{by} {}", version_in(P::NAME, by)));
        }
        info.settings.clone_from(self.peer.settings());
        info
    }

    /// All that there are: which of them it has, it is probed for.
    fn features(&self) -> Features {
        Features::all()
    }

    fn runs_programs(&self) -> bool {
        true
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        let mut engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        let names = config.features.names();
        let engine = match engines.get(&names) {
            Some(engine) => engine.clone(),
            None => {
                let engine = self.peer.engine(config.features);
                let failed = |reason| AdapterError { engine: self.name.clone(), reason };
                engines.entry(names).or_insert(engine.map_err(failed)?).clone()
            }
        };
        let (name, peer) = (self.name.clone(), Arc::clone(&self.peer));
        Ok(Box::new(LinkedOpened { name, peer, engine }))
    }
}

struct LinkedOpened<P: Peer> {
    name: String,
    peer: Arc<P>,
    engine: P::Engine,
}

impl<P: Peer> Opened for LinkedOpened<P> {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        let module = P::module(&self.engine, wasm)?;
        Ok(Prepared::new(LinkedModule { module, facts: Facts::of(wasm) }))
    }

    fn validate(&self, wasm: &[u8]) -> Result<(), Outcome> {
        P::validate(&self.engine, wasm)
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        let session = self.peer.session(&self.engine);
        session.map_err(|reason| AdapterError { engine: self.name.clone(), reason })
    }
}

/// An engine in this process, which other engines are compared with: it is given what modules may use, and says what it lacks,
/// as one in a process of its own does.
pub(super) struct Here {
    engine: Arc<dyn Adapter>,
    features: Features,
}

impl Here {
    /// An engine, probed.
    pub(super) fn new(engine: Arc<dyn Adapter>) -> Result<Here, AdapterError> {
        let features = probe(engine.as_ref())?.features;
        Ok(Here { engine, features })
    }
}

impl Adapter for Here {
    fn info(&self) -> EngineInfo {
        let mut info = self.engine.info();
        info.name.insert_str(0, "here:");
        info.features = self.features.names().into_iter().map(str::to_owned).collect();
        info
    }

    fn features(&self) -> Features {
        self.features
    }

    fn is_foreign(&self) -> bool {
        true
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        let gate = Gate { allowed: config.features, implemented: self.features };
        Ok(Box::new(HereOpened { opened: self.engine.open(config)?, gate }))
    }
}

struct HereOpened {
    opened: Box<dyn Opened>,
    gate: Gate,
}

impl Opened for HereOpened {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        self.gate.admits(wasm)?;
        let prepared = self.opened.prepare(wasm);
        prepared.map_err(|outcome| self.gate.refused(wasm, outcome, |outcome| outcome))
    }

    fn validate(&self, wasm: &[u8]) -> Result<(), Outcome> {
        self.gate.admits(wasm)?;
        let valid = self.opened.validate(wasm);
        valid.map_err(|outcome| self.gate.refused(wasm, outcome, |outcome| outcome))
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        self.opened.session()
    }
}
