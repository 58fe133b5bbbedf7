//! Asking an engine of others what it charged, beside the oracle.

use super::wasmi::{Doubt, WasmiFuel};
use etalon::unstable::{FuncAddr, Observer, Opcode};
use etalon::{Schedule, Site, Tier};
use etalon_adapters::{
    Adapter, AdapterError, Features, GasConfig, Instance, Outcome, OwnTier, Session, SessionConfig,
    Watcher, adapter,
};
use etalon_harness::diff::{Call, Case, RunOptions, SecondOpinion, load};
use etalon_harness::gas::{Breach, Law};
use etalon_harness::reduce::{Budget, reduce_for};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

/// How an engine charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// As the schedule `wasmtime-48` has it: its fuel is our executed ledger.
    Wasmtime,
    /// By blocks, as [`WasmiFuel`] has it.
    Wasmi,
}

/// An engine of others that has fuel.
pub struct Witness {
    /// Its name.
    pub name: &'static str,
    model: Model,
    adapter: Arc<dyn Adapter>,
}

/// Why an engine cannot be asked.
#[derive(Debug, Error)]
pub enum FuelError {
    /// It is not in this build.
    #[error(transparent)]
    Engine(#[from] AdapterError),
}

/// A case as it is asked about.
#[derive(Clone, Copy, Debug)]
pub struct FuelCase<'c> {
    /// The module and the calls.
    pub case: &'c Case,
    /// What the module may use.
    pub features: Features,
}

/// A call that was charged for otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The case and the call.
    pub call: String,
    /// How it ended.
    pub outcome: String,
    /// What the oracle executed, in the engine's prices.
    pub ours: u64,
    /// What the engine charged.
    pub theirs: u64,
}

/// What came of asking.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// Modules of which a call was compared.
    pub modules: u64,
    /// Calls that returned and were compared.
    pub calls: u64,
    /// Calls that returned and were charged for otherwise.
    pub unequal: Vec<Mismatch>,
    /// Calls that returned and were charged more because a table did not grow.
    pub explained: u64,
    /// Calls that trapped, and how many of them were charged less than what was executed.
    pub trapped: (u64, u64),
    /// One of these, as an example.
    pub lost: Option<Mismatch>,
    /// Modules that say nothing, by why.
    pub passed_over: BTreeMap<&'static str, u64>,
}

/// Gas of our side, which ends what has no end.
const LIMIT: u64 = 2_000_000;

impl Witness {
    /// Wasmtime or wasmi, linked to this program.
    ///
    /// # Errors
    /// If it is not.
    pub fn new(model: Model) -> Result<Witness, FuelError> {
        let (name, engine) = match model {
            Model::Wasmtime => ("wasmtime", "here:wasmtime"),
            // What is translated late is charged for at its first call.
            Model::Wasmi => ("wasmi", "here:wasmi?mode=eager"),
        };
        Ok(Witness { name, model, adapter: adapter(engine)? })
    }

    /// What a case may use.
    pub fn features(&self) -> Features {
        self.adapter.features().intersection(OwnTier::new(Tier::Oracle).features())
    }

    /// The schedule of our side: under `flat` a dynamic charge is a number of units.
    fn schedule(&self) -> Arc<Schedule> {
        let name = if self.model == Model::Wasmtime { "wasmtime-48" } else { "flat" };
        Schedule::builtin(name).expect("it is built in")
    }

    /// Both sides with an instance each.
    fn load(&self, asked: FuelCase<'_>) -> Result<Result<Pair, &'static str>, FuelError> {
        let fuel = match (self.model, WasmiFuel::of(&asked.case.wasm)) {
            (Model::Wasmtime, _) => WasmiFuel::default(),
            (Model::Wasmi, Err(Doubt::Pages)) => {
                return Ok(Err("memories with pages of their own"));
            }
            (Model::Wasmi, Ok(fuel)) => fuel,
            (Model::Wasmi, Err(Doubt::Constant)) => return Ok(Err("constants that are folded")),
            (Model::Wasmi, Err(Doubt::Unknown)) => return Ok(Err("what wasmi does not know")),
        };
        let sum = Arc::new(Mutex::new(0));
        let watched = Arc::clone(&sum);
        let growth = Arc::new(AtomicU64::new(0));
        let (model, refused) = (self.model, Arc::clone(&growth));
        let oracle = OwnTier::watched(Watcher::new(move || match model {
            Model::Wasmtime => Box::new(Growth { is_open: false, refused: Arc::clone(&refused) }),
            Model::Wasmi => fuel.meter(&watched),
        }));
        let gas = GasConfig { schedule: self.schedule(), limit: Some(LIMIT) };
        let Some(ours) = Side::load(&oracle, Some(gas), asked)? else {
            return Ok(Err("it does not load"));
        };
        let Some(theirs) = Side::load(self.adapter.as_ref(), None, asked)? else {
            return Ok(Err("it does not load there"));
        };
        Ok(Ok(Pair { model: self.model, sum, growth, ours, theirs }))
    }

    /// Asks about the calls of a case, up to the first that ends otherwise there than on the oracle.
    ///
    /// # Errors
    /// If an engine cannot be set up.
    pub fn ask(&self, asked: FuelCase<'_>, agreement: &mut Agreement) -> Result<(), FuelError> {
        let mut pair = match self.load(asked)? {
            Ok(pair) => pair,
            Err(why) => {
                *agreement.passed_over.entry(why).or_default() += 1;
                return Ok(());
            }
        };
        let mut is_new = true;
        for (number, call) in asked.case.calls.iter().enumerate() {
            let refused = pair.growth.load(Ordering::Relaxed);
            let Charge { outcomes, ours, theirs } = pair.call(call);
            let is_refused = pair.growth.load(Ordering::Relaxed) > refused;
            let told = || Mismatch {
                call: format!("{}, call {}, {}", asked.case.name, number + 1, call.export),
                outcome: format!("{:?}", outcomes.0),
                ours,
                theirs,
            };
            match &outcomes {
                (Outcome::Returned(_), Outcome::Returned(_)) => {
                    agreement.modules += u64::from(std::mem::take(&mut is_new));
                    agreement.calls += 1;
                    // Growth that fails is charged for there, by the element.
                    if ours < theirs && is_refused {
                        agreement.explained += 1;
                    } else if ours != theirs {
                        agreement.unequal.push(told());
                        return Ok(());
                    }
                }
                (Outcome::Trapped { .. }, Outcome::Trapped { .. }) => {
                    agreement.trapped.0 += 1;
                    if theirs < ours {
                        agreement.trapped.1 += 1;
                        agreement.lost.get_or_insert_with(told);
                    }
                }
                // A call that runs out of something leaves nothing to go on with.
                _ => break,
            }
        }
        Ok(())
    }

    /// A smaller case that is charged for otherwise too; `None` if this one is not.
    ///
    /// # Errors
    /// If an engine cannot be set up.
    pub fn reduced(
        self: &Arc<Self>,
        asked: FuelCase<'_>,
        budget: Budget,
    ) -> Result<Option<Case>, FuelError> {
        let FuelCase { case, features } = asked;
        let opinion = Arc::new(Fuel { witness: Arc::clone(self), features });
        let gas = Some(GasConfig { schedule: self.schedule(), limit: Some(LIMIT) });
        let run = RunOptions { features, gas, state: false, time: None };
        let oracle = Arc::new(OwnTier::new(Tier::Oracle));
        Ok(reduce_for(opinion, oracle, case, run, budget)?.map(|reduced| reduced.case))
    }

    /// What the first call of a case costs here and there, however it ends; `None` if the case says nothing.
    ///
    /// # Errors
    /// If an engine cannot be set up.
    pub fn charge(&self, asked: FuelCase<'_>) -> Result<Option<(u64, u64)>, FuelError> {
        let (Ok(mut pair), Some(call)) = (self.load(asked)?, asked.case.calls.first()) else {
            return Ok(None);
        };
        let Charge { ours, theirs, .. } = pair.call(call);
        Ok(Some((ours, theirs)))
    }
}

/// A second opinion: what a witness charges.
struct Fuel {
    witness: Arc<Witness>,
    features: Features,
}

impl SecondOpinion for Fuel {
    fn breach(&self, case: &Case) -> Result<Option<Breach>, AdapterError> {
        let mut agreement = Agreement::default();
        let asked = FuelCase { case, features: self.features };
        self.witness.ask(asked, &mut agreement).map_err(|FuelError::Engine(error)| error)?;
        Ok(agreement.unequal.first().map(|Mismatch { call, ours, theirs, .. }| {
            let text = format!("{call}: executed {ours}, charged {theirs}");
            Law::Ledger.breach(case.calls.len(), text)
        }))
    }
}

/// Counts the growth of tables that fails: it has no dynamic charge.
struct Growth {
    is_open: bool,
    refused: Arc<AtomicU64>,
}

impl Observer for Growth {
    fn operator(&mut self, _: FuncAddr, _: Site, opcode: Opcode) {
        if std::mem::replace(&mut self.is_open, opcode == Opcode::TableGrow) {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn dynamic_charge(&mut self, _: u64) {
        self.is_open = false;
    }
}

/// Both sides of a comparison.
struct Pair {
    model: Model,
    /// What the observer of our side added up.
    sum: Arc<Mutex<u64>>,
    /// How often a table did not grow.
    growth: Arc<AtomicU64>,
    ours: Side,
    theirs: Side,
}

/// What a call was charged on each side.
struct Charge {
    outcomes: (Outcome, Outcome),
    ours: u64,
    theirs: u64,
}

impl Pair {
    fn taken(&self) -> u64 {
        match self.model {
            Model::Wasmtime => self.ours.session.gas_executed().unwrap_or_default(),
            Model::Wasmi => *self.sum.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn call(&mut self, call: &Call) -> Charge {
        let before = self.taken();
        let invoke = |side: &mut Side| side.session.invoke(side.instance, &call.export, &call.args);
        let outcomes = (invoke(&mut self.ours), invoke(&mut self.theirs));
        let theirs = self.theirs.session.fuel_taken().unwrap_or_default();
        Charge { outcomes, ours: self.taken().wrapping_sub(before), theirs }
    }
}

/// An engine with an instance of the case's module.
struct Side {
    session: Box<dyn Session>,
    instance: Instance,
}

impl Side {
    fn load(
        adapter: &dyn Adapter,
        gas: Option<GasConfig>,
        asked: FuelCase<'_>,
    ) -> Result<Option<Side>, FuelError> {
        let features = asked.features;
        let config = SessionConfig { features, gas, turns: false, measure: false, time: None };
        let opened = adapter.open(&config)?;
        let mut session = opened.session()?;
        let module = || opened.prepare(asked.case.given());
        let loaded = load(session.as_mut(), module, asked.case)?;
        Ok(loaded.ok().map(|instance| Side { session, instance }))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness").field("name", &self.name).finish_non_exhaustive()
    }
}
