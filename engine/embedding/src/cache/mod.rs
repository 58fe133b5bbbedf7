//! A cache of compiled code in a folder, which many processes share.
//!
//! What is in it is machine code. Whoever can write to the folder can make every program run code that uses it, which is why to open one
//! is `unsafe`. The folder is made for its owner alone, a folder or file that others can write to is not used, and each entry has a hash
//! over all of it. The hash finds accidents, never malice: who can write an entry can hash it.
//!
//! An entry is found by all that its code depends on: the module, the features of the processor, the settings, the schedule, and the
//! sources that this program is built from. So none is ever out of date, and a hit is bit for bit what compilation would give.
//! A module that cannot be compiled has no entry. Entries are written under another name first, so that no process reads half of one; what
//! a killed process leaves behind is removed by [`Cache::trim`]. Where the folder cannot be read or written, the module is compiled.
//!
//! ```no_run
//! use etalon::{Cache, CacheConfig, Config, Engine, Module};
//!
//! // SAFETY: nobody else writes to this folder.
//! let cache = unsafe { Cache::open(&CacheConfig::new("/var/cache/plugins")) }?;
//! let engine = Engine::new(Config::new().cache(Some(&cache)))?;
//! let module = Module::new(&engine, "(module)")?;
//! assert_eq!(cache.hits() + cache.misses(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entry;
mod folder;

use etalon_jit::artefact::{self, Artefact, Check, Wanted};
use etalon_jit::{CompileError, CompileOptions, CompiledModule};
use etalon_module::Module as ModuleData;
use folder::Folder;
pub use folder::{CacheContents, CacheRemoved};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a cache is, and how large it may become.
#[derive(Clone, Debug)]
pub struct CacheConfig {
    folder: PathBuf,
    max_bytes: u64,
    max_entries: usize,
}

impl CacheConfig {
    /// A cache in a folder, of 1 GiB and 4096 entries at most.
    pub fn new(folder: impl Into<PathBuf>) -> CacheConfig {
        CacheConfig { folder: folder.into(), max_bytes: 1 << 30, max_entries: 4096 }
    }

    /// The most bytes of all entries together. Beyond it those go that were not used for the longest time.
    pub fn max_bytes(&mut self, bytes: u64) -> &mut CacheConfig {
        self.max_bytes = bytes;
        self
    }

    /// The most entries.
    pub fn max_entries(&mut self, entries: usize) -> &mut CacheConfig {
        self.max_entries = entries;
        self
    }
}

/// A cache of compiled code. It is cheap to clone, and any number of engines, threads and processes may use one folder at once.
#[derive(Clone, Debug)]
pub struct Cache(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: Folder,
    hits: AtomicU64,
    misses: AtomicU64,
    failures: AtomicU64,
    /// Why something could not be written or read, the first time.
    failure: Mutex<Option<String>>,
}

impl Cache {
    /// What [`Cache::open`] does.
    pub(crate) fn in_folder(config: &CacheConfig) -> io::Result<Cache> {
        let folder = Folder::open(&config.folder, config.max_bytes, config.max_entries)?;
        let (hits, misses, failures) = Default::default();
        Ok(Cache(Arc::new(Shared { folder, hits, misses, failures, failure: Mutex::default() })))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        self.0.folder.path()
    }

    /// How often code was found, by whoever has this handle or a clone.
    pub fn hits(&self) -> u64 {
        self.0.hits.load(Relaxed)
    }

    /// How often it was not, and was made.
    pub fn misses(&self) -> u64 {
        self.0.misses.load(Relaxed)
    }

    /// How often the folder could not be read or written, or held an entry that is damaged. Modules were compiled all the same.
    pub fn failures(&self) -> u64 {
        self.0.failures.load(Relaxed)
    }

    /// What the first failure was.
    pub fn failure(&self) -> Option<String> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is in the folder.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn contents(&self) -> io::Result<CacheContents> {
        self.0.folder.contents()
    }

    /// Removes all entries, what processes left behind that were killed, and the counts.
    ///
    /// # Errors
    /// If the folder cannot be read, or a file of it not be removed.
    pub fn clear(&self) -> io::Result<CacheRemoved> {
        self.0.folder.clear()
    }

    /// Removes entries until the cache is as small as it is to be, and what processes left behind that were killed an hour ago or longer.
    ///
    /// # Errors
    /// If the folder cannot be read, or a file of it not be removed.
    pub fn trim(&self) -> io::Result<CacheRemoved> {
        self.0.folder.trim()
    }

    /// Reads all entries, and removes those that are damaged.
    ///
    /// # Errors
    /// If the folder cannot be read, or a file of it not be removed.
    pub fn check(&self) -> io::Result<CacheRemoved> {
        self.0.folder.check()
    }

    /// The code of a module, found or made, and whether it was found.
    pub(crate) fn compiled(
        &self,
        module: &ModuleData,
        options: &CompileOptions,
        wanted: &Wanted<'_>,
    ) -> Result<(CompiledModule, bool), CompileError> {
        if let Some(compiled) = self.find(module, options, wanted)? {
            return Ok((compiled, true));
        }
        let key = etalon_jit::cache_key(module, options)?;
        let compiled = etalon_jit::compile(module, options)?;
        self.note(self.0.folder.put(&key, &artefact::write(&compiled, module)));
        self.count(&self.0.misses, false);
        Ok((compiled, false))
    }

    /// The code of a module, if it is there. Nothing is made that is not, and nothing counted.
    pub(crate) fn find(
        &self,
        module: &ModuleData,
        options: &CompileOptions,
        wanted: &Wanted<'_>,
    ) -> Result<Option<CompiledModule>, CompileError> {
        let key = etalon_jit::cache_key(module, options)?;
        let found = self.found(&key, module, wanted);
        if found.is_some() {
            self.count(&self.0.hits, true);
        }
        Ok(found)
    }

    /// The entry of a key. One that is no code of this module is as damaged as one whose hash does not match.
    fn found(
        &self,
        key: &[u8; 32],
        module: &ModuleData,
        wanted: &Wanted<'_>,
    ) -> Option<CompiledModule> {
        let artefact = self.note(self.0.folder.get(key))??;
        match Artefact::read(&artefact.into(), wanted, Check::Digest) {
            Ok(found) if found.module.bytes() == module.bytes() => Some(found.compiled),
            Ok(_) => self.damaged(key, "it is of another module".to_owned()),
            Err(error) => self.damaged(key, error.to_string()),
        }
    }

    fn damaged(&self, key: &[u8; 32], why: String) -> Option<CompiledModule> {
        self.note::<()>(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
        self.note(self.0.folder.remove(key));
        None
    }

    fn count(&self, number: &AtomicU64, is_hit: bool) {
        number.fetch_add(1, Relaxed);
        self.note(self.0.folder.count(is_hit));
    }

    /// Notes a failure, which is nobody's but the cache's.
    fn note<T>(&self, result: io::Result<T>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        self.0.failures.fetch_add(1, Relaxed);
        let mut first = self.0.failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| error.to_string());
        None
    }
}
