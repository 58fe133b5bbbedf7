//! Engines: settings that modules and stores share.

use crate::config::Config;
use std::sync::Arc;

/// An engine. Cheap to clone; modules and stores keep it alive.
#[derive(Clone, Debug)]
pub struct Engine(Arc<Config>);

impl Engine {
    /// An engine of these settings.
    pub fn new(config: Config) -> Engine {
        Engine(Arc::new(config))
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.0
    }
}
