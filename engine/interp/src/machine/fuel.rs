//! What the loop may spend before it has to look up: the gas left, or a part of it.

use super::Exit;
use etalon_runtime::{Interrupt, Store};

/// The gas after which a machine that can be interrupted looks whether it is to be.
const SLICE: u64 = 1 << 16;

/// Gas while the loop runs; outside of the loop the meter has it.
#[derive(Debug, Default)]
pub(crate) struct Fuel {
    /// The gas that the loop may spend at once.
    pub(crate) gas: u64,
    /// A charge for which that did not do.
    pub(crate) due: u64,
    /// The gas left beyond that.
    reserve: u64,
    /// Whether the gas has no limit.
    unlimited: bool,
    /// Whether an unlimited run has consumed more than can be counted.
    uncounted: bool,
    /// Who interrupts the machine, if anyone may.
    interrupt: Option<Interrupt>,
}

impl Fuel {
    /// Takes the gas from the meter. A store that charges none, but can be interrupted, counts cuts instead.
    pub(crate) fn take(&mut self, store: &mut Store) {
        if store.is_interruptible() && self.interrupt.is_none() {
            self.interrupt = Some(store.interrupt().clone());
        }
        store.meter_mut().fill_up();
        self.unlimited = !store.is_metering() || store.meter().limit().is_none();
        self.divide(if store.is_metering() { store.meter().cell().left() } else { u64::MAX });
    }

    /// Gives what is left back to the meter, which is exact then.
    pub(crate) fn give_back(&mut self, store: &mut Store) {
        if !store.is_metering() {
            return;
        }
        store.meter().cell().set_left(self.left());
        if std::mem::take(&mut self.uncounted) {
            // Without a limit this gives no error.
            let _ = store.meter_mut().exhaust();
        }
    }

    /// A charge needs more than the loop may spend at once. Either there is more, and it is paid, or the loop is left.
    #[cold]
    pub(crate) fn refill(&mut self, cost: u64) -> Option<Exit> {
        if self.interrupt.as_ref().is_some_and(Interrupt::is_requested) {
            return Some(Exit::Interrupted);
        }
        match self.left().checked_sub(cost) {
            Some(left) => self.divide(left),
            // Without a limit the run goes on, uncounted.
            None if self.unlimited => {
                self.uncounted = true;
                self.divide(u64::MAX);
            }
            None => return Some(Exit::OutOfGas),
        }
        None
    }

    fn left(&self) -> u64 {
        self.gas.saturating_add(self.reserve)
    }

    fn divide(&mut self, left: u64) {
        self.gas = if self.interrupt.is_some() { left.min(SLICE) } else { left };
        self.reserve = left - self.gas;
    }
}
