//! A second opinion on a case in which the engines agree.

use super::case::Case;
use super::compare::Difference;
use super::differ::{Differ, Judged, Verdict};
use crate::gas::Breach;
use etalon_adapters::AdapterError;
use std::sync::Arc;

/// Says whether a law holds of a case on an engine that cannot be run beside the others: one that runs another module in its place,
/// or charges by prices of its own.
pub trait SecondOpinion: Send + Sync {
    /// The first breach that it finds.
    ///
    /// # Errors
    /// If an engine cannot be set up.
    fn breach(&self, case: &Case) -> Result<Option<Breach>, AdapterError>;
}

impl Differ {
    /// Asks for a second opinion on each case in which these engines agree. A breach is a divergence of the last of them.
    #[must_use]
    pub fn with_opinion(self, opinion: Arc<dyn SecondOpinion>) -> Differ {
        Differ { opinion: Some(opinion), ..self }
    }

    /// What engines that agree are told besides.
    pub(super) fn hear(&self, case: &Case, judged: Judged) -> Result<Judged, AdapterError> {
        let Some(opinion) = self.opinion.as_ref().filter(|_| judged.verdict == Verdict::Agree)
        else {
            return Ok(judged);
        };
        let verdict = match opinion.breach(case)? {
            Some(breach) => {
                let difference = Difference { aspect: breach.law.aspect(), step: breach.step };
                Verdict::Diverged { engine: self.engines.len() - 1, difference }
            }
            None => Verdict::Agree,
        };
        Ok(Judged { verdict, ..judged })
    }
}
