//! Running a case on one engine.

use super::case::Case;
use super::trace::{Step, Trace};
use etalon_adapters::{
    Adapter, AdapterError, Extent, Features, GasConfig, Instance, Outcome, Session, SessionConfig,
    TimeLimit,
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
    let config = session_config(adapter, options, case);
    let mut steps = Vec::with_capacity(case.calls.len() + 1);
    let mut not_compiled = 0;
    let ended = catch_unwind(AssertUnwindSafe(|| -> Result<(), AdapterError> {
        let mut session = adapter.session(&config)?;
        run(session.as_mut(), options, case, &mut steps)?;
        not_compiled = session.not_compiled();
        Ok(())
    }));
    match ended {
        Ok(done) => done?,
        Err(payload) => steps.push(Step::ended(Outcome::Crashed(panic_text(payload.as_ref())))),
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
    SessionConfig { features: options.features, gas, turns: false, time }
}

/// Pushes each step as soon as it is known, so that none is lost in a panic.
fn run(
    session: &mut dyn Session,
    options: &RunOptions,
    case: &Case,
    steps: &mut Vec<Step>,
) -> Result<(), AdapterError> {
    if case.mentions_spectest() {
        session.define_spectest()?;
    }
    let loaded = match session.define_missing_imports(case.given()) {
        Ok(()) => session.instantiate(case.given()),
        Err(outcome) => Err(outcome),
    };
    let (instance, outcome) = match loaded {
        Ok(instance) => (Some(instance), Outcome::Returned(Vec::new())),
        Err(outcome) => (None, outcome),
    };
    steps.push(after(session, options, instance, outcome));
    let Some(instance) = instance else { return Ok(()) };
    for call in &case.calls {
        let outcome = session.invoke(instance, &call.export, &call.args);
        let step = after(session, options, Some(instance), outcome);
        let goes_on = step.goes_on();
        steps.push(step);
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// What can be observed after an action.
fn after(
    session: &mut dyn Session,
    options: &RunOptions,
    instance: Option<Instance>,
    outcome: Outcome,
) -> Step {
    if outcome == Outcome::TimedOut {
        // How far it came depends on the machine.
        return Step::ended(outcome);
    }
    let mut step = Step::ended(outcome);
    step.gas = session.gas_consumed();
    step.executed = session.gas_executed();
    step.host_calls = session.take_host_calls();
    if !step.goes_on() {
        return step;
    }
    if let Some(instance) = instance {
        for export in session.exports(instance) {
            if matches!(export.extent, Extent::Global(_))
                && let Some(value) = session.global(instance, &export.name)
            {
                step.globals.push((export.name, value));
            }
        }
    }
    if options.state {
        step.digest = session.digest();
    }
    step
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without a message"))
}
