//! A case on an engine under the laws.

use super::exhaustion::{
    MOST_GAS, NOT_CHECKED, breach_at, difference, out_of_gas, without_gas_left,
};
use super::law::{Breach, Law};
use super::segments::{greatest_segment, rest_of_segment};
use crate::diff::{Case, Ready, RunOptions, Step, Trace};
use etalon_adapters::{Adapter, AdapterError, Features, HostCall, Outcome, Schedule, TOUCHED, Val};
use etalon_module::{ExternKind, Module, Opcode};
use std::cell::Cell;
use std::sync::Arc;

/// How a run ends that has made too many objects.
const FULL_HEAP: &str = "the heap is full";

/// A case that ends by itself on an engine that meters, with what it does where gas is no matter.
pub struct Subject<'a> {
    adapter: &'a dyn Adapter,
    options: &'a RunOptions,
    schedule: Arc<Schedule>,
    case: Case,
    ready: Ready<'a>,
    full: Trace,
    operators: Vec<(Opcode, u64)>,
    /// The same calls, each with gas of its own, if that was run already.
    apart: Option<Trace>,
    runs: Cell<u64>,
    limits: Cell<u64>,
}

impl std::fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("engine", &self.adapter.info().name)
            .field("case", &self.case.name)
            .finish_non_exhaustive()
    }
}

impl<'a> Subject<'a> {
    /// Runs a case in one session, with all the gas that there can be. `None` if no gas is asked for.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    pub fn new(
        adapter: &'a dyn Adapter,
        options: &'a RunOptions,
        case: &Case,
    ) -> Result<Option<Subject<'a>>, AdapterError> {
        Subject::of(adapter, options, case, Ready::new(adapter, options, case)?)
    }

    /// The same, of an engine that has its module ready.
    pub(crate) fn of(
        adapter: &'a dyn Adapter,
        options: &'a RunOptions,
        case: &Case,
        ready: Ready<'a>,
    ) -> Result<Option<Subject<'a>>, AdapterError> {
        let Some(gas) = &options.gas else { return Ok(None) };
        let case = Case { is_apart: false, ..case.clone() };
        let ran = ready.run(&case, Some(MOST_GAS))?;
        let (runs, limits) = (Cell::new(1), Cell::new(0));
        let schedule = Arc::clone(&gas.schedule);
        let (full, operators, apart) = (ran.trace, ran.operators, None);
        Ok(Some(Subject {
            adapter,
            options,
            schedule,
            case,
            ready,
            full,
            operators,
            apart,
            runs,
            limits,
        }))
    }

    /// With what the same calls do where each has gas of its own.
    pub(crate) fn with_apart(self, apart: Option<Trace>) -> Self {
        Subject { apart, ..self }
    }

    /// What it does where gas is no matter.
    pub fn full(&self) -> &Trace {
        &self.full
    }

    /// What it consumes then; `None` if the module is refused.
    pub fn consumed(&self) -> Option<u64> {
        self.full.steps.last()?.gas
    }

    /// How often each operator was executed, if the engine counts it.
    pub fn operators(&self) -> &[(Opcode, u64)] {
        &self.operators
    }

    /// How many runs were made so far.
    pub fn runs(&self) -> u64 {
        self.runs.get()
    }

    /// How many limits below what it consumes were tried so far.
    pub fn limits(&self) -> u64 {
        self.limits.get()
    }

    /// What is wrong with the run that has a limit, if anything.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    pub fn at(&self, limit: u64) -> Result<Option<Breach>, AdapterError> {
        let below = self.consumed().is_some_and(|consumed| limit < consumed);
        self.limits.update(|limits| limits + u64::from(below));
        Ok(breach_at(&self.full, limit, &self.run(&self.ready, &self.case, Some(limit))?))
    }

    fn run(&self, on: &Ready<'_>, case: &Case, limit: Option<u64>) -> Result<Trace, AdapterError> {
        self.runs.update(|runs| runs + 1);
        Ok(on.run(case, limit)?.trace)
    }

    /// Checks a law.
    ///
    /// # Errors
    /// If the engine cannot be set up as asked.
    pub fn check(&self, law: Law) -> Result<Option<Breach>, AdapterError> {
        if self.full.timed_out().is_some() {
            return Ok(Some(law.breach(0, NOT_CHECKED)));
        }
        match law {
            Law::Ledger => Ok(self.ledger()),
            Law::Trap => Ok(self.trap()),
            Law::KnifeEdge => self.knife_edge(),
            Law::Transparency => self.transparency(),
            Law::Freshness => self.freshness(),
            Law::Additivity => self.additivity(),
        }
    }

    /// Of each call: what it was charged, and what of that is accounted for by what it executed and the host functions that it
    /// called. Of engines that do not tell what they execute there is nothing. Loading is left out: the executed ledger does not
    /// contain what it costs (segments, constant expressions).
    fn accounts(&self) -> impl Iterator<Item = (usize, &Step, u64, u64)> {
        let host = self.schedule.host();
        let module = Module::new(&self.case.wasm, Features::all()).ok();
        let pairs = self.full.steps.windows(2).enumerate();
        pairs.filter_map(move |(number, pair)| {
            let [before, step] = pair else { return None };
            let grown = |now: Option<u64>, then: Option<u64>| now?.checked_sub(then?);
            let charged = grown(step.gas, before.gas)?;
            let executed = grown(step.executed, before.executed)?;
            let cost = |call: &HostCall| match call.args.first() {
                Some(Val::I32(bytes)) if call.module == TOUCHED => {
                    host.bytes.charge(u64::from(bytes.cast_unsigned()))
                }
                _ => u128::from(host.base(&call.module, &call.name)),
            };
            let call = self.case.calls.get(number)?;
            let is_import = module.as_ref().is_some_and(|module| is_import(module, &call.export));
            // What the embedder itself invokes is not charged for, nor what that declares.
            let is_own = |(at, call): &(usize, &HostCall)| {
                is_import && (*at == 0 || *at == 1 && call.module == TOUCHED)
            };
            let paid = step.host_calls.iter().enumerate().filter(|call| !is_own(call));
            let hosts: u128 = paid.map(|(_, call)| cost(call)).sum();
            Some((number + 1, step, charged, executed + u64::try_from(hosts).ok()?))
        })
    }

    /// A call that returns, throws, or runs out of anything but gas ends at the end of a segment.
    fn ledger(&self) -> Option<Breach> {
        self.accounts().find_map(|(number, step, charged, accounted)| {
            let is_at_end = !matches!(step.outcome, Outcome::Trapped { .. }) && !out_of_gas(step);
            let holds = if is_at_end { charged == accounted } else { charged >= accounted };
            let text = format!("{charged} charged, {accounted} executed");
            (!holds).then(|| Law::Ledger.breach(number, text))
        })
    }

    /// Where the place of a trap is known, so is the rest of its segment. Elsewhere the greatest segment is a bound. It is not
    /// strict: where an operator that traps weighs nothing, all of its segment may be charged and nothing of it executed.
    fn trap(&self) -> Option<Breach> {
        let module = Module::new(&self.case.wasm, Features::all()).ok()?;
        self.accounts().find_map(|(number, step, charged, accounted)| {
            let Outcome::Trapped { site, .. } = &step.outcome else { return None };
            let rest = site.and_then(|site| rest_of_segment(&self.schedule, &module, site));
            let left = charged.checked_sub(accounted);
            let (holds, most) = match rest {
                Some(rest) => (left == Some(rest), rest),
                None => {
                    let most = greatest_segment(&self.schedule, &self.case.wasm)?;
                    (left.is_some_and(|left| left <= most), most)
                }
            };
            let text =
                format!("{charged} charged, {accounted} executed, {most} left in the segment");
            (!holds).then(|| Law::Trap.breach(number, text))
        })
    }

    /// At what it consumes, at one less, and somewhere below.
    fn knife_edge(&self) -> Result<Option<Breach>, AdapterError> {
        let Some(consumed) = self.consumed() else { return Ok(None) };
        let mut limits = vec![consumed];
        if let Some(less) = consumed.checked_sub(1) {
            // The same for the same module, and elsewhere for the next.
            let hash = blake3::hash(&self.case.wasm);
            let (bytes, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
            limits.extend([less, u64::from_le_bytes(*bytes) % consumed]);
        }
        limits.dedup();
        for limit in limits {
            if let Some(breach) = self.at(limit)? {
                return Ok(Some(breach));
            }
        }
        Ok(None)
    }

    fn transparency(&self) -> Result<Option<Breach>, AdapterError> {
        let full = without_gas_left(&self.full);
        let unlimited = self.run(&self.ready, &self.case, None)?;
        let broken = |(step, text): (usize, String), what| {
            Law::Transparency.breach(step, format!("{what}: {text}"))
        };
        if let Some(found) = difference(&full, &without_gas_left(&unlimited), true) {
            return Ok(Some(broken(found, "without a limit")));
        }
        // Without gas-1 the cap of the heap has another meaning.
        let is_full =
            |step: &Step| matches!(&step.outcome, Outcome::Exhausted(text) if text == FULL_HEAP);
        if full.steps.iter().any(is_full) {
            return Ok(None);
        }
        let options = RunOptions { gas: None, ..self.options.clone() };
        let unmetered = Ready::new(self.adapter, &options, &self.case)?;
        let unmetered = self.run(&unmetered, &self.case, None)?;
        let found = difference(&full, &without_gas_left(&unmetered), false);
        Ok(found.map(|found| broken(found, "without a meter")))
    }

    fn freshness(&self) -> Result<Option<Breach>, AdapterError> {
        let fresh = Ready::new(self.adapter, self.options, &self.case)?;
        let again = self.run(&fresh, &self.case, Some(MOST_GAS))?;
        let found = difference(&self.full, &again, true);
        let is_same = found.is_none() && again == self.full;
        let (step, text) = found.unwrap_or((0, "something differs that is not listed".to_owned()));
        Ok((!is_same).then(|| Law::Freshness.breach(step, text)))
    }

    /// Each call by itself, with gas of its own, consumes as much as in one run with the others. That what is left at host calls is
    /// exact is checked at each limit that is tried ([`breach_at`]); here, that it never grows.
    fn additivity(&self) -> Result<Option<Breach>, AdapterError> {
        let apart = match &self.apart {
            Some(apart) => apart.clone(),
            None => {
                let apart = Case { is_apart: true, ..self.case.clone() };
                self.run(&self.ready, &apart, Some(MOST_GAS))?
            }
        };
        if apart.timed_out().is_some() {
            return Ok(Some(Law::Additivity.breach(0, NOT_CHECKED)));
        }
        let mut before = 0;
        for (number, (step, alone)) in self.full.steps.iter().zip(&apart.steps).enumerate() {
            let Some((after, alone)) = step.gas.zip(alone.gas) else { break };
            if after.checked_sub(before) != Some(alone) {
                let text = format!("{alone} by itself, {before} before and {after} after it");
                return Ok(Some(Law::Additivity.breach(number, text)));
            }
            let mut least = before;
            for (at, left) in step.host_calls.iter().map(|call| call.gas_left).enumerate() {
                let Some(consumed) = left.and_then(|left| MOST_GAS.checked_sub(left)) else {
                    break;
                };
                if consumed < least || consumed > after {
                    let text = format!("host call {at}: {consumed} is not in {least}..={after}");
                    return Ok(Some(Law::Additivity.breach(number, text)));
                }
                least = consumed;
            }
            before = after;
        }
        Ok(None)
    }
}

/// Whether an export is a function that the module imports.
fn is_import(module: &Module, export: &str) -> bool {
    let export = module.exports.iter().find(|e| e.name == export && e.kind == ExternKind::Func);
    export.is_some_and(|export| module.body(export.index).is_none())
}
