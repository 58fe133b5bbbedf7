//! Sets of numbers that come nearly in order.

use serde::{Deserialize, Serialize};

/// Numbers, as ranges that neither touch nor overlap, in order: each from its first number up to one before its second.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// One number.
    pub(crate) fn of(number: u64) -> Self {
        Ranges(vec![(number, number + 1)])
    }

    /// How many numbers there are.
    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|(first, end)| end - first).sum()
    }

    pub(crate) fn contains(&self, number: u64) -> bool {
        let at = self.0.partition_point(|(first, _)| *first <= number);
        at > 0 && number < self.0[at - 1].1
    }

    /// Adds the numbers of another set.
    pub(crate) fn extend(&mut self, other: &Ranges) {
        other.0.iter().for_each(|range| self.insert(*range));
    }

    fn insert(&mut self, (mut first, mut end): (u64, u64)) {
        // Those that the new one touches become one with it.
        let from = self.0.partition_point(|range| range.1 < first);
        let to = self.0.partition_point(|range| range.0 <= end);
        if from < to {
            first = first.min(self.0[from].0);
            end = end.max(self.0[to - 1].1);
        }
        self.0.splice(from..to, [(first, end)]);
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;

    #[test]
    fn numbers_in_any_order_become_few_ranges() {
        let mut set = Ranges::default();
        assert!(!set.contains(0));
        for (number, ranges) in [(5, 1), (3, 2), (4, 1), (9, 2), (5, 2), (0, 3), (7, 4), (6, 3)] {
            set.extend(&Ranges::of(number));
            assert!(set.contains(number));
            assert_eq!(set.0.len(), ranges, "after {number}: {set:?}");
        }
        let expected = Ranges(vec![(0, 1), (3, 8), (9, 10)]);
        assert_eq!((&set, set.count()), (&expected, 7));
        assert!(!set.contains(2) && !set.contains(8) && !set.contains(10));
        let mut other = Ranges(vec![(1, 3), (8, 20)]);
        other.extend(&set);
        assert_eq!(other, Ranges(vec![(0, 20)]));
    }
}
