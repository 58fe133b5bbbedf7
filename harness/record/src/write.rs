//! Records as text.

use serde::Serialize;

/// A record could not be written; only a value that JSON cannot hold causes it.
#[derive(Debug, thiserror::Error)]
#[error("the record cannot be written as JSON: {0}")]
pub struct WriteError(#[from] serde_json::Error);

/// The record as indented JSON, with a line feed at its end. The same record gives the same bytes.
///
/// Names of modules are in it, so what a terminal would obey instead of showing it is escaped. Only strings can hold such
/// characters, and JSON has an escape for each.
///
/// # Errors
/// If the record holds what JSON cannot; no record of this crate does.
pub fn to_json<T: Serialize>(record: &T) -> Result<String, WriteError> {
    let mut text = serde_json::to_string_pretty(record)?;
    text.push('\n');
    if !text.chars().any(is_obeyed) {
        return Ok(text);
    }
    let mut escaped = String::new();
    for c in text.chars() {
        match is_obeyed(c) {
            true => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| escaped += &format!("\\u{unit:04x}")),
            false => escaped.push(c),
        }
    }
    Ok(escaped)
}

/// Whether a terminal would obey the character, or read what is around it in another order.
#[must_use]
pub fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_read_back() -> Result<(), Box<dyn std::error::Error>> {
        let hostile = "\x1b[31m\u{9b}\u{7f}\u{202e}\n\u{e0041}ü";
        let text = to_json(&hostile)?;
        assert!(!text.chars().any(is_obeyed), "{text:?}");
        assert_eq!(text, "\"\\u001b[31m\\u009b\\u007f\\u202e\\n\\udb40\\udc41ü\"\n");
        assert_eq!(serde_json::from_str::<String>(&text)?, hostile);
        Ok(())
    }
}
