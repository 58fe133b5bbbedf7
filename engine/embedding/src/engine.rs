//! Engines: settings that modules and stores share.

use crate::config::{Config, Tier};
use crate::error::Result;
use std::sync::Arc;

/// An engine: what modules are compiled for and stores run on. It is cheap to clone, and any number of threads may
/// use it at once.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Config>);

impl Engine {
    /// An engine of these settings.
    ///
    /// # Errors
    /// If the settings cannot be had on this machine. None of today's is such.
    pub fn new(config: &Config) -> Result<Engine> {
        Ok(Engine(Arc::new(config.clone())))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0
    }

    /// What runs functions.
    pub fn tier(&self) -> Tier {
        self.0.tier
    }

    /// Whether gas is charged.
    pub fn consumes_fuel(&self) -> bool {
        self.0.metering
    }

    /// Whether two are clones of the same engine.
    pub fn same(a: &Engine, b: &Engine) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }
}

impl Default for Engine {
    /// An engine of the default settings.
    fn default() -> Engine {
        Engine(Arc::default())
    }
}
