//! Each numeric function of the specification has one place, and its documentation names it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Functions that the oracle's rules implement, not this crate: what turns values into bytes and back.
const OF_THE_RULES: &[&str] = &[
    "$sx",
    "$cunpacknum_",
    "$ibytes_",
    "$fbytes_",
    "$nbytes_",
    "$vbytes_",
    "$inv_ibytes_",
    "$inv_fbytes_",
    "$inv_nbytes_",
    "$inv_vbytes_",
    "$inv_zbytes_",
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The functions' names, from the specification's list.
fn functions() -> Vec<String> {
    let text = read("../../spec-tests/spec-rules.tsv");
    text.lines().filter_map(|l| l.strip_prefix("function\t")).map(str::to_owned).collect()
}

/// The names that nothing applies when a program runs, with a reason each in the map of the rules.
fn unreachable() -> Vec<String> {
    let text = read("../../spec-tests/spec-map.toml");
    let (_, section) = text.split_once("[unreachable]").expect("the map has the section");
    let names = section.lines().filter_map(|l| l.strip_prefix("\"$")?.split_once('"'));
    names.map(|(name, _)| format!("${name}")).collect()
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// Every name in backticks with a dollar sign in a doc comment, with the places where it stands.
fn named() -> BTreeMap<String, Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source is UTF-8");
        let place = file.strip_prefix(&root).expect("it is below the root").display().to_string();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if !line.starts_with("///") && !line.starts_with("//!") {
                continue;
            }
            // Every second part is in backticks.
            for name in line.split('`').skip(1).step_by(2).filter(|n| n.starts_with('$')) {
                named.entry(name.to_owned()).or_default().push(format!("{place}:{}", i + 1));
            }
        }
    }
    named
}

#[test]
fn each_function_is_named_once() {
    let (functions, unreachable, named) = (functions(), unreachable(), named());
    assert_eq!(functions.len(), 166, "the specification's list is another");
    let mut faults = Vec::new();
    for (name, places) in &named {
        if !functions.contains(name) {
            faults.push(format!("{name} at {places:?} is no function of the specification"));
        }
        if places.len() > 1 {
            faults.push(format!("{name} is named more than once: {places:?}"));
        }
    }
    for name in &functions {
        let elsewhere = unreachable.contains(name) || OF_THE_RULES.contains(&&**name);
        match (named.contains_key(name), elsewhere) {
            (false, false) => faults.push(format!("{name} is named nowhere")),
            (true, true) => faults.push(format!("{name} is named here and belongs elsewhere")),
            _ => {}
        }
    }
    for name in OF_THE_RULES.iter().filter(|n| !functions.iter().any(|f| f == *n)) {
        faults.push(format!("{name} in the list of this test is misspelt"));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
