//! One module on one engine.

use super::judge::{Verdict, judge, said, same_outcome};
use super::metered::{Ended, exhaustion, load, ours, theirs, told};
use super::tally::{Agreement, Unequal};
use crate::diff::{Call, Case};
use etalon_adapters::{
    Adapter, AdapterError, Features, GasConfig, Opened, Outcome, Prepared, Schedule, SessionConfig,
    TimeLimit, Watch,
};
use etalon_instrument::{Error, Settings, instrument};
use std::sync::Arc;

/// How modules are tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The prices.
    pub schedule: Arc<Schedule>,
    /// The features of modules.
    pub features: Features,
    /// The gas of a call that is to come to its end.
    pub limit: u64,
    /// For calls that consume no more than this, every limit from 0 on is tried.
    pub every: u64,
    /// How long an action may take.
    pub time: Option<TimeLimit>,
}

/// How many calls of a case are tried with one gas less than they consume.
const SHORT: usize = 6;

/// A module that both engines have.
struct Both<'a> {
    trial: &'a Trial,
    case: &'a Case,
    oracle: &'a dyn Adapter,
    witness: &'a dyn Opened,
    copy: Prepared,
    /// The bytes of the copy.
    bytes: &'a [u8],
    foreign: bool,
}

/// Tries a module on an engine.
///
/// # Errors
/// If one of the engines cannot be set up as asked.
pub fn agree(
    oracle: &dyn Adapter,
    witness: &dyn Adapter,
    trial: &Trial,
    case: &Case,
) -> Result<Agreement, AdapterError> {
    let mut agreement = Agreement::default();
    let settings =
        Settings { schedule: trial.schedule.clone(), features: trial.features, limit: None };
    match instrument(&case.wasm, &settings) {
        Ok(copy) => return agree_on_copy(oracle, witness, trial, case, &copy.wasm),
        Err(Error::Load(_)) => agreement.pass("the module is refused"),
        Err(error @ (Error::Output(_) | Error::Read(_))) => {
            let unequal = unequal(case, "instrumenting", 0, "valid".to_owned(), error.to_string());
            agreement.unequal.push(unequal);
        }
        Err(other) => agreement.pass(other.to_string()),
    }
    Ok(agreement)
}

/// The same with a copy that is there.
///
/// # Errors
/// If one of the engines cannot be set up as asked.
pub fn agree_on_copy(
    oracle: &dyn Adapter,
    witness: &dyn Adapter,
    trial: &Trial,
    case: &Case,
    copy: &[u8],
) -> Result<Agreement, AdapterError> {
    let mut agreement = Agreement::default();
    let opened = witness.open(&trial.config(None))?;
    let bytes = copy;
    let copy = match opened.prepare(bytes) {
        Ok(copy) => copy,
        Err(outcome) => {
            match opened.prepare(&case.wasm) {
                Err(_) => agreement.pass("the engine refuses the module"),
                Ok(_) => agreement.unequal.push(unequal(
                    case,
                    "compiling",
                    0,
                    "takes the module".to_owned(),
                    format!("{outcome:?}"),
                )),
            }
            return Ok(agreement);
        }
    };
    let foreign = witness.is_foreign();
    let witness = opened.as_ref();
    let both = Both { trial, case, oracle, witness, copy, bytes, foreign };
    both.run(&mut agreement)?;
    Ok(agreement)
}

fn unequal(case: &Case, call: &str, limit: u64, ours: String, theirs: String) -> Unequal {
    Unequal { case: case.name.clone(), call: call.to_owned(), limit, ours, theirs }
}

impl Trial {
    fn config(&self, limit: Option<u64>) -> SessionConfig {
        let gas = limit.map(|limit| {
            let limit = Some(limit);
            GasConfig { schedule: self.schedule.clone(), limit }
        });
        let (features, time) = (self.features, self.time.clone());
        SessionConfig { features, gas, turns: false, measure: false, time }
    }
}

impl Both<'_> {
    fn run(&self, agreement: &mut Agreement) -> Result<(), AdapterError> {
        let opened = self.oracle.open(&self.trial.config(Some(self.trial.limit)))?;
        let Ok(module) = opened.prepare(&self.case.wasm) else {
            agreement.pass("refused");
            return Ok(());
        };
        let mut session = opened.session()?;
        let calls = &self.case.calls;
        let instance = match load(session.as_mut(), &module, self.case) {
            Ok(instance) => instance,
            Err(_) => {
                agreement.pass("loading does not succeed");
                return Ok(());
            }
        };
        let loading = session.gas_consumed().unwrap_or_default();
        let judged = ours(session.as_mut(), instance, calls);
        // Where a host function failed, or an argument has no value here, the module does not decide what follows.
        let judged: Vec<Ended> = judged
            .into_iter()
            .take_while(|ended| {
                !matches!(
                    ended.outcome,
                    Outcome::HostError(_) | Outcome::Rejected(_) | Outcome::TimedOut
                )
            })
            .collect();
        if !self.loading(loading, agreement)? {
            return Ok(());
        }
        agreement.modules += u64::from(!judged.is_empty());
        let high: Vec<u64> = judged.iter().map(|_| self.trial.limit).collect();
        let Some(calls) = self.compare(&judged, &high, agreement)? else { return Ok(()) };
        agreement.calls += calls as u64;
        let judged = &judged[..calls];
        // Each with exactly what it consumes: the same; an exhausted call has nothing to be exact about.
        let exact: Vec<u64> = judged.iter().map(|ended| ended.consumed.unwrap_or(0)).collect();
        if self.compare(judged, &exact, agreement)?.is_none() {
            return Ok(());
        }
        self.short(judged, &exact, agreement)?;
        self.every(opened.as_ref(), &module, judged, agreement)
    }

    /// Compares what loading consumes, with the start function. Gives false if there is no instance.
    fn loading(&self, consumed: u64, agreement: &mut Agreement) -> Result<bool, AdapterError> {
        let mut session = self.witness.session()?;
        let instance = match load(session.as_mut(), &self.copy, self.case) {
            Ok(instance) => instance,
            Err(outcome) => {
                self.otherwise("loading", self.trial.limit, "returned", &outcome, agreement)?;
                return Ok(false);
            }
        };
        let watch = Watch { globals: true, ..Watch::default() };
        let seen = session.observe(Some(instance), Outcome::Returned(Vec::new()), watch);
        let most = i64::MAX as u64;
        let told = told(seen, most);
        agreement.limits += 1;
        if told.consumed == Some(consumed) {
            agreement.equal += 1;
            return Ok(true);
        }
        let expected = format!("consumed {consumed}");
        agreement.unequal.push(self.unequal("loading", most, expected, said(&told)));
        Ok(false)
    }

    fn unequal(&self, call: &str, limit: u64, ours: String, theirs: String) -> Unequal {
        unequal(self.case, call, limit, ours, theirs)
    }

    /// The copy does not load: does the module, on the same engine?
    fn otherwise(
        &self,
        call: &str,
        limit: u64,
        ours: &str,
        outcome: &Outcome,
        agreement: &mut Agreement,
    ) -> Result<(), AdapterError> {
        let mut session = self.witness.session()?;
        let plain = self.witness.prepare(&self.case.wasm);
        let loads = plain.and_then(|plain| load(session.as_mut(), &plain, self.case));
        match loads {
            Ok(_) => {
                let theirs = format!("{outcome:?}");
                agreement.unequal.push(self.unequal(call, limit, ours.to_owned(), theirs));
            }
            Err(_) => agreement.pass("the engine does not load the module"),
        }
        Ok(())
    }

    /// Runs all calls of the copy with limits, and compares. Gives how many calls came to be compared before one that is open; `None` if one
    /// is unequal.
    fn compare(
        &self,
        judged: &[Ended],
        limits: &[u64],
        agreement: &mut Agreement,
    ) -> Result<Option<usize>, AdapterError> {
        let mut session = self.witness.session()?;
        let Ok(instance) = load(session.as_mut(), &self.copy, self.case) else {
            agreement.pass("the engine does not load the module again");
            return Ok(None);
        };
        let calls = &self.case.calls[..judged.len()];
        let told = theirs(session.as_mut(), instance, calls, limits);
        for (number, (ours, theirs)) in judged.iter().zip(&told).enumerate() {
            match judge(ours, theirs, self.foreign) {
                Verdict::Equal => {
                    agreement.limits += 1;
                    agreement.equal += 1;
                }
                Verdict::Open(why) => {
                    agreement.pass(why);
                    return Ok(Some(number));
                }
                Verdict::Unequal if self.differs_anyway(judged, number)? => {
                    agreement.pass("the engine does something else with the module");
                    return Ok(Some(number));
                }
                Verdict::Unequal => {
                    let calls = &calls[..=number];
                    self.blame(calls, limits, [ours, theirs], agreement)?;
                    return Ok(None);
                }
            }
        }
        Ok(Some(told.len().min(judged.len())))
    }

    /// Says whose fault it is that the last of some calls ended otherwise: where the oracle does with the copy what it does with the
    /// module, an engine of another maker executes the copy wrongly.
    fn blame(
        &self,
        calls: &[Call],
        limits: &[u64],
        [ours, theirs]: [&Ended; 2],
        agreement: &mut Agreement,
    ) -> Result<(), AdapterError> {
        let Some(last) = calls.len().checked_sub(1) else { return Ok(()) };
        let unequal = self.unequal(&name(&calls[last]), limits[last], said(ours), said(theirs));
        if self.foreign
            && self
                .on_oracle(calls, limits)?
                .get(last)
                .is_some_and(|copy| judge(ours, copy, false) == Verdict::Equal)
        {
            agreement.of_engine.push(unequal);
            return Ok(());
        }
        agreement.limits += 1;
        agreement.unequal.push(unequal);
        Ok(())
    }

    /// What the oracle does with the copy, without a meter of its own.
    fn on_oracle(&self, calls: &[Call], limits: &[u64]) -> Result<Vec<Ended>, AdapterError> {
        let opened = self.oracle.open(&self.trial.config(None))?;
        let mut session = opened.session()?;
        let copy = opened.prepare(self.bytes);
        let loaded = copy.and_then(|copy| load(session.as_mut(), &copy, self.case));
        let all = |instance| theirs(session.as_mut(), instance, calls, limits);
        Ok(loaded.map(all).unwrap_or_default())
    }

    /// Whether the engine does something else with the module itself, which the specification may allow: the bits of NaNs, growth.
    fn differs_anyway(&self, judged: &[Ended], number: usize) -> Result<bool, AdapterError> {
        if !self.foreign || exhaustion(&judged[number].outcome).is_some() {
            return Ok(false);
        }
        let mut session = self.witness.session()?;
        let plain = self.witness.prepare(&self.case.wasm);
        let Ok(instance) = plain.and_then(|plain| load(session.as_mut(), &plain, self.case)) else {
            return Ok(true);
        };
        let calls = self.case.calls[..=number].iter().zip(judged);
        Ok(calls.into_iter().any(|(call, ours)| {
            let outcome = session.invoke(instance, &call.export, &call.args);
            !same_outcome(&ours.outcome, &outcome, true)
        }))
    }

    /// With one gas less than it consumes, a call is out of gas, and has consumed all.
    fn short(
        &self,
        judged: &[Ended],
        exact: &[u64],
        agreement: &mut Agreement,
    ) -> Result<(), AdapterError> {
        let last = judged.len().saturating_sub(SHORT);
        for number in last..judged.len() {
            let Some(less) = exact[number].checked_sub(1) else { continue };
            if exhaustion(&judged[number].outcome) == Some(etalon_instrument::Stop::Gas) {
                continue;
            }
            let mut expected = judged[..=number].to_vec();
            let mut limits = vec![self.trial.limit; number + 1];
            limits[number] = less;
            expected[number] = out_of_gas(&judged[number], less);
            if self.compare(&expected, &limits, agreement)?.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Short calls, each in a fresh instance, with every limit; the oracle too.
    fn every(
        &self,
        opened: &dyn Opened,
        module: &Prepared,
        judged: &[Ended],
        agreement: &mut Agreement,
    ) -> Result<(), AdapterError> {
        if self.trial.every == 0 {
            return Ok(());
        }
        for call in &self.case.calls[..judged.len()] {
            let calls = std::slice::from_ref(call);
            let mut session = opened.session()?;
            let Ok(instance) = load(session.as_mut(), module, self.case) else { break };
            let Some(ended) = ours(session.as_mut(), instance, calls).pop() else { break };
            let consumed = ended.consumed.filter(|gas| *gas <= self.trial.every);
            let Some(consumed) = consumed else { continue };
            for limit in 0..=consumed {
                if !self.one(opened, module, (call, limit), agreement)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// One call with one limit, of both.
    fn one(
        &self,
        opened: &dyn Opened,
        module: &Prepared,
        (call, limit): (&Call, u64),
        agreement: &mut Agreement,
    ) -> Result<bool, AdapterError> {
        let calls = std::slice::from_ref(call);
        let mut session = opened.session()?;
        let Ok(instance) = load(session.as_mut(), module, self.case) else { return Ok(false) };
        // Loading has gas of its own.
        let ours = session.limit(limit).then(|| ours(session.as_mut(), instance, calls).pop());
        let ours = ours.flatten();
        let mut session = self.witness.session()?;
        let Ok(instance) = load(session.as_mut(), &self.copy, self.case) else {
            return Ok(false);
        };
        let theirs = theirs(session.as_mut(), instance, calls, &[limit]);
        let (Some(ours), Some(theirs)) = (ours, theirs.first()) else { return Ok(false) };
        match judge(&ours, theirs, self.foreign) {
            Verdict::Equal => {
                agreement.limits += 1;
                agreement.equal += 1;
                Ok(true)
            }
            Verdict::Open(why) => {
                agreement.pass(why);
                Ok(false)
            }
            Verdict::Unequal => {
                self.blame(calls, &[limit], [&ours, theirs], agreement)?;
                Ok(false)
            }
        }
    }
}

/// What is expected of a call that ended, with less than it consumes. Which host calls it still makes is compared where the
/// oracle runs with the limit too.
fn out_of_gas(ended: &Ended, limit: u64) -> Ended {
    let outcome = Outcome::Exhausted("out of gas".to_owned());
    Ended { outcome, consumed: Some(limit), host_calls: None, ..ended.clone() }
}

fn name(call: &Call) -> String {
    let args: Vec<String> = call.args.iter().map(|arg| arg.to_record().to_string()).collect();
    format!("{}({})", call.export, args.join(", "))
}
