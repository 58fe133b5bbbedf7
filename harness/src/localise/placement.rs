//! Which function is at fault, by giving functions to either of two engines.

use crate::diff::{Case, DiffOptions, Differ, Difference, Verdict};
use crate::rewrite::Text;
use etalon_adapters::{Adapter, AdapterError, OwnTier, Tier};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The functions without which the difference goes away when they are given to the first engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// The indices of the functions.
    pub funcs: Vec<u32>,
}

/// Which functions the second tier must have for the difference to be seen. `None` if the engines are not two of our tiers, or
/// the difference is of more than what functions do.
///
/// # Errors
/// If an engine cannot be set up.
pub fn culprit(
    options: &DiffOptions,
    tiers: [&str; 2],
    case: &Case,
    difference: &Difference,
) -> Result<Option<Culprit>, AdapterError> {
    let [Ok(right), Ok(wrong)] = tiers.map(str::parse::<Tier>) else { return Ok(None) };
    let Ok(text) = Text::of(&case.wasm) else { return Ok(None) };
    let all: BTreeSet<u32> = text.funcs.iter().map(|func| func.index).collect();
    let diverges = |funcs: &BTreeSet<u32>| -> Result<bool, AdapterError> {
        let placed: Arc<dyn Adapter> = Arc::new(OwnTier::placed(right, wrong, funcs.clone()));
        let engines = vec![Arc::new(OwnTier::new(right)) as Arc<dyn Adapter>, placed];
        let judged = Differ::new(engines, options.clone()).judge(case)?;
        Ok(matches!(judged.verdict, Verdict::Diverged { difference: found, .. }
            if found.aspect == difference.aspect))
    };
    if !diverges(&all)? {
        return Ok(None);
    }
    let mut funcs = all;
    let mut piece = funcs.len() / 2;
    while piece > 0 {
        let mut first = 0;
        while first < funcs.len() && funcs.len() > 1 {
            let without: BTreeSet<u32> = funcs
                .iter()
                .copied()
                .take(first)
                .chain(funcs.iter().copied().skip(first + piece))
                .collect();
            if !without.is_empty() && diverges(&without)? {
                funcs = without;
            } else {
                first += piece;
            }
        }
        piece /= 2;
    }
    Ok(Some(Culprit { funcs: funcs.into_iter().collect() }))
}
