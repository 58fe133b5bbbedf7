//! How the text of an assertion is compared with what an engine found.
//!
//! Strictly: the table `spec-tests/texts.toml` says which kinds of findings each text of the official scripts stands
//! for, and the finding must be one of them. A text that the table does not know must be the engine's own: all of its
//! message, or what stands before a colon in it. So an empty text, or a piece of one, passes for nothing.
//!
//! An engine that names no kinds is judged by its words: its message must begin with a text of the table that shares a
//! kind with the one that is expected. A message that begins with none passes only as text.

use crate::script::select::last_part;
use crate::script::source::ScriptSource;
use etalon_adapters::traps_in;
use etalon_spec_tests::{Texts, texts};

/// How texts of assertions are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextRule {
    /// By the table. This is the rule of the official scripts.
    #[default]
    Strict,
    /// A refusal passes with any text, if its phase is the right one. The text of a trap and the engine's must begin
    /// alike. For scripts of other projects, whose texts are those of other engines.
    Lenient,
}

/// What an engine found: a kind, if it names one, and its words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) kind: Option<&'a str>,
    pub(crate) message: &'a str,
}

/// The rule, in a script.
#[derive(Clone, Debug)]
pub(crate) struct TextJudge {
    rule: TextRule,
    /// The script's name without its folder, if it is a bundled one: only those have exceptions.
    script: String,
}

impl TextJudge {
    pub(crate) fn new(rule: TextRule, source: &ScriptSource) -> Self {
        let script = if source.is_bundled { last_part(&source.file) } else { "" };
        // One that was converted is the same script.
        let script = match script.strip_suffix(".json") {
            Some(stem) => format!("{stem}.wast"),
            None => script.to_owned(),
        };
        TextJudge { rule, script }
    }

    /// Whether a refusal of a module, of the right phase, is the one that an assertion expects.
    pub(crate) fn refusal_holds(&self, assertion: &str, text: &str, found: Finding<'_>) -> bool {
        self.rule == TextRule::Lenient || self.is_meant(assertion, text, found)
    }

    /// Whether a trap or an exhaustion is the one that an assertion expects.
    pub(crate) fn stop_holds(&self, assertion: &str, text: &str, got: &str) -> bool {
        // One that does not tell some traps apart means any of them.
        traps_in(got).any(|got| {
            let begin_alike = || got.starts_with(text) || text.starts_with(got);
            let lenient = self.rule == TextRule::Lenient && !text.is_empty() && !got.is_empty();
            (lenient && begin_alike()) || self.is_meant(assertion, text, of_stop(assertion, got))
        })
    }

    /// Whether the trap of a segment that did not fit is the failure to link that an assertion expects. Version 1.0 knew
    /// that as such a failure; since bulk memory, writing the segment traps. No other trap is excused.
    pub(crate) fn segment_holds(&self, text: &str, got: &str) -> bool {
        let assertion = "assert_unlinkable";
        let is_known = texts().unlinkable.values().flatten().any(|kind| got.starts_with(kind));
        is_known
            && match self.rule {
                TextRule::Lenient => self.stop_holds(assertion, text, got),
                // The trap's own words are not those of a failure to link.
                TextRule::Strict => {
                    let found = of_stop(assertion, got).kind;
                    self.kinds(texts(), assertion, text).into_iter().any(|kind| Some(kind) == found)
                }
            }
    }

    fn is_meant(&self, assertion: &str, text: &str, found: Finding<'_>) -> bool {
        let (message, table) = (without_offset(found.message), texts());
        let (form, numbers) = match self.kinds(table, assertion, text).is_empty() {
            true => with_holes(text),
            false => (text.to_owned(), Vec::new()),
        };
        let kinds = self.kinds(table, assertion, &form);
        if kinds.is_empty() {
            return is_same_text(text, message);
        }
        let named = with_holes(message).1;
        let is_kind = match found.kind {
            Some(kind) => kinds.contains(&kind),
            None => {
                self.kinds_in(table, assertion, message).iter().any(|kind| kinds.contains(kind))
            }
        };
        is_kind && (named.is_empty() || numbers.iter().all(|n| named.contains(n)))
    }

    fn kinds<'t>(&self, table: &'t Texts, assertion: &str, text: &str) -> Vec<&'t str> {
        table.kinds(assertion, &self.script, text)
    }

    /// What a message stands for, by the longest text of the table that it begins with.
    fn kinds_in<'t>(&self, table: &'t Texts, assertion: &str, message: &str) -> Vec<&'t str> {
        let message = with_holes(message).0;
        let ends = message.char_indices().filter(|(_, c)| !c.is_alphanumeric()).map(|(i, _)| i);
        let mut ends: Vec<usize> = ends.chain([message.len()]).collect();
        ends.reverse();
        let known = ends.into_iter().map(|end| self.kinds(table, assertion, message[..end].trim()));
        known.into_iter().find(|kinds| !kinds.is_empty()).unwrap_or_default()
    }
}

/// The kind of a trap is what it begins with: engines may add details.
fn of_stop<'a>(assertion: &str, got: &'a str) -> Finding<'a> {
    let parts = texts().parts();
    let part = parts.iter().find(|(name, _)| *name == assertion);
    let kinds = part.into_iter().flat_map(|(_, part)| part.values().flatten());
    let begins = |kind: &&String| {
        got.strip_prefix(kind.as_str()).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let kind = kinds.filter(begins).max_by_key(|kind| kind.len());
    // A text that is no kind of the table is itself one, which nothing in the table stands for.
    Finding { kind: Some(kind.map_or(got, |kind| &got[..kind.len()])), message: got }
}

/// The message without the place that decoders add to it.
fn without_offset(message: &str) -> &str {
    message.split_once(" (at offset ").map_or(message, |(message, _)| message)
}

/// The text with `{n}` for each number, and the numbers. Digits in words are no numbers.
fn with_holes(text: &str) -> (String, Vec<&str>) {
    let mut numbers = Vec::new();
    let form = text.split_inclusive(|c: char| !c.is_alphanumeric()).map(|word| {
        let end = word.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
        let (word, after) = word.split_at(end);
        match !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) {
            true => {
                numbers.push(word);
                format!("{{n}}{after}")
            }
            false => format!("{word}{after}"),
        }
    });
    (form.collect(), numbers)
}

/// Whether a text is an engine's message, or all of it before a colon.
fn is_same_text(text: &str, message: &str) -> bool {
    !text.is_empty()
        && message.strip_prefix(text).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}
