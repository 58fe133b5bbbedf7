//! Errors of the embedding.

use crate::backtrace::{WasmBacktrace, traced};
use crate::memory_regions::ForbiddenAccess;
use crate::reference::{ExnRef, Rooted};
use crate::wasi::{BadPointer, Exit};
pub use anyhow::Error;
use etalon_jit::{ArtefactError, CodeError, CompileError};
use etalon_module::LoadError;
use etalon_runtime::{
    HostError, InstantiateError, InvokeError, LinkError, Ref, Stop, Store as State, Trapped,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error as Thiserror;

/// What can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a module cannot be had.
#[derive(Debug, Thiserror)]
pub enum ModuleError {
    /// The bytes are refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The text is not one of a module.
    #[error("not a module in the text format: {0}")]
    Text(String),
    /// Nothing can be compiled here.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The artefact does not fit this engine.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// The code cannot be made executable.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// What can be interrupted is loaded in a thread of its own, and the system has none left.
    #[error("no thread to load the module in: {0}")]
    Thread(#[source] std::io::Error),
    /// A file of an artefact cannot be read.
    #[error("cannot map {path}: {source}")]
    File {
        /// The file, as it was given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An engine for another machine makes artefacts and no modules.
    #[error(
        "the engine is for {0}, so it runs nothing here: precompile makes the artefact that runs there"
    )]
    Elsewhere(String),
    /// The module has no object file.
    #[error(transparent)]
    Object(#[from] etalon_jit::object_file::ObjectError),
    /// Only the compiler's code can be written as an artefact.
    #[error("the module has no compiled code to write: the engine's tier is {0}")]
    NoCode(&'static str),
}

/// A handle was used with a store that it is not of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Thiserror)]
#[error("a handle was used with another store than its own")]
pub struct WrongStore;

/// An exception that no guest caught: what a call fails with. A host function that fails with it throws
/// the exception again, which its caller in the guest may catch.
#[derive(Clone, Copy, Debug, Thiserror)]
#[error("uncaught exception")]
pub struct ThrownException {
    exception: Rooted<ExnRef>,
}

impl ThrownException {
    /// To throw an exception from a host function.
    pub fn new(exception: Rooted<ExnRef>) -> ThrownException {
        ThrownException { exception }
    }

    /// The exception.
    pub fn exception(&self) -> Rooted<ExnRef> {
        self.exception
    }
}

/// The arguments, results or values do not fit a type.
#[derive(Clone, Debug, PartialEq, Eq, Thiserror)]
#[error("{0}")]
pub struct Mismatch(pub(crate) String);

/// What an error of a host function is while it passes through the guest: the embedder gets it back
/// as it was.
type Parcel = Mutex<Option<Error>>;

/// How an error of a host function stops the guest that called it.
pub(crate) fn into_stop(state: &State, error: Error) -> Stop {
    if let Some(thrown) = error.downcast_ref::<ThrownException>()
        && let Ok(Some(exn)) = thrown.exception.word(state).map(Ref::as_exn)
    {
        return Stop::Throw(exn);
    }
    let text = format!("{error:#}");
    // One that has come through a guest already has its frames.
    let by_guest = error.is::<BadPointer>() && !error.is::<WasmBacktrace>();
    let parcel: Arc<Parcel> = Arc::new(Mutex::new(Some(error)));
    let sent = HostError::with_payload(text, parcel);
    Stop::Host(if by_guest { sent.by_guest() } else { sent })
}

/// Whether a host error is the end that a program gave itself, which is no failure.
pub(crate) fn is_exit(error: &HostError) -> bool {
    let parcel = error.payload().and_then(|p| p.downcast_ref::<Parcel>());
    let is_exit = |sent: &Option<Error>| sent.as_ref().is_some_and(|error| error.is::<Exit>());
    parcel.is_some_and(|p| is_exit(&p.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// What the embedder sees of a stop.
pub(crate) fn from_stop(state: &mut State, stop: Stop) -> Error {
    match stop {
        Stop::Trap(Trapped { trap, site, region }) => {
            let error = match site {
                Some(site) => traced(state, site).context(trap),
                None => traced(state, trap),
            };
            match region {
                Some(region) => error.context(ForbiddenAccess { region }),
                None => error,
            }
        }
        Stop::Throw(exn) => Error::new(ThrownException::new(Rooted::of(state, Ref::exn(exn)))),
        Stop::Exhausted(what) => traced(state, what),
        Stop::Host(error) => {
            let parcel = error.payload().and_then(|p| p.downcast_ref::<Parcel>());
            let sent = parcel.and_then(|p| p.lock().unwrap_or_else(PoisonError::into_inner).take());
            let by_guest = error.is_by_guest();
            let sent = sent.unwrap_or_else(|| Error::new(error));
            match sent.downcast_ref::<BadPointer>() {
                Some(bad) if by_guest => traced(state, *bad),
                _ => sent,
            }
        }
        Stop::Crash(crash) => traced(state, crash),
    }
}

/// What the embedder sees of an invocation that failed.
pub(crate) fn from_invoke(state: &mut State, error: InvokeError) -> Error {
    match error {
        InvokeError::Arguments(text) => Error::new(Mismatch(format!("wrong arguments: {text}"))),
        InvokeError::Stop(stop) => from_stop(state, stop),
    }
}

/// What the embedder sees of an instantiation that failed.
pub(crate) fn from_instantiate(state: &mut State, error: InstantiateError) -> Error {
    match error {
        InstantiateError::Link(error) => Error::new(error),
        InstantiateError::Stop(stop) => from_stop(state, stop),
        other => Error::new(other),
    }
}

/// What an import is that is of another store: a fault of linking, whose source says which.
pub(crate) fn foreign_import(module: &str, name: &str, source: WrongStore) -> Error {
    let (module, name) = (module.to_owned(), name.to_owned());
    Error::new(source).context(LinkError::OtherStore { module, name })
}

/// The host has no address space for a stack on which calls from tier to tier cannot overflow.
pub(crate) fn no_stack(error: &std::io::Error) -> Stop {
    Stop::Host(HostError::new(format!("no stack for the guest can be had: {error}")))
}
