//! Records as text.

use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};

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
    Ok(escaped(&text).into_owned())
}

/// Writes the record as [`to_json`] has it, piece by piece: what is in it may come to be meanwhile.
///
/// # Errors
/// If the record holds what JSON cannot, or it cannot be written.
pub fn write_json<T: Serialize>(record: &T, out: impl Write) -> Result<(), WriteError> {
    let mut out = Escaping(out);
    serde_json::to_writer_pretty(&mut out, record)?;
    out.write_all(b"\n").map_err(serde_json::Error::io)?;
    Ok(())
}

/// A writer of JSON; each piece that it is given is text by itself.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(piece).map_err(io::Error::other)?;
        self.0.write_all(escaped(text).as_bytes())?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Text of JSON, with escapes for what a terminal would obey.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
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
    Cow::Owned(escaped)
}

/// Whether a character is not seen as what it is: a terminal would obey it, read what is around it in another order, or show
/// nothing, or the same as for another: controls, formats, separators other than a space, what is not assigned or private. A line
/// feed is none of them: whether a text has lines is for its writer to say.
#[must_use]
pub fn is_obeyed(c: char) -> bool {
    let is_plain = c.is_ascii_graphic() || c == ' ' || c == '\n';
    !is_plain && (c.is_ascii() || is_ignorable(c) || !is_printable(c))
}

/// Whether the standard library would print it. A letter before it lets marks that combine pass.
fn is_printable(c: char) -> bool {
    let mut bytes = [b'a', 0, 0, 0, 0];
    let length = 1 + c.encode_utf8(&mut bytes[1..]).len();
    let text = std::str::from_utf8(&bytes[..length]).unwrap_or_default();
    text.escape_debug().nth(1) == Some(c)
}

/// What Unicode says may be left out when shown (*Default_Ignorable_Code_Point*), as far as it counts as letters and marks, and a
/// symbol that is blank.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}')
        || matches!(c, '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_counts_as_obeyed() {
        let hidden = "\0\t\r\x1b\x7f\u{80}\u{9b}\u{a0}\u{ad}\u{34f}\u{61c}\u{115f}\u{180e}\u{200b}\u{200c}\u{200d}\u{200e}\
            \u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2060}\u{2064}\u{2066}\u{2069}\u{206f}\u{3164}\u{e000}\u{fe0f}\
            \u{feff}\u{ffa0}\u{fff9}\u{fffe}\u{1d173}\u{e0001}\u{e0041}\u{e01ef}\u{f0000}\u{10ffff}\u{378}";
        for c in hidden.chars() {
            assert!(is_obeyed(c), "{:?} U+{:04X}", c, u32::from(c));
        }
        for c in "\n az~\"'\\äße\u{301}\u{5d0}\u{627}\u{939}\u{93f}中한🦀".chars() {
            assert!(!is_obeyed(c), "{:?} U+{:04X}", c, u32::from(c));
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_read_back() -> Result<(), Box<dyn std::error::Error>> {
        let hostile = "\x1b[31m\u{9b}\u{7f}\u{202e}\n\u{e0041}ü";
        let text = to_json(&hostile)?;
        assert!(!text.chars().any(is_obeyed), "{text:?}");
        assert_eq!(text, "\"\\u001b[31m\\u009b\\u007f\\u202e\\n\\udb40\\udc41ü\"\n");
        assert_eq!(serde_json::from_str::<String>(&text)?, hostile);
        let mut pieces = Vec::new();
        write_json(&hostile, &mut pieces)?;
        assert_eq!(String::from_utf8(pieces)?, text);
        Ok(())
    }
}
