//! Text of records in Markdown: nothing in it may be read as markup.

use crate::text::visible;

/// How much of one text is shown, in characters.
const MAX_TEXT: usize = 300;

/// The text in running Markdown or in a cell of a table.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for character in visible(text, MAX_TEXT).chars() {
        match character {
            '\n' => out.push_str(" ⏎ "),
            '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention of a user, or an address, would become a link.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.extend(['\\', character])
            }
            other => out.push(other),
        }
    }
    out
}

/// The text as code in a cell of a table, where a bar must be escaped even in code.
pub(super) fn code(text: &str) -> String {
    let text = visible(text, MAX_TEXT).replace('\n', " ⏎ ").replace('\t', " ").replace('|', "\\|");
    if text.is_empty() {
        return String::new();
    }
    // The fence must be longer than any run of backticks inside.
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("{fence}{text}{fence}") } else { format!("{fence} {text} {fence}") }
}

#[cfg(test)]
mod tests {
    use super::{code, plain};

    #[test]
    fn markup_stays_text() {
        assert_eq!(plain("<b>*a*|[x](y)\n@me"), "&lt;b&gt;\\*a\\*\\|\\[x\\](y) ⏎ &#64;me");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("``x`"), "``` ``x` ```");
        assert_eq!(code(""), "");
    }
}
