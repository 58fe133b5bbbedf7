//! Engines that are measured, ours and others, behind one narrow trait.
//!
//! An [`Adapter`](crate::Adapter) is judged, and must show everything that it does; a [`Racer`] is
//! timed, and only calls one export again and again. Engines of others are behind Cargo features of
//! this crate, so that no ordinary build compiles them.

mod own;
#[cfg(feature = "peer-tinywasm")]
mod tinywasm;
#[cfg(feature = "peer-wasmi")]
mod wasmi;
#[cfg(feature = "peer-wasmtime")]
mod wasmtime;

use crate::adapter::AdapterError;
use crate::value::Val;
use etalon_record::EngineInfo;

/// The export that is called. Its parameter, an `i32`, says how much work to do; its result, a number, is a checksum.
pub const KERNEL_EXPORT: &str = "run";

/// An engine that is measured.
pub trait Racer: Send + Sync {
    /// Name, version and settings.
    fn info(&self) -> EngineInfo;

    /// Decodes, compiles and instantiates a module without imports.
    ///
    /// # Errors
    /// If the engine refuses the module, most often because it lacks a feature.
    fn load(&self, wasm: &[u8]) -> Result<Box<dyn Loaded>, AdapterError>;
}

/// An instance whose [`KERNEL_EXPORT`] can be called.
pub trait Loaded {
    /// Calls it.
    ///
    /// # Errors
    /// If it does anything other than return one number.
    fn run(&mut self, n: i32) -> Result<Val, AdapterError>;
}

/// The engines that [`racer`] knows in this build.
pub const RACER_NAMES: &[&str] = &[
    "interp",
    "interp-metered",
    "jit",
    "jit-metered",
    #[cfg(feature = "peer-tinywasm")]
    "tinywasm",
    #[cfg(feature = "peer-wasmi")]
    "wasmi",
    #[cfg(feature = "peer-wasmtime")]
    "wasmtime",
];

/// Engines that are only in some builds.
const PEERS: &[&str] = &["tinywasm", "wasmi", "wasmtime"];

/// The engine with a name. With the suffix `-metered`, one of ours charges gas by the default schedule.
///
/// # Errors
/// If this build has no engine with the name.
pub fn racer(name: &str) -> Result<Box<dyn Racer>, AdapterError> {
    Ok(match name {
        #[cfg(feature = "peer-tinywasm")]
        "tinywasm" => Box::new(tinywasm::Tinywasm),
        #[cfg(feature = "peer-wasmi")]
        "wasmi" => Box::new(wasmi::Wasmi),
        #[cfg(feature = "peer-wasmtime")]
        "wasmtime" => Box::new(wasmtime::Wasmtime),
        "interp" | "interp-metered" | "jit" | "jit-metered" => Box::new(own::Own::named(name)?),
        _ if PEERS.contains(&name) => {
            return Err(fault(name, "not in this build; build with the feature `peers`"));
        }
        _ => {
            let known = RACER_NAMES.join(", ");
            return Err(fault(
                name,
                format!("not an engine that can be measured; these are {known}"),
            ));
        }
    })
}

fn fault(engine: &str, reason: impl ToString) -> AdapterError {
    AdapterError { engine: engine.to_owned(), reason: reason.to_string() }
}
