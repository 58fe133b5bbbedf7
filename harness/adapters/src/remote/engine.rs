//! Engines in processes of their own.

use super::child::{Child, Gone, Launch, Patience};
use super::facts::Facts;
use super::folder::KeptFolder;
use super::gate::Gate;
use super::probe;
use super::protocol::{Answer, Ask, GasTerms, VERSION, Watched};
use super::session::RemoteSession;
use super::start::{patience, too_late};
use super::texts::TrapTexts;
use crate::adapter::{Adapter, AdapterError, Opened, Prepared, Session, SessionConfig};
use crate::outcome::Outcome;
use crate::remote::protocol::Bytes;
use crate::watchdog::TimeLimit;
use etalon::{Features, Schedule};
use etalon_record::{EngineInfo, Part, role};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// An engine in a process of its own, or in several: one for each session at a time.
pub(crate) struct Remote {
    info: EngineInfo,
    features: Features,
    pool: Arc<Pool>,
}

/// How the engine's processes are started, and those that nobody uses.
pub(crate) struct Pool {
    pub(super) name: String,
    launch: Launch,
    can: Vec<String>,
    /// Whether it is a tier of ours in another process.
    is_ours: bool,
    texts: &'static TrapTexts,
    idle: Mutex<Vec<Seated>>,
}

/// A process, and what it holds.
pub(crate) struct Seated {
    pub(crate) child: Child,
    /// How it is set up.
    setup: Option<Setup>,
    /// The modules that it holds, as long as somebody knows them.
    modules: BTreeMap<u64, Weak<RemoteModule>>,
    /// Whether a session was begun in it.
    pub(crate) is_used: bool,
    /// Where it has the files of a program; it goes after the process.
    pub(crate) folder: Option<KeptFolder>,
}

/// How a process is set up.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setup {
    features: Vec<String>,
    gas: Option<GasTerms>,
}

/// A module that an engine has accepted.
pub(crate) struct RemoteModule {
    pub(crate) number: u64,
    pub(crate) wasm: Vec<u8>,
    pub(crate) facts: Facts,
}

/// An engine that is set up.
pub(crate) struct RemoteOpened {
    pub(crate) pool: Arc<Pool>,
    pub(crate) setup: Setup,
    pub(crate) time: Option<TimeLimit>,
    gate: Gate,
    /// The seat of the last session, in which modules are prepared as long as it is there.
    last: Mutex<Weak<Seat>>,
}

/// Where the process of a session sits.
#[derive(Default)]
pub(crate) struct Seat(Mutex<Sitting>);

#[derive(Default)]
pub(crate) enum Sitting {
    /// None was needed yet.
    #[default]
    Nobody,
    /// It lives.
    Somebody(Box<Seated>),
    /// It is gone, and what it held with it.
    Gone,
}

impl Seat {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Sitting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the engine could not be asked, which says nothing of the module.
pub(crate) fn gone(gone: Gone) -> Outcome {
    match gone {
        Gone::TimedOut => Outcome::TimedOut,
        Gone::Crashed(text) => Outcome::Crashed(text),
    }
}

/// In how many of the probes an engine may not end in time: each takes as long as it may take to start.
const MOST_LATE: u32 = 1;

/// A process of an engine that said what it is, and what it said.
fn greeted(launch: &Launch) -> Result<(Child, Answer), String> {
    let mut child = launch.start()?;
    let told = |gone: Gone| match gone {
        Gone::TimedOut => too_late(launch.starts_within),
        Gone::Crashed(text) => text,
    };
    let hello = Ask::Hello { protocol: VERSION };
    let hello = child.exchange(hello, patience(launch.starts_within)).map_err(told)?;
    if let Some(error) = hello.error {
        return Err(error);
    }
    match hello.protocol {
        Some(VERSION) => Ok((child, hello)),
        Some(other) => Err(format!("it speaks version {other} of the protocol, not {VERSION}")),
        None => Err("it did not say which protocol it speaks".to_owned()),
    }
}

/// A name or a version as records have it: on one line, and not longer than such are.
fn named(text: &str) -> String {
    const MOST: usize = 100;
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().filter(|char| !char.is_control()).take(MOST).collect()
}

/// What an engine does with modules that need features.
struct Probing<'a> {
    launch: &'a Launch,
    child: Child,
    /// How often it did not end in time.
    late: u32,
    /// Whether instances are made, too: not any more by one that did not survive it.
    instantiates: bool,
    /// Whether it is to be opened first.
    opens: bool,
}

impl Probing<'_> {
    /// Whether it accepts a module and, if it makes instances, makes one of it: what it accepts may be turned off. A module in which
    /// its process ends is not accepted; one of which it makes no instance because its process ends is.
    fn implements(&mut self, wasm: &[u8]) -> Result<bool, String> {
        let patience = patience(self.launch.starts_within);
        let ask = Ask::Validate { wasm: Bytes(wasm.to_vec()) };
        match self.child.exchange(ask, patience).map(is_fine) {
            Ok(Some(true)) if self.instantiates => {}
            Ok(Some(accepted)) => return Ok(accepted),
            Ok(None) => return Err("it does not validate".to_owned()),
            Err(gone) => {
                self.again(&gone)?;
                return Ok(false);
            }
        }
        match self.instance(wasm) {
            Ok(made) => Ok(made),
            Err(gone) => {
                self.instantiates = false;
                self.again(&gone)?;
                Ok(true)
            }
        }
    }

    fn instance(&mut self, wasm: &[u8]) -> Result<bool, Gone> {
        let patience = Patience::at_most(INSTANCE);
        if self.opens {
            let features = Features::all().names().into_iter().map(str::to_owned).collect();
            self.child.exchange(Ask::Open { features, gas: None }, patience)?;
        }
        let ask = Ask::Prepare { module: 0, wasm: Bytes(wasm.to_vec()) };
        let mut made = is_fine(self.child.exchange(ask, patience)?) == Some(true);
        if made {
            let watch = Watched::default();
            let ask = Ask::Instantiate { module: 0, imports: Vec::new(), watch };
            made = is_fine(self.child.exchange(ask, patience)?) == Some(true);
        }
        self.child.exchange(Ask::Reset, patience)?;
        self.child.exchange(Ask::Forget { modules: vec![0] }, patience)?;
        Ok(made)
    }

    /// Another process in the place of one that is gone.
    fn again(&mut self, gone: &Gone) -> Result<(), String> {
        self.late += u32::from(matches!(gone, Gone::TimedOut));
        if self.late > MOST_LATE {
            return Err(too_late(self.launch.starts_within));
        }
        self.child = greeted(self.launch)?.0;
        Ok(())
    }
}

/// How long an engine may take for an instance of a module that has next to nothing.
const INSTANCE: Duration = Duration::from_secs(5);

fn is_fine(answer: Answer) -> Option<bool> {
    answer.outcome.map(|ending| matches!(ending.outcome(), Ok(Outcome::Returned(_))))
}

impl Remote {
    /// Starts an engine, and probes what it implements.
    pub(crate) fn start(
        name: &str,
        launch: Launch,
        texts: &'static TrapTexts,
    ) -> Result<Remote, AdapterError> {
        let failed = |reason: String| AdapterError { engine: name.to_owned(), reason };
        let (child, hello) = greeted(&launch).map_err(failed)?;
        let can = |what: &str| hello.can.iter().any(|can| can == what);
        let (instantiates, opens) = (can("prepare") && can("instantiate"), can("open"));
        let mut probing = Probing { launch: &launch, child, late: 0, instantiates, opens };
        // One that makes no instance of a module without anything says nothing by it of features.
        probing.instantiates &= probing.implements(probe::EMPTY).map_err(failed)?;
        let mut features = probe::none();
        for (feature, wasm) in probe::probes() {
            if probing.implements(&wasm).map_err(failed)? {
                features = features.with(feature).unwrap_or(features);
            }
        }
        let child = probing.child;
        let is_ours = hello.can.iter().any(|what| what == "etalon");
        let mut info = EngineInfo::new(name, named(&hello.version.unwrap_or_default()));
        if let Some(by) = hello.name {
            info = info.with_part(role::SEMANTICS, named(&by));
        }
        info.features = features.names().into_iter().map(str::to_owned).collect();
        let (idle, can) = (Mutex::default(), hello.can);
        let pool = Pool { name: name.to_owned(), launch, can, is_ours, texts, idle };
        pool.put(Seated::new(child));
        Ok(Remote { info, features, pool: Arc::new(pool) })
    }
}

impl Remote {
    /// With what is known of its parts.
    pub(crate) fn with_parts(mut self, parts: Vec<Part>) -> Remote {
        self.info.parts = parts;
        self
    }
}

impl Seated {
    fn new(child: Child) -> Seated {
        Seated { child, setup: None, modules: BTreeMap::new(), is_used: false, folder: None }
    }

    /// Sets it up, if it is set up otherwise.
    fn set_up(
        &mut self,
        pool: &Pool,
        setup: &Setup,
        time: Option<&TimeLimit>,
    ) -> Result<(), Outcome> {
        if !pool.can("open") || self.setup.as_ref() == Some(setup) {
            return Ok(());
        }
        let Setup { features, gas } = setup.clone();
        let answer = self.child.exchange(Ask::Open { features, gas }, Patience::of(time));
        if let Some(error) = answer.map_err(gone)?.error {
            return Err(Outcome::HostError(error));
        }
        self.modules.clear();
        self.is_used = false;
        self.setup = Some(setup.clone());
        Ok(())
    }

    /// Has it hold a module, if it does not.
    pub(crate) fn hold(
        &mut self,
        module: &Arc<RemoteModule>,
        time: Option<&TimeLimit>,
    ) -> Result<(), Outcome> {
        if self.modules.contains_key(&module.number) {
            return Ok(());
        }
        let lost = |(_, module): &(&u64, &Weak<RemoteModule>)| module.strong_count() == 0;
        let modules: Vec<u64> =
            self.modules.iter().filter(lost).map(|(number, _)| *number).collect();
        if !modules.is_empty() {
            self.modules.retain(|number, _| !modules.contains(number));
            self.child.exchange(Ask::Forget { modules }, Patience::of(time)).map_err(gone)?;
        }
        let (number, wasm) = (module.number, Bytes(module.wasm.clone()));
        let ask = Ask::Prepare { module: number, wasm };
        accepted(self.child.exchange(ask, Patience::of(time)), &mut self.child)?;
        self.modules.insert(number, Arc::downgrade(module));
        Ok(())
    }
}

/// Whether a module was accepted.
fn accepted(answer: Result<Answer, Gone>, child: &mut Child) -> Result<(), Outcome> {
    let answer = answer.map_err(gone)?;
    if let Some(error) = answer.error {
        return Err(Outcome::HostError(error));
    }
    let Some(ending) = answer.outcome else {
        return Err(gone(child.crashed("it did not say whether it accepts the module".to_owned())));
    };
    match ending.outcome() {
        Ok(Outcome::Returned(_)) => Ok(()),
        Ok(outcome) => Err(outcome),
        Err(error) => Err(gone(child.crashed(error))),
    }
}

impl Pool {
    /// Whether the engine can do something.
    pub(crate) fn can(&self, what: &str) -> bool {
        self.can.iter().any(|can| can == what)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Seated>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process, as it is to be set up.
    pub(crate) fn take(&self, setup: &Setup, time: Option<&TimeLimit>) -> Result<Seated, Outcome> {
        let idle = self.idle().pop();
        let mut seated = match idle {
            Some(seated) => seated,
            None => {
                let mut child = self.launch.start().map_err(Outcome::HostError)?;
                let hello = Ask::Hello { protocol: VERSION };
                child.exchange(hello, patience(self.launch.starts_within)).map_err(gone)?;
                Seated::new(child)
            }
        };
        seated.set_up(self, setup, time)?;
        Ok(seated)
    }

    /// Has a process kept for another session; not one in which a program was, whose files may still be open.
    pub(crate) fn put(&self, seated: Seated) {
        if seated.child.is_quiet() && seated.folder.is_none() {
            self.idle().push(seated);
        }
    }

    /// What an engine says of a trap, in the words of the official scripts where the table knows them.
    pub(crate) fn in_our_words(&self, outcome: Outcome) -> Outcome {
        if self.is_ours { outcome } else { self.texts.translate(outcome) }
    }
}

impl Adapter for Remote {
    fn info(&self) -> EngineInfo {
        self.info.clone()
    }

    fn features(&self) -> Features {
        self.features
    }

    fn meters_gas(&self) -> bool {
        self.pool.can("gas")
    }

    /// There is no request for it.
    fn refuels(&self) -> bool {
        false
    }

    fn runs_programs(&self) -> bool {
        self.pool.can("program")
    }

    fn confines_programs(&self) -> bool {
        !self.pool.can("folder")
    }

    fn is_foreign(&self) -> bool {
        !self.pool.is_ours
    }

    fn misfit(&self, _: &SessionConfig, bytes: &[u8]) -> Option<AdapterError> {
        let reason = "an engine in another process takes no artefact".to_owned();
        let engine = self.pool.name.clone();
        etalon::Module::is_artefact(bytes).then_some(AdapterError { engine, reason })
    }

    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError> {
        let failed = |reason: String| AdapterError { engine: self.pool.name.clone(), reason };
        let mut gas = None;
        if let Some(config) = config.gas.as_ref().filter(|_| self.pool.can("gas")) {
            let id = config.schedule.id().to_string();
            let known = Schedule::BUILTIN.iter().find(|name| {
                Schedule::builtin(name).is_some_and(|schedule| schedule.id().to_string() == id)
            });
            let schedule = known.ok_or_else(|| {
                failed("an engine in another process knows only built-in schedules".to_owned())
            })?;
            gas = Some(GasTerms { schedule: (*schedule).to_owned(), limit: config.limit });
        }
        let features = config.features.names().into_iter().map(str::to_owned).collect();
        Ok(Box::new(RemoteOpened {
            pool: Arc::clone(&self.pool),
            setup: Setup { features, gas },
            time: config.time.clone(),
            gate: Gate { allowed: config.features, implemented: self.features },
            last: Mutex::default(),
        }))
    }
}

impl RemoteOpened {
    /// A refusal, in our words.
    fn refused(&self, wasm: &[u8], outcome: Outcome) -> Outcome {
        self.gate.refused(wasm, outcome, |outcome| self.pool.in_our_words(outcome))
    }

    fn made(&self, wasm: &[u8]) -> Arc<RemoteModule> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Arc::new(RemoteModule { number, wasm: wasm.to_vec(), facts: Facts::of(wasm) })
    }
}

impl Opened for RemoteOpened {
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome> {
        self.gate.admits(wasm)?;
        let (module, time) = (self.made(wasm), self.time.as_ref());
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let mut result = Ok(());
        let mut done = false;
        if let Some(seat) = last {
            let mut sitting = seat.lock();
            if matches!(*sitting, Sitting::Nobody) && self.pool.can("instantiate") {
                *sitting = Sitting::Somebody(Box::new(self.pool.take(&self.setup, time)?));
            }
            if let Sitting::Somebody(seated) = &mut *sitting {
                result = seated.hold(&module, time);
                done = true;
                if is_end(&result) {
                    *sitting = Sitting::Gone;
                }
            }
        }
        if !done {
            let mut seated = self.pool.take(&self.setup, time)?;
            result = match self.pool.can("prepare") {
                true => seated.hold(&module, time),
                false => {
                    let ask = Ask::Validate { wasm: Bytes(wasm.to_vec()) };
                    let answer = seated.child.exchange(ask, Patience::of(time));
                    accepted(answer, &mut seated.child)
                }
            };
            if !is_end(&result) {
                self.pool.put(seated);
            }
        }
        match result {
            Ok(()) => Ok(Prepared::new(module)),
            Err(outcome) => Err(self.refused(wasm, outcome)),
        }
    }

    /// Not in the process of a session: what does harm to the engine does none to what that holds.
    fn validate(&self, wasm: &[u8]) -> Result<(), Outcome> {
        self.gate.admits(wasm)?;
        let time = self.time.as_ref();
        let mut seated = self.pool.take(&self.setup, time)?;
        let ask = Ask::Validate { wasm: Bytes(wasm.to_vec()) };
        let answer = seated.child.exchange(ask, Patience::of(time));
        let result = accepted(answer, &mut seated.child);
        if !is_end(&result) {
            self.pool.put(seated);
        }
        result.map_err(|outcome| self.refused(wasm, outcome))
    }

    fn session(&self) -> Result<Box<dyn Session>, AdapterError> {
        let seat = Arc::new(Seat::default());
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&seat);
        let (pool, setup) = (Arc::clone(&self.pool), self.setup.clone());
        Ok(Box::new(RemoteSession::new(pool, setup, self.time.clone(), seat)))
    }
}

/// Whether the process is gone.
fn is_end(result: &Result<(), Outcome>) -> bool {
    matches!(result, Err(Outcome::Crashed(_) | Outcome::TimedOut))
}
