//! One trait for every engine that is judged.
//!
//! An [`Adapter`] that is [`Opened`] prepares modules and makes [`Session`]s; a session is one store of one engine. What an
//! engine did is an [`Outcome`]; the harness decides whether it is right.
#![deny(unsafe_code)]

mod adapter;
mod browser;
mod capi;
mod coverage;
mod memory;
mod outcome;
mod own;
mod own_session;
mod own_values;
mod paused;
mod peers;
mod placement;
mod precompiled;
mod program;
mod program_calls;
mod reentry;
mod refusal;
mod registry;
mod remote;
mod settings;
mod solo;
mod spectest;
mod touch;
mod turns;
mod value;
mod wabt;
mod watchdog;
mod watcher;

pub use adapter::{
    Adapter, AdapterError, Call, ExportInfo, Extent, GasConfig, HostCall, Instance, Invocation,
    Opened, Prepared, Seen, Session, SessionConfig, SettingsTurn, StateDigest, Turn, Turns, Watch,
};
pub use coverage::RuleTally;
#[doc(hidden)]
pub use etalon::fault;
pub use etalon::unstable::Listing;
pub use etalon::{Exhaustion, Features, Schedule, Tier, Trap};
pub use memory::MemorySum;
pub use outcome::{Outcome, Reason, Rejection, traps_in};
pub use own::OwnTier;
pub use own_values::{from_value, kind_of, returned, stopped, to_value};
pub use peers::{KERNEL_EXPORT, Loaded, RACER_NAMES, Racer, Task, Work, has_racer, racer};
pub use precompiled::open_cache;
pub use program::{
    LeftEntry, LeftKind, ProgramEntry, ProgramFolder, ProgramSeen, ProgramSetup, wasi_functions,
};
pub use program_calls::{ProgramCall, ProgramCalls};
pub use reentry::REENTRY;
pub use registry::{
    ENGINE_NAMES, FOREIGN_NAMES, adapter, adapter_here, bridged, is_engine_name, trusting_adapter,
};
pub use remote::{
    PROBES, Probed, answers, end_engines, give_back, probe, serve, start_no_more, start_within,
};
pub use settings::SETTINGS;
pub use solo::Solo;
pub use spectest::{SPECTEST_FUNCS, SpectestFunc};
pub use touch::{TOUCH, TOUCHED};
pub use value::{RefKind, Val, ValKind};
pub use watchdog::{Armed, TimeLimit, Watchdog};
pub use watcher::Watcher;
