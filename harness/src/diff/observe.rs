//! Running a case on one engine.

use super::case::{Call, Case};
use super::trace::{Step, Trace};
use etalon_adapters::{
    Adapter, AdapterError, Features, GasConfig, Instance, Invocation, Outcome, Prepared, Seen,
    Session, SessionConfig, TimeLimit, Watch,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How engines are set up for a case.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Features that modules may use.
    pub features: Features,
    /// Metering, for engines that can meter; a limit also ends endless loops.
    pub gas: Option<GasConfig>,
    /// Whether a digest of the state is taken after every step.
    pub state: bool,
    /// How long each action may take; without a limit, a call without end is only ended by gas.
    pub time: Option<TimeLimit>,
}

/// Runs a case in a fresh session of an engine. A panic that leaves the engine is an [`Outcome::Crashed`] of the step
/// that it happened in.
///
/// # Errors
/// If the engine cannot be set up as asked.
pub fn observe(
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
) -> Result<Trace, AdapterError> {
    observe_with(adapter, options, case, false)
}

/// The same; `sums` says whether sums of memories are taken where `options` ask for the state, for an engine that has no digest
/// of ours.
pub(crate) fn observe_with(
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
    sums: bool,
) -> Result<Trace, AdapterError> {
    let config = session_config(adapter, options, case);
    let watch = Watch { globals: true, digest: options.state, memories: options.state && sums };
    let mut steps = Vec::with_capacity(case.calls.len() + 1);
    let mut not_compiled = 0;
    let ended = catch_unwind(AssertUnwindSafe(|| -> Result<(), AdapterError> {
        let opened = adapter.open(&config)?;
        let mut session = opened.session()?;
        // Sums of memories are taken once, when all calls are made.
        let brief = Watch { memories: false, ..watch };
        let module = || opened.prepare(case.given());
        run(session.as_mut(), module, (brief, watch), case, &mut steps)?;
        not_compiled = session.not_compiled();
        Ok(())
    }));
    match ended {
        Ok(done) => done?,
        Err(payload) => steps.push(Step::ended(Outcome::of_panic(payload.as_ref()))),
    }
    Ok(Trace { steps, not_compiled })
}

/// How an engine is set up for a case.
pub(crate) fn session_config(
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
) -> SessionConfig {
    let gas = options.gas.clone().filter(|_| adapter.meters_gas());
    let time = options.time.clone().filter(|_| case.is_limited);
    SessionConfig { features: options.features, gas, turns: false, measure: false, time }
}

/// Loads the module of a case in a fresh session, with whatever it imports.
///
/// # Errors
/// If the session cannot be set up as the case needs it; inside, how loading ended.
pub fn load(
    session: &mut dyn Session,
    module: impl FnOnce() -> Result<Prepared, Outcome>,
    case: &Case,
) -> Result<Result<Instance, Outcome>, AdapterError> {
    if case.mentions_spectest() {
        session.define_spectest()?;
    }
    if let Some(setup) = &case.program {
        session.define_program(setup)?;
    }
    Ok(module().and_then(|module| {
        session.define_missing_imports(&module)?;
        session.instantiate(&module)
    }))
}

/// Pushes each step as soon as it is known, so that none is lost in a panic. `brief` is what is observed after all steps but the last.
pub(super) fn run(
    session: &mut dyn Session,
    module: impl FnOnce() -> Result<Prepared, Outcome>,
    (brief, watch): (Watch, Watch),
    case: &Case,
    steps: &mut Vec<Step>,
) -> Result<(), AdapterError> {
    let loaded = load(session, module, case)?;
    let (instance, outcome) = match loaded {
        Ok(instance) => (Some(instance), Outcome::Returned(Vec::new())),
        Err(outcome) => (None, outcome),
    };
    let loading = if case.calls.is_empty() { watch } else { brief };
    steps.push(session.observe(instance, outcome, loading));
    if let Some(instance) = instance {
        let calls = case.calls.iter().map(|Call { export, args }| Invocation { export, args });
        let calls: Vec<Invocation<'_>> = calls.collect();
        if case.is_apart {
            invoke_apart(session, instance, &calls, watch, steps);
        } else {
            invoke_together(session, instance, &calls, (brief, watch), steps);
        }
    }
    if let Some(last) = steps.last_mut() {
        last.program = session.program_seen().map(Box::new);
    }
    Ok(())
}

/// Makes calls, as many as can be in one go: an engine in another process needs one way there and back. `brief` is for all but
/// the last of them.
fn invoke_together(
    session: &mut dyn Session,
    instance: Instance,
    calls: &[Invocation<'_>],
    (brief, watch): (Watch, Watch),
    steps: &mut Vec<Step>,
) {
    let together = if brief == watch { 0 } else { calls.len().saturating_sub(1) };
    let (others, last) = calls.split_at(together);
    let mut goes_on = true;
    let mut sink = |seen: Seen| {
        goes_on = seen.outcome.goes_on();
        steps.push(seen);
    };
    session.invoke_all(instance, others, brief, &mut sink);
    if goes_on {
        session.invoke_all(instance, last, watch, &mut |seen| steps.push(seen));
    }
}

/// Makes calls that each have the whole gas limit, if the engine can give it to them.
fn invoke_apart(
    session: &mut dyn Session,
    instance: Instance,
    calls: &[Invocation<'_>],
    watch: Watch,
    steps: &mut Vec<Step>,
) {
    let brief = Watch { digest: false, memories: false, ..watch };
    if !session.refuel() {
        return invoke_together(session, instance, calls, (brief, watch), steps);
    }
    for (at, call) in calls.iter().enumerate() {
        let watch = if at + 1 < calls.len() { brief } else { watch };
        let mut goes_on = true;
        let mut sink = |seen: Seen| {
            goes_on = seen.outcome.goes_on() || matches!(seen.outcome, Outcome::Exhausted(_));
            steps.push(seen);
        };
        session.invoke_all(instance, std::slice::from_ref(call), watch, &mut sink);
        if !goes_on || !session.refuel() {
            break;
        }
    }
}
