//! Engines that are linked into this program: crates of others, judged and timed, and our own, timed.
//!
//! An [`Adapter`] is judged, and must show everything that it does; a [`Racer`] is timed, and only calls one export again
//! and again. How a crate's engine is set up is in one place, for both. Crates are behind Cargo features of this crate, so
//! that no ordinary build compiles them.

#[cfg(any(feature = "peer-wasmi", feature = "peer-wasmtime"))]
mod linked;
mod own;
#[cfg(any(feature = "peer-wasmi", feature = "peer-wasmtime"))]
mod settings;
mod timed;
#[cfg(feature = "peer-tinywasm")]
mod tinywasm;
#[cfg(feature = "peer-wasmi")]
mod wasmi;
#[cfg(feature = "peer-wasmtime")]
mod wasmtime;

use crate::adapter::{Adapter, AdapterError};
use crate::registry::ENGINE_NAMES;
use crate::settings::parts;
use crate::value::Val;
use etalon_record::EngineInfo;
use std::sync::Arc;
pub use timed::{Task, Work};

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

    /// Sets up other work with a module, which may import the functions of the host.
    ///
    /// # Errors
    /// If the engine refuses the module, or has nothing like that.
    fn task(&self, work: Work, wasm: &[u8]) -> Result<Box<dyn Task>, AdapterError>;
}

/// An instance whose [`KERNEL_EXPORT`] can be called.
pub trait Loaded {
    /// Calls it.
    ///
    /// # Errors
    /// If it does anything other than return one number.
    fn run(&mut self, n: i32) -> Result<Val, AdapterError>;

    /// Makes the instance anew, in a fresh store: a heap that counts what was ever allocated is full at some time, and one that
    /// counts references never frees a ring.
    ///
    /// # Errors
    /// If it cannot be made.
    fn renew(&mut self) -> Result<(), AdapterError>;
}

/// The engines that are compared if none is named, if the build has them.
pub const RACER_NAMES: &[&str] = &[
    "interp",
    "interp-metered",
    "jit",
    "jit?nans=any",
    "jit-metered",
    "tinywasm",
    "wasmi",
    "wasmi-metered",
    "wasmtime",
    "wasmtime?nans=canonical",
    "wasmtime-metered",
];

/// The engine, its settings, and whether it meters.
fn split(name: &str) -> (&str, bool) {
    match name.strip_suffix(METERED) {
        Some(engine) => (engine, true),
        None => (name, false),
    }
}

/// What stands behind the name of an engine, with its settings, that charges gas or fuel.
const METERED: &str = "-metered";

/// Whether this build has an engine that can be measured.
pub fn has_racer(name: &str) -> bool {
    match split(name).0.split('?').next().unwrap_or_default() {
        "tinywasm" => cfg!(feature = "peer-tinywasm"),
        "wasmi" => cfg!(feature = "peer-wasmi"),
        "wasmtime" => cfg!(feature = "peer-wasmtime"),
        _ => is_here(name),
    }
}

/// The engine with a name: its own, settings behind a `?`, and `-metered` at the end if it charges gas, ours by the default
/// schedule, or fuel: `jit?opt=none-metered`, `wasmtime?nans=canonical`. Any engine of [`adapter`] that runs in this process can be
/// measured too. What one in a process of its own takes is no time of this process.
///
/// [`adapter`]: crate::adapter()
///
/// # Errors
/// If this build has no engine with the name.
pub fn racer(name: &str) -> Result<Box<dyn Racer>, AdapterError> {
    let (engine, is_metered) = split(name);
    let (crate_name, settings) = parts(engine)?;
    let is_crate = crate_name == "tinywasm" || LINKED.contains(&crate_name);
    if is_crate && !has_racer(name) {
        return Err(not_in_this_build(crate_name));
    }
    if is_crate && settings.contains_key("fuel") {
        return Err(fault(name, "whether it charges fuel, -metered at the end of the name says"));
    }
    match crate_name {
        #[cfg(feature = "peer-tinywasm")]
        "tinywasm" if is_metered || !settings.is_empty() => {
            Err(fault(name, "it has no settings here, and it does not charge fuel"))
        }
        #[cfg(feature = "peer-tinywasm")]
        "tinywasm" => Ok(Box::new(timed::Timer::new(tinywasm::Tinywasm))),
        #[cfg(feature = "peer-wasmi")]
        "wasmi" => made_to_time(name, wasmi::WasmiTimed::new(name, &settings, is_metered)),
        #[cfg(feature = "peer-wasmtime")]
        "wasmtime" => made_to_time(name, wasmtime::WasmtimeTimed::new(name, &settings, is_metered)),
        _ if is_here(name) => own::named(name),
        _ => {
            _ = is_metered;
            let known = RACER_NAMES.join(", ");
            let reason = format!(
                "not an engine that can be measured; these are {known}, and others of this process with their settings"
            );
            Err(fault(name, reason))
        }
    }
}

#[cfg(any(feature = "peer-wasmi", feature = "peer-wasmtime"))]
fn made_to_time<T: timed::Timed>(
    name: &str,
    made: Result<T, String>,
) -> Result<Box<dyn Racer>, AdapterError> {
    Ok(Box::new(timed::Timer::new(made.map_err(|reason| fault(name, reason))?)))
}

/// Whether an engine of the registry runs in this process.
fn is_here(name: &str) -> bool {
    let engine = split(name).0.split('?').next().unwrap_or_default();
    engine.starts_with("here:") || ENGINE_NAMES.contains(&engine)
}

fn not_in_this_build(name: &str) -> AdapterError {
    let build = format!("cargo build --release --features peer-{name}");
    fault(name, format!("it is not in this build; `make peers` makes one that has it, or {build}"))
}

/// The crates that are engines, whether this build has them or not.
pub(crate) const LINKED: &[&str] = &["wasmi", "wasmtime"];

/// Whether a name, with its settings, is that of a crate.
pub(crate) fn is_linked(name: &str) -> bool {
    LINKED.contains(&name.split('?').next().unwrap_or_default())
}

/// The crate with a name as an engine of this process.
///
/// # Errors
/// If this build has none with the name, or not its settings.
pub(crate) fn linked(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    made(name, false)
}

/// `is_alone` says that nothing but the engine's own meter ends a call.
fn made(name: &str, is_alone: bool) -> Result<Arc<dyn Adapter>, AdapterError> {
    let (engine, settings) = parts(name)?;
    match engine {
        #[cfg(feature = "peer-wasmi")]
        "wasmi" => Ok(Arc::new(linked::Linked::new(name, wasmi::Wasmi::new(&settings)?))),
        #[cfg(feature = "peer-wasmtime")]
        "wasmtime" => {
            Ok(Arc::new(linked::Linked::new(name, wasmtime::Wasmtime::new(&settings, is_alone)?)))
        }
        _ => {
            _ = (settings, is_alone);
            Err(not_in_this_build(engine))
        }
    }
}

/// The same, for runs in which nothing else ends what has no end.
///
/// # Errors
/// The same; or if nothing would end calls without an end.
pub(crate) fn here(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    if !is_linked(name) {
        let here: Vec<String> = LINKED.iter().map(|name| format!("here:{name}")).collect();
        let reason = format!("no such engine; there are {}", here.join(", "));
        return Err(fault(&format!("here:{name}"), reason));
    }
    let engine = made(name, true)?;
    if parts(name)?.1.contains_key("fuel") {
        return Err(fault(name, "in this process only fuel ends a call that has no end"));
    }
    #[cfg(any(feature = "peer-wasmi", feature = "peer-wasmtime"))]
    let engine = Arc::new(linked::Here::new(engine)?);
    Ok(engine)
}

fn fault(engine: &str, reason: impl ToString) -> AdapterError {
    AdapterError { engine: engine.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_of_this_process_are_measured_with_their_settings() {
        let text = r#"(module (func (export "run") (param i32) (result i32)
          (i32.mul (local.get 0) (i32.const 3))))"#;
        let wasm = wat::parse_str(text).unwrap();
        for name in ["oracle", "interp-metered", "jit?opt=none", "jit?cpu=baseline", "aot"] {
            let racer = racer(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(racer.info().name, name);
            assert_eq!(racer.load(&wasm).unwrap().run(14).unwrap(), Val::I32(42), "{name}");
        }
        for name in ["node", "cmd:cat", "jit?opt=much", "interpreter", "jit?metering=off-metered"] {
            assert!(racer(name).is_err(), "{name}");
        }
    }
}
