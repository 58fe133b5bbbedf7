//! What an engine says of a trap, in the words of the official scripts: tables in `engines/`, one for each engine.

use crate::outcome::{OR, Outcome, Rejection};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A table of an engine's words. A text that it does not know is said as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TrapTexts {
    /// What a trap's text begins with, and the traps that it may be.
    trap: BTreeMap<String, Vec<String>>,
    /// What the text of a trap or an error begins with that is an exhaustion, and which.
    exhausted: BTreeMap<String, String>,
    /// What the text of a trap begins with that is an exception that nobody caught.
    threw: Vec<String>,
    /// What a refusal that is a limit of the engine contains.
    limit: Vec<String>,
    /// What the text of a trap contains that is a failure to link.
    unlinkable: Vec<String>,
}

/// The words of engines that say nothing in advance: those of all tables.
pub(crate) static ANY: LazyLock<TrapTexts> = LazyLock::new(|| {
    let mut all = TrapTexts::default();
    for table in [&*V8, &*JSC, &*SPIDERMONKEY, &*WABT, &*WASMTIME, &*WASMI] {
        all.trap.extend(table.trap.clone());
        all.exhausted.extend(table.exhausted.clone());
        all.threw.extend(table.threw.clone());
        all.limit.extend(table.limit.clone());
        all.unlinkable.extend(table.unlinkable.clone());
    }
    all
});

/// Ours, of engines that translate what they say themselves.
pub(crate) static OURS: LazyLock<TrapTexts> = LazyLock::new(TrapTexts::default);

/// V8's.
pub(crate) static V8: LazyLock<TrapTexts> =
    LazyLock::new(|| table(include_str!("../../engines/v8.toml")));

/// JavaScriptCore's, also in bun.
pub(crate) static JSC: LazyLock<TrapTexts> =
    LazyLock::new(|| table(include_str!("../../engines/jsc.toml")));

/// SpiderMonkey's.
pub(crate) static SPIDERMONKEY: LazyLock<TrapTexts> =
    LazyLock::new(|| table(include_str!("../../engines/spidermonkey.toml")));

/// wabt's.
pub(crate) static WABT: LazyLock<TrapTexts> =
    LazyLock::new(|| table(include_str!("../../engines/wabt.toml")));

/// Wasmtime's.
pub(crate) static WASMTIME: LazyLock<TrapTexts> =
    LazyLock::new(|| table(include_str!("../../engines/wasmtime.toml")));

/// wasmi's.
pub(crate) static WASMI: LazyLock<TrapTexts> =
    LazyLock::new(|| table(include_str!("../../engines/wasmi.toml")));

/// A test reads all tables.
fn table(text: &str) -> TrapTexts {
    toml::from_str(text).unwrap_or_default()
}

impl TrapTexts {
    /// The outcome in the words of the official scripts.
    pub(crate) fn translate(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Trapped { text, .. }
                if self.unlinkable.iter().any(|known| text.contains(known.as_str())) =>
            {
                Outcome::Rejected(Rejection::Unlinkable(text.into()))
            }
            Outcome::Trapped { text, .. }
                if lines(&text)
                    .iter()
                    .any(|line| self.threw.iter().any(|t| line.starts_with(t))) =>
            {
                Outcome::Threw(Vec::new())
            }
            Outcome::Trapped { text, site } => match found(&self.exhausted, &text) {
                Some(known) => Outcome::Exhausted(known.clone()),
                None => {
                    let text = found(&self.trap, &text).map_or(text, |traps| traps.join(OR));
                    Outcome::Trapped { text, site }
                }
            },
            Outcome::HostError(text) => match found(&self.exhausted, &text) {
                Some(known) => Outcome::Exhausted(known.clone()),
                None => Outcome::HostError(text),
            },
            Outcome::Exhausted(text) => {
                Outcome::Exhausted(found(&self.exhausted, &text).cloned().unwrap_or(text))
            }
            Outcome::Rejected(Rejection::MalformedOrInvalid(reason))
                if self.limit.iter().any(|known| reason.message.contains(known.as_str())) =>
            {
                Outcome::Rejected(Rejection::Limit(reason.message))
            }
            other => other,
        }
    }
}

/// The longest beginning of a line that is known.
fn found<'t, T>(table: &'t BTreeMap<String, T>, text: &str) -> Option<&'t T> {
    let lines = lines(text);
    let begins = |known: &str| lines.iter().any(|line| line.starts_with(known));
    let known = table.iter().filter(|(known, _)| begins(known));
    known.max_by_key(|(known, _)| known.len()).map(|(_, ours)| ours)
}

/// The lines of a text, and the whole. Where there are several, those of reasons are numbered.
fn lines(text: &str) -> Vec<String> {
    let plain = |line: &'_ str| line.trim_start_matches([' ', '0', '1', '2', '3', ':']).to_owned();
    text.lines().map(plain).chain([text.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon::Trap;

    #[test]
    fn tables_are_readable_and_name_traps_that_there_are() {
        for text in [
            include_str!("../../engines/v8.toml"),
            include_str!("../../engines/jsc.toml"),
            include_str!("../../engines/spidermonkey.toml"),
            include_str!("../../engines/wabt.toml"),
            include_str!("../../engines/wasmtime.toml"),
            include_str!("../../engines/wasmi.toml"),
        ] {
            let table: TrapTexts = toml::from_str(text).unwrap();
            assert!(table.trap.len() > 8);
            for ours in table.trap.values().flatten() {
                assert!(Trap::ALL.iter().any(|trap| trap.text() == ours), "{ours}");
            }
        }
    }

    #[test]
    fn a_text_that_no_table_knows_is_said_as_it_is() {
        let trapped = |text: &str| Outcome::Trapped { text: text.to_owned(), site: None };
        assert_eq!(V8.translate(trapped("divide by zero")), trapped("integer divide by zero"));
        assert_eq!(V8.translate(trapped("what is this")), trapped("what is this"));
        let uncaught = "error while executing\n\nCaused by:\n    thrown Wasm exception";
        assert_eq!(WASMTIME.translate(trapped(uncaught)), Outcome::Threw(Vec::new()));
        let exhausted = Outcome::Exhausted("call stack exhausted".to_owned());
        assert_eq!(V8.translate(trapped("Maximum call stack size exceeded")), exhausted);
    }
}
