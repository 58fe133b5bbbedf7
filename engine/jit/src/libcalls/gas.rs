//! Dynamic charges (gas-1 section 5), computed here from the numbers of the schedule.

use super::Guest;
use etalon_gas::Rate;
use etalon_module::operator::Opcode;
use etalon_runtime::{Exhaustion, Stop};

impl Guest<'_> {
    /// Charges for the units that an operator is about to touch, after its checks and before its effect.
    pub(super) fn charge(&mut self, op: Opcode, units: u64) -> Result<(), Stop> {
        let rate = self.store.schedule().dynamic(op);
        let rate = rate.ok_or_else(|| Stop::crash(format!("{op} has no dynamic charge")))?;
        self.store.charge(price(rate, units))
    }
}

routines! {
    /// A charge is over what is left.
    exhaust(a, b, c, d, e) = |g: Guest<'_>| match g.store.meter_mut().exhaust() {
        Ok(()) => Ok(0),
        Err(_) => Err(Exhaustion::Gas.into()),
    };
}

/// Each granule begun costs the weight. The product has up to 96 bits and must not wrap into something that can be paid.
fn price(rate: Rate, units: u64) -> u128 {
    let granules = u128::from(units).div_ceil(u128::from(rate.granule.get()));
    u128::from(rate.weight) * granules
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZeroU32;

    #[test]
    fn a_granule_begun_is_paid_and_no_price_wraps() {
        let rate = |weight, granule| Rate { weight, granule: NonZeroU32::new(granule).unwrap() };
        for (units, gas) in [(0, 0), (1, 3), (64, 3), (65, 6), (128, 6), (129, 9)] {
            assert_eq!(price(rate(3, 64), units), gas, "{units} units");
        }
        let greatest = u128::from(u32::MAX) * u128::from(u64::MAX);
        assert_eq!(price(rate(u32::MAX, 1), u64::MAX), greatest);
        assert_eq!(price(rate(0, 1), u64::MAX), 0);
    }
}
