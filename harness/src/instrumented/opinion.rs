//! A second opinion: what copies of modules consume on an engine.

use super::trial::{Trial, agree};
use crate::diff::{Case, SecondOpinion};
use crate::gas::{Breach, Law};
use etalon_adapters::{Adapter, AdapterError};
use std::fmt;
use std::sync::Arc;

/// Says of a case whether its copy consumes on an engine what our meter says.
pub struct Copies {
    /// The oracle, which runs the module.
    pub oracle: Arc<dyn Adapter>,
    /// The engine, which runs the copy.
    pub witness: Arc<dyn Adapter>,
    /// How they are tried.
    pub trial: Trial,
}

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copies").field("trial", &self.trial).finish_non_exhaustive()
    }
}

impl SecondOpinion for Copies {
    fn breach(&self, case: &Case) -> Result<Option<Breach>, AdapterError> {
        let agreement = agree(self.oracle.as_ref(), self.witness.as_ref(), &self.trial, case)?;
        let unequal = agreement.unequal.first().or(agreement.of_engine.first());
        // It has been seen when all calls are made; in which one, whoever asks can find out.
        Ok(unequal.map(|unequal| Law::Ledger.breach(case.calls.len(), unequal.to_string())))
    }
}
