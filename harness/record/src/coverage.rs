//! Which rules of the specification were reached.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which rules of the specification, by the names of its machine-readable form, a run reached on the oracle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCoverage {
    /// The reduction rules (specification, *Execution: Instructions*).
    pub rules: Reached,
    /// The numeric functions (specification, *Numerics*).
    pub numerics: Reached,
    /// The rules and functions of each operator: `i32.div_s: Step_pure/binop-trap`.
    #[serde(default)]
    pub operators: Reached,
}

/// How many of a set of names were reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// How many were reached.
    pub reached: u64,
    /// How many there are, including those that nothing can reach.
    pub total: u64,
    /// Those that can be reached but were not, in the specification's order.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Those that nothing can reach, and why. One that was reached nevertheless is not in here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unreachable: BTreeMap<String, String>,
}

impl Reached {
    /// Counts names, from whether each was reached and which cannot be reached.
    #[must_use]
    pub fn of<'a>(
        names: impl IntoIterator<Item = (&'a str, bool)>,
        unreachable: &BTreeMap<String, String>,
    ) -> Self {
        let mut all = Self::default();
        for (name, reached) in names {
            all.total += 1;
            if reached {
                all.reached += 1;
            } else if let Some(reason) = unreachable.get(name) {
                all.unreachable.insert(name.to_owned(), reason.clone());
            } else {
                all.missing.push(name.to_owned());
            }
        }
        all
    }

    /// Adds what another run reached of the same names.
    fn merge(&mut self, other: &Self) {
        self.missing.retain(|name| other.missing.contains(name));
        self.unreachable.retain(|name, _| other.unreachable.contains_key(name));
        let rest = (self.missing.len() + self.unreachable.len()) as u64;
        self.reached = self.total.saturating_sub(rest);
    }
}

impl RuleCoverage {
    /// Adds what another run reached.
    pub fn merge(&mut self, other: &Self) {
        self.rules.merge(&other.rules);
        self.numerics.merge(&other.numerics);
        self.operators.merge(&other.operators);
    }
}

#[cfg(test)]
mod tests {
    use super::Reached;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_missing_is_named_and_what_cannot_be_reached_is_apart() {
        let unreachable = BTreeMap::from([("d".to_owned(), "never".to_owned())]);
        let names = [("a", true), ("b", false), ("c", true), ("d", false)];
        let mut all = Reached::of(names, &unreachable);
        assert_eq!((all.reached, all.total), (2, 4));
        assert_eq!((&all.missing, &all.unreachable), (&vec!["b".to_owned()], &unreachable));

        let other = Reached::of(names.map(|(name, _)| (name, name == "b")), &unreachable);
        all.merge(&other);
        assert_eq!((all.reached, all.total, all.missing.len()), (3, 4, 0));
    }
}
