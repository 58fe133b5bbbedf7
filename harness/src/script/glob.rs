//! Patterns for names.

use std::fmt;

/// A pattern: `*` matches any text, `?` any character, and everything else itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<char>);

impl Glob {
    /// A pattern from its text.
    pub fn new(pattern: &str) -> Self {
        Glob(pattern.chars().collect())
    }

    /// Whether the pattern matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut p, mut n) = (0, 0);
        // Where to continue if the last star must match more text.
        let mut retry = None;
        while n < name.len() {
            match self.0.get(p) {
                Some('*') => {
                    retry = Some((p, n));
                    p += 1;
                }
                Some(c) if *c == '?' || *c == name[n] => {
                    p += 1;
                    n += 1;
                }
                _ => {
                    let Some((star, from)) = retry else { return false };
                    retry = Some((star, from + 1));
                    p = star + 1;
                    n = from + 1;
                }
            }
        }
        self.0[p..].iter().all(|c| *c == '*')
    }

    /// Whether the pattern matches a script: `suite/file`, the file, or the file without its extension.
    pub fn matches_script(&self, suite: &str, file: &str) -> bool {
        let stem = file.strip_suffix(".wast").unwrap_or(file);
        self.matches(&format!("{suite}/{file}"))
            || self.matches(&format!("{suite}/{stem}"))
            || self.matches(file)
            || self.matches(stem)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|c| write!(f, "{c}"))
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, name, matches) in [
            ("memory*", "memory_grow", true),
            ("memory*", "table_grow", false),
            ("*_grow", "memory_grow", true),
            ("*o*w", "memory_grow", true),
            ("*o*w", "memory_growth", false),
            ("i??", "i32", true),
            ("i??", "i3", false),
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "abbbd", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn scripts_go_by_several_names() {
        for pattern in ["wasm-v1/nop.wast", "wasm-v1/*", "nop.wast", "nop", "wasm-v?/nop"] {
            assert!(Glob::new(pattern).matches_script("wasm-v1", "nop.wast"), "{pattern}");
        }
        assert!(!Glob::new("wasm-v1").matches_script("wasm-v1", "nop.wast"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_long_time() {
        let pattern = "*a".repeat(200);
        assert!(!Glob::new(&pattern).matches(&"a".repeat(199)));
    }
}
