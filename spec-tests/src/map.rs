//! What ties each operator to the official rules: `spec-map.toml`, and the official names: `spec-rules.tsv`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The rules of every operator, by their official names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecMap {
    /// Rules that any operator may use, grouped by topic: where a step is made, and what becomes of its result.
    pub any: BTreeMap<String, Vec<String>>,
    /// By the operator's name.
    pub operator: BTreeMap<String, OperatorRules>,
    /// Rules and functions that nothing can reach, and why.
    pub unreachable: BTreeMap<String, String>,
}

/// The rules of one operator (specification, *Validation: Instructions*, *Numerics* and *Execution: Instructions*).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperatorRules {
    /// The rule that validates it; none if it only delimits blocks, or if 3.0 does not have it.
    pub valid: Option<String>,
    /// Rules used when it completes.
    pub normal: Vec<String>,
    /// Rules used when it branches.
    pub taken: Vec<String>,
    /// Rules used when it does not branch.
    pub not_taken: Vec<String>,
    /// Rules by which it traps.
    pub traps: Vec<String>,
    /// Numeric functions that it applies.
    pub functions: Vec<String>,
}

impl OperatorRules {
    /// Its reduction rules and its numeric functions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let all = [&self.normal, &self.taken, &self.not_taken, &self.traps, &self.functions];
        all.into_iter().flatten().map(String::as_str)
    }
}

/// The kinds of official names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A reduction rule (*Execution: Instructions*).
    Reduction,
    /// A numeric function (*Numerics*).
    Function,
    /// A validation rule (*Validation*).
    Validation,
}

/// The map.
///
/// # Panics
/// Never: the file is part of the crate, and tested.
pub fn spec_map() -> &'static SpecMap {
    static MAP: OnceLock<SpecMap> = OnceLock::new();
    MAP.get_or_init(|| toml::from_str(include_str!("../spec-map.toml")).expect("the map is tested"))
}

/// The official names of a kind, in the specification's order.
pub fn official_names(kind: NameKind) -> Vec<&'static str> {
    let word = match kind {
        NameKind::Reduction => "reduction",
        NameKind::Function => "function",
        NameKind::Validation => "validation",
    };
    let lines = include_str!("../spec-rules.tsv").lines();
    lines.filter_map(|line| line.split_once('\t')).filter(|l| l.0 == word).map(|l| l.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn official() -> BTreeSet<&'static str> {
        let kinds = [NameKind::Reduction, NameKind::Function];
        kinds.into_iter().flat_map(official_names).collect()
    }

    #[test]
    fn the_official_names_are_complete() {
        let kinds = [NameKind::Reduction, NameKind::Function, NameKind::Validation];
        assert_eq!(kinds.map(|k| official_names(k).len()), [218, 166, 265]);
        assert_eq!(official().len(), 218 + 166, "a name comes twice");
        assert!(official_names(NameKind::Function).iter().all(|name| name.starts_with('$')));
    }

    #[test]
    fn every_name_in_the_map_is_official() {
        let (official, valid) = (official(), official_names(NameKind::Validation));
        let map = spec_map();
        for (operator, rules) in &map.operator {
            for name in rules.names() {
                assert!(official.contains(name), "{operator}: {name}");
            }
            let rule = rules.valid.as_deref();
            assert!(rule.is_none_or(|r| valid.contains(&r)), "{operator}: {rule:?}");
            // Only what delimits blocks, and the exceptions of before 3.0, have no rule of their own.
            let without = [
                "end",
                "else",
                "select_t_multi",
                "try",
                "catch",
                "catch_all",
                "delegate",
                "rethrow",
            ];
            assert_eq!(rule.is_none(), without.contains(&operator.as_str()), "{operator}");
        }
        for name in map.any.values().flatten().chain(map.unreachable.keys()) {
            assert!(official.contains(name.as_str()), "{name}");
        }
    }

    #[test]
    fn every_official_rule_is_in_the_map_or_cannot_be_reached() {
        let map = spec_map();
        let used: BTreeSet<&str> = map.operator.values().flat_map(OperatorRules::names).collect();
        let mapped =
            |name: &str| used.contains(name) || map.any.values().flatten().any(|n| n == name);
        for name in official() {
            assert_ne!(mapped(name), map.unreachable.contains_key(name), "{name}");
        }
        assert!(map.unreachable.values().all(|reason| !reason.is_empty()));
    }
}
