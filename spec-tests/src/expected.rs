//! Assertions that are expected to fail, read from `expected-failures.toml`.

use serde::Deserialize;
use std::sync::OnceLock;

/// Assertions of a script that are expected to fail, and why.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFailure {
    /// The suite.
    pub suite: String,
    /// The script, relative to the suite.
    pub file: String,
    /// The lines of the assertions, from 1; empty means every line.
    #[serde(default)]
    pub lines: Vec<u32>,
    /// The kind of assertion, `assert_trap` for example; absent means every kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// The engine that fails; absent means every engine.
    #[serde(default)]
    pub engine: Option<String>,
    /// Why.
    pub reason: String,
}

impl ExpectedFailure {
    /// Whether this entry covers an assertion of that line and kind on that engine.
    pub fn covers(&self, line: u32, kind: &str, engine: &str) -> bool {
        self.applies_to(engine)
            && (self.lines.is_empty() || self.lines.contains(&line))
            && self.kind.as_deref().is_none_or(|k| k == kind)
    }

    /// Whether this entry covers the engine.
    pub fn applies_to(&self, engine: &str) -> bool {
        self.engine.as_deref().is_none_or(|e| e == engine)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    failure: Vec<ExpectedFailure>,
}

/// Every expected failure.
pub fn expected_failures() -> &'static [ExpectedFailure] {
    static LIST: OnceLock<Vec<ExpectedFailure>> = OnceLock::new();
    LIST.get_or_init(|| {
        read(include_str!("../expected-failures.toml")).expect("the list is tested")
    })
}

fn read(text: &str) -> Result<Vec<ExpectedFailure>, toml::de::Error> {
    Ok(toml::from_str::<File>(text)?.failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_names_a_script_a_place_and_a_reason() {
        for entry in expected_failures() {
            let suite = crate::suite(&entry.suite).expect("a suite that exists");
            let line_count = crate::scripts(suite)
                .iter()
                .find(|s| s.name == entry.file)
                .map(|s| s.text.lines().count())
                .expect("a script that exists");
            assert!(
                !entry.lines.is_empty() || entry.kind.is_some(),
                "{entry:?} means a whole file"
            );
            assert!(entry.lines.iter().all(|l| (1..=line_count).contains(&(*l as usize))));
            assert!(entry.reason.len() > 10, "{entry:?} gives no reason");
        }
    }

    #[test]
    fn lines_kind_and_engine_all_count() {
        let text = "[[failure]]\nsuite = 's'\nfile = 'f'\nlines = [3]\nkind = 'assert_trap'\n\
                    engine = 'jit'\nreason = 'because'\n";
        let entry = &read(text).unwrap()[0];
        assert!(entry.covers(3, "assert_trap", "jit"));
        assert!(!entry.covers(4, "assert_trap", "jit"));
        assert!(!entry.covers(3, "assert_return", "jit"));
        assert!(!entry.covers(3, "assert_trap", "interp"));
        assert!(read("[[failure]]\nsuite = 's'\n").is_err());
    }
}
