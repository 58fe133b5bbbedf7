//! Where gas is charged, and how much: this tier's implementation of gas-1. The schedule gives the numbers;
//! costs are computed from them here.

use crate::cuts::ends_segment;
use etalon_gas::{Rate, Schedule};
use etalon_module::Opcode;

/// The costs of a body's gas segments (*Gas segments*): the sum of all weights from each cut to the next.
#[derive(Debug)]
pub(crate) struct Segments {
    /// By position of an operator: the cost of the gas segment that begins there if it is a cut.
    costs: Vec<u64>,
    /// The cost beyond those.
    other: u64,
}

impl Segments {
    /// Finds the gas segments of a body, including its last `end`; dead code counts like any other.
    pub(crate) fn find(schedule: &Schedule, body: &[Opcode]) -> Segments {
        let mut costs = vec![0u64; body.len() + 1];
        let mut cut = 0;
        for (i, op) in body.iter().enumerate() {
            costs[cut] = costs[cut].saturating_add(schedule.weight(*op).into());
            if ends_segment(schedule.cuts(), *op) {
                cut = i + 1;
            }
        }
        Segments { costs, other: 0 }
    }

    /// For a store that is not metered: everything is free, but a cut counts as one where an interrupt is looked for after
    /// some of them.
    pub(crate) fn free(interruptible: bool) -> Segments {
        Segments { costs: Vec::new(), other: interruptible.into() }
    }

    /// The cost of the gas segment that begins at a cut.
    pub(crate) fn cost(&self, cut: usize) -> u64 {
        self.costs.get(cut).copied().unwrap_or(self.other)
    }
}

/// E(f) (*Function entry*): the cost of entering a function, without its first gas segment. It counts values,
/// so a vector is one. It saturates at 64 bits, above every limit.
pub(crate) fn entry(schedule: &Schedule, params: usize, locals: usize) -> u64 {
    let price = schedule.function();
    let of = |price: u32, count: usize| u128::from(price) * count as u128;
    let cost = u128::from(price.entry) + of(price.arg, params) + of(price.local, locals);
    u64::try_from(cost).unwrap_or(u64::MAX)
}

/// frame(f) (*Depth*): the depth that a frame takes. It counts slots, so a vector is two. `locals` are the
/// slots of the parameters and the declared locals.
pub(crate) fn frame(schedule: &Schedule, locals: u32, max_height: u32) -> u64 {
    u64::from(schedule.depth().frame) + u64::from(locals) + u64::from(max_height)
}

/// The dynamic charge for a number of units (*Dynamic charges*): each granule that is begun costs the weight.
/// The product can have 96 bits and must not wrap to an amount that could be paid.
#[inline]
pub(crate) fn dynamic(rate: Rate, units: u64) -> u128 {
    let granule = u64::from(rate.granule.get());
    let begun = units / granule + u64::from(!units.is_multiple_of(granule));
    u128::from(begun) * u128::from(rate.weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn a_granule_that_is_begun_is_paid() {
        let rate = Rate { weight: 3, granule: NonZeroU32::new(64).expect("it is not 0") };
        let charges = [0, 1, 64, 65, 128].map(|units| dynamic(rate, units));
        assert_eq!(charges, [0, 3, 3, 6, 6]);
        let rate = Rate { weight: u32::MAX, granule: NonZeroU32::MIN };
        assert_eq!(dynamic(rate, u64::MAX), u128::from(u32::MAX) * u128::from(u64::MAX));
    }

    #[test]
    fn entering_and_frames_count_what_they_say() {
        let schedule = Schedule::builtin(Schedule::DEFAULT).expect("it is built in");
        let price = schedule.function();
        let expected = price.entry + 2 * price.arg + 3 * price.local;
        assert_eq!(entry(&schedule, 2, 3), u64::from(expected));
        assert_eq!(frame(&schedule, 5, 4), u64::from(schedule.depth().frame) + 9);
    }
}
