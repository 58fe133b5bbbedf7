//! Texts of records, made safe to show: what scripts and engines say is data, and may be hostile.

use std::fmt::Write as _;

use etalon_record::Row;

/// The text, cut after `limit` characters. Every character that a terminal, an XML reader or a browser would hide or act
/// on is made visible; line feeds and tabs stay.
///
/// Control characters are not dropped, because two results may differ in just one of them.
pub(crate) fn visible(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    let mut characters = text.chars();
    for character in characters.by_ref().take(limit) {
        if is_hidden(character) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
        } else {
            out.push(character);
        }
    }
    let left = characters.count();
    if left > 0 {
        let _ = write!(out, "… ({} more)", counted(left as u64, "character", "characters"));
    }
    out
}

/// Whether it is a control character, a mark that changes the direction of writing, or a code point that XML forbids.
fn is_hidden(character: char) -> bool {
    match character {
        '\n' | '\t' => false,
        '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}'
        | '\u{feff}' => true,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
}

/// A count with separated thousands: `20,024`.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and its noun: `1 file`, `20,024 assertions`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

/// The counts of a row in words.
pub(crate) fn describe(row: &Row) -> String {
    let mut words: Vec<String> = [
        (row.passed, "passed"),
        (row.failed, "failed"),
        (row.timed_out, "timed out"),
        (row.unexpected_passes, "passed unexpectedly"),
        (row.skipped, "skipped"),
        (row.expected_failures, "expected to fail"),
    ]
    .iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", number(*count)))
    .collect();
    if !row.unsupported.is_empty() {
        words.push(format!("lacks {}", row.unsupported.join(", ")));
    }
    words.join(", ")
}

/// An anchor: a valid `id` that needs no escapes in a URL. Different parts give different anchors.
pub(crate) fn anchor(parts: &[&str]) -> String {
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push(':');
        }
        for byte in part.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                    out.push(char::from(byte))
                }
                other => {
                    let _ = write!(out, "~{other:02x}");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{anchor, counted, list, number, visible};

    #[test]
    fn hidden_characters_are_spelled_out() {
        assert_eq!(
            visible("a\u{0}\u{1b}[31m\n\tb\u{202e}", 100),
            "a\\u{0}\\u{1b}[31m\n\tb\\u{202e}"
        );
        assert_eq!(visible("é≠<", 100), "é≠<");
    }

    #[test]
    fn long_text_is_cut_between_characters_and_says_so() {
        assert_eq!(visible("éééé", 2), "éé… (2 characters more)");
        assert_eq!(visible("éé", 2), "éé");
    }

    #[test]
    fn counts_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1000), "1,000");
        assert_eq!(number(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }

    #[test]
    fn anchors_are_safe_and_distinct() {
        assert_eq!(anchor(&["row", "wasm-v1", "i32.wast"]), "row:wasm-v1:i32.wast");
        assert_eq!(anchor(&["a\" onclick=\"x"]), "a~22~20onclick~3d~22x");
        assert_ne!(anchor(&["a:b"]), anchor(&["a", "b"]));
    }
}
