//! The laws of gas-1, each as a check of one case on one engine.

use crate::diff::{
    Case, Comparison, Rules, RunOptions, Step, Trace, compare, observation, observe,
};
use etalon_adapters::{Adapter, AdapterError, Features, GasConfig, Outcome, Schedule};
use etalon_module::{Module, Opcode};
use std::fmt;

/// A law (see `engine/gas/SPEC.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// When a run ends normally, the charged gas equals the executed gas; after a trap it is at least that.
    Ledger,
    /// What is charged and not executed when a call traps is at most one segment, and nothing under `fine`.
    Trap,
    /// With a limit of exactly what it consumes, a run does the same; with one less, it runs out of gas.
    KnifeEdge,
    /// Without a limit, and without a meter, a run does the same.
    Transparency,
    /// A second run in another session does the same and costs the same.
    Freshness,
}

/// A law that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The law.
    pub law: Law,
    /// What was observed.
    pub text: String,
}

impl Law {
    /// Every law.
    pub const ALL: &[Law] =
        &[Law::Ledger, Law::Trap, Law::KnifeEdge, Law::Transparency, Law::Freshness];
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.text)
    }
}

/// Checks a law for a case on an engine that meters. `options.gas` says schedule and limit.
///
/// # Errors
/// If the engine cannot be set up.
pub fn check_law(
    law: Law,
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
) -> Result<Option<Breach>, AdapterError> {
    let trace = observe(adapter, options, case)?;
    if trace.timed_out().is_some() {
        return Ok(Some(Breach { law, text: NOT_CHECKED.to_owned() }));
    }
    let text = match law {
        Law::Ledger => ledger(options, &trace),
        Law::Trap => trap(options, case, &trace),
        Law::KnifeEdge => knife_edge(adapter, options, case, &trace)?,
        Law::Transparency => transparency(adapter, options, case, &trace)?,
        Law::Freshness => {
            let again = observe(adapter, options, case)?;
            (again != trace).then(|| difference(&trace, &again, true))
        }
    };
    Ok(text.map(|text| Breach { law, text }))
}

/// What is said where a limit of time ended a run: the law was not broken, but it did not hold either.
const NOT_CHECKED: &str = "not checked: timed out";

/// The greatest cost of a gas segment of a module that an operator may trap in and leave something unexecuted.
fn greatest_segment(schedule: &Schedule, wasm: &[u8]) -> Option<u64> {
    // Under `fine` an operator that may trap is the last of its segment.
    if schedule.is_cut(Opcode::I32DivS) {
        return Some(0);
    }
    let module = Module::new(wasm, Features::all()).ok()?;
    let mut greatest = 0;
    for body in &module.bodies {
        let (mut reader, mut cost) = (module.operators(body), 0u64);
        while let Ok(operator) = reader.read() {
            let opcode = Opcode::of(&operator);
            cost += u64::from(schedule.weight(opcode));
            greatest = greatest.max(cost);
            if schedule.is_cut(opcode) {
                cost = 0;
            }
        }
    }
    Some(greatest)
}

/// As for the ledger. The bound is not strict: where an operator that traps weighs nothing, all of its segment may be charged
/// and nothing of it executed, and where every segment costs nothing both are 0.
fn trap(options: &RunOptions, case: &Case, trace: &Trace) -> Option<String> {
    let schedule = &options.gas.as_ref()?.schedule;
    let most = greatest_segment(schedule, &case.wasm)?;
    for pair in trace.steps.windows(2) {
        let [before, step] = pair else { continue };
        let grown = |now: Option<u64>, then: Option<u64>| Some(now? - then?);
        let charged = grown(step.gas, before.gas)?;
        let executed = grown(step.executed, before.executed)?;
        let calls = step.host_calls.iter();
        let hosts: u64 = calls.map(|c| u64::from(schedule.host().base(&c.module, &c.name))).sum();
        if let Outcome::Trapped { .. } = step.outcome
            && charged > executed + hosts + most
        {
            return Some(format!("{charged} charged, {executed} executed, a segment has {most}"));
        }
    }
    None
}

/// Counts from the end of loading: a call that returns is charged what it executed and what its host calls cost. The
/// executed ledger does not contain what loading is charged for (segments, constant expressions).
fn ledger(options: &RunOptions, trace: &Trace) -> Option<String> {
    let host = options.gas.as_ref()?.schedule.host();
    for (number, pair) in trace.steps.windows(2).enumerate() {
        let [before, step] = pair else { continue };
        let grown = |now: Option<u64>, then: Option<u64>| Some(now? - then?);
        let charged = grown(step.gas, before.gas)?;
        let executed = grown(step.executed, before.executed)?;
        let calls = step.host_calls.iter();
        let accounted =
            executed + calls.map(|c| u64::from(host.base(&c.module, &c.name))).sum::<u64>();
        let holds = match &step.outcome {
            Outcome::Returned(_) => charged == accounted,
            // The rest of the segment was charged but not executed; exhaustion takes all that is left.
            _ => charged >= accounted,
        };
        if !holds {
            return Some(format!("call {}: {charged} charged, {accounted} executed", number + 1));
        }
    }
    None
}

fn out_of_gas(step: Option<&Step>) -> bool {
    step.is_some_and(
        |step| matches!(&step.outcome, Outcome::Exhausted(text) if text == "out of gas"),
    )
}

fn full_heap(step: Option<&Step>) -> bool {
    step.is_some_and(
        |step| matches!(&step.outcome, Outcome::Exhausted(text) if text == "the heap is full"),
    )
}

fn knife_edge(
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
    trace: &Trace,
) -> Result<Option<String>, AdapterError> {
    let last = trace.steps.last();
    let Some(consumed) = last.and_then(|step| step.gas).filter(|_| !out_of_gas(last)) else {
        return Ok(None);
    };
    let with_limit = |limit| {
        let gas = options.gas.clone().map(|gas| GasConfig { limit: Some(limit), ..gas });
        observe(adapter, &RunOptions { gas, ..options.clone() }, case)
    };
    let enough = with_limit(consumed)?;
    if compare(&without_gas_left(trace), &without_gas_left(&enough), &rules(true))
        != Comparison::Equal
    {
        return Ok(Some(format!("limit {consumed}: {}", difference(trace, &enough, true))));
    }
    let Some(less) = consumed.checked_sub(1) else { return Ok(None) };
    let short = with_limit(less)?;
    let end = short.steps.last();
    let all = end.and_then(|step| step.gas) == Some(less);
    Ok((!out_of_gas(end) || !all).then(|| {
        let end = end.map(|step| observation(step, None).to_string());
        format!("limit {less}, one less than consumed: {}", end.unwrap_or_default())
    }))
}

fn transparency(
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
    trace: &Trace,
) -> Result<Option<String>, AdapterError> {
    // A run that gas ended might not end without it.
    if out_of_gas(trace.steps.last()) {
        return Ok(None);
    }
    let unlimited = options.gas.clone().map(|gas| GasConfig { limit: None, ..gas });
    for (gas, compared) in [(unlimited, true), (None, false)] {
        // Without gas-1 the cap of the heap has another meaning.
        if gas.is_none() && full_heap(trace.steps.last()) {
            continue;
        }
        let other = observe(adapter, &RunOptions { gas, ..options.clone() }, case)?;
        let (a, b) = (without_gas_left(trace), without_gas_left(&other));
        if compare(&a, &b, &rules(compared)) != Comparison::Equal {
            return Ok(Some(difference(&a, &b, compared)));
        }
    }
    Ok(None)
}

fn rules(gas: bool) -> Rules {
    Rules { gas, ..Rules::default() }
}

/// The gas left at a host call depends on the limit, which differs here.
fn without_gas_left(trace: &Trace) -> Trace {
    let mut trace = trace.clone();
    for call in trace.steps.iter_mut().flat_map(|step| &mut step.host_calls) {
        call.gas_left = None;
    }
    trace
}

fn difference(a: &Trace, b: &Trace, gas: bool) -> String {
    let difference = match compare(a, b, &rules(gas)) {
        Comparison::Differs(difference) => difference,
        Comparison::TimedOut(_) => return NOT_CHECKED.to_owned(),
        _ => return "something differs that is not listed".to_owned(),
    };
    let seen = |trace: &Trace| {
        let step = trace.steps.get(difference.step);
        step.map(|step| format!("{} gas {:?}", observation(step, None), step.gas))
            .unwrap_or_default()
    };
    format!("step {}, {}: {} | {}", difference.step, difference.aspect, seen(a), seen(b))
}
