//! What the texts of assertions stand for, read from `texts.toml`.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// For each kind of assertion: the texts that scripts use, and the faults, links or traps that each may stand for.
///
/// A text may have `{n}` in the place of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Of `assert_malformed`.
    pub malformed: BTreeMap<String, Vec<String>>,
    /// Of `assert_invalid`.
    pub invalid: BTreeMap<String, Vec<String>>,
    /// Of `assert_unlinkable`.
    pub unlinkable: BTreeMap<String, Vec<String>>,
    /// Of `assert_trap`.
    pub trap: BTreeMap<String, Vec<String>>,
    /// Of `assert_exhaustion`.
    pub exhaustion: BTreeMap<String, Vec<String>>,
    /// Scripts in which a text may stand for something else as well.
    #[serde(rename = "reading")]
    pub readings: Vec<Reading>,
}

/// What texts may stand for in some scripts only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The names of the scripts, in whichever folder.
    pub scripts: Vec<String>,
    /// The name of the assertion.
    pub assertion: String,
    /// The texts.
    pub texts: Vec<String>,
    /// What they may stand for.
    pub kinds: Vec<String>,
    /// Why.
    pub reason: String,
}

/// The table.
pub fn texts() -> &'static Texts {
    static TABLE: OnceLock<Texts> = OnceLock::new();
    TABLE
        .get_or_init(|| toml::from_str(include_str!("../texts.toml")).expect("the table is tested"))
}

impl Texts {
    /// What a text may stand for in a script; empty if it is not listed.
    pub fn kinds(&self, assertion: &str, script: &str, text: &str) -> Vec<&str> {
        let part = self.parts().into_iter().find(|(name, _)| *name == assertion);
        let general = part.and_then(|(_, part)| part.get(text)).into_iter().flatten();
        let here = |reading: &&Reading| {
            reading.assertion == assertion
                && reading.scripts.iter().any(|name| name == script)
                && reading.texts.iter().any(|t| t == text)
        };
        let special = self.readings.iter().filter(here).flat_map(|reading| &reading.kinds);
        general.chain(special).map(String::as_str).collect()
    }

    /// The parts of the table, by the name of the assertion.
    pub fn parts(&self) -> [(&'static str, &BTreeMap<String, Vec<String>>); 5] {
        [
            ("assert_malformed", &self.malformed),
            ("assert_invalid", &self.invalid),
            ("assert_unlinkable", &self.unlinkable),
            ("assert_trap", &self.trap),
            ("assert_exhaustion", &self.exhaustion),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::texts;

    #[test]
    fn every_text_stands_for_something() {
        for (assertion, part) in texts().parts() {
            assert!(!part.is_empty(), "{assertion}");
            for (text, kinds) in part {
                assert!(!text.is_empty() && !kinds.is_empty(), "{assertion}: {text:?}");
            }
        }
        for reading in &texts().readings {
            assert!(reading.reason.len() > 20, "{reading:?} gives no reason");
            let is_known = texts().parts().iter().any(|(name, _)| *name == reading.assertion);
            assert!(is_known, "{}", reading.assertion);
        }
    }
}
