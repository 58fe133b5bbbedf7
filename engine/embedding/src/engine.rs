//! Engines: settings that modules and stores share.

use crate::config::{Config, Tier};
use crate::error::{ModuleError, Result};
use crate::module::Module;
use crate::tier_up::Worker;
use etalon_runtime::MemoryPool;
use std::sync::Arc;

/// An engine: what modules are compiled for and stores run on. It is cheap to clone, and any number of threads may
/// use it at once.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Shared>);

/// What the clones of an engine share.
#[derive(Debug)]
struct Shared {
    config: Config,
    pool: Arc<MemoryPool>,
    /// Compiles what turns out to be hot.
    worker: Worker,
}

impl Engine {
    /// An engine of these settings.
    ///
    /// # Errors
    /// If the settings cannot be had on this machine. None of today's is such.
    pub fn new(config: &Config) -> Result<Engine> {
        Ok(Engine::of(config.clone()))
    }

    fn of(config: Config) -> Engine {
        let pool = MemoryPool::new(config.pool.memories, config.pool.resident);
        Engine(Arc::new(Shared { config, pool, worker: Worker::default() }))
    }

    /// Compiles a module ahead of time: gives the artefact that [`Module::from_artefact`](crate::Module::from_artefact) loads on the machine
    /// that the engine is for ([`Config::target`]), whatever its tier. The bytes are the same whichever machine makes them, and those of
    /// [`Module::to_artefact`](crate::Module::to_artefact) there. Bytes of the text format are taken as by [`Module::new`](crate::Module::new).
    ///
    /// # Errors
    /// If the bytes are refused, or no code can be made for the machine.
    pub fn precompile(&self, bytes: impl AsRef<[u8]>) -> Result<Vec<u8>, ModuleError> {
        Module::precompiled(self, bytes.as_ref())
    }

    /// Compiles a module ahead of time to an object file for programs of C, which `docs/object-files.md` describes. The symbol is the name
    /// that it has there. Without a target it is for this machine; the targets are more than those of [`Config::target`], which says
    /// nothing here: macOS and Windows too.
    ///
    /// # Errors
    /// If the bytes are refused, no code can be made for the machine, or object files do not have what the module or the engine asks for.
    pub fn object_file(
        &self,
        bytes: impl AsRef<[u8]>,
        target: Option<&str>,
        symbol: &str,
    ) -> Result<Vec<u8>, ModuleError> {
        Module::object_file(self, bytes.as_ref(), target, symbol)
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Of how many memories that are gone the engine has the address space at the moment; see [`PoolConfig`](crate::PoolConfig).
    pub fn spare_memories(&self) -> usize {
        self.0.pool.spare()
    }

    pub(crate) fn pool(&self) -> &Arc<MemoryPool> {
        &self.0.pool
    }

    pub(crate) fn worker(&self) -> &Worker {
        &self.0.worker
    }

    /// What runs functions.
    pub fn tier(&self) -> Tier {
        self.0.config.tier
    }

    /// Whether gas is charged.
    pub fn consumes_fuel(&self) -> bool {
        self.0.config.metering
    }

    /// Whether two are clones of the same engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }
}

impl Default for Engine {
    /// An engine of the default settings.
    fn default() -> Engine {
        Engine::of(Config::default())
    }
}
