//! Which of the bundled scripts to run.

use crate::script::glob::Glob;
use crate::script::source::{ScriptError, ScriptSource, features_named};
use etalon_adapters::Features;
use etalon_spec_tests::{Suite, expected_failures, features_in_header, scripts, suite, suites};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use thiserror::Error;

/// Which of the bundled scripts to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of suites, or patterns for them; empty means all.
    pub suites: Vec<String>,
    /// Only scripts whose names match this.
    pub filter: Option<Glob>,
    /// Only this part of them.
    pub shard: Option<Shard>,
}

/// One of several equal parts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

/// Why a selection cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SelectionError {
    /// No suite has the name or matches the pattern.
    #[error("there is no suite {0}; the suites are {1}")]
    NoSuite(String, String),
    /// Not `I/N` with 1 <= I <= N.
    #[error("{0:?} is not a shard: write I/N with 1 <= I <= N, for example 2/3")]
    Shard(String),
    /// No script is left.
    #[error("no script is selected")]
    Nothing,
    /// A pattern for suites cannot be understood.
    #[error(transparent)]
    Pattern(#[from] globset::Error),
    /// A bundled script cannot be used.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

impl Selection {
    /// The selected scripts, sorted by suite and name.
    ///
    /// # Errors
    /// If a suite does not exist, or nothing is selected.
    pub fn sources(&self) -> Result<Vec<ScriptSource>, SelectionError> {
        let mut sources = Vec::new();
        for suite in self.chosen()? {
            sources.extend(sources_of(suite)?);
        }
        if let Some(filter) = &self.filter {
            sources.retain(|s| filter.matches_script(&s.suite, &s.file));
        }
        if let Some(shard) = self.shard {
            sources = shard.of(sources);
        }
        if sources.is_empty() { Err(SelectionError::Nothing) } else { Ok(sources) }
    }

    fn chosen(&self) -> Result<Vec<&'static Suite>, SelectionError> {
        if self.suites.is_empty() {
            return Ok(suites().iter().collect());
        }
        let globs: Vec<Glob> = self.suites.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
        for (name, glob) in self.suites.iter().zip(&globs) {
            let known = suite(name).is_some() || suites().iter().any(|s| glob.matches(&s.name));
            if !known {
                let all: Vec<_> = suites().iter().map(|s| s.name.as_str()).collect();
                return Err(SelectionError::NoSuite(name.clone(), all.join(", ")));
            }
        }
        let meant = |suite: &&Suite| globs.iter().any(|glob| glob.matches(&suite.name));
        Ok(suites().iter().filter(meant).collect())
    }
}

fn sources_of(suite: &Suite) -> Result<Vec<ScriptSource>, ScriptError> {
    let source = |script: etalon_spec_tests::Script| {
        let header = features_in_header(script.text);
        let names = suite.features.iter().chain(&header).map(String::as_str);
        let features: Features = features_named(names).map_err(|name| {
            ScriptError::NoSuchFeature { file: format!("{suite}/{}", script.name), name }
        })?;
        let source = ScriptSource::new(&suite.name, script.name, script.text, features);
        let own = |f: &&_| is_of(f, &source);
        let expected = expected_failures().iter().filter(own).cloned().collect();
        Ok(ScriptSource { is_bundled: true, expected, ..source })
    };
    scripts(suite).into_iter().map(source).collect()
}

/// Whether a script of somebody is a bundled one, as in a checkout of the official repository: by its text, for anybody may call
/// a script `binary.wast`.
pub(crate) fn is_bundled(file: &str, text: &str) -> bool {
    bundled(file).contains(&text)
}

/// The texts of the bundled scripts of a name.
pub(crate) fn bundled(file: &str) -> &'static [&'static str] {
    static BUNDLED: LazyLock<BTreeMap<String, Vec<&'static str>>> = LazyLock::new(|| {
        let mut by_name = BTreeMap::<_, Vec<_>>::new();
        for script in suites().iter().flat_map(scripts) {
            by_name.entry(last_part(&script.name).to_owned()).or_default().push(script.text);
        }
        by_name
    });
    BUNDLED.get(last_part(file)).map_or(&[], Vec::as_slice)
}

/// The name of a script without its folders.
pub(crate) fn last_part(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}

fn is_of(failure: &etalon_spec_tests::ExpectedFailure, source: &ScriptSource) -> bool {
    failure.suite == source.suite && failure.file == source.file
}

impl Shard {
    /// Part `index` of `count`, from 1; `None` if it does not exist.
    pub fn new(index: usize, count: usize) -> Option<Self> {
        (1..=count).contains(&index).then_some(Shard { index, count })
    }

    /// Which part it is, from 1.
    pub fn index(self) -> usize {
        self.index
    }

    /// How many parts there are.
    pub fn count(self) -> usize {
        self.count
    }

    /// Its part of the items: every `count`-th, so that all parts take about the same time.
    #[must_use]
    pub fn of<T>(self, items: Vec<T>) -> Vec<T> {
        items.into_iter().skip(self.index - 1).step_by(self.count).collect()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        text.split_once('/')
            .and_then(|(index, count)| Shard::new(index.parse().ok()?, count.parse().ok()?))
            .ok_or_else(|| SelectionError::Shard(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(suites: &[&str], filter: Option<&str>, shard: Option<&str>) -> Vec<String> {
        let suites = suites.iter().map(|s| (*s).to_owned()).collect();
        let shard = shard.map(|s| s.parse().unwrap());
        let selection = Selection { suites, filter: filter.map(|f| f.parse().unwrap()), shard };
        selection.sources().unwrap().iter().map(ScriptSource::name).collect()
    }

    #[test]
    fn shards_share_everything_and_nothing_twice() {
        let whole = select(&["wasm-v1"], None, None);
        let mut parts: Vec<_> = ["1/3", "2/3", "3/3"]
            .iter()
            .flat_map(|s| select(&["wasm-v1"], None, Some(s)))
            .collect();
        parts.sort();
        assert_eq!(parts, whole);
    }

    #[test]
    fn filters_and_patterns_of_suites() {
        assert_eq!(select(&["wasm-v1"], Some("memory_g*"), None), ["wasm-v1/memory_grow.wast"]);
        assert_eq!(select(&["wasm-v?"], Some("fac"), None).len(), 3);
    }

    #[test]
    fn what_does_not_exist_is_named() {
        let selection = Selection { suites: vec!["wasm-v9".into()], ..Selection::default() };
        assert!(
            matches!(selection.sources(), Err(SelectionError::NoSuite(n, _)) if n == "wasm-v9")
        );
        let filter = Some("no such script".parse().unwrap());
        let nothing = Selection { filter, ..Selection::default() };
        assert_eq!(nothing.sources().unwrap_err(), SelectionError::Nothing);
        for text in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert_eq!(text.parse::<Shard>(), Err(SelectionError::Shard(text.to_owned())));
        }
    }
}
