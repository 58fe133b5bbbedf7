//! The one policy for texts of traps and exhaustions.
//!
//! A script's text is the beginning of what an engine says, or the other way round: engines add detail, and so do
//! scripts (`uninitialized element 2`). Where the wording of the scripts has changed over the years, both count.

/// Texts of old scripts, and what today's say in their place.
const REWORDED: &[(&str, &str)] = &[
    // Version 1.0 refused a segment that does not fit at linking; since bulk memory, writing it traps.
    ("elements segment does not fit", "out of bounds table access"),
    ("data segment does not fit", "out of bounds memory access"),
];

/// Whether the text of an engine is the one that a script expects.
pub(crate) fn is_expected(expected: &str, got: &str) -> bool {
    if got.is_empty() {
        return false;
    }
    same(expected, got) || is_trap_today(expected, got)
}

/// Whether a script of version 1.0 calls unlinkable what is a trap of this text today.
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
