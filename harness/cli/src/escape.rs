//! Text of others, made safe for a terminal.
//!
//! Names come out of modules, files and scripts. A terminal obeys some characters instead of showing them, and some change the
//! order in which the others are read. These are shown as `\u{…}`, as the text format writes them.

use etalon_record::is_obeyed;
use std::borrow::Cow;

fn escaped(text: &str, is_shown: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&is_shown) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| match is_shown(c) {
        true => c.to_string(),
        false => c.escape_unicode().to_string(),
    };
    Cow::Owned(text.chars().map(escape).collect())
}

/// A text of one or more lines. All that is printed passes through here.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| !is_obeyed(c) || c == '\t')
}

/// The name of a file, which cannot pretend to be another line.
pub(crate) fn file(name: &str) -> Cow<'_, str> {
    escaped(name, |c| !is_obeyed(c) && c != '\n')
}

/// A name of a module's own, in quotes unless one sees without them where it ends.
pub(crate) fn name(name: &str) -> Cow<'_, str> {
    let is_plain =
        |c: char| c.is_alphanumeric() || (c.is_ascii_graphic() && !",;:()\"'\\".contains(c));
    if !name.is_empty() && name.chars().all(is_plain) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(format!("\"{}\"", file(&name.replace('\\', "\\\\").replace('"', "\\\""))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let hostile =
            "\x1b[31mred\u{9b}0m\u{202e}dlrow\u{2066}\u{7}\u{7f}\r\u{e0041}\u{61c}\u{2028}";
        for shown in [lines(hostile), file(hostile), name(hostile)] {
            assert!(!shown.chars().any(is_obeyed), "{shown:?}");
            assert!(
                shown.contains("\\u{1b}[31mred") && shown.contains("\\u{202e}dlrow"),
                "{shown:?}"
            );
        }
        assert_eq!(lines("a\n\tb"), "a\n\tb");
        assert_eq!(file("a\nb"), "a\\u{a}b");
    }

    #[test]
    fn names_are_quoted_where_their_end_cannot_be_seen() {
        for (text, shown) in [
            ("fib", "fib"),
            ("wasi:cli", "\"wasi:cli\""),
            ("größe", "größe"),
            ("", "\"\""),
            ("a, b", "\"a, b\""),
            ("a\"\n", "\"a\\\"\\u{a}\""),
        ] {
            assert_eq!(name(text), shown);
        }
    }
}
