//! A script to run, and how.

use crate::script::texts::TextRule;
use etalon_adapters::{Features, GasConfig, TimeLimit};
use etalon_spec_tests::ExpectedFailure;
use thiserror::Error;

/// A script, with what it needs.
#[derive(Clone, Debug)]
pub struct ScriptSource {
    /// The suite that it belongs to.
    pub suite: String,
    /// Its file, relative to the suite.
    pub file: String,
    /// Where it was found, only for messages: records contain no paths of a machine.
    pub origin: String,
    /// Its text.
    pub text: String,
    /// The features that it needs; its modules may use nothing else.
    pub features: Features,
    /// Whether it is one of the bundled scripts: what the table of texts makes an exception of holds for those alone.
    pub is_bundled: bool,
    /// Its assertions that are expected to fail.
    pub expected: Vec<ExpectedFailure>,
}

/// How scripts are run.
#[derive(Clone, Debug)]
pub struct ScriptOptions {
    /// The features that may be enabled, whatever a script needs.
    pub features: Features,
    /// Metering, for the engines that can.
    pub gas: Option<GasConfig>,
    /// How many scripts run at a time; `None` means one for each core.
    pub jobs: Option<usize>,
    /// Seed of the interleaving of a script's threads; the same seed gives the same interleaving.
    pub seed: u64,
    /// How the texts of assertions are compared.
    pub texts: TextRule,
    /// How long each command may take.
    pub time: Option<TimeLimit>,
}

/// Why a script cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
pub enum ScriptError {
    /// Nothing is there that could be run.
    #[error("{file}: no script (.wast) is there")]
    NoScript {
        /// The folder, as it was given.
        file: String,
    },
    /// The file cannot be read.
    #[error("{file}: {message}")]
    Unreadable {
        /// The file, as it was given.
        file: String,
        /// What the system says.
        message: String,
    },
    /// The file is not text.
    #[error("{file}:{line}:{column}: not UTF-8")]
    NotText {
        /// The file.
        file: String,
        /// The line of the first fault, from 1.
        line: u32,
        /// Its column, from 1, in bytes.
        column: u32,
    },
    /// The text is not a script.
    #[error("{file}:{line}:{column}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// The line of the fault, from 1.
        line: u32,
        /// Its column, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// The header names a feature that does not exist.
    #[error("{file}: there is no feature named {name}")]
    NoSuchFeature {
        /// The file.
        file: String,
        /// The name.
        name: String,
    },
}

impl ScriptSource {
    /// A script of somebody, without expected failures.
    pub fn new(
        suite: impl Into<String>,
        file: impl Into<String>,
        text: impl Into<String>,
        features: Features,
    ) -> Self {
        let (suite, file, text) = (suite.into(), file.into(), text.into());
        let origin = format!("{suite}/{file}");
        ScriptSource {
            suite,
            file,
            origin,
            text,
            features,
            is_bundled: false,
            expected: Vec::new(),
        }
    }

    /// `suite/file`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.suite, self.file)
    }
}

impl ScriptOptions {
    /// Whether the watchdog was told to stop everything.
    pub fn is_stopped(&self) -> bool {
        self.time.as_ref().is_some_and(|time| time.watchdog.is_stopped())
    }
}

impl Default for ScriptOptions {
    fn default() -> Self {
        let (features, texts) = (Features::all(), TextRule::Strict);
        ScriptOptions { features, gas: None, jobs: None, seed: 1, texts, time: None }
    }
}

/// The set of the named features, added to version 1.0.
///
/// # Errors
/// The first name that is not a feature.
pub fn features_named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Features, String> {
    let mut set = Features::wasm1();
    for name in set.names() {
        set = set.without(name).unwrap_or(set);
    }
    for name in names {
        set = set.with(name).ok_or_else(|| name.to_owned())?;
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_of_the_list_are_those_of_the_decoder() {
        let version = |v: &str| {
            let names = etalon_spec_tests::features_of_version(v).unwrap();
            features_named(names.iter().map(String::as_str)).unwrap()
        };
        assert_eq!(version("1.0"), Features::wasm1());
        assert_eq!(version("2.0"), Features::wasm2());
        assert_eq!(version("3.0"), Features::wasm3());
    }

    #[test]
    fn every_suite_names_features_that_exist() {
        for suite in etalon_spec_tests::suites() {
            let set = features_named(suite.features.iter().map(String::as_str));
            assert!(set.is_ok(), "{suite}: no feature {}", set.unwrap_err());
        }
        assert_eq!(features_named(["simd", "telepathy"]), Err("telepathy".to_owned()));
    }
}
