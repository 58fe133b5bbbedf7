//! Calls with a limit each: of a module under gas-1, and of its copy.

use crate::diff::{self, Call, Case};
use etalon_adapters::{
    HostCall, Instance, Invocation, Outcome, Prepared, Seen, Session, Val, Watch,
};
use etalon_instrument::{BEGIN, GAS_LEFT, PREFIX, STOPPED, Stop};

/// How a metered call ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    /// What it consumed, in gas; `None` if the engine does not tell, as after an exhaustion of its own.
    pub(super) consumed: Option<u64>,
    /// The calls to host functions; `None` if they are not to be compared.
    pub(super) host_calls: Option<Vec<HostCall>>,
    pub(super) globals: Vec<(String, Val)>,
    pub(super) memories: Vec<(String, String)>,
}

/// What stopped it, if it is one of the limits that gas-1 has.
pub(super) fn exhaustion(outcome: &Outcome) -> Option<Stop> {
    let Outcome::Exhausted(text) = outcome else { return None };
    match text.as_str() {
        "out of gas" => Some(Stop::Gas),
        "call stack exhausted" => Some(Stop::Depth),
        "the heap is full" => Some(Stop::Heap),
        _ => None,
    }
}

/// The words of the oracle for what stopped a copy.
pub(super) fn words(stop: Stop) -> &'static str {
    match stop {
        Stop::Gas => "out of gas",
        Stop::Depth => "call stack exhausted",
        Stop::Heap => "the heap is full",
    }
}

const WATCH: Watch = Watch { globals: true, digest: false, memories: true };

/// Loads a module of a case, or its copy, in a fresh session.
pub(super) fn load(
    session: &mut dyn Session,
    module: &Prepared,
    case: &Case,
) -> Result<Instance, Outcome> {
    let loaded = diff::load(session, || Ok(module.clone()), case);
    let instance = loaded.map_err(|error| Outcome::HostError(error.to_string()))??;
    // What a start function of the host did is of no call.
    session.take_host_calls();
    Ok(instance)
}

fn memories(seen: &Seen) -> Vec<(String, String)> {
    seen.memories.iter().map(|(name, sum)| (name.clone(), sum.to_string())).collect()
}

/// Makes calls under gas-1, each with the limit of the session. Stops after the first that leaves nothing defined.
pub(super) fn ours(session: &mut dyn Session, instance: Instance, calls: &[Call]) -> Vec<Ended> {
    let mut ended = Vec::new();
    for call in calls {
        if !session.refuel() {
            break;
        }
        let invocation = Invocation { export: &call.export, args: &call.args };
        let mut goes_on = false;
        session.invoke_all(instance, &[invocation], WATCH, &mut |seen| {
            goes_on = seen.outcome.goes_on();
            let memories = memories(&seen);
            let Seen { outcome, gas: consumed, host_calls, globals, .. } = seen;
            ended.push(Ended {
                outcome,
                consumed,
                host_calls: Some(host_calls),
                globals,
                memories,
            });
        });
        if !goes_on {
            break;
        }
    }
    ended
}

/// Makes calls of a copy, each with a limit.
pub(super) fn theirs(
    session: &mut dyn Session,
    instance: Instance,
    calls: &[Call],
    limits: &[u64],
) -> Vec<Ended> {
    let begins: Vec<[Val; 1]> = limits.iter().map(|limit| [Val::I64(*limit as i64)]).collect();
    let mut invocations = Vec::new();
    for (call, begin) in calls.iter().zip(&begins) {
        invocations.push(Invocation { export: BEGIN, args: begin });
        invocations.push(Invocation { export: &call.export, args: &call.args });
    }
    let mut seen = Vec::new();
    session.invoke_all(instance, &invocations, WATCH, &mut |one| seen.push(one));
    // The odd ones are the calls.
    let calls = seen.into_iter().skip(1).step_by(2).zip(limits);
    calls.map(|(seen, limit)| told(seen, *limit)).collect()
}

/// What a copy tells after an action, with its exhaustion in the oracle's words.
pub(super) fn told(seen: Seen, limit: u64) -> Ended {
    let value = |name: &str| seen.globals.iter().find(|(n, _)| n == name).map(|(_, value)| *value);
    let consumed = match value(GAS_LEFT) {
        Some(Val::I64(left)) if left >= 0 => limit.checked_sub(left as u64),
        Some(Val::I64(_)) => Some(limit),
        _ => None,
    };
    let stop = match value(STOPPED) {
        Some(Val::I32(stop)) => Stop::of(stop),
        _ => None,
    };
    let outcome = match (stop, &seen.outcome) {
        (Some(stop), Outcome::Trapped { .. }) => Outcome::Exhausted(words(stop).to_owned()),
        _ => seen.outcome.clone(),
    };
    let memories = memories(&seen);
    let globals = seen.globals.into_iter().filter(|(name, _)| !name.starts_with(PREFIX)).collect();
    Ended { outcome, consumed, host_calls: Some(seen.host_calls), globals, memories }
}
