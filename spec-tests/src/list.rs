//! The list of suites, read from `suites.toml`.

use crate::suite::{Origin, Suite};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use thiserror::Error;

/// Why the list of suites cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    /// It does not have the form of a list.
    #[error("suites: {0}")]
    Syntax(String),
    /// A suite builds on a version that is not listed.
    #[error("suite {suite}: no version {base}")]
    Version {
        /// The suite.
        suite: String,
        /// The version that it names.
        base: String,
    },
    /// A suite removes a feature that its version does not have.
    #[error("suite {suite}: {feature} is not in version {base}")]
    Without {
        /// The suite.
        suite: String,
        /// The version.
        base: String,
        /// The feature.
        feature: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    versions: BTreeMap<String, Vec<String>>,
    suite: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    base: String,
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    without: Vec<String>,
}

struct List {
    versions: BTreeMap<String, Vec<String>>,
    suites: Vec<Suite>,
}

/// Every suite: the versions of the specification, our own, the proposals.
pub fn suites() -> &'static [Suite] {
    &list().suites
}

/// The suite with a name.
pub fn suite(name: &str) -> Option<&'static Suite> {
    suites().iter().find(|suite| suite.name == name)
}

/// The names of the features of a version of the specification: `1.0`, `2.0` or `3.0`.
pub fn features_of_version(version: &str) -> Option<&'static [String]> {
    list().versions.get(version).map(Vec::as_slice)
}

fn list() -> &'static List {
    static LIST: OnceLock<List> = OnceLock::new();
    LIST.get_or_init(|| read(include_str!("../suites.toml")).expect("the list is tested"))
}

fn read(text: &str) -> Result<List, ListError> {
    let file: File = toml::from_str(text).map_err(|e| ListError::Syntax(e.to_string()))?;
    let suites = file
        .suite
        .iter()
        .map(|entry| resolve(entry, &file.versions))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(List { versions: file.versions, suites })
}

fn resolve(entry: &Entry, versions: &BTreeMap<String, Vec<String>>) -> Result<Suite, ListError> {
    let Entry { name, base, with, without } = entry;
    let Some(features) = versions.get(base) else {
        return Err(ListError::Version { suite: name.clone(), base: base.clone() });
    };
    let mut features = features.clone();
    for feature in without {
        let Some(at) = features.iter().position(|f| f == feature) else {
            let (suite, base) = (name.clone(), base.clone());
            return Err(ListError::Without { suite, base, feature: feature.clone() });
        };
        features.remove(at);
    }
    features.extend(with.iter().cloned());
    Ok(Suite { name: name.clone(), origin: Origin::of(name), base: base.clone(), features })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_has_a_name_of_its_own_and_scripts() {
        let mut names: Vec<_> = suites().iter().map(|s| &s.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), suites().len());
        for suite in suites() {
            assert!(!crate::scripts(suite).is_empty(), "{suite} has no scripts");
        }
    }

    #[test]
    fn a_suite_is_its_version_and_what_it_changes() {
        let suite = suite("proposals/memory64").unwrap();
        assert_eq!(suite.origin, Origin::Proposal);
        assert!(!suite.features.iter().any(|f| f == "multi-memory"));
        assert!(suite.features.iter().any(|f| f == "memory64"));
    }

    #[test]
    fn faults_in_the_list_are_named() {
        let error = |text| read(text).map(|_| ()).unwrap_err();
        let no_version = "[versions]\n[[suite]]\nname = 'a'\nbase = '9'\n";
        assert_eq!(error(no_version).to_string(), "suite a: no version 9");
        let without = "[versions]\n1 = []\n[[suite]]\nname = 'a'\nbase = '1'\nwithout = ['gc']\n";
        assert_eq!(error(without).to_string(), "suite a: gc is not in version 1");
        assert!(matches!(error("suites = 3"), ListError::Syntax(_)));
    }
}
