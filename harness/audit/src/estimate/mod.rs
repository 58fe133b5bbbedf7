//! Estimates: the most gas that a call of an export can take, by the text of the module alone.
//!
//! The longest way through each body, callees first. Every charge of gas-1 is on it: the weights of operators, entries, dynamic charges at the
//! most units that their checks let pass, calls, what comes to a handler by an exception. What nothing bounds is named, with what to state.

mod arrivals;
mod body;
mod bounds;
mod counted;
mod gap;
mod graph;
mod load;
mod most;
mod outside;
mod sizes;
mod stated;
mod told;
mod turns;
mod way;

pub use stated::Bound;
pub use told::{Dynamic, Estimate, ExportEstimate, Loop, OnPath, Reason, Silent, Upper};

use crate::error::EstimateError;
use crate::run::Trial;
use crate::scenario::Import;
use bounds::Bounds;
use etalon::unstable::module::ExternKind;
use graph::Graph;
use rustc_hash::FxHashSet;
use stated::Stated;
use std::collections::BTreeSet;

/// What is asked of an estimate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question<'q> {
    /// What functions of the host declare. Those that are not there are taken to declare nothing.
    pub imports: &'q [Import],
    /// What the user states.
    pub bounds: &'q [Bound],
    /// The exports; all of them if there is none.
    pub exports: &'q [String],
}

/// The most that the exports of a module can take, and loading it.
///
/// A function of the host that calls the guest again is taken to declare what that takes.
///
/// # Errors
/// If there is no such export, loop or call, or an import says that it calls an export.
pub fn estimate(trial: &Trial, question: Question<'_>) -> Result<Estimate, EstimateError> {
    if let Some(Import { module, name, .. }) = question.imports.iter().find(|i| i.calls.is_some()) {
        return Err(EstimateError::CallsAgain { module: module.clone(), name: name.clone() });
    }
    let (module, schedule) = (trial.module(), trial.schedule());
    let functions = module.exports.iter().filter(|export| export.kind == ExternKind::Func);
    let wanted: BTreeSet<&str> = question.exports.iter().map(String::as_str).collect();
    let there: BTreeSet<&str> = functions.clone().map(|export| &*export.name).collect();
    if let Some(name) = wanted.iter().find(|name| !there.contains(*name)) {
        return Err(EstimateError::NoExport { name: (*name).to_owned() });
    }
    let is_wanted = |name: &str| wanted.is_empty() || wanted.contains(name);
    let exports: Vec<(&str, u32)> = functions
        .filter(|export| is_wanted(&export.name))
        .map(|export| (&*export.name, export.index))
        .collect();
    let stated = Stated::new(module, trial.names(), question.bounds)?;
    let graph = Graph::new(module, &stated);
    let mut bounds = Bounds::new(module, schedule, &stated, &graph, question.imports);
    let roots: Vec<u32> = exports.iter().map(|(_, index)| *index).chain(module.start).collect();
    bounds.look(&roots);
    let told: FxHashSet<(&str, &str)> =
        question.imports.iter().map(|told| (&*told.module, &*told.name)).collect();
    let silent: BTreeSet<(&str, &str)> =
        trial.imported_functions().filter(|import| !told.contains(import)).collect();
    Ok(told::Teller::new(trial, &bounds).estimate(&exports, silent))
}
