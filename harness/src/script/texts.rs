//! How texts of traps and exhaustions are compared.
//!
//! One text must be the beginning of the other, because both engines and scripts add details (`uninitialized element
//! 2`). Where the wording of the scripts has changed over the years, both wordings are accepted.

/// Texts of old scripts, and the current ones.
const REWORDED: &[(&str, &str)] = &[
    // In version 1.0 a segment that does not fit was a linking error; since bulk memory, writing it traps.
    ("elements segment does not fit", "out of bounds table access"),
    ("data segment does not fit", "out of bounds memory access"),
];

/// Whether the text of an engine matches the one that a script expects.
pub(crate) fn is_expected(expected: &str, got: &str) -> bool {
    if got.is_empty() {
        return false;
    }
    same(expected, got) || is_trap_today(expected, got)
}

/// Whether a script of version 1.0 calls unlinkable what is now a trap with this text.
pub(crate) fn is_trap_today(expected: &str, got: &str) -> bool {
    REWORDED.iter().any(|(old, new)| !got.is_empty() && expected.starts_with(old) && same(new, got))
}

fn same(expected: &str, got: &str) -> bool {
    got.starts_with(expected) || expected.starts_with(got)
}

#[cfg(test)]
mod tests {
    use super::{is_expected, is_trap_today};

    #[test]
    fn prefixes_count_either_way_and_nothing_else_does() {
        assert!(is_expected("uninitialized element 2", "uninitialized element"));
        assert!(is_expected("out of bounds memory access", "out of bounds memory access at 65536"));
        assert!(is_expected("elements segment does not fit", "out of bounds table access"));
        assert!(!is_expected("out of bounds memory access", "out of bounds table access"));
        assert!(!is_expected("integer overflow", "integer divide by zero"));
        assert!(!is_expected("unreachable", ""));
        assert!(!is_expected("call stack exhausted", "out of gas"));
        assert!(is_trap_today("data segment does not fit", "out of bounds memory access"));
        assert!(!is_trap_today("data segment does not fit", "out of bounds table access"));
        assert!(!is_trap_today("unknown import", "out of bounds table access"));
    }
}
