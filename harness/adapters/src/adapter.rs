//! The interface between the harness and an engine.

use crate::outcome::Outcome;
use crate::value::{Val, ValKind};
use crate::watchdog::TimeLimit;
use etalon::{Features, Schedule};
use etalon_record::{Backtrace, EngineInfo};
use std::sync::Arc;
use thiserror::Error;

/// An engine: makes sessions.
pub trait Adapter: Send + Sync {
    /// Name, version, parts and settings.
    fn info(&self) -> EngineInfo;

    /// The features that the engine implements.
    fn features(&self) -> Features;

    /// Whether it can charge gas by one of our schedules.
    fn meters_gas(&self) -> bool;

    /// Why the engine cannot be asked to run these bytes in sessions of these settings, which says nothing of the module:
    /// they are compiled code that was made for other settings. `None` if it can.
    fn misfit(&self, config: &SessionConfig, bytes: &[u8]) -> Option<AdapterError> {
        _ = (config, bytes);
        None
    }

    /// A fresh session.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    fn session(&self, config: &SessionConfig) -> Result<Box<dyn Session>, AdapterError>;
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
    /// Whether calls are to be made in turns ([`Session::start`]), which scripts with threads need. An
    /// engine that cannot do so says so in [`Session::takes_turns`].
    pub turns: bool,
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
    /// The outcome, if the module is refused or that takes too long.
    fn define_missing_imports(&mut self, wasm: &[u8]) -> Result<(), Outcome>;

    /// Decodes and validates a module (and compiles it, if the engine does), without instantiating it.
    ///
    /// # Errors
    /// The outcome, if the module is refused or that takes too long.
    fn validate(&mut self, wasm: &[u8]) -> Result<(), Outcome>;

    /// Decodes, validates, links and instantiates; imports are found among what was registered.
    ///
    /// # Errors
    /// The outcome: rejected, out of time, or how a segment or the start function stopped.
    fn instantiate(&mut self, wasm: &[u8]) -> Result<Instance, Outcome>;

    /// Makes an instance's exports importable under a module name.
    fn register(&mut self, name: &str, instance: Instance);

    /// An instance's exports, in the module's order.
    fn exports(&self, instance: Instance) -> Vec<ExportInfo>;

    /// Invokes an exported function.
    fn invoke(&mut self, instance: Instance, export: &str, args: &[Val]) -> Outcome;

    /// Reads an exported global.
    fn global(&mut self, instance: Instance, export: &str) -> Option<Val>;

    /// Gas consumed so far, if metered.
    fn gas_consumed(&self) -> Option<u64>;

    /// The sum of the weights of the operators executed so far, if the engine counts it.
    fn gas_executed(&self) -> Option<u64> {
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

    /// Whether calls can be made in turns, as [`SessionConfig::turns`] asks for.
    fn takes_turns(&self) -> bool {
        false
    }

    /// Switches to the names of a thread of the script: registered names, among which imports are found.
    /// Thread 0 is the script itself; a new thread knows only `spectest`.
    fn use_names(&mut self, thread: usize) {
        _ = thread;
    }

    /// Begins a call that is made in turns. Nothing of it is executed yet.
    ///
    /// # Errors
    /// The outcome, if it ends at once.
    fn start(&mut self, instance: Instance, export: &str, args: &[Val]) -> Result<Call, Outcome> {
        Err(self.invoke(instance, export, args))
    }

    /// Gives a call its turn: if it has reached an access to a memory, that access, and then everything up to
    /// the next access. Other threads cannot observe what happens between two accesses.
    fn turn(&mut self, call: Call) -> Turn {
        Turn::Done(Outcome::HostError(format!("call {} is not made in turns", call.0)))
    }

    /// How long at most a call waits to be notified, in nanoseconds; negative means for ever, and `None` that
    /// it does not wait.
    fn waits(&self, call: Call) -> Option<i64> {
        _ = call;
        None
    }

    /// Ends the wait of a call because it timed out.
    fn time_out(&mut self, call: Call) {
        _ = call;
    }

    /// Abandons a call.
    fn abandon(&mut self, call: Call) {
        _ = call;
    }

    /// Takes the calls to host functions that were made since this was last called.
    fn take_host_calls(&mut self) -> Vec<HostCall>;

    /// A digest of the state; `None` if the engine does not show it.
    fn digest(&mut self) -> Option<StateDigest>;
}
