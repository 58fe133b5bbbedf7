//! What several tests of this package need.

use etalon::Tier;

/// Which tier has a function, by the function's index.
pub(crate) type Placement = fn(u32) -> Tier;

/// Each tier alone, and functions of one module on all of them, so that calls lead from each tier to each other.
pub(crate) const PLACEMENTS: &[(&str, Placement)] = &[
    ("oracle", |_| Tier::Oracle),
    ("interp", |_| Tier::Interp),
    ("jit", |_| Tier::Jit),
    ("in turn", |n| [Tier::Oracle, Tier::Interp, Tier::Jit][n as usize % 3]),
    ("in turn, the other way", |n| [Tier::Jit, Tier::Interp, Tier::Oracle][n as usize % 3]),
];
