//! A case on an engine that is set up once for many runs.

use super::case::Case;
use super::observe::{RunOptions, observe, run, session_config};
use super::trace::{Step, Trace};
use etalon_adapters::{Adapter, AdapterError, GasConfig, Opened, Outcome, Prepared, Watch};
use etalon_module::Opcode;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A case on an engine that is set up, with its module prepared once for however many runs: compiling takes most of the time of a
/// run.
pub(crate) struct Ready<'a> {
    adapter: &'a dyn Adapter,
    options: RunOptions,
    /// The engine and the module; or how preparing it ended.
    prepared: Result<(Box<dyn Opened>, Prepared), Outcome>,
}

/// What a run did, and what else its engine counted.
pub(crate) struct Ran {
    pub(crate) trace: Trace,
    /// How often each operator was executed, if the engine counts it.
    pub(crate) operators: Vec<(Opcode, u64)>,
}

impl<'a> Ready<'a> {
    /// Prepares the module of a case. The limit of gas is that of each run.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    pub(crate) fn new(
        adapter: &'a dyn Adapter,
        options: &RunOptions,
        case: &Case,
    ) -> Result<Ready<'a>, AdapterError> {
        let gas = options.gas.clone().map(|gas| GasConfig { limit: None, ..gas });
        let options = RunOptions { gas, ..options.clone() };
        let config = session_config(adapter, &options, case);
        let made = catch_unwind(AssertUnwindSafe(|| {
            let opened = adapter.open(&config)?;
            let module = opened.prepare(case.given());
            Ok(module.map(|module| (opened, module)))
        }));
        let prepared = match made {
            Ok(made) => made?,
            Err(panic) => Err(Outcome::of_panic(panic.as_ref())),
        };
        Ok(Ready { adapter, options, prepared })
    }

    /// Runs the calls of a case, which has the same module, in a fresh session with a limit. The digest of the state is taken after
    /// the last of them.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    pub(crate) fn run(&self, case: &Case, limit: Option<u64>) -> Result<Ran, AdapterError> {
        let (opened, module) = match &self.prepared {
            Ok(prepared) => prepared,
            Err(outcome) => {
                let steps = vec![Step::ended(outcome.clone())];
                let trace = Trace { steps, not_compiled: 0 };
                return Ok(Ran { trace, operators: Vec::new() });
            }
        };
        let watch = Watch { globals: true, digest: self.options.state, memories: false };
        let brief = Watch { digest: false, ..watch };
        let (mut steps, mut can_limit) = (Vec::with_capacity(case.calls.len() + 1), true);
        let (mut operators, mut not_compiled) = (Vec::new(), 0);
        let ended = catch_unwind(AssertUnwindSafe(|| -> Result<(), AdapterError> {
            let mut session = opened.session()?;
            can_limit = limit.is_none_or(|limit| session.limit(limit));
            if can_limit {
                let module = || Ok(module.clone());
                run(session.as_mut(), module, (brief, watch), case, &mut steps)?;
                operators = session.operators().unwrap_or_default();
                not_compiled = session.not_compiled();
            }
            Ok(())
        }));
        match ended {
            Ok(done) => done?,
            Err(panic) => steps.push(Step::ended(Outcome::of_panic(panic.as_ref()))),
        }
        if can_limit {
            return Ok(Ran { trace: Trace { steps, not_compiled }, operators });
        }
        // One whose sessions have the limit that they were made with.
        let gas = self.options.gas.clone().map(|gas| GasConfig { limit, ..gas });
        let options = RunOptions { gas, ..self.options.clone() };
        Ok(Ran { trace: observe(self.adapter, &options, case)?, operators })
    }
}
