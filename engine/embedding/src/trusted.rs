//! What the compiler of Rust cannot check: the only file of this package with `unsafe` in it.
#![allow(unsafe_code)]

use crate::cache::{Cache, CacheConfig};
use crate::engine::Engine;
use crate::error::ModuleError;
use crate::module::Module;
use crate::store::StoreData;
use etalon_jit::Jit;
use etalon_jit::artefact::{Artefact, Check as ArtefactCheck};
use etalon_runtime::Store as State;
use std::any::Any;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// The embedder's data inside of the runtime's store, which knows neither its type nor whether it may
/// change threads.
struct HostData<T>(StoreData<T>);

// SAFETY: the runtime's store with this in it is only ever the private field of a `Store<T>`, which
// is `Send` only if `T` is, or borrowed from there on the same thread. No tier hands it to
// another thread.
unsafe impl<T> Send for HostData<T> {}

/// Data as the runtime's store keeps it.
pub(crate) fn hide<T: 'static>(data: StoreData<T>) -> Box<dyn Any + Send> {
    Box::new(HostData(data))
}

/// Data as it was before [`hide`]; `None` if it is of another type.
pub(crate) fn seek<T: 'static>(hidden: &(dyn Any + Send)) -> Option<&StoreData<T>> {
    Some(&hidden.downcast_ref::<HostData<T>>()?.0)
}

/// The same, for writing.
pub(crate) fn seek_mut<T: 'static>(hidden: &mut (dyn Any + Send)) -> Option<&mut StoreData<T>> {
    Some(&mut hidden.downcast_mut::<HostData<T>>()?.0)
}

/// Data that is wanted back; `None` if it is of another type.
pub(crate) fn reveal<T: 'static>(hidden: Box<dyn Any + Send>) -> Option<StoreData<T>> {
    Some(hidden.downcast::<HostData<T>>().ok()?.0)
}

/// The compiler's tier of a new store.
pub(crate) fn jit(name: &'static str) -> Arc<Jit> {
    // SAFETY: of what `Jit::new` asks for: code objects come from `Module` alone, which compiles them or loads them by
    // `Module::from_artefact`, whose caller has promised that they are good, or from a `Cache`, which whoever opened it has promised. The runtime's store is private
    // to `Store<T>`: this package takes nothing out of it, and hands out no `&mut` to it with which it
    // could be exchanged. Values reach it only after a check of their types and of the store that their
    // references are of. What is borrowed from memories is borrowed from the `Store<T>`.
    unsafe { Jit::new(name) }
}

impl Module {
    /// Loads an artefact, as [`Module::to_artefact`] makes it, after checking that it was made by this
    /// version, for this machine, schedule and metering, checks memory regions as the engine does, and looks for interrupts if the
    /// engine is to. It does not look at the machine code.
    ///
    /// # Safety
    /// The bytes must be what [`Module::to_artefact`] gave, here or in another process, and nobody may have
    /// changed them who is not trusted to change this program. They hold machine code, which runs with
    /// all the rights of the process: the digest in them finds accidents, never malice.
    ///
    /// # Errors
    /// If it was not made for this engine, by name; or if its module is refused.
    pub unsafe fn from_artefact(engine: &Engine, bytes: &[u8]) -> Result<Module, ModuleError> {
        Module::loaded(engine, bytes)
    }

    /// Loads an artefact from a file, of which only those pages are read that are needed: its code is executed and its tables are read
    /// where they lie. After a check of its header alone, loading takes a small part of the time that it takes to read the file.
    ///
    /// # Safety
    /// As for [`Module::from_artefact`]; and nobody may change the file as long as the module or anything made of it lives, though it
    /// may be removed. With [`ArtefactCheck::Header`] damage that came about since it was written is not found, so the file must be
    /// known to be whole.
    ///
    /// # Errors
    /// If it cannot be read, was not made for this engine, by name, or its module is refused.
    pub unsafe fn from_artefact_file(
        engine: &Engine,
        path: impl AsRef<Path>,
        check: ArtefactCheck,
    ) -> Result<Module, ModuleError> {
        let path = path.as_ref();
        let fault = |source| ModuleError::File { path: path.to_owned(), source };
        let file = File::open(path).map_err(fault)?;
        // SAFETY: the caller's promise.
        let bytes = unsafe { Artefact::map(&file) }.map_err(fault)?;
        Module::mapped(engine, &bytes, check, &file)
    }
}

impl Cache {
    /// Opens the cache in a folder, which is made if it is not there.
    ///
    /// # Safety
    /// Entries are machine code, which runs with all the rights of the process, as that of [`Module::from_artefact`] does. Nobody may write
    /// to the folder, or put another in its place, who is not trusted to change this program; but for caches, of this version of Etalon and
    /// others, which may all use it at once. That the folder and its entries belong to this user, and that others cannot
    /// write to them, is checked; what other programs of this user do, and who can write to the folders above, is for the caller to know.
    ///
    /// # Errors
    /// If the folder cannot be made or read, belongs to another user, or can be written to by others.
    pub unsafe fn open(config: &CacheConfig) -> io::Result<Cache> {
        Cache::in_folder(config)
    }
}

/// Whether the runtime's store may change threads with what `T` allows.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<State>();
};
