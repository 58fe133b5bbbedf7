//! The oracle is there to be read: how long it is, and how long its functions are.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of the whole crate, comments and all.
const MOST_LINES: usize = 4_500;
/// Lines of a function, from `fn` to the closing brace: of half of the rules, and of nine in ten.
const MEDIAN: usize = 12;
const NINE_IN_TEN: usize = 25;

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    assert!(!sources.is_empty(), "{folder} has no sources");
    sources.sort();
    sources
}

/// The functions of a source that `rustfmt` has formatted: names, and lines from `fn` to the closing brace.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let indentation = &line[..line.len() - code.len()];
        let code = ["pub(crate) ", "pub(super) "].iter().find_map(|p| code.strip_prefix(p));
        let code = code.unwrap_or(line.trim_start());
        let Some(name) = code.strip_prefix("fn ") else { continue };
        let name = name.split(['(', '<']).next().unwrap_or_default();
        let closes = |line: &&str| line.strip_prefix(indentation) == Some("}");
        let end = lines[at..].iter().position(closes);
        functions.push((name, end.unwrap_or_else(|| panic!("{name} has no end")) + 1));
    }
    functions
}

#[test]
fn the_oracle_is_small() {
    let lines: usize = sources("src").iter().map(|(_, text)| text.lines().count()).sum();
    assert!(lines <= MOST_LINES, "{lines} lines, at most {MOST_LINES} may be there");
}

#[test]
fn rules_are_short_functions() {
    let sources = sources("src/rules");
    let mut found: Vec<(usize, &str, &Path)> = Vec::new();
    for (path, text) in &sources {
        found.extend(functions(text).iter().map(|(name, lines)| (*lines, *name, path.as_path())));
    }
    found.sort_unstable();
    assert!(found.len() > 150, "only {} functions were found", found.len());
    let median = found[found.len() / 2].0;
    assert!(median <= MEDIAN, "half of the functions have {median} lines or more");
    let long: Vec<_> = found.iter().filter(|(lines, ..)| *lines > NINE_IN_TEN).collect();
    assert!(
        long.len() * 10 <= found.len(),
        "{} of {} are long: {long:#?}",
        long.len(),
        found.len()
    );
}

#[test]
fn rules_are_no_macros() {
    for (path, text) in sources("src/rules") {
        let may = path.ends_with("numeric.rs");
        assert!(may || !text.contains("macro_rules!"), "{} defines a macro", path.display());
    }
}

#[test]
fn lengths_are_measured_from_fn_to_the_closing_brace() {
    let text = "impl A {\n    /// fn not\n    pub(super) fn a<T>(\n        t: T,\n    ) {\n        if t {\n        }\n    }\n}\n\nfn b() {\n}\n";
    assert_eq!(functions(text), [("a", 6), ("b", 2)]);
}
