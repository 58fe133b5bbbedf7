//! A price per unit.

use std::num::NonZeroU32;

use serde::Deserialize;

/// A price for a number of units that is known only when it is charged (§5): `weight` for each `granule` that is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Gas for one granule.
    pub weight: u32,
    /// Units in a granule.
    pub granule: NonZeroU32,
}

impl Rate {
    /// `weight * ceil(units / granule)`, in gas.
    ///
    /// The product needs up to 96 bits and is compared in full: it must not wrap to an amount that could be paid.
    pub fn charge(&self, units: u64) -> u128 {
        u128::from(self.weight) * u128::from(self.granules(units))
    }

    /// How many granules are begun.
    pub fn granules(&self, units: u64) -> u64 {
        units.div_ceil(u64::from(self.granule.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(weight: u32, granule: u32) -> Rate {
        let granule = NonZeroU32::new(granule).expect("a granule has units");
        Rate { weight, granule }
    }

    #[test]
    fn a_granule_begun_is_paid_in_full() {
        let per_line = rate(3, 64);
        for (units, gas) in [(0, 0), (1, 3), (63, 3), (64, 3), (65, 6), (128, 6), (129, 9)] {
            assert_eq!(per_line.charge(units), gas, "{units} units");
        }
        assert_eq!(rate(0, 1).charge(u64::MAX), 0);
    }

    #[test]
    fn the_greatest_charge_does_not_wrap() {
        let weight = u32::MAX;
        let gas = u128::from(weight) * u128::from(u64::MAX);
        assert_eq!(rate(weight, 1).charge(u64::MAX), gas);
        assert!(gas > u128::from(u64::MAX));
        assert_eq!(rate(1, u32::MAX).charge(u64::MAX), (1 << 32) + 1);
    }

    #[test]
    fn charges_grow_with_units_and_are_subadditive() {
        for granule in [1, 2, 3, 7, 64, 65536] {
            let rate = rate(5, granule);
            for units in 0..200_u64 {
                assert!(rate.charge(units) <= rate.charge(units + 1));
                let halves = rate.charge(units / 2) + rate.charge(units - units / 2);
                assert!(rate.charge(units) <= halves, "{units} by {granule}");
            }
        }
    }
}
