//! Several engines, one case, one verdict.

use super::case::{Case, NotCallable};
use super::compare::{
    Comparison, Difference, Rules, compare, compare_from, differing_host_call, differing_memories,
    differing_program_calls, first_difference, same_host_calls,
};
use super::observe::{RunOptions, observe_with, session_config};
use super::open::Decided;
use super::opinion::SecondOpinion;
use super::policy::Policy;
use super::trace::{Step, Trace, is_file, is_memory, memory_key, observation, outcome_name};
use crate::gas::Lawful;
use crate::rewrite::{CANONICAL, Has, replaced};
use crate::settings::limit_text;
use etalon_adapters::{
    Adapter, AdapterError, Exhaustion, Listing, Outcome, Rejection, SettingsTurn,
};
use etalon_record::{Aspect, DiffRecord, Divergence, EngineInfo, Idle, Tool, Uncallable};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How engines are run and compared.
#[derive(Clone, Debug)]
pub struct DiffOptions {
    /// How sessions are set up.
    pub run: RunOptions,
    /// What may differ; nothing between our own tiers.
    pub policies: BTreeSet<Policy>,
    /// Whether the texts of traps need only begin alike, for engines that add details.
    pub trap_prefix: bool,
    /// Whether a case in which engines agree must also keep the laws of gas-1, on each of them that meters.
    pub laws: bool,
}

/// What stands for a call that was not made.
const NOT_ASKED: &str = "not asked: it ran out of gas where gas is charged";

/// The first step that ran out of gas.
fn without_gas(trace: &Trace) -> Option<usize> {
    let gas = Exhaustion::Gas.text();
    trace.steps.iter().position(|step| matches!(&step.outcome, Outcome::Exhausted(t) if t == gas))
}

/// How many globals and memories a trace does not tell that another does.
fn untold(first: &Trace, other: &Trace) -> u64 {
    let both = first.steps.iter().zip(&other.steps);
    let missing = both.filter(|(_, other)| other.outcome.goes_on()).map(|(first, other)| {
        let globals = first.globals.len().saturating_sub(other.globals.len());
        globals + first.memories.len().saturating_sub(other.memories.len())
    });
    missing.sum::<usize>() as u64
}

/// How much more gas a copy may use in which nothing is open.
const COPY_GAS: u64 = 32;

/// Reasons of an engine's refusals that a record has.
const MOST_REASONS: usize = 16;

/// Engines that are compared with the first of them.
pub struct Differ {
    pub(super) engines: Vec<(EngineInfo, Arc<dyn Adapter>)>,
    pub(super) options: DiffOptions,
    /// Whether sums of memories are compared: one of the engines has no digest of ours.
    pub(super) sums: bool,
    pub(super) opinion: Option<Arc<dyn SecondOpinion>>,
}

/// What an engine does otherwise than the first.
#[derive(Debug, Default)]
struct Found {
    /// Why a difference is allowed: the first, or the one after which nothing can be compared.
    allowed: Option<Policy>,
    timed_out: bool,
    /// The first difference that is not allowed.
    difference: Option<Difference>,
}

/// The traces of a case, and the verdict on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// One trace for each engine, in the order of the engines.
    pub traces: Vec<Trace>,
    /// The verdict.
    pub verdict: Verdict,
    /// What the laws of gas-1 say of it, if they were asked. A breach is a divergence of one engine.
    pub laws: Option<Lawful>,
}

/// The verdict on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The engines agree.
    Agree,
    /// They differ, and a policy covers that; in what can be compared besides they agree.
    Poisoned(Policy),
    /// They differ.
    Diverged {
        /// The engine that differs from the first, by its position in the list.
        engine: usize,
        /// Where, and in what.
        difference: Difference,
    },
    /// An engine did not end within the limit, and no two that did differ. That is no divergence; where another engine ended,
    /// it may still be a finding.
    TimedOut {
        /// The first step in which one did not end.
        step: usize,
        /// Whether an engine ended in it.
        partly: bool,
    },
}

impl Judged {
    /// Whether an engine did not end in time, and no two that did differ.
    pub fn is_late(&self) -> bool {
        let late = self.traces.iter().any(|trace| trace.timed_out().is_some());
        late && !matches!(self.verdict, Verdict::Diverged { .. })
    }

    /// Why no call was compared; `None` if there was one, or the engines differ or are late before it.
    fn idle(&self, case: &Case) -> Option<String> {
        let loading = self.traces.first().and_then(|trace| trace.steps.first())?;
        match &loading.outcome {
            _ if matches!(self.verdict, Verdict::Diverged { .. }) || self.is_late() => None,
            Outcome::Rejected(why) => Some(format!("{}: {}", why.word(), why.message())),
            _ if case.calls.is_empty() && !case.starts() => Some(match case.not_callable.len() {
                0 => "there is nothing to call".to_owned(),
                _ => "there is nothing that can be called".to_owned(),
            }),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Differ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.names().collect();
        f.debug_struct("Differ").field("engines", &names).field("options", &self.options).finish()
    }
}

/// A copy of a module in which nothing is open, as two engines run it.
enum Copy {
    /// The specification leaves nothing open in the module, so no difference is allowed.
    NothingIsOpen,
    /// It cannot be made.
    Impossible,
    Made(Decided),
}

impl Differ {
    /// Compares `engines` with the first of them. A single engine is only checked for crashes.
    pub fn new(engines: Vec<Arc<dyn Adapter>>, options: DiffOptions) -> Self {
        let sums = engines.len() > 1 && engines.iter().any(|engine| engine.is_foreign());
        let engines = engines.into_iter().map(|engine| (engine.info(), engine)).collect();
        Differ { engines, options, sums, opinion: None }
    }

    /// The engines' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.engines.iter().map(|(info, _)| info.name.as_str())
    }

    /// The engines, in order.
    pub fn infos(&self) -> Vec<EngineInfo> {
        self.engines.iter().map(|(info, _)| info.clone()).collect()
    }

    /// How engines are run and compared.
    pub fn options(&self) -> &DiffOptions {
        &self.options
    }

    /// Why an engine cannot be asked what the others are: nothing is run then, so that this is not taken for a divergence.
    pub fn misfit(&self, case: &Case) -> Option<AdapterError> {
        self.engines.iter().find_map(|(_, engine)| {
            let config = session_config(engine.as_ref(), &self.options.run, case);
            engine.misfit(&config, case.given())
        })
    }

    /// Runs a case on every engine and compares.
    ///
    /// # Errors
    /// If an engine cannot be set up as asked, or not be asked what the others are.
    pub fn judge(&self, case: &Case) -> Result<Judged, AdapterError> {
        if let Some(misfit) = self.misfit(case) {
            return Err(misfit);
        }
        if self.options.laws {
            return self.judge_by_laws(case);
        }
        let mut traces: Vec<Trace> = Vec::with_capacity(self.engines.len());
        for (_, engine) in &self.engines {
            let unending = traces.first().and_then(without_gas).filter(|_| engine.is_foreign());
            let trace = match unending.filter(|_| !engine.meters_gas()) {
                Some(step) => self.until(engine.as_ref(), case, step)?,
                None => self.traced(engine.as_ref(), &self.options.run, case)?,
            };
            traces.push(trace);
        }
        let verdict = self.compare_all(case, &traces)?;
        self.hear(case, Judged { traces, verdict, laws: None })
    }

    /// Runs a case until a step that has no end on an engine that has no meter, as far as is known.
    fn until(&self, engine: &dyn Adapter, case: &Case, step: usize) -> Result<Trace, AdapterError> {
        let mut trace = Trace { steps: Vec::new(), not_compiled: 0 };
        if let Some(calls) = step.checked_sub(1) {
            let calls = case.calls[..calls].to_vec();
            let begun = Case { calls, ..case.clone() };
            trace = self.traced(engine, &self.options.run, &begun)?;
            // What a program has left until then is not what it leaves.
            trace.steps.iter_mut().for_each(|step| step.program = None);
        }
        if trace.steps.len() == step {
            // No policy lets a crash pass, and this is none.
            trace.steps.push(Step::ended(Outcome::Exhausted(NOT_ASKED.to_owned())));
        }
        Ok(trace)
    }

    /// The first engine and another alone, or the first by itself.
    pub(crate) fn pair(&self, other: usize) -> Differ {
        let mut engines = vec![self.engines[0].clone()];
        if other > 0 {
            engines.push(self.engines[other].clone());
        }
        self.among(engines)
    }

    /// The first engine and the second with other settings, if it can be set so.
    pub(crate) fn turned(&self, turn: SettingsTurn) -> Option<Differ> {
        let (_, second) = self.engines.get(1)?;
        let turned = second.turned(turn)?;
        let engines = vec![self.engines[0].clone(), (turned.info(), turned)];
        Some(self.among(engines))
    }

    /// As this, with other engines.
    fn among(&self, engines: Vec<(EngineInfo, Arc<dyn Adapter>)>) -> Differ {
        let (options, opinion) = (self.options.clone(), self.opinion.clone());
        Differ { engines, options, sums: self.sums, opinion }
    }

    /// The first engine and one that is not among these.
    pub(crate) fn against(&self, other: Arc<dyn Adapter>) -> Differ {
        let mut options = self.options.clone();
        options.run.features = options.run.features.intersection(other.features());
        let sums = self.sums || other.is_foreign();
        let engines = vec![self.engines[0].clone(), (other.info(), other)];
        Differ { engines, options, sums, opinion: None }
    }

    /// What the compiler of an engine, by its position in the list, makes of a function of a case; `None` if it does not show it.
    pub fn listing(&self, engine: usize, case: &Case, func: u32) -> Option<Listing> {
        let (_, adapter) = self.engines.get(engine)?;
        let config = session_config(adapter.as_ref(), &self.options.run, case);
        adapter.listing(&config, &case.wasm, func)
    }

    /// Runs a case on one engine, by its position in the list.
    pub(crate) fn trace(
        &self,
        engine: usize,
        options: &RunOptions,
        case: &Case,
    ) -> Result<Trace, AdapterError> {
        self.traced(self.engines[engine].1.as_ref(), options, case)
    }

    fn traced(
        &self,
        engine: &dyn Adapter,
        options: &RunOptions,
        case: &Case,
    ) -> Result<Trace, AdapterError> {
        // Where one that charges gas cannot give it all again, none does: what is left is compared.
        let refuels = |engine: &dyn Adapter| !engine.meters_gas() || engine.refuels();
        if case.is_apart && !self.engines.iter().all(|(_, engine)| refuels(engine.as_ref())) {
            let together = Case { is_apart: false, ..case.clone() };
            return observe_with(engine, options, &together, self.sums);
        }
        observe_with(engine, options, case, self.sums)
    }

    /// A divergence wins over a case that timed out, which wins over a poisoned one, and that over agreement.
    pub(super) fn compare_all(
        &self,
        case: &Case,
        traces: &[Trace],
    ) -> Result<Verdict, AdapterError> {
        let Some((first, others)) = traces.split_first() else { return Ok(Verdict::Agree) };
        let (mut poisoned, mut timed_out) = (None, false);
        for (i, other) in others.iter().enumerate() {
            let found = self.compare_pair(case, i + 1, first, other)?;
            poisoned = poisoned.or(found.allowed);
            timed_out |= found.timed_out;
            if let Some(difference) = found.difference {
                return Ok(Verdict::Diverged { engine: i + 1, difference });
            }
        }
        if others.is_empty() {
            match compare(first, first, &Rules::default()) {
                Comparison::Differs(difference) => {
                    return Ok(Verdict::Diverged { engine: 0, difference });
                }
                Comparison::TimedOut(_) => timed_out = true,
                Comparison::Equal | Comparison::Poisoned(..) => {}
            }
        }
        if let Some(step) = traces.iter().filter_map(Trace::timed_out).min().filter(|_| timed_out) {
            // Where nothing but gas ends a loop, an engine that has none does not end.
            let foreign = self.engines.iter().any(|(_, engine)| engine.is_foreign());
            let ended = |trace: &Trace| {
                let outcome = trace.steps.get(step).map(|step| &step.outcome);
                let by_gas = foreign && matches!(outcome, Some(Outcome::Exhausted(_)));
                trace.timed_out() != Some(step) && !by_gas
            };
            return Ok(Verdict::TimedOut { step, partly: traces.iter().any(ended) });
        }
        Ok(poisoned.map_or(Verdict::Agree, Verdict::Poisoned))
    }

    /// Compares an engine with the first, step by step: a difference that is allowed does not hide what comes after it.
    fn compare_pair(
        &self,
        case: &Case,
        engine: usize,
        first: &Trace,
        other: &Trace,
    ) -> Result<Found, AdapterError> {
        let rules = self.rules(engine);
        let mut found = Found::default();
        // Made once, if anything differs.
        let mut copy: Option<Copy> = None;
        let mut from = 0;
        loop {
            // What the step looks like alone is enough where no copy can be made.
            let (difference, looks_like) = match compare_from(first, other, &rules, from) {
                Comparison::Equal => return Ok(found),
                Comparison::TimedOut(_) => return Ok(Found { timed_out: true, ..found }),
                Comparison::Poisoned(policy, _) if !policy.goes_on() => {
                    return Ok(Found { allowed: Some(policy), ..found });
                }
                Comparison::Poisoned(policy, step) => {
                    let aspect = first_difference(&first.steps[step], &other.steps[step], &rules);
                    let aspect = aspect.unwrap_or(Aspect::Results);
                    (Difference { aspect, step }, Some(policy))
                }
                Comparison::Differs(difference) => (difference, None),
            };
            let copy = match &copy {
                Some(copy) => copy,
                None => {
                    let steps = first.steps.len().min(other.steps.len());
                    let made = self.decided(case, engine, steps, &rules)?;
                    &*copy.insert(made)
                }
            };
            let excuse = match copy {
                Copy::NothingIsOpen => None,
                Copy::Impossible => looks_like,
                Copy::Made(decided) => decided.excuse(&difference),
            };
            let Some(policy) = excuse else {
                return Ok(Found { difference: Some(difference), ..found });
            };
            found.allowed = found.allowed.or(Some(policy));
            from = difference.step + 1;
        }
    }

    /// What the first engine and another do in a copy of the module in which nothing is open.
    fn decided(
        &self,
        case: &Case,
        engine: usize,
        steps: usize,
        rules: &Rules,
    ) -> Result<Copy, AdapterError> {
        if case.artefact.is_some() || !rules.policies.iter().any(|policy| policy.goes_on()) {
            return Ok(Copy::Impossible);
        }
        let Ok((wasm, has)) = replaced(&case.wasm, CANONICAL) else { return Ok(Copy::Impossible) };
        if has == Has::default() {
            return Ok(Copy::NothingIsOpen);
        }
        // What comes after it may have no end.
        let calls = case.calls.iter().take(steps.saturating_sub(1)).cloned().collect();
        let copy = Case { wasm, calls, ..case.clone() };
        let mut run = self.options.run.clone();
        if let Some(limit) = run.gas.as_mut().and_then(|gas| gas.limit.as_mut()) {
            *limit = limit.saturating_mul(COPY_GAS);
        }
        let traces = [self.trace(0, &run, &copy)?, self.trace(engine, &run, &copy)?];
        Ok(Copy::Made(Decided { traces, has, rules: Rules { gas: false, ..rules.clone() } }))
    }

    fn rules(&self, other: usize) -> Rules {
        let metered = |i: usize| self.options.run.gas.is_some() && self.engines[i].1.meters_gas();
        let foreign = [0, other].iter().any(|i| self.engines[*i].1.is_foreign());
        let mut policies = self.options.policies.clone();
        if foreign {
            policies.extend(Policy::ALL);
        }
        let gas = metered(0) && metered(other);
        let trap_prefix = self.options.trap_prefix || foreign;
        Rules { policies, gas, trap_prefix, foreign }
    }

    /// A record of these engines without cases.
    pub fn record(&self, tool: Tool, arch: impl Into<String>) -> DiffRecord {
        let mut record = DiffRecord::new(tool, arch);
        record.engines = self.infos();
        record.schedule = self.schedule_id();
        record.time_limit = self.options.run.time.as_ref().and_then(limit_text);
        record
    }

    /// Adds a judged case to a record.
    pub fn note(&self, record: &mut DiffRecord, case: &Case, judged: &Judged) {
        record.cases += 1;
        // Only the first engine is counted: the others did the same, or the case diverged.
        if let Some(trace) = judged.traces.first() {
            let made = trace.steps.len().saturating_sub(1);
            record.calls += made as u64;
            record.not_made += case.calls.len().saturating_sub(made) as u64;
            for (i, step) in trace.steps.iter().enumerate() {
                *record.outcomes.entry(outcome_name(i, &step.outcome)).or_default() += 1;
            }
        }
        let not_callable = |NotCallable { export, ty }: &NotCallable| Uncallable {
            file: case.name.clone(),
            export: export.clone(),
            ty: ty.clone(),
        };
        record.not_callable.extend(case.not_callable.iter().map(not_callable));
        if let Some(reason) = judged.idle(case) {
            record.idle.push(Idle { file: case.name.clone(), reason });
        }
        for (name, trace) in self.names().zip(&judged.traces).filter(|(_, t)| t.not_compiled > 0) {
            *record.not_compiled.entry(name.to_owned()).or_default() += trace.not_compiled;
        }
        for (name, untold) in self.untold(judged) {
            *record.untold.entry(name.to_owned()).or_default() += untold;
        }
        if let Some(laws) = &judged.laws {
            record.laws.get_or_insert_default().add(laws.coverage.clone());
        }
        match &judged.verdict {
            Verdict::Agree => {}
            Verdict::Poisoned(policy) => {
                *record.poisoned.entry(policy.name().to_owned()).or_default() += 1;
                if *policy == Policy::Unsupported {
                    self.note_refusals(record, judged);
                }
            }
            Verdict::Diverged { engine, difference } => {
                record.divergences.push(self.divergence(case, judged, *engine, difference));
            }
            Verdict::TimedOut { step, .. } => {
                record.timed_out.push(self.timeout(case, judged, *step));
            }
        }
    }

    /// Notes what an engine does not have, in its own words: whoever compares wants to know what was not compared.
    fn note_refusals(&self, record: &mut DiffRecord, judged: &Judged) {
        for (name, trace) in self.names().zip(&judged.traces) {
            let refusal = trace.steps.iter().find_map(|step| match &step.outcome {
                Outcome::Rejected(it @ (Rejection::Unsupported { .. } | Rejection::Limit(_))) => {
                    Some(it.message().to_owned())
                }
                _ => None,
            });
            let Some(reason) = refusal else { continue };
            let reasons = record.refused.entry(name.to_owned()).or_default();
            if reasons.len() < MOST_REASONS || reasons.contains_key(&reason) {
                *reasons.entry(reason).or_default() += 1;
            }
        }
    }

    /// How many globals and memories engines did not tell, of those that the first told.
    pub(crate) fn untold(&self, judged: &Judged) -> Vec<(&str, u64)> {
        let Some((first, others)) = judged.traces.split_first() else { return Vec::new() };
        let counts = others.iter().map(|other| untold(first, other));
        self.names().skip(1).zip(counts).filter(|(_, count)| *count > 0).collect()
    }

    /// What each engine did in a step in which one did not end, as records have it.
    pub fn timeout(&self, case: &Case, judged: &Judged, step: usize) -> Divergence {
        self.divergence(case, judged, 0, &Difference { aspect: Aspect::Time, step })
    }

    /// The divergence of a case, as records have it, if there is one.
    pub fn divergence_in(&self, case: &Case, judged: &Judged) -> Option<Divergence> {
        match &judged.verdict {
            Verdict::Diverged { engine, difference } => {
                Some(self.divergence(case, judged, *engine, difference))
            }
            _ => None,
        }
    }

    /// A divergence, as records have it.
    pub fn divergence(
        &self,
        case: &Case,
        judged: &Judged,
        engine: usize,
        difference: &Difference,
    ) -> Divergence {
        let call = difference.step.checked_sub(1).and_then(|i| case.calls.get(i));
        let schedule = self.schedule_id();
        let mut divergence = Divergence {
            file: case.name.clone(),
            invoke: call.map(|call| call.export.clone()),
            args: call.map_or(Vec::new(), |c| c.args.iter().map(|v| v.to_record()).collect()),
            what: difference.aspect,
            calls_before: difference.step.saturating_sub(1) as u64,
            by_engine: Default::default(),
        };
        for (name, trace) in self.names().zip(&judged.traces) {
            if let Some(step) = trace.steps.get(difference.step) {
                let seen = observation(step, schedule.as_deref());
                divergence.by_engine.insert(name.to_owned(), seen);
            }
        }
        if let Some((place, breach)) = judged.laws.as_ref().and_then(|laws| laws.breach.as_ref()) {
            // The others do the same, and keep the law.
            let name = &self.engines[*place].0.name;
            divergence.by_engine.retain(|engine, _| engine == name);
            if let Some(seen) = divergence.by_engine.get_mut(name) {
                seen.message = Some(breach.text.clone());
            }
        }
        if difference.aspect == Aspect::HostCalls {
            // The call that differs says more than the list of all calls.
            let texts = self.differing_call(judged, engine, difference.step);
            for (i, text) in [0, engine].into_iter().zip(texts) {
                if let Some(seen) = divergence.by_engine.get_mut(&self.engines[i].0.name) {
                    seen.message = Some(text);
                }
            }
        }
        if difference.aspect == Aspect::Memory {
            // Those that are alike say nothing.
            let told = [0, engine].map(|i| &judged.traces[i].steps[difference.step].memories);
            let differing: Vec<String> =
                differing_memories(told[0], told[1]).map(memory_key).collect();
            for seen in divergence.by_engine.values_mut() {
                seen.digests.retain(|name, _| !is_memory(name) || differing.contains(name));
            }
        }
        if difference.aspect == Aspect::Files {
            let names = [0, engine].map(|i| &self.engines[i].0.name);
            if let [Some(a), Some(b)] = names.map(|name| divergence.by_engine.get(name).cloned()) {
                let same = |name: &String| a.digests.get(name) == b.digests.get(name);
                for seen in divergence.by_engine.values_mut() {
                    seen.digests.retain(|name, _| !is_file(name) || !same(name));
                }
            }
        }
        divergence
    }

    /// The first call to the host in which an engine differs from the first, in words for both.
    fn differing_call(&self, judged: &Judged, engine: usize, step: usize) -> [String; 2] {
        let [a, b] = [0, engine].map(|i| &judged.traces[i].steps[step]);
        let gas = self.rules(engine).gas;
        let of_program = same_host_calls(&a.host_calls, &b.host_calls, gas)
            .then(|| differing_program_calls(a, b, gas));
        let of_host = || differing_host_call(&a.host_calls, &b.host_calls, gas);
        of_program.flatten().unwrap_or_else(of_host)
    }

    pub(super) fn schedule_id(&self) -> Option<String> {
        self.options.run.gas.as_ref().map(|gas| gas.schedule.id().to_string())
    }
}
