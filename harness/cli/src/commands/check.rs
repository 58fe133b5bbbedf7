//! What `diff` and `fuzz` check besides what engines do.

use anyhow::{Result, bail};
use clap::ValueEnum;
use etalon_adapters::Adapter;
use std::sync::Arc;

/// What is checked besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Check {
    /// Nothing is left open, and every engine meters
    Deterministic,
}

impl Check {
    /// Whether engines can be checked.
    pub(crate) fn can_take(self, adapters: &[Arc<dyn Adapter>]) -> Result<()> {
        let Check::Deterministic = self;
        match adapters.iter().find(|adapter| !adapter.meters_gas()) {
            Some(engine) => {
                bail!("{} does not meter, so its gas cannot be checked", engine.info().name)
            }
            None => Ok(()),
        }
    }
}
