//! Which rules of the specification were reached.

use serde::{Deserialize, Serialize};

/// Which rules of the specification, by the names of its machine-readable form, a run reached on the oracle.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCoverage {
    /// The reduction rules (spec chapter 4.6).
    pub rules: Reached,
    /// The numeric functions (spec chapter 4.3).
    pub numerics: Reached,
}

/// How many of a set of names were reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// How many were.
    pub reached: u64,
    /// How many there are.
    pub total: u64,
    /// Those that were not, in the specification's order.
    #[serde(default)]
    pub missing: Vec<String>,
}

impl Reached {
    /// Counts names and whether each was reached.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let mut all = Self::default();
        for (name, reached) in names {
            all.total += 1;
            if reached {
                all.reached += 1;
            } else {
                all.missing.push(name.to_owned());
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Reached;

    #[test]
    fn what_is_missing_is_named() {
        let all = Reached::of([("a", true), ("b", false), ("c", true)]);
        assert_eq!((all.reached, all.total, all.missing), (2, 3, vec!["b".to_owned()]));
    }
}
