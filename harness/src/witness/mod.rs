//! Witnesses of what all our tiers share: decoding and validation.
//!
//! A fault there is invisible among our tiers, so other engines are asked whether they accept the same modules: those of the
//! scripts, generated ones, and above all changed bytes, most of which nobody should accept.

mod mutate;
mod questions;

use crate::threads::on_threads;
use etalon_adapters::{
    Adapter, AdapterError, Opened, Outcome, Rejection, SessionConfig, TimeLimit,
};
pub use questions::Questions;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How much is asked.
#[derive(Clone, Debug)]
pub struct WitnessOptions {
    /// How many modules.
    pub modules: u64,
    /// How many threads; at least one is used.
    pub jobs: usize,
    /// How long an engine may take for a module.
    pub time: Option<TimeLimit>,
}

/// What two engines say of modules.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// How many modules both accept.
    pub accepted: u64,
    /// How many both refuse.
    pub refused: u64,
    /// Of how many one says nothing of the module, by the reason.
    pub open: BTreeMap<String, u64>,
    /// Of which they say the opposite, in the order of their numbers.
    pub mismatches: Vec<Mismatch>,
}

/// A module of which two engines say the opposite.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// Its number.
    pub number: u64,
    /// The module.
    pub wasm: Vec<u8>,
    /// What ours says against it; nothing if it accepts it.
    pub ours: Option<String>,
    /// What the witness says against it.
    pub theirs: Option<String>,
}

/// What an engine says of a module: nothing against it, what it says, or why it says nothing.
fn answer(engine: &dyn Opened, wasm: &[u8]) -> Result<Option<String>, String> {
    use Rejection::*;
    match engine.validate(wasm) {
        Ok(()) => Ok(None),
        Err(Outcome::Rejected(reason)) => match reason {
            Malformed(_) | Invalid(_) | MalformedOrInvalid(_) => {
                Ok(Some(format!("{}: {}", reason.word(), reason.message())))
            }
            Unsupported { feature, .. } => Err(format!("unsupported: {feature}")),
            Limit(_) => Err("limit".to_owned()),
            Unlinkable(_) => Err("unlinkable".to_owned()),
        },
        // A crash is no answer, and never right: it is one against the module, so that it is seen.
        Err(Outcome::Crashed(text)) => Ok(Some(format!("crashed: {text}"))),
        Err(other) => Err(format!("{}", other.kind())),
    }
}

impl Answers {
    fn note(&mut self, number: u64, wasm: Vec<u8>, of: [Result<Option<String>, String>; 2]) {
        match of {
            [Ok(None), Ok(None)] => self.accepted += 1,
            [Ok(Some(ours)), Ok(Some(theirs))]
                if !ours.starts_with("crashed") && !theirs.starts_with("crashed") =>
            {
                self.refused += 1;
            }
            [Ok(ours), Ok(theirs)] => {
                self.mismatches.push(Mismatch { number, wasm, ours, theirs });
            }
            [Err(why), _] => *self.open.entry(format!("ours: {why}")).or_default() += 1,
            [_, Err(why)] => *self.open.entry(format!("the witness: {why}")).or_default() += 1,
        }
    }
}

/// Asks one of ours and a witness about the same modules, with the features that both have.
///
/// # Errors
/// If an engine cannot be set up.
pub fn ask(
    ours: &dyn Adapter,
    witness: &dyn Adapter,
    questions: &Questions,
    options: &WitnessOptions,
) -> Result<Answers, AdapterError> {
    let features = ours.features().intersection(witness.features());
    let time = options.time.clone();
    let config = SessionConfig { features, gas: None, turns: false, measure: false, time };
    let engines = [ours.open(&config)?, witness.open(&config)?];
    let (next, answers) = (AtomicU64::new(0), Mutex::new(Answers::default()));
    on_threads(options.jobs, 1 << 26, &|| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= options.modules {
                break;
            }
            let wasm = questions.nth(number, features);
            let of = [0, 1].map(|i| answer(engines[i].as_ref(), &wasm));
            answers.lock().unwrap_or_else(PoisonError::into_inner).note(number, wasm, of);
        }
    });
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.mismatches.sort_by_key(|mismatch| mismatch.number);
    Ok(answers)
}
