//! Patterns for names.

use globset::{GlobBuilder, GlobMatcher};
use std::fmt;
use std::str::FromStr;

/// A pattern: `*` matches any text, `/` too, `?` any character, `[a-z]` one of several, `{a,b}` either, and everything else
/// itself.
#[derive(Clone, Debug)]
pub struct Glob(GlobMatcher);

impl FromStr for Glob {
    type Err = globset::Error;

    fn from_str(pattern: &str) -> Result<Self, globset::Error> {
        // Names are no paths: a backslash is only an escape, and a dot at the beginning nothing special.
        let glob =
            GlobBuilder::new(pattern).literal_separator(false).backslash_escape(true).build()?;
        Ok(Glob(glob.compile_matcher()))
    }
}

impl Glob {
    /// Whether the pattern matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
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
        f.write_str(self.0.glob().glob())
    }
}

/// By the text.
impl PartialEq for Glob {
    fn eq(&self, other: &Glob) -> bool {
        self.0.glob() == other.0.glob()
    }
}

impl Eq for Glob {}

#[cfg(test)]
mod tests {
    use super::Glob;

    fn glob(pattern: &str) -> Glob {
        pattern.parse().unwrap()
    }

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
            ("proposals/*", "proposals/gc/array", true),
            ("*", ".hidden", true),
            ("[im]*", "memory", true),
            ("{gc,simd}", "simd", true),
        ] {
            assert_eq!(glob(pattern).matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn a_broken_pattern_is_refused() {
        for pattern in ["[", "{a", "a\\"] {
            assert!(pattern.parse::<Glob>().is_err(), "{pattern}");
        }
    }

    #[test]
    fn scripts_go_by_several_names() {
        for pattern in ["wasm-v1/nop.wast", "wasm-v1/*", "nop.wast", "nop", "wasm-v?/nop"] {
            assert!(glob(pattern).matches_script("wasm-v1", "nop.wast"), "{pattern}");
        }
        assert!(!glob("wasm-v1").matches_script("wasm-v1", "nop.wast"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_long_time() {
        let pattern = "*a".repeat(200);
        assert!(!glob(&pattern).matches(&"a".repeat(199)));
    }
}
