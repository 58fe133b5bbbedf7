//! Gas (gas-1): what rules are charged.

use crate::configuration::{Configuration, Step, bug};
use etalon_module::Opcode;

impl Configuration<'_> {
    /// Control has come to a cut: the gas segment that begins there is paid (gas-1, *Charging*).
    pub(crate) fn charge_segment(&mut self) -> Step {
        let Some(frame) = self.thread.frames.last() else { return Ok(()) };
        let cost = frame.text.segments.get(frame.next as usize).copied().unwrap_or(0);
        Ok(self.store.charge(cost.into())?)
    }

    /// The dynamic charge of an instruction (gas-1, *Dynamic charges*): after its checks and before its effect.
    pub(super) fn charge(&mut self, opcode: Opcode, units: u64) -> Step {
        let rate = self.store.schedule().dynamic(opcode);
        let rate = rate.ok_or_else(|| bug("a dynamic charge of an operator that has none"))?;
        let granules = units.div_ceil(rate.granule.get().into());
        let gas = u128::from(rate.weight) * u128::from(granules);
        self.store.charge(gas)?;
        let gas = u64::try_from(gas).unwrap_or(u64::MAX);
        self.count(|usage| usage.took(gas));
        self.tell(|observer| observer.dynamic_charge(gas));
        Ok(())
    }
}
