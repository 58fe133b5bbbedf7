//! Directives that act on instances.

use crate::script::book::Verdict;
use crate::script::encode;
use crate::script::modules::of_error;
use crate::script::patterns;
use crate::script::runner::{Runner, Slot};
use crate::script::texts::TextJudge;
use crate::script::values;
use etalon_adapters::{Instance, Outcome, Rejection, Val};
use wast::token::Id;
use wast::{WastExecute, WastInvoke, WastRet};

/// How an action is expected to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop<'a> {
    /// A trap with this text.
    Trap(&'a str),
    /// An exhaustion with this text.
    Exhaustion(&'a str),
    /// An uncaught exception.
    Exception,
}

/// What a script expects of an action.
#[derive(Debug)]
pub(crate) enum Expect<'a> {
    /// It returns.
    Returned,
    /// It returns values that match these.
    Results(Vec<WastRet<'a>>),
    /// It stops.
    Stop(Stop<'a>),
}

impl Expect<'_> {
    /// The verdict on an outcome.
    pub(crate) fn verdict(&self, outcome: &Outcome, judge: &TextJudge) -> Verdict {
        match (self, outcome) {
            (Expect::Returned, Outcome::Returned(_)) => Verdict::Pass,
            (Expect::Returned, _) => Verdict::against("returned", outcome),
            (Expect::Results(results), Outcome::Returned(values)) => {
                match patterns::all_match(results, values) {
                    true => Verdict::Pass,
                    false => Verdict::fail(
                        patterns::describe_all(results),
                        patterns::describe_got(results, values),
                    ),
                }
            }
            (Expect::Results(results), _) => {
                Verdict::against(patterns::describe_all(results), outcome)
            }
            (Expect::Stop(stop), _) => stop.verdict(outcome, judge),
        }
    }
}

impl Runner<'_> {
    /// Performs an action and judges its outcome.
    pub(crate) fn act(&mut self, exec: WastExecute<'_>, expect: &Expect<'_>) -> Verdict {
        match self.execute(exec) {
            Ok(outcome) => expect.verdict(&outcome, &self.judge),
            Err(verdict) => verdict,
        }
    }

    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Outcome, Verdict> {
        match exec {
            WastExecute::Invoke(invoke) => self.call(&invoke),
            WastExecute::Get { module, global, .. } => self.get(module, global),
            WastExecute::Wat(mut module) => {
                let bytes = encode::encode_inline(&mut module)
                    .map_err(|error| of_error(&error, "a module"))?;
                Ok(match self.instantiate(&bytes) {
                    Ok(_) => Outcome::Returned(Vec::new()),
                    Err(outcome) => outcome,
                })
            }
        }
    }

    fn call(&mut self, invoke: &WastInvoke<'_>) -> Result<Outcome, Verdict> {
        let (instance, args) = self.callee(invoke)?;
        let outcome = match self.threads.is_empty() {
            true => self.session.invoke(instance, invoke.name, &args),
            false => self.call_among_threads(instance, invoke.name, &args),
        };
        self.note(&outcome);
        self.threads.log("script", &outcome);
        Ok(outcome)
    }

    /// The instance and the arguments of a call.
    pub(crate) fn callee(&self, invoke: &WastInvoke<'_>) -> Result<(Instance, Vec<Val>), Verdict> {
        let instance = self.live(invoke.module)?;
        let args = values::arguments(&invoke.args)
            .map_err(|feature| Verdict::Skip { feature: feature.to_owned() })?;
        Ok((instance, args))
    }

    fn get(&mut self, module: Option<Id<'_>>, global: &str) -> Result<Outcome, Verdict> {
        let instance = self.live(module)?;
        let Some(value) = self.session.global(instance, global) else {
            return Err(Verdict::fail(format!("a global {global:?}"), "no such export"));
        };
        let outcome = Outcome::Returned(vec![value]);
        self.note(&outcome);
        Ok(outcome)
    }

    /// The instance of an action; a verdict if there is none.
    fn live(&self, module: Option<Id<'_>>) -> Result<Instance, Verdict> {
        match self.slot(module) {
            Slot::Live(instance) => Ok(instance),
            Slot::Skipped(feature) => Err(Verdict::Skip { feature }),
            Slot::Failed => Err(Verdict::fail("an instance", "no instance")),
        }
    }
}

impl Stop<'_> {
    fn verdict(self, outcome: &Outcome, judge: &TextJudge) -> Verdict {
        let holds = match (self, outcome) {
            (Stop::Trap(expected), Outcome::Trapped { text, .. }) => {
                judge.stop_holds("assert_trap", expected, text)
            }
            (Stop::Exhaustion(expected), Outcome::Exhausted(text)) => {
                judge.stop_holds("assert_exhaustion", expected, text)
            }
            (Stop::Exception, Outcome::Threw(_)) => true,
            _ => false,
        };
        Verdict::of(holds, || self.describe(), outcome)
    }

    fn describe(self) -> String {
        match self {
            Stop::Trap(text) => format!("trapped: {text}"),
            Stop::Exhaustion(text) => format!("exhausted: {text}"),
            Stop::Exception => "threw".to_owned(),
        }
    }
}

/// The verdict on something that needs a feature which the engine lacks.
pub(crate) fn unsupported(feature: &str) -> Verdict {
    let (feature, message) = (feature.to_owned(), String::new());
    Verdict::against("", &Outcome::Rejected(Rejection::Unsupported { feature, message }))
}
