//! What one engine did in one case.

use crate::value::show_all;
use etalon_adapters::{HostCall, Outcome, Seen, StateDigest, Val};
use etalon_record::{Gas, Observation, Value};

/// What was observed after one action: loading the module, or one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How the action ended; instantiation counts as a return without values.
    pub outcome: Outcome,
    /// Gas consumed since the session began, if metered.
    pub gas: Option<u64>,
    /// Weights of the operators executed since the session began, if the engine counts them.
    pub executed: Option<u64>,
    /// The calls to host functions during the action.
    pub host_calls: Vec<HostCall>,
    /// The exported globals, in the module's order.
    pub globals: Vec<(String, Val)>,
    /// The digest of the state; absent if the engine does not show it, or after an exhaustion.
    pub digest: Option<StateDigest>,
}

/// What one engine did in one case: the step of loading, then one for each call that was made.
///
/// After an exhaustion or a crash no further call is made, because the state is not defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The steps; never empty.
    pub steps: Vec<Step>,
    /// How many functions did not run where the engine was asked to run them.
    pub not_compiled: u64,
}

impl Trace {
    /// The step that did not end within the limit, if there is one.
    pub fn timed_out(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.outcome == Outcome::TimedOut)
    }
}

impl From<Seen> for Step {
    fn from(seen: Seen) -> Step {
        let Seen { outcome, gas, executed, host_calls, globals, digest } = seen;
        Step { outcome, gas, executed, host_calls, globals, digest }
    }
}

impl Step {
    /// A step of which only the ending is known.
    pub fn ended(outcome: Outcome) -> Self {
        Step {
            outcome,
            gas: None,
            executed: None,
            host_calls: Vec::new(),
            globals: Vec::new(),
            digest: None,
        }
    }

    /// Whether a further call may follow.
    pub fn goes_on(&self) -> bool {
        self.outcome.goes_on()
    }

    /// The step, as records have it. `schedule` is the id of the gas schedule.
    pub fn observation(&self, schedule: Option<&str>) -> Observation {
        let mut seen = Observation::new(self.outcome.kind());
        let values = |values: &[Val]| values.iter().map(|v| v.to_record()).collect::<Vec<Value>>();
        match &self.outcome {
            Outcome::Returned(results) => seen.results = values(results),
            Outcome::Trapped { text, .. } => seen.trap = Some(text.clone()),
            Outcome::Threw(carried) => seen.message = Some(join(carried)),
            Outcome::Exhausted(text) | Outcome::HostError(text) | Outcome::Crashed(text) => {
                seen.message = Some(text.clone());
            }
            Outcome::Rejected(rejection) => {
                seen.message = Some(format!("{}: {}", rejection.word(), rejection.message()));
            }
            Outcome::TimedOut => {}
        }
        seen.gas = match (self.gas, schedule) {
            (Some(consumed), Some(id)) => {
                Some(Gas { consumed, executed: self.executed, schedule: id.to_owned() })
            }
            _ => None,
        };
        for (name, value) in &self.globals {
            seen.digests.insert(format!("global {name}"), value.to_record().to_string());
        }
        if let Some(digest) = &self.digest {
            seen.digests.insert("globals".into(), digest.globals.clone());
            seen.digests.insert("memories".into(), digest.memories.clone());
            seen.digests.insert("tables".into(), digest.tables.clone());
        }
        for (number, call) in self.host_calls.iter().enumerate() {
            seen.digests.insert(format!("host call {number}"), call_text(call));
        }
        seen
    }
}

/// Before the outcomes of actions that load a module.
pub(crate) const LOADING: &str = "loading: ";

/// `returned`, `trapped: unreachable`, `loading: returned`…
pub(crate) fn outcome_name(step: usize, outcome: &Outcome) -> String {
    let class = match outcome {
        Outcome::Trapped { text, .. } | Outcome::Exhausted(text) => {
            format!("{}: {text}", outcome.kind())
        }
        Outcome::Rejected(rejection) => format!("{}: {}", outcome.kind(), rejection.word()),
        _ => outcome.kind().to_string(),
    };
    if step == 0 { format!("{LOADING}{class}") } else { class }
}

/// A host call on one line, for people: `env.print(f32:0.1), gas left 99`.
pub(crate) fn call_text(call: &HostCall) -> String {
    let mut text = format!("{}.{}({})", call.module, call.name, join(&call.args));
    if let Some(gas) = call.gas_left {
        text.push_str(&format!(", gas left {gas}"));
    }
    text
}

/// Values on one line, for people.
pub(crate) fn join(values: &[Val]) -> String {
    show_all(values)
}
