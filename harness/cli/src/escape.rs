//! Text of others, made safe for a terminal.
//!
//! Names come out of modules, files and scripts. A terminal obeys some characters instead of showing them, some change the
//! order in which the others are read, and some cannot be seen at all. These are shown as `\u{…}`, as the text format writes
//! them. What nobody would read to its end is shortened; documents have it whole.

use etalon_record::is_obeyed;
use std::borrow::Cow;
use std::path::Path;

/// Characters of a name that are shown.
const MOST_OF_NAME: usize = 200;

/// Characters of a line that are shown, whatever is in it.
const MOST_OF_LINE: usize = 8192;

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

/// The beginning and the end of a text, and how much is between them.
fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    let length = match text.len() <= most {
        true => return Cow::Borrowed(text),
        false => text.chars().count(),
    };
    if length <= most {
        return Cow::Borrowed(text);
    }
    let end = most / 4;
    let begin: String = text.chars().take(most - end).collect();
    let rest: String = text.chars().skip(length - end).collect();
    Cow::Owned(format!("{begin}… ({} characters) …{rest}", length - most))
}

/// A text of one or more lines. All that is printed passes through here, or through [`line`].
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(line).collect();
    lines.join("\n")
}

/// A text of one line.
pub(crate) fn line(text: &str) -> String {
    shortened(&escaped(text, |c| !is_obeyed(c) || c == '\t').replace('\n', "\\u{a}"), MOST_OF_LINE)
        .into_owned()
}

/// The name of a file, which cannot pretend to be another line.
pub(crate) fn file(name: &str) -> Cow<'_, str> {
    escaped(name, |c| !is_obeyed(c) && c != '\n')
}

/// The same of a path.
pub(crate) fn path(path: &Path) -> String {
    file(&path.to_string_lossy()).into_owned()
}

/// A name of a module's own, in quotes unless one sees without them where it ends.
pub(crate) fn name(name: &str) -> Cow<'_, str> {
    let name = shortened(name, MOST_OF_NAME);
    let is_plain =
        |c: char| c.is_alphanumeric() || (c.is_ascii_graphic() && !",;:()\"'\\".contains(c));
    if !name.is_empty() && name.chars().all(|c| is_plain(c) && !is_obeyed(c)) {
        return name;
    }
    Cow::Owned(format!("\"{}\"", file(&name.replace('\\', "\\\\").replace('"', "\\\""))))
}

/// A name in a message, always in quotes.
pub(crate) fn quoted(text: &str) -> String {
    match name(text) {
        shown if shown.starts_with('"') => shown.into_owned(),
        shown => format!("\"{shown}\""),
    }
}

/// A word of a command, as a shell takes it; the same characters reach the program.
pub(crate) fn word(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-+_./:,=@%".contains(c);
    if !word.is_empty() && word.chars().all(|c| is_plain(c) && !is_obeyed(c)) {
        return Cow::Borrowed(word);
    }
    if !word.chars().any(|c| is_obeyed(c) || c == '\n') {
        return Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")));
    }
    let escape = |c: char| match c {
        '\\' | '\'' => format!("\\{c}"),
        c if is_obeyed(c) || c == '\n' => format!("\\U{:08x}", u32::from(c)),
        c => c.to_string(),
    };
    Cow::Owned(format!("$'{}'", word.chars().map(escape).collect::<String>()))
}

/// Whether a word is too long to be typed.
pub(crate) fn is_long(word: &str) -> bool {
    word.len() > MOST_OF_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let hostile = "\x1b[31mred\u{9b}0m\u{200b}\u{feff}\u{ad}\u{202e}dlrow\u{2066}\u{7}\u{7f}\r\u{e0041}\u{61c}\u{2028}";
        for shown in [lines(hostile), line(hostile), file(hostile).into(), name(hostile).into()] {
            assert!(!shown.chars().any(is_obeyed), "{shown:?}");
            assert!(
                shown.contains("\\u{1b}[31mred") && shown.contains("\\u{202e}dlrow"),
                "{shown:?}"
            );
        }
        assert_eq!(lines("a\n\tb"), "a\n\tb");
        assert_eq!(file("a\nb"), "a\\u{a}b");
        assert_eq!(line("a\n\tb"), "a\\u{a}\tb");
    }

    #[test]
    fn what_nobody_reads_to_its_end_is_shortened() {
        let long = "ä".repeat(100_000);
        for shown in [lines(&long), line(&long), name(&long).into()] {
            assert!(shown.chars().count() < 8300 && shown.contains("ä… ("), "{shown}");
        }
        assert!(name(&long).chars().count() < 260 && name(&long).contains("(99800 characters)"));
        assert_eq!(name(&"a".repeat(200)).len(), 200);
        // What is escaped gets longer, and is shortened as well.
        assert!(line(&"\u{200b}".repeat(100_000)).len() < 8300);
    }

    #[test]
    fn words_reach_the_program_as_they_are() {
        for (text, shown) in [
            ("fib", "fib"),
            ("größe", "größe"),
            ("", "''"),
            ("i32x4 1 2 3 4", "'i32x4 1 2 3 4'"),
            ("it's $x", "'it'\\''s $x'"),
            ("a\nb'\u{202e}", "$'a\\U0000000ab\\'\\U0000202e'"),
        ] {
            assert_eq!(word(text), shown);
            let script = format!("printf %s {shown}");
            let mut shell = std::process::Command::new("bash");
            let output = shell.env("LC_ALL", "C.UTF-8").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
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
