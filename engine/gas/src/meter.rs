//! The gas meter.

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

/// The greatest limit a meter may have (§1): 2^63 - 1, so that a limit also fits a signed number.
pub const LIMIT_MAX: u64 = i64::MAX as u64;

/// The limit is used up (§3). This is sticky: every further charge fails too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("out of gas")]
pub struct OutOfGas;

/// A limit above [`LIMIT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the gas limit {0} is above {LIMIT_MAX}")]
pub struct LimitTooLarge(pub u64);

/// The gas left, in memory that compiled code may share with its [`Meter`].
///
/// It is atomic only so that sharing it needs no exclusive reference. One thread at a time uses a meter, and relaxed loads
/// and stores are plain moves.
#[derive(Debug)]
#[repr(C)]
pub struct GasCell {
    left: AtomicU64,
}

impl GasCell {
    /// Gas left.
    #[inline]
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Replaces the gas left.
    #[inline]
    pub fn set_left(&self, gas: u64) {
        self.left.store(gas, Ordering::Relaxed);
    }
}

/// The gas that a store may still use, and the gas that it has used (§1, §3).
///
/// An unmetered one has no limit and never runs out, but it still counts.
#[derive(Debug)]
pub struct Meter {
    limit: Option<u64>,
    exhausted: bool,
    /// Gas that an unmetered run consumed before the cell was last filled up; the count stops at the greatest number.
    spent: u64,
    // Not a Box: a Box asserts that its address is unique, but compiled code holds it too.
    cell: Arc<GasCell>,
}

impl Meter {
    /// A meter with a limit.
    ///
    /// # Errors
    ///
    /// The limit is above [`LIMIT_MAX`].
    pub fn new(limit: u64) -> Result<Meter, LimitTooLarge> {
        let mut meter = Meter::unmetered();
        meter.set_limit(Some(limit))?;
        Ok(meter)
    }

    /// A meter without a limit.
    pub fn unmetered() -> Meter {
        // No limit is this large, so a tier that always counts down needs no special case.
        let cell = Arc::new(GasCell { left: AtomicU64::new(u64::MAX) });
        Meter { limit: None, exhausted: false, spent: 0, cell }
    }

    /// Resets the meter: nothing consumed, not exhausted, and a new limit (`None`: unmetered).
    ///
    /// The cell keeps its address.
    ///
    /// # Errors
    ///
    /// The limit is above [`LIMIT_MAX`]; the meter is unchanged.
    pub fn set_limit(&mut self, limit: Option<u64>) -> Result<(), LimitTooLarge> {
        if let Some(limit) = limit.filter(|&limit| limit > LIMIT_MAX) {
            return Err(LimitTooLarge(limit));
        }
        self.limit = limit;
        self.exhausted = false;
        self.spent = 0;
        self.cell.set_left(self.start());
        Ok(())
    }

    /// Continues from the state of another meter: its [`limit`](Meter::limit), the gas left in its [`cell`](Meter::cell), and
    /// whether it [`is_exhausted`](Meter::is_exhausted).
    ///
    /// # Errors
    ///
    /// The limit is above [`LIMIT_MAX`]; the meter is unchanged.
    pub fn resume(
        &mut self,
        limit: Option<u64>,
        left: u64,
        exhausted: bool,
    ) -> Result<(), LimitTooLarge> {
        self.set_limit(limit)?;
        self.cell.set_left(left.min(self.start()));
        self.exhausted = exhausted && limit.is_some();
        Ok(())
    }

    /// Takes `cost` gas.
    ///
    /// # Errors
    ///
    /// Less than `cost` is left, or the meter is exhausted already. It is exhausted from then on.
    pub fn charge(&mut self, cost: u64) -> Result<(), OutOfGas> {
        self.charge_wide(u128::from(cost))
    }

    /// Takes `cost` gas, compared in 128 bits: what [`Rate::charge`](crate::Rate::charge) returns.
    ///
    /// # Errors
    ///
    /// As for [`charge`](Meter::charge).
    pub fn charge_wide(&mut self, cost: u128) -> Result<(), OutOfGas> {
        if self.exhausted {
            return Err(OutOfGas);
        }
        self.fill_up();
        let left = self.cell.left();
        match u64::try_from(cost).ok().and_then(|cost| left.checked_sub(cost)) {
            Some(rest) => {
                self.cell.set_left(rest);
                Ok(())
            }
            None => self.exhaust(),
        }
    }

    /// Gives back what was charged: whoever goes on charges it again.
    pub fn give_back(&mut self, cost: u64) {
        let left = self.cell.left();
        let here = cost.min(self.start().saturating_sub(left));
        self.cell.set_left(left + here);
        // The rest was charged before the cell was filled up. A count that is at its end stays there.
        if self.spent < u64::MAX {
            self.spent = self.spent.saturating_sub(cost - here);
        }
    }

    /// A charge exceeds the gas that is left. All of it is taken, so consumed becomes the limit (§3). For tiers that count
    /// down the cell themselves.
    ///
    /// # Errors
    ///
    /// Always, unless the meter is unmetered. Then consumed is at its end, and the cell is full again: what was to be
    /// charged counts as charged.
    pub fn exhaust(&mut self) -> Result<(), OutOfGas> {
        if self.limit.is_none() {
            self.spent = u64::MAX;
            self.cell.set_left(self.start());
            return Ok(());
        }
        self.cell.set_left(0);
        self.exhausted = true;
        Err(OutOfGas)
    }

    /// Fills the cell of an unmetered run up when half of it is gone, so that who counts it down does not come to its end.
    #[inline]
    pub fn fill_up(&mut self) {
        if self.limit.is_none() && self.cell.left() <= LIMIT_MAX {
            self.spent = self.consumed();
            self.cell.set_left(self.start());
        }
    }

    /// Whether it has run out. An invocation that begins with an exhausted meter runs out of gas at once (§3).
    #[inline]
    pub fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    /// The limit in gas; `None` if unmetered.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Gas left; `None` if unmetered.
    pub fn left(&self) -> Option<u64> {
        self.limit.map(|_| self.cell.left())
    }

    /// Gas consumed since the limit was set. Unmetered, the count stops at `u64::MAX`.
    pub fn consumed(&self) -> u64 {
        // Saturating, because compiled code writes the cell too.
        self.spent.saturating_add(self.start().saturating_sub(self.cell.left()))
    }

    /// The cell, for tiers that count down themselves.
    pub fn cell(&self) -> &GasCell {
        &self.cell
    }

    /// The cell, to be read while the meter is in other hands.
    pub fn shared_cell(&self) -> Arc<GasCell> {
        Arc::clone(&self.cell)
    }

    /// The address of the `u64` of gas left, for compiled code. It stays the same as long as the meter lives, even if the
    /// meter moves.
    #[inline]
    pub fn address(&self) -> usize {
        ptr::from_ref(&self.cell.left).expose_provenance()
    }

    #[inline]
    fn start(&self) -> u64 {
        self.limit.unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(meter: &Meter) -> (u64, Option<u64>, bool) {
        (meter.consumed(), meter.left(), meter.is_exhausted())
    }

    #[test]
    fn what_is_charged_is_consumed_up_to_the_limit() {
        for limit in 0..40 {
            for cost in 1..10 {
                let mut meter = Meter::new(limit).expect("a small limit");
                for paid in 1..=limit / cost {
                    assert_eq!(meter.charge(cost), Ok(()));
                    assert_eq!(state(&meter), (paid * cost, Some(limit - paid * cost), false));
                }
                assert_eq!(meter.charge(cost), Err(OutOfGas));
                assert_eq!(state(&meter), (limit, Some(0), true), "limit {limit}, cost {cost}");
            }
        }
    }

    #[test]
    fn exhaustion_is_sticky() {
        let mut meter = Meter::new(10).expect("a small limit");
        assert_eq!(meter.charge(11), Err(OutOfGas));
        for cost in [0, 1, u64::MAX] {
            assert_eq!(meter.charge(cost), Err(OutOfGas));
            assert_eq!(state(&meter), (10, Some(0), true));
        }
        meter.set_limit(Some(10)).expect("a small limit");
        assert_eq!(state(&meter), (0, Some(10), false));
        assert_eq!(meter.charge(10), Ok(()));
        assert_eq!(meter.charge(0), Ok(()), "spent to the last is not exhausted");
        assert_eq!(state(&meter), (10, Some(0), false));
    }

    #[test]
    fn wide_costs_are_not_cut_to_64_bits() {
        let mut meter = Meter::new(LIMIT_MAX).expect("the greatest limit");
        assert_eq!(meter.charge_wide(5), Ok(()));
        assert_eq!(meter.charge_wide((1 << 64) + 5), Err(OutOfGas));
        assert_eq!(state(&meter), (LIMIT_MAX, Some(0), true));
    }

    #[test]
    fn the_greatest_limit_is_a_signed_number() {
        let mut meter = Meter::new(LIMIT_MAX).expect("the greatest limit");
        assert_eq!(meter.charge(3), Ok(()));
        assert_eq!(meter.set_limit(Some(LIMIT_MAX + 1)), Err(LimitTooLarge(LIMIT_MAX + 1)));
        assert_eq!(
            state(&meter),
            (3, Some(LIMIT_MAX - 3), false),
            "a refused limit changes nothing"
        );
        assert!(Meter::new(u64::MAX).is_err());
    }

    #[test]
    fn without_a_limit_it_counts_and_never_runs_out() {
        let mut meter = Meter::unmetered();
        assert_eq!(meter.charge(1 << 63), Ok(()));
        assert_eq!((meter.limit(), state(&meter)), (None, (1 << 63, None, false)));
        assert_eq!(meter.charge_wide(1 << 90), Ok(()));
        assert_eq!(meter.exhaust(), Ok(()));
        assert_eq!(meter.charge(u64::MAX), Ok(()));
        assert_eq!(state(&meter), (u64::MAX, None, false));
        meter.set_limit(None).expect("no limit is too large for none");
        assert_eq!(meter.consumed(), 0);
        for times in 1..=3_u64 {
            assert_eq!(meter.charge(1 << 62), Ok(()));
            meter.fill_up();
            assert_eq!(state(&meter), (times << 62, None, false));
            assert!(meter.cell().left() > LIMIT_MAX);
        }
        assert_eq!(meter.charge(1 << 62), Ok(()));
        assert_eq!(meter.consumed(), u64::MAX);
        meter.set_limit(Some(1)).expect("a small limit");
        assert_eq!(meter.charge(2), Err(OutOfGas));
    }

    #[test]
    fn what_is_given_back_was_not_charged() {
        let mut meter = Meter::new(10).expect("a small limit");
        assert_eq!(meter.charge(7), Ok(()));
        meter.give_back(5);
        assert_eq!(state(&meter), (2, Some(8), false));
        // Without a limit, also over what was filled up since.
        let mut meter = Meter::unmetered();
        assert_eq!(meter.charge((1 << 63) + 3), Ok(()));
        meter.fill_up();
        assert_eq!(meter.charge(4), Ok(()));
        meter.give_back(9);
        assert_eq!(state(&meter), ((1 << 63) - 2, None, false));
        assert_eq!(meter.charge(9), Ok(()));
        assert_eq!(meter.exhaust(), Ok(()));
        meter.give_back(9);
        assert_eq!(meter.consumed(), u64::MAX, "the count stops");
    }

    #[test]
    fn the_cell_is_shared_and_stays_where_it_is() {
        let meter = Meter::new(100).expect("a small limit");
        let address = meter.address();
        let mut moved = Box::new(meter);
        moved.set_limit(Some(50)).expect("a small limit");
        assert_eq!(moved.address(), address);
        assert_eq!(address % align_of::<u64>(), 0);
        assert_eq!(size_of::<GasCell>(), size_of::<u64>());
        // What compiled code does: it writes the cell, and tells the meter when that would go below zero.
        moved.cell().set_left(20);
        assert_eq!(moved.consumed(), 30);
        assert_eq!(moved.exhaust(), Err(OutOfGas));
        assert_eq!(state(&moved), (50, Some(0), true));
    }
}
