//! Which tier has which function, where a module is on several.

use etalon::Tier;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The tiers to which functions are assigned in turn where tiers are mixed.
pub(crate) const MIXED: [Tier; 3] = [Tier::Jit, Tier::Interp, Tier::Oracle];

/// Which functions are on the second of two tiers.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    tiers: [Tier; 2],
    second: Arc<BTreeSet<u32>>,
}

impl Placed {
    pub(crate) fn new(tiers: [Tier; 2], second: BTreeSet<u32>) -> Placed {
        // What would be compiled ahead of time is compiled at once.
        let tiers = tiers.map(|tier| match tier {
            Tier::Aot | Tier::Auto => Tier::Jit,
            tier => tier,
        });
        Placed { tiers, second: Arc::new(second) }
    }

    /// The name of the second tier.
    pub(crate) fn name(&self) -> &'static str {
        self.tiers[1].name()
    }
}

/// Which tier has a function, by the function's index.
pub(crate) fn tier_of(shift: u32, placed: Option<Placed>) -> impl Fn(u32) -> Tier {
    move |func| match &placed {
        Some(placed) => placed.tiers[usize::from(placed.second.contains(&func))],
        None => MIXED[(func.wrapping_add(shift) % 3) as usize],
    }
}
