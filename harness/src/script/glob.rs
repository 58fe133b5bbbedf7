//! Patterns for names.

use std::fmt;

/// A pattern: `*` stands for any text, `?` for any character, everything else for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<char>);

impl Glob {
    /// The pattern of that text.
    pub fn new(pattern: &str) -> Self {
        Glob(pattern.chars().collect())
    }

    /// Whether all of the name is as the pattern says.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut p, mut n) = (0, 0);
        // Where to go on if the text behind the last star has to be longer.
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

    /// Whether a script is meant: by `suite/file`, by the file, or by the file without its ending.
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
