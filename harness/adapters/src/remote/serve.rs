//! The other side of the protocol: an engine of this process, line by line.

use super::probe::none;
use super::protocol::{
    Answer, Ask, Bytes, CallOf, DigestOf, Ending, GasTerms, Give, Given, GlobalOf, Request,
    VERSION, Watched, value_text, values,
};
use crate::adapter::{
    Adapter, GasConfig, Instance, Invocation, Opened, Prepared, Seen, Session, SessionConfig, Watch,
};
use crate::outcome::Outcome;
use etalon::Schedule;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, Write};

/// Standard output, for the answers of [`serve`] alone: whatever an engine prints to it goes to standard error from now on.
///
/// # Errors
/// If the system does not give another handle of it.
pub fn answers() -> io::Result<File> {
    crate::capi::answers()
}

/// Standard output again, for whoever has no answers to give.
///
/// # Errors
/// If the system does not.
pub fn give_back(answers: &File) -> io::Result<()> {
    crate::capi::give_back(answers)
}

/// Answers the requests of `input`, until it ends or one asks for that.
///
/// # Errors
/// If the input cannot be read, or the output not be written.
pub fn serve(adapter: &dyn Adapter, input: impl BufRead, output: impl Write) -> io::Result<()> {
    let config = config(adapter, &adapter.features().names(), None)
        .map_err(|error| io::Error::other(error.clone()))?;
    let opened = adapter.open(&config).map_err(io::Error::other)?;
    let mut server = Server {
        adapter,
        opened,
        modules: BTreeMap::new(),
        session: None,
        has_spectest: false,
        instances: 0,
        registered: BTreeSet::new(),
        output,
    };
    for line in input.lines() {
        let line = line?;
        let request: Result<Request, _> = serde_json::from_str(&line);
        match request {
            Ok(Request { ask: Ask::Quit, .. }) => break,
            Ok(Request { id, ask }) => {
                if let Err(error) = server.answer(id, ask)? {
                    server.say(&Answer { id, error: Some(error), ..Answer::default() })?;
                }
            }
            Err(error) => {
                // Whose answer it is, if that can be told.
                let whole = serde_json::from_str::<serde_json::Value>(&line).unwrap_or_default();
                let id = whole["id"].as_u64().unwrap_or_default();
                let error = Some(format!("that is no request: {error}"));
                server.say(&Answer { id, error, ..Answer::default() })?;
            }
        }
        server.output.flush()?;
    }
    Ok(())
}

/// An engine, and what was asked of it so far.
struct Server<'a, W> {
    adapter: &'a dyn Adapter,
    opened: Box<dyn Opened>,
    modules: BTreeMap<u64, Prepared>,
    session: Option<Box<dyn Session>>,
    has_spectest: bool,
    /// How many instances there are in the session.
    instances: usize,
    /// Names that mean an instance.
    registered: BTreeSet<(String, u64)>,
    output: W,
}

/// Why the engine cannot be asked something.
type Refusal = String;

fn config(
    adapter: &dyn Adapter,
    features: &[&str],
    gas: Option<GasTerms>,
) -> Result<SessionConfig, Refusal> {
    let mut set = none();
    for name in features {
        set = set.with(name).ok_or_else(|| format!("there is no feature {name:?}"))?;
    }
    let mut terms = None;
    if let Some(GasTerms { schedule, limit }) = gas {
        if !adapter.meters_gas() {
            return Err("it does not charge gas".to_owned());
        }
        let schedule = Schedule::builtin(&schedule)
            .ok_or_else(|| format!("there is no schedule {schedule:?}"))?;
        terms = Some(GasConfig { schedule, limit });
    }
    Ok(SessionConfig { features: set, gas: terms, turns: false, measure: false, time: None })
}

fn outcome(id: u64, outcome: &Outcome) -> Answer {
    Answer { id, outcome: Some(Ending::of(outcome)), ..Answer::default() }
}

fn accepted(id: u64, result: &Result<(), Outcome>) -> Answer {
    match result {
        Ok(()) => outcome(id, &Outcome::Returned(Vec::new())),
        Err(refusal) => outcome(id, refusal),
    }
}

impl<W: Write> Server<'_, W> {
    fn say(&mut self, answer: &Answer) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, answer)?;
        self.output.write_all(b"\n")
    }

    /// Answers a request, or says why it cannot be answered.
    fn answer(&mut self, id: u64, ask: Ask) -> io::Result<Result<(), Refusal>> {
        let answer = match ask {
            Ask::Hello { protocol } => self.hello(id, protocol),
            Ask::Open { features, gas } => {
                self.open(&features, gas).map(|()| outcome(id, &Outcome::Returned(Vec::new())))
            }
            Ask::Validate { wasm: Bytes(wasm) } => Ok(accepted(id, &self.opened.validate(&wasm))),
            Ask::Prepare { module, wasm: Bytes(wasm) } => {
                let result = self.opened.prepare(&wasm).map(|prepared| {
                    self.modules.insert(module, prepared);
                });
                Ok(accepted(id, &result))
            }
            Ask::Forget { modules } => {
                self.modules.retain(|number, _| !modules.contains(number));
                Ok(outcome(id, &Outcome::Returned(Vec::new())))
            }
            Ask::Reset => {
                self.reset();
                Ok(outcome(id, &Outcome::Returned(Vec::new())))
            }
            Ask::Instantiate { module, imports, watch } => {
                self.instantiate(id, module, &imports, &watch)
            }
            Ask::Invoke { instance, calls, watch } => {
                return self.invoke(id, instance, &calls, &watch);
            }
            Ask::Global { instance, global } => self.global(id, instance, &global),
            Ask::Memory { instance, memory } => self.instance(instance).and_then(|instance| {
                let sum = self.session()?.memory(instance, &memory);
                let answer = outcome(id, &Outcome::Returned(Vec::new()));
                Ok(Answer { memories: vec![sum], ..answer })
            }),
            Ask::Program { setup, .. } => self.session().and_then(|session| {
                session.define_program(&setup).map_err(|error| error.to_string())?;
                Ok(outcome(id, &Outcome::Returned(Vec::new())))
            }),
            Ask::Left => self.session().map(|session| Answer {
                id,
                outcome: Some(Ending::of(&Outcome::Returned(Vec::new()))),
                left: session.program_seen(),
                ..Answer::default()
            }),
            Ask::Digest => self.session().map(|session| Answer {
                id,
                outcome: Some(Ending::of(&Outcome::Returned(Vec::new()))),
                digest: session.digest().as_ref().map(DigestOf::of),
                ..Answer::default()
            }),
            Ask::Quit => Ok(outcome(id, &Outcome::Returned(Vec::new()))),
        };
        match answer {
            Ok(answer) => self.say(&answer).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn hello(&self, id: u64, protocol: u32) -> Result<Answer, Refusal> {
        if protocol != VERSION {
            return Err(format!("it speaks version {VERSION} of the protocol, not {protocol}"));
        }
        let info = self.adapter.info();
        let mut can = vec!["open", "prepare", "instantiate", "reenter", "memories"];
        if self.adapter.runs_programs() {
            can.push("program");
        }
        if self.adapter.meters_gas() {
            can.push("gas");
        }
        if !self.adapter.is_foreign() {
            can.extend(["digest", "etalon"]);
        }
        Ok(Answer {
            id,
            protocol: Some(VERSION),
            name: Some(info.name),
            version: Some(info.version),
            can: can.into_iter().map(str::to_owned).collect(),
            ..Answer::default()
        })
    }

    fn reset(&mut self) {
        self.session = None;
        self.instances = 0;
        self.has_spectest = false;
        self.registered.clear();
    }

    fn open(&mut self, features: &[String], gas: Option<GasTerms>) -> Result<(), Refusal> {
        let names: Vec<&str> = features.iter().map(String::as_str).collect();
        let config = config(self.adapter, &names, gas)?;
        self.reset();
        self.modules.clear();
        self.opened = self.adapter.open(&config).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// The instance with a number, if there is one in this session.
    fn instance(&self, number: u64) -> Result<Instance, Refusal> {
        let known = usize::try_from(number).ok().filter(|number| *number < self.instances);
        known.map(Instance).ok_or_else(|| format!("there is no instance {number}"))
    }

    fn session(&mut self) -> Result<&mut dyn Session, Refusal> {
        if self.session.is_none() {
            self.session = Some(self.opened.session().map_err(|error| error.to_string())?);
        }
        match &mut self.session {
            Some(session) => Ok(session.as_mut()),
            None => Err("there is no session".to_owned()),
        }
    }

    fn instantiate(
        &mut self,
        id: u64,
        module: u64,
        imports: &[Given],
        watch: &Watched,
    ) -> Result<Answer, Refusal> {
        let prepared = self.modules.get(&module).cloned();
        let prepared = prepared.ok_or_else(|| format!("there is no module {module}"))?;
        for Given { give, .. } in imports {
            if let Give::Export { instance, .. } = give {
                self.instance(*instance)?;
            }
        }
        let wants = |wanted: fn(&Give) -> bool| imports.iter().any(|given| wanted(&given.give));
        let has_spectest = self.has_spectest;
        let mut registered = std::mem::take(&mut self.registered);
        let session = self.session()?;
        let spectest = wants(|give| matches!(give, Give::Spectest));
        if spectest && !has_spectest {
            session.define_spectest().map_err(|error| error.to_string())?;
        }
        for Given { module, give, .. } in imports {
            if let Give::Export { instance, .. } = give
                && registered.insert((module.clone(), *instance))
            {
                session.register(module, Instance(*instance as usize));
            }
        }
        let made = match wants(|give| matches!(give, Give::Make | Give::Reenter)) {
            true => session.define_missing_imports(&prepared),
            false => Ok(()),
        };
        let result = made.and_then(|()| session.instantiate(&prepared));
        let (instance, ended) = match result {
            Ok(instance) => (Some(instance), Outcome::Returned(Vec::new())),
            Err(outcome) => (None, outcome),
        };
        let answer = observed(session, id, instance, ended, watch);
        self.registered = registered;
        self.has_spectest |= spectest;
        self.instances += usize::from(instance.is_some());
        Ok(Answer { instance: instance.map(|instance| instance.0 as u64), ..answer })
    }

    fn invoke(
        &mut self,
        id: u64,
        instance: u64,
        calls: &[CallOf],
        watch: &Watched,
    ) -> io::Result<Result<(), Refusal>> {
        let instance = match self.instance(instance) {
            Ok(instance) => instance,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Server { session: Some(session), output, .. } = self else {
            return Ok(Err("there is no instance".to_owned()));
        };
        let mut args = Vec::new();
        for call in calls {
            match values(&call.args) {
                Ok(values) => args.push(values),
                Err(error) => return Ok(Err(error)),
            }
        }
        for (call, args) in calls.iter().zip(&args) {
            let call = Invocation { export: &call.export, args };
            let ended = session.invoke(instance, call.export, call.args);
            let goes_on = ended.goes_on();
            let answer = observed(session.as_mut(), id, Some(instance), ended, watch);
            serde_json::to_writer(&mut *output, &answer)?;
            output.write_all(b"\n")?;
            output.flush()?;
            if !goes_on {
                break;
            }
        }
        Ok(Ok(()))
    }

    fn global(&mut self, id: u64, instance: u64, global: &GlobalOf) -> Result<Answer, Refusal> {
        let instance = self.instance(instance)?;
        let value = self.session()?.global(instance, &global.export);
        let value = value.ok_or_else(|| format!("no global is exported as {:?}", global.export))?;
        Ok(outcome(id, &Outcome::Returned(vec![value])))
    }
}

/// What is to be observed after an action.
fn observed(
    session: &mut dyn Session,
    id: u64,
    instance: Option<Instance>,
    ended: Outcome,
    watch: &Watched,
) -> Answer {
    let digest = Watch { digest: watch.digest, ..Watch::default() };
    let seen: Seen = session.observe(instance, ended, digest);
    let mut answer = Answer::of_seen(id, &seen);
    if let Some(instance) = instance.filter(|_| seen.outcome.goes_on()) {
        let read = |global: &GlobalOf| session.global(instance, &global.export).map(value_text);
        answer.globals = watch.globals.iter().map(read).collect();
        let memories = watch.memories.iter();
        answer.memories = memories.map(|name| session.memory(instance, name)).collect();
    }
    answer
}
