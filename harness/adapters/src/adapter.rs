//! The interface between the harness and an engine.
//!
//! An [`Adapter`] is an engine; [`Opened`] is one that is set up, and makes [`Prepared`] modules and [`Session`]s. A module
//! is prepared once, however many sessions run it. What a session must be able to do is small; what only some engines can
//! do has an answer that says so, and calls in turns are a trait of their own, [`Turns`].

use crate::memory::MemorySum;
use crate::outcome::Outcome;
use crate::program::{ProgramSeen, ProgramSetup};
use crate::solo::Solo;
use crate::value::{Val, ValKind};
use crate::watchdog::TimeLimit;
use etalon::Cache;
use etalon::unstable::{Listing, Opcode};
use etalon::wasi::WasiCtx;
use etalon::{Features, Metrics, Schedule};
use etalon_record::{Backtrace, EngineInfo};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// An engine.
pub trait Adapter: Send + Sync {
    /// Name, version, parts and settings.
    fn info(&self) -> EngineInfo;

    /// The features that the engine implements.
    fn features(&self) -> Features;

    /// Whether it can charge gas by one of our schedules.
    fn meters_gas(&self) -> bool {
        false
    }

    /// Whether a session of an engine that charges gas can give it all gas again, between two calls.
    fn refuels(&self) -> bool {
        true
    }

    /// Whether it is somebody else's: its words are its own, and where the specification leaves something open it may decide
    /// otherwise.
    fn is_foreign(&self) -> bool {
        false
    }

    /// Whether its sessions run programs of WASI preview 1 ([`Session::define_program`]).
    fn runs_programs(&self) -> bool {
        false
    }

    /// Whether no program can reach what it was not given, whatever it does.
    fn confines_programs(&self) -> bool {
        true
    }

    /// Why the engine cannot be asked to run these bytes in sessions of these settings, which says nothing of the module:
    /// they are compiled code that was made for other settings. `None` if it can.
    fn misfit(&self, config: &SessionConfig, bytes: &[u8]) -> Option<AdapterError> {
        _ = (config, bytes);
        None
    }

    /// The same engine, set otherwise in a way that must not show; `None` if that is nothing for it, or if its name says
    /// already how it is set.
    fn turned(&self, turn: SettingsTurn) -> Option<Arc<dyn Adapter>> {
        _ = turn;
        None
    }

    /// The same engine with a cache of compiled code, which is opened if the engine has a use for one; `None` if it has none, or there is no
    /// cache. What is judged is compiled anew, so only runs have it.
    fn with_cache(&self, open: &dyn Fn() -> Option<Cache>) -> Option<Arc<dyn Adapter>> {
        _ = open;
        None
    }

    /// The same engine as programs have it that embed it, if it is another where it is judged: `auto` compiles in the background then,
    /// and not as soon as it can.
    fn as_embedded(&self) -> Option<Arc<dyn Adapter>> {
        None
    }

    /// What the engine's compiler makes of a function of a module, for people; `None` if it does not show that.
    fn listing(&self, config: &SessionConfig, wasm: &[u8], func: u32) -> Option<Listing> {
        _ = (config, wasm, func);
        None
    }

    /// The engine, set up.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    fn open(&self, config: &SessionConfig) -> Result<Box<dyn Opened>, AdapterError>;
}

/// Settings that must not show in what a module does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsTurn {
    /// The heap is collected before every allocation.
    GcStress,
    /// The compiler does not optimise.
    Unoptimised,
    /// Compiled code uses the least of the processor that it can do with.
    LeastProcessor,
    /// Compiled code compares each address with the length of the memory.
    ExplicitBounds,
    /// Compiled code comes from an artefact.
    Artefact,
    /// Functions are on different tiers.
    Mixed,
    /// Nothing is charged: it shows in gas alone.
    Unmetered,
}

impl SettingsTurn {
    /// Each of them.
    pub const ALL: &[SettingsTurn] = &[
        SettingsTurn::GcStress,
        SettingsTurn::Unoptimised,
        SettingsTurn::LeastProcessor,
        SettingsTurn::Unmetered,
        SettingsTurn::ExplicitBounds,
        SettingsTurn::Artefact,
        SettingsTurn::Mixed,
    ];
}

impl dyn Adapter + '_ {
    /// The engine, set up, and one session of it.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    pub fn session(&self, config: &SessionConfig) -> Result<Solo, AdapterError> {
        Solo::new(self.open(config)?)
    }
}

/// An engine that is set up.
pub trait Opened: Send + Sync {
    /// Decodes and validates a module (and compiles it, if the engine does).
    ///
    /// # Errors
    /// The outcome, if the module is refused or that takes too long.
    fn prepare(&self, wasm: &[u8]) -> Result<Prepared, Outcome>;

    /// Decodes and validates a module, which nobody will run.
    ///
    /// # Errors
    /// The outcome, if the module is refused or that takes too long.
    fn validate(&self, wasm: &[u8]) -> Result<(), Outcome> {
        self.prepare(wasm).map(drop)
    }

    /// A fresh session. It runs the modules that this has prepared, as often as one likes.
    ///
    /// # Errors
    /// If the engine cannot make one.
    fn session(&self) -> Result<Box<dyn Session>, AdapterError>;
}

/// A module as an engine has it, for the sessions of the [`Opened`] that made it. Clones are the same module.
#[derive(Clone)]
pub struct Prepared(Arc<dyn Any + Send + Sync>);

impl Prepared {
    /// What an engine has made of a module.
    pub fn new(module: impl Any + Send + Sync) -> Prepared {
        Prepared(Arc::new(module))
    }

    /// What the engine has made of it.
    ///
    /// # Errors
    /// If another kind of engine made it: an outcome that says so, which is a fault of the harness.
    pub fn module<T: Any + Send + Sync>(&self) -> Result<&T, Outcome> {
        let other = || Outcome::HostError("the module was prepared by another engine".to_owned());
        self.0.downcast_ref().ok_or_else(other)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared")
    }
}

/// Gas in a session.
#[derive(Clone, Debug)]
pub struct GasConfig {
    /// The prices.
    pub schedule: Arc<Schedule>,
    /// The gas limit; `None` counts without a limit.
    pub limit: Option<u64>,
}

/// How a session is set up.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Features that modules may use. Nothing else is enabled, even if the engine supports more.
    pub features: Features,
    /// Metering, if any.
    pub gas: Option<GasConfig>,
    /// Whether calls are to be made in turns ([`Turns::start`]), which scripts with threads need. An
    /// engine that cannot do so has no [`Session::turns`].
    pub turns: bool,
    /// Whether it is measured where the time goes ([`Session::figures`]).
    pub measure: bool,
    /// How long each action may take; one that takes longer ends as [`Outcome::TimedOut`], and what the session then holds
    /// is not defined. Without a limit an engine need not be able to stop, so that it costs nothing.
    pub time: Option<TimeLimit>,
}

/// Why an engine cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{engine}: {reason}")]
pub struct AdapterError {
    /// The engine's name.
    pub engine: String,
    /// Why.
    pub reason: String,
}

/// An instance of a session, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instance(pub usize);

/// A call that is made in turns, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call(pub u64);

/// The state of a call after its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It can continue.
    Paused,
    /// It waits to be notified.
    Waiting,
    /// It has ended.
    Done(Outcome),
}

/// The kind of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A function, with the kinds of its parameters and results.
    Func {
        /// Parameters.
        params: Vec<ValKind>,
        /// Results.
        results: Vec<ValKind>,
    },
    /// A global, with the kind of its value.
    Global(ValKind),
    /// A memory.
    Memory,
    /// A table.
    Table,
    /// A tag.
    Tag,
}

/// An export of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportInfo {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub extent: Extent,
}

/// A call that the guest made to a host function of the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostCall {
    /// The module name of the import.
    pub module: String,
    /// The item name of the import.
    pub name: String,
    /// The arguments.
    pub args: Vec<Val>,
    /// Gas left at the call, if metered with a limit.
    pub gas_left: Option<u64>,
}

/// Hashes of all memories, globals and tables of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDigest {
    /// Of the memories.
    pub memories: String,
    /// Of the globals.
    pub globals: String,
    /// Of the tables.
    pub tables: String,
}

/// A call of an exported function.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// The export.
    pub export: &'a str,
    /// The arguments.
    pub args: &'a [Val],
}

/// What is to be observed after an action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// The values of exported globals.
    pub globals: bool,
    /// A digest of the state.
    pub digest: bool,
    /// The sums of exported memories.
    pub memories: bool,
}

/// What was observed after an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How the action ended.
    pub outcome: Outcome,
    /// Gas consumed since the session began, if metered.
    pub gas: Option<u64>,
    /// Weights of the operators executed since the session began, if the engine counts them.
    pub executed: Option<u64>,
    /// The most pages of 64 KiB that the memories of the session had together so far, rounded up, if the engine tells.
    pub pages: Option<u64>,
    /// The calls to host functions since the action before.
    pub host_calls: Vec<HostCall>,
    /// The exported globals, in the module's order.
    pub globals: Vec<(String, Val)>,
    /// The exported memories that were asked for and that the engine can show, in the module's order.
    pub memories: Vec<(String, MemorySum)>,
    /// What the program of WASI has left behind, after its last call.
    pub program: Option<Box<ProgramSeen>>,
    /// The digest of the state; absent if the engine does not show it, or if the state is not defined.
    pub digest: Option<StateDigest>,
}

impl Seen {
    /// An action of which only the ending is known.
    pub fn ended(outcome: Outcome) -> Seen {
        let (host_calls, globals, memories) = (Vec::new(), Vec::new(), Vec::new());
        Seen {
            outcome,
            gas: None,
            executed: None,
            pages: None,
            host_calls,
            globals,
            memories,
            program: None,
            digest: None,
        }
    }
}

fn runs_no_programs() -> AdapterError {
    let reason = "it runs no programs of WASI preview 1 here".to_owned();
    AdapterError { engine: "this engine".to_owned(), reason }
}

/// One store of one engine.
///
/// Host functions are the harness's own: `spectest` (see [`crate::SPECTEST_FUNCS`]) is defined in every
/// session by [`Session::define_spectest`].
pub trait Session {
    /// Defines the module `spectest` that official scripts import.
    ///
    /// # Errors
    /// If the engine cannot define it.
    fn define_spectest(&mut self) -> Result<(), AdapterError>;

    /// Defines a host function for every imported function of a module that is not defined yet: it records
    /// its calls and returns zeros or nulls. Imported memories, tables, globals and tags are created from
    /// their types. This is for generated modules.
    ///
    /// # Errors
    /// The outcome, if nothing fits an import.
    fn define_missing_imports(&mut self, module: &Prepared) -> Result<(), Outcome>;

    /// Defines the functions of WASI preview 1 for a program that is given this.
    ///
    /// # Errors
    /// If the engine runs no programs of WASI, or the program cannot be given that.
    fn define_program(&mut self, setup: &ProgramSetup) -> Result<(), AdapterError> {
        _ = setup;
        Err(runs_no_programs())
    }

    /// What the program has left behind so far; `None` if none was defined.
    fn program_seen(&mut self) -> Option<ProgramSeen> {
        None
    }

    /// Defines the functions of WASI preview 1 for a program that has folders and streams of the host.
    ///
    /// # Errors
    /// If the engine runs no programs of WASI in this process.
    fn define_wasi(&mut self, program: WasiCtx) -> Result<(), AdapterError> {
        _ = program;
        Err(runs_no_programs())
    }

    /// Links and instantiates a module; imports are found among what was registered.
    ///
    /// # Errors
    /// The outcome: rejected, out of time, or how a segment or the start function stopped.
    fn instantiate(&mut self, module: &Prepared) -> Result<Instance, Outcome>;

    /// Makes an instance's exports importable under a module name.
    fn register(&mut self, name: &str, instance: Instance);

    /// An instance's exports, in the module's order.
    fn exports(&self, instance: Instance) -> Vec<ExportInfo>;

    /// Invokes an exported function.
    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome;

    /// Reads an exported global.
    fn global(&mut self, instance: Instance, export: &str) -> Option<Val>;

    /// The sum of an exported memory; `None` if the engine does not show it, or it has more than [`MemorySum::MOST`] bytes.
    fn memory(&mut self, instance: Instance, export: &str) -> Option<MemorySum> {
        _ = (instance, export);
        None
    }

    /// Takes the calls to host functions that were made since this was last called.
    fn take_host_calls(&mut self) -> Vec<HostCall>;

    /// Gas consumed so far, if metered.
    fn gas_consumed(&self) -> Option<u64> {
        None
    }

    /// The sum of the weights of the operators executed so far, if the engine counts it.
    fn gas_executed(&self) -> Option<u64> {
        None
    }

    /// How often each operator was executed so far, of those that were, if the engine counts it.
    fn operators(&self) -> Option<Vec<(Opcode, u64)>> {
        None
    }

    /// The most pages that the memories of the session had together so far, in pages of 64 KiB, if the engine tells.
    fn most_pages(&self) -> Option<u64> {
        None
    }

    /// Figures of the session so far; `None` if the engine has none.
    fn figures(&self) -> Option<Metrics> {
        None
    }

    /// A digest of the state; `None` if the engine does not show it.
    fn digest(&mut self) -> Option<StateDigest> {
        None
    }

    /// What the engine's own meter took in the last action, in its unit; `None` if it has no meter of its own.
    fn fuel_taken(&self) -> Option<u64> {
        None
    }

    /// How many functions of the modules instantiated so far did not run where the engine was asked to run them: the
    /// compiler left them to the interpreter.
    fn not_compiled(&self) -> u64 {
        0
    }

    /// The functions that the guest was in when the last call or instantiation stopped; empty if the engine does not tell.
    fn backtrace(&self) -> Backtrace {
        Backtrace::default()
    }

    /// The same store, to make calls in turns in it, as [`SessionConfig::turns`] asks for; `None` if the engine cannot.
    fn turns(&mut self) -> Option<&mut dyn Turns> {
        None
    }

    /// What can be observed after an action that ended so.
    fn observe(&mut self, instance: Option<Instance>, outcome: Outcome, watch: Watch) -> Seen {
        let mut seen = Seen::ended(outcome);
        if seen.outcome == Outcome::TimedOut {
            // How far it came depends on the machine.
            return seen;
        }
        seen.gas = self.gas_consumed();
        seen.executed = self.gas_executed();
        seen.pages = self.most_pages();
        seen.host_calls = self.take_host_calls();
        if !seen.outcome.goes_on() {
            // Under gas-1 only out of gas hides the state; without it, where a heap is full depends on the tier.
            if watch.digest && seen.gas.is_some() && seen.outcome.shows_state() {
                seen.digest = self.digest();
            }
            return seen;
        }
        if let Some(instance) = instance.filter(|_| watch.globals || watch.memories) {
            for ExportInfo { name, extent } in self.exports(instance) {
                match extent {
                    Extent::Global(_) if watch.globals => {
                        let value = self.global(instance, &name);
                        seen.globals.extend(value.map(|value| (name, value)));
                    }
                    Extent::Memory if watch.memories => {
                        let sum = self.memory(instance, &name);
                        seen.memories.extend(sum.map(|sum| (name, sum)));
                    }
                    _ => {}
                }
            }
        }
        if watch.digest {
            seen.digest = self.digest();
        }
        seen
    }

    /// Gives the next call the whole gas limit, as if nothing had been used. `false` if the engine cannot.
    fn refuel(&mut self) -> bool {
        false
    }

    /// Gives everything from here on this much gas, as if nothing had been used, whatever limit the session was made with. `false`
    /// if the engine cannot, or does not meter here.
    fn limit(&mut self, gas: u64) -> bool {
        _ = gas;
        false
    }

    /// Makes calls one after the other, and gives what was observed after each to `sink` as soon as it is known. After one
    /// that leaves no defined state no further one is made.
    fn invoke_all(
        &mut self,
        instance: Instance,
        calls: &[Invocation<'_>],
        watch: Watch,
        sink: &mut dyn FnMut(Seen),
    ) {
        for call in calls {
            let outcome = self.invoke(instance, call.export, call.args);
            let seen = self.observe(Some(instance), outcome, watch);
            let goes_on = seen.outcome.goes_on();
            sink(seen);
            if !goes_on {
                break;
            }
        }
    }
}

/// Calls that are made in turns, as the threads of scripts need them.
pub trait Turns {
    /// Switches to the names of a thread of the script: registered names, among which imports are found.
    /// Thread 0 is the script itself; a new thread knows only `spectest`.
    fn use_names(&mut self, thread: usize);

    /// Begins a call that is made in turns. Nothing of it is executed yet.
    ///
    /// # Errors
    /// The outcome, if it ends at once.
    fn start(&mut self, instance: Instance, export: &str, args: &[Val]) -> Result<Call, Outcome>;

    /// Gives a call its turn: if it has reached an access to a memory, that access, and then everything up to
    /// the next access. Other threads cannot observe what happens between two accesses.
    fn turn(&mut self, call: Call) -> Turn;

    /// How long at most a call waits to be notified, in nanoseconds; negative means for ever, and `None` that
    /// it does not wait.
    fn waits(&self, call: Call) -> Option<i64>;

    /// Ends the wait of a call because it timed out.
    fn time_out(&mut self, call: Call);

    /// Abandons a call.
    fn abandon(&mut self, call: Call);
}
