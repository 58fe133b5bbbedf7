//! Differences that the specification allows, by name.

use etalon_adapters::{Outcome, Rejection, Val};

use super::trace::Step;

/// A nondeterminism that the specification allows (*Execution*, and in the appendix *Profiles*). A difference that a
/// policy covers is no divergence. After an exhaustion or a refusal nothing can be compared; after the others what follows is.
///
/// Our own tiers implement the deterministic profile under one schedule, so between them no policy applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// The sign and payload of a NaN that an instruction generates (*Numerics*, "NaN Propagation").
    NanBits,
    /// When the stack or the memory of the host runs out.
    Exhaustion,
    /// Whether `memory.grow` and `table.grow` succeed.
    Grow,
    /// The results of relaxed vector instructions.
    Relaxed,
    /// One engine lacks a feature that the module needs.
    Unsupported,
}

impl Policy {
    /// Every policy: what is allowed between engines of different makers.
    pub const ALL: &[Policy] =
        &[Policy::NanBits, Policy::Exhaustion, Policy::Grow, Policy::Relaxed, Policy::Unsupported];

    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Policy::NanBits => "nan-bits",
            Policy::Exhaustion => "exhaustion",
            Policy::Grow => "grow",
            Policy::Relaxed => "relaxed",
            Policy::Unsupported => "unsupported",
        }
    }

    /// Why the specification allows the difference.
    pub fn why(self) -> &'static str {
        match self {
            Policy::NanBits => "an instruction that gives a NaN may choose its sign and payload",
            Policy::Exhaustion => "an engine may run out of stack, memory or gas at any time",
            Policy::Grow => "memory.grow and table.grow may fail at any time",
            Policy::Relaxed => "relaxed vector instructions have a set of results to choose from",
            Policy::Unsupported => "an engine need not have every feature, and may have limits",
        }
    }

    /// The policy with a name.
    pub fn from_name(name: &str) -> Option<Policy> {
        Policy::ALL.iter().copied().find(|p| p.name() == name)
    }

    /// Whether the policy covers the difference between two steps that differ, as far as these alone tell. Where NaNs flow, what
    /// relaxed instructions give and what grows is told by a copy of the module ([`super::open::Decided`]).
    pub(crate) fn covers(self, a: &Step, b: &Step) -> bool {
        let either = |test: fn(&Outcome) -> bool| test(&a.outcome) || test(&b.outcome);
        match self {
            Policy::NanBits => only_nan_bits_differ(a, b),
            Policy::Exhaustion => either(|o| matches!(o, Outcome::Exhausted(_))),
            Policy::Unsupported => either(|o| {
                matches!(o, Outcome::Rejected(Rejection::Unsupported { .. } | Rejection::Limit(_)))
            }),
            Policy::Grow | Policy::Relaxed => false,
        }
    }

    /// Whether what comes after a difference that it covers can be compared. An engine that ran out of something, or refused the
    /// module, was somewhere else than the other.
    pub fn goes_on(self) -> bool {
        !matches!(self, Policy::Exhaustion | Policy::Unsupported)
    }
}

/// Whether two steps differ only in the bits of NaNs in results and exported globals. A difference of digests is
/// attributed to NaNs if a visible value differs in this way.
fn only_nan_bits_differ(a: &Step, b: &Step) -> bool {
    let (Outcome::Returned(ra), Outcome::Returned(rb)) = (&a.outcome, &b.outcome) else {
        return false;
    };
    let globals = |step: &Step| step.globals.iter().map(|(_, v)| *v).collect::<Vec<_>>();
    let (ga, gb) = (globals(a), globals(b));
    (ra != rb || ga != gb) && same_but_nans(ra, rb) && same_but_nans(&ga, &gb)
}

fn same_but_nans(a: &[Val], b: &[Val]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || both_nan(*a, *b))
}

fn both_nan(a: Val, b: Val) -> bool {
    match (a, b) {
        (Val::F32(a), Val::F32(b)) => nan32(a) && nan32(b),
        (Val::F64(a), Val::F64(b)) => nan64(a) && nan64(b),
        // The type of the lanes is not known, so either will do.
        (Val::V128(a), Val::V128(b)) => {
            let lanes32 = (0..4).all(|lane| {
                let (a, b) = ((a >> (32 * lane)) as u32, (b >> (32 * lane)) as u32);
                a == b || (nan32(a) && nan32(b))
            });
            let lanes64 = (0..2).all(|lane| {
                let (a, b) = ((a >> (64 * lane)) as u64, (b >> (64 * lane)) as u64);
                a == b || (nan64(a) && nan64(b))
            });
            lanes32 || lanes64
        }
        _ => false,
    }
}

fn nan32(bits: u32) -> bool {
    f32::from_bits(bits).is_nan()
}

fn nan64(bits: u64) -> bool {
    f64::from_bits(bits).is_nan()
}
