//! Stores as bytes, with what is paused in them, and back in another process.
//!
//! A snapshot holds everything that can be observed: memories, tables, globals, the heap with the
//! embedder's handles, segments, waits, the meter, and every paused execution. Modules are in it as the
//! bytes that they were made of, so it needs nothing beside it but the host functions, which are found
//! again by their two names; an embedder that has the modules at hand need not decode them again.
//! What the embedder keeps with a store is not in it, but for the state of a program of WASI, which
//! [`wasi::snapshot`](crate::wasi::snapshot) writes along; nor are values that guests refer to by
//! [`ExternRef`](crate::ExternRef), observers and limiters.
//!
//! Handles are of the old store: in the new one instances are found by [`Store::instances`], in the same
//! order, and executions by [`Store::paused`].
//!
//! The digest finds damage; it does not make a stranger's snapshot safe to run. What a snapshot
//! decodes to is checked too, so no bytes make [`Store::restore`] panic, and it takes memory in
//! proportion to the bytes and to what the schedule lets memories and tables have.

use crate::config::Tier;
use crate::engine::Engine;
use crate::error::ModuleError;
use crate::linker::Linker;
use crate::metrics::Figures;
use crate::module::Module;
use crate::store::Store;
use etalon_oracle::{DamagedExecution, ExecutionsImage};
use etalon_runtime::{HostFn, HostImport, ImageError, LinkError, StoreImage};
use etalon_wasi::{Errno, NotKept, WasiState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

const MAGIC: &[u8; 8] = b"\x7fETSNAP\0";
/// Of the layout of the bytes.
const FORMAT: u32 = 6;
/// Bytes of the digest after the magic.
const DIGEST: usize = 32;

/// Why there is no snapshot, or no store of one.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The bytes are something else.
    #[error("not a snapshot")]
    NotASnapshot,
    /// Another version made it: it prepares functions in another way.
    #[error("the snapshot was made by {found}, this is {expected}")]
    Version {
        /// Who made it.
        found: String,
        /// Who reads it.
        expected: String,
    },
    /// It was taken under other prices and limits.
    #[error("the snapshot was taken under schedule {found}, the engine has {expected}")]
    Schedule {
        /// Of the snapshot.
        found: String,
        /// Of the engine.
        expected: String,
    },
    /// It was taken with metering and the engine runs without, or the other way round.
    #[error("the snapshot was taken {}, the engine runs {}", metering(*.metered), metering(!*.metered))]
    Metering {
        /// Whether the snapshot was taken with metering.
        metered: bool,
    },
    /// It is damaged.
    #[error("the snapshot is damaged: {0}")]
    Corrupt(&'static str),
    /// A function of the store is not the oracle's: what other tiers make of a function is not data.
    #[error(
        "the store has a function that {0} runs; a snapshot can hold only functions of the oracle"
    )]
    Compiled(&'static str),
    /// A paused execution has effects that are kept: what a host function would do is not data.
    #[error("a paused execution has effects of host functions that are kept until it ends")]
    Effects,
    /// A descriptor of the program is of the host.
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// It holds the state of a program of WASI: [`wasi::restore`](crate::wasi::restore) takes both up.
    #[error("the snapshot holds the state of a program of WASI; see wasi::restore")]
    Wasi,
    /// It holds no state of a program of WASI: [`Store::restore`] takes it up.
    #[error("the snapshot holds no state of a program of WASI; see Store::restore")]
    NoWasi,
    /// The state of the program of WASI is none that was written.
    #[error("the state of the program of WASI in the snapshot cannot be used: {0:?}")]
    WasiState(Errno),
    /// The policy of the linker forbids what a module in it imports.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A module in it is refused by the engine.
    #[error("a module of the snapshot: {0}")]
    Module(#[from] ModuleError),
    /// The state cannot be written or taken up.
    #[error("the snapshot cannot be used: {0}")]
    State(#[from] ImageError),
    /// The paused executions cannot be taken up.
    #[error("the snapshot cannot be used: {0}")]
    Executions(#[from] DamagedExecution),
}

fn metering(metered: bool) -> &'static str {
    if metered { "with metering" } else { "without metering" }
}

fn version() -> String {
    format!("etalon {} (format {FORMAT})", env!("CARGO_PKG_VERSION"))
}

/// What is read before the state is looked at.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    schedule: String,
    metered: bool,
}

/// The modules' bytes, the state, and what is paused.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    modules: Vec<Vec<u8>>,
    state: StoreImage,
    executions: ExecutionsImage,
    /// What the instances are, the first of them at least, as numbers.
    lives: Vec<u8>,
    /// The state of a program of WASI, if it was written along.
    pub(crate) wasi: Option<WasiState>,
}

impl<T: 'static> Store<T> {
    /// The store as bytes. The same state gives the same bytes.
    ///
    /// # Errors
    /// From inside a host function, if a function of the store is compiled, if it imports a shared memory, or if a paused execution
    /// has [`Effects`](crate::Effects) that are kept.
    ///
    /// # Panics
    /// Never: the types written have no form that cannot be.
    pub fn snapshot(&self) -> Result<Vec<u8>, SnapshotError> {
        self.snapshot_with(None)
    }

    /// The same, with the state of a program of WASI.
    pub(crate) fn snapshot_with(&self, wasi: Option<WasiState>) -> Result<Vec<u8>, SnapshotError> {
        let (store, shared) = (self.state(), self.shared());
        if let Some(tier) = store.funcs.tiers().find(|tier| *tier != shared.tiers.oracle) {
            return Err(SnapshotError::Compiled(store.executor(tier).name()));
        }
        if store.has_paused_effects() {
            return Err(SnapshotError::Effects);
        }
        let state = store.image()?;
        let by_digest: BTreeMap<_, _> =
            store.instances.iter().map(|i| (i.module.digest(), i.module.bytes())).collect();
        let modules = state.modules().iter().map(|digest| by_digest[digest].to_vec()).collect();
        let header =
            Header { schedule: store.schedule().id().to_string(), metered: store.is_metering() };
        let (executions, lives) = (shared.oracle.image(), shared.lives.bases());
        let body = Body { modules, state, executions, lives, wasi };
        let fault = "plain data is always written";
        let parts = [
            postcard::to_stdvec(&version()).expect(fault),
            postcard::to_stdvec(&header).expect(fault),
            postcard::to_stdvec(&body).expect(fault),
        ];
        let mut rest = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
        for part in parts {
            rest.extend_from_slice(&(part.len() as u64).to_le_bytes());
            rest.extend_from_slice(&part);
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(blake3::hash(&rest).as_bytes());
        bytes.extend_from_slice(&rest);
        Ok(bytes)
    }

    /// A store of an engine, as a snapshot has it. Only the oracle and the interpreter run functions in it, those of
    /// modules that are instantiated later too. Host functions are those that `linker` has under their two
    /// names, and its policy holds for them and for what the modules import; `modules` are modules at hand that need not be made of the snapshot's bytes.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn restore(
        engine: &Engine,
        data: T,
        bytes: &[u8],
        modules: &[Module],
        linker: &Linker<T>,
    ) -> Result<Store<T>, SnapshotError> {
        let body = read(engine, bytes)?;
        if body.wasi.is_some() {
            return Err(SnapshotError::Wasi);
        }
        Store::take_up(engine, data, body, modules, linker)
    }

    pub(crate) fn take_up(
        engine: &Engine,
        data: T,
        body: Body,
        modules: &[Module],
        linker: &Linker<T>,
    ) -> Result<Store<T>, SnapshotError> {
        let mut store = Store::new(engine, data);
        store.shared_mut().may_compile = false;
        let mut found = Vec::new();
        if body.modules.len() != body.state.modules().len() {
            return Err(SnapshotError::Corrupt("its modules are not those of its instances"));
        }
        for (bytes, digest) in body.modules.iter().zip(body.state.modules()) {
            let data = match modules.iter().find(|m| m.data().digest() == *digest) {
                Some(module) => Arc::clone(module.data()),
                None => Arc::clone(Module::placed(engine, bytes, None, |_| Tier::Oracle)?.data()),
            };
            for import in &data.imports {
                linker.check(&import.module, &import.name)?;
            }
            found.push(data);
        }
        let oracle = Arc::clone(&store.shared().oracle);
        let clock = store.shared().figures.if_timed();
        let state = store.state_mut();
        state.take_up(body.state, &found, &mut |import| host_of(linker, import, clock.clone()))?;
        oracle.take_up(state, body.executions)?;
        let instances = state.instances.len();
        let lives = store.shared_mut().lives.take_up(&body.lives, instances);
        lives
            .ok_or(SnapshotError::Corrupt("an instance is in no state that a snapshot can have"))?;
        store.note_paused();
        Ok(store)
    }
}

/// The host function that a linker has for an import. Its type is that of the store that was saved; where the
/// function is of another, what it gives does not fit and the guest stops.
fn host_of<T: 'static>(
    linker: &Linker<T>,
    import: &HostImport<'_>,
    clock: Option<Arc<Figures>>,
) -> Option<HostFn> {
    linker.check(import.module, import.name).ok()?;
    let host = linker.host(import.module, import.name)?;
    let lengths = (host.ty().params().len(), host.ty().results().len());
    (lengths == (import.ty.params.len(), import.ty.results.len()))
        .then(|| host.named(import.ty.clone(), import.module, import.name, clock))
}

/// Checks what the bytes are and whether a fresh store of an engine can take them up, and decodes them.
pub(crate) fn read(engine: &Engine, bytes: &[u8]) -> Result<Body, SnapshotError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(SnapshotError::NotASnapshot)?;
    let (digest, mut rest) =
        rest.split_at_checked(DIGEST).ok_or(SnapshotError::Corrupt("it ends in its head"))?;
    if blake3::hash(rest).as_bytes() != digest {
        return Err(SnapshotError::Corrupt("its digest is another"));
    }
    let found: String = decode(part(&mut rest)?)?;
    if found != version() {
        return Err(SnapshotError::Version { found, expected: version() });
    }
    let header: Header = decode(part(&mut rest)?)?;
    let expected = engine.config().schedule.id().to_string();
    if header.schedule != expected {
        let found = header.schedule;
        return Err(SnapshotError::Schedule { found, expected });
    }
    if header.metered != engine.consumes_fuel() {
        return Err(SnapshotError::Metering { metered: header.metered });
    }
    decode(part(&mut rest)?)
}

/// The next part: its length, then its bytes.
fn part<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], SnapshotError> {
    let short = || SnapshotError::Corrupt("it ends in a part");
    let (len, after) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| short())?;
    let (part, after) = after.split_at_checked(len).ok_or_else(short)?;
    *rest = after;
    Ok(part)
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, SnapshotError> {
    postcard::from_bytes(bytes).map_err(|_| SnapshotError::Corrupt("a part does not decode"))
}
