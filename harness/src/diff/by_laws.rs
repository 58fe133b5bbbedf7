//! The verdict on a case where engines must keep the laws of gas-1 besides.

use super::case::Case;
use super::compare::Difference;
use super::differ::{Differ, Judged, Verdict};
use super::ready::Ready;
use crate::gas::check_all;
use etalon_adapters::AdapterError;

impl Differ {
    /// Runs a case on every engine and compares; where all do the same, the laws must hold on each. Modules are prepared once for all
    /// runs.
    pub(super) fn judge_by_laws(&self, case: &Case) -> Result<Judged, AdapterError> {
        let options = &self.options.run;
        let limit = options.gas.as_ref().and_then(|gas| gas.limit);
        let (mut ready, mut traces) = (Vec::new(), Vec::new());
        for (_, engine) in &self.engines {
            let engine = engine.as_ref();
            let made = Ready::new(engine, options, case)?;
            let limit = limit.filter(|_| engine.meters_gas());
            traces.push(made.run(case, limit)?.trace);
            ready.push((engine, made));
        }
        let verdict = self.compare_all(case, &traces)?;
        if verdict != Verdict::Agree {
            return Ok(Judged { traces, verdict, laws: None });
        }
        let mut laws = check_all(ready, options, case, &traces)?;
        laws.coverage.settings.insert(self.names().collect::<Vec<_>>().join(","), 1);
        laws.coverage.schedules.extend(self.schedule_id().map(|id| (id, 1)));
        let verdict = match &laws.breach {
            Some((engine, breach)) => {
                let difference = Difference { aspect: breach.law.aspect(), step: breach.step };
                Verdict::Diverged { engine: *engine, difference }
            }
            None => verdict,
        };
        Ok(Judged { traces, verdict, laws: Some(laws) })
    }
}
