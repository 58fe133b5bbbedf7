//! The kinds of faults of the text format, as the parser's messages name them.
//!
//! The parser has messages and no kinds. They are matched whole; names of the script stand where a pattern has `{}`.

use etalon_module::is_like;

/// The kinds, and the messages of each.
const FAULTS: &[(&str, &[&str])] = &[
    ("text-alignment", &["alignment must be a power of two"]),
    (
        "text-constant",
        &[
            "invalid {} number: constant out of range",
            "invalid float value: constant out of range",
            "{} constant out of range",
        ],
    ),
    ("text-duplicate-field", &["duplicate identifier: duplicate field named {}"]),
    ("text-duplicate-func", &["duplicate func identifier"]),
    ("text-duplicate-global", &["duplicate global identifier"]),
    ("text-duplicate-local", &["duplicate local identifier"]),
    ("text-duplicate-memory", &["duplicate memory identifier"]),
    ("text-duplicate-table", &["duplicate table identifier"]),
    ("text-annotation-id", &["empty annotation id"]),
    ("text-annotation-open", &["unclosed annotation"]),
    ("text-identifier", &["empty identifier"]),
    ("text-character", &["unexpected character {}", "invalid character in string {}"]),
    ("text-string-open", &["unexpected end-of-file"]),
    ("text-lane-index", &["malformed lane index"]),
    ("text-import-after-function", &["import after function"]),
    ("text-import-after-global", &["import after global"]),
    ("text-import-after-memory", &["import after memory"]),
    ("text-import-after-table", &["import after table"]),
    ("text-inline-type", &["inline function type doesn't match type reference"]),
    ("text-label", &["mismatching labels between end and block"]),
    ("text-unknown-label", &["unknown label: failed to find name {}"]),
    ("text-unknown-type", &["unknown type: {}"]),
    ("text-result-before-param", &["result before parameter (or unexpected token): {}"]),
    ("text-utf-8", &["malformed UTF-8 encoding", "malformed UTF-8 encoding of string-based id"]),
    ("text-page-size", &["invalid custom page size: {}"]),
    (
        "text-token",
        &[
            "unexpected token",
            "unexpected token, {}",
            "unknown operator or unexpected token",
            "extra tokens remaining after parse",
            "expected {}",
        ],
    ),
];

/// The kind of fault that a message of the parser is about, if it is known.
pub(crate) fn of_message(message: &str) -> Option<&'static str> {
    let known = |patterns: &[&str]| patterns.iter().any(|pattern| is_like(message, pattern));
    FAULTS.iter().find(|(_, patterns)| known(patterns)).map(|(kind, _)| *kind)
}
