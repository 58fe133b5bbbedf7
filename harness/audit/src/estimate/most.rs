//! Upper bounds, and their arithmetic.

/// The most gas that something takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Most {
    /// So much. Sums stop at `u64::MAX`, which stands for that and any more.
    Gas(u64),
    /// Nothing bounds it.
    Unbounded,
}

impl Most {
    pub(crate) const ZERO: Most = Most::Gas(0);

    /// One after the other.
    pub(crate) fn plus(self, other: Most) -> Most {
        match (self, other) {
            (Most::Gas(a), Most::Gas(b)) => Most::Gas(a.saturating_add(b)),
            _ => Most::Unbounded,
        }
    }

    /// So often. What never happens takes nothing, whatever it would take.
    pub(crate) fn times(self, count: u64) -> Most {
        match self {
            _ if count == 0 => Most::ZERO,
            Most::Gas(gas) => Most::Gas(gas.saturating_mul(count)),
            Most::Unbounded => Most::Unbounded,
        }
    }

    /// The gas; of what is unbounded, all there can be.
    pub(crate) fn gas(self) -> u64 {
        match self {
            Most::Gas(gas) => gas,
            Most::Unbounded => u64::MAX,
        }
    }
}

impl From<u64> for Most {
    fn from(gas: u64) -> Most {
        Most::Gas(gas)
    }
}

impl From<u128> for Most {
    fn from(gas: u128) -> Most {
        Most::Gas(u64::try_from(gas).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stop_at_the_top_and_nothing_bounds_the_unbounded() {
        let top = Most::Gas(u64::MAX);
        assert_eq!(top.plus(Most::Gas(1)), top);
        assert_eq!(Most::Gas(1 << 40).times(1 << 40), top);
        assert_eq!(Most::from(1u128 << 70), top);
        assert!(Most::Unbounded > top);
        assert_eq!(Most::Unbounded.plus(Most::ZERO), Most::Unbounded);
        assert_eq!(Most::Unbounded.times(0), Most::ZERO);
        assert_eq!(Most::Unbounded.times(2), Most::Unbounded);
    }
}
