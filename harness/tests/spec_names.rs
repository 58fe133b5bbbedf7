//! The specification's names in the sources of the oracle: each rule and each numeric function is named by one item, and no name is
//! misspelt.
//!
//! A name counts where it stands in backticks in a doc comment. So a text search for an official name finds what implements it.

use etalon_spec_tests::{NameKind, official_names, spec_map};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where the specification is executed: the oracle, and the numeric functions that it uses.
const FOLDERS: &[&str] = &["engine/oracle/src", "engine/numerics/src"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the harness is in the workspace").into()
}

fn sources() -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|f| root().join(f)).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the workspace is readable") {
            let path = entry.expect("an entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source is UTF-8");
                files.push((path.display().to_string(), text));
            }
        }
    }
    assert!(files.len() > 30, "the sources were not found");
    files
}

/// The names in the doc comments of a text that look like the specification's.
fn names(text: &str) -> Vec<String> {
    let comments =
        text.lines().map(str::trim_start).filter(|l| l.starts_with("///") || l.starts_with("//!"));
    let quoted = comments.flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_name = |name: &&str| {
        name.starts_with('$')
            || ["Step/", "Steps/", "Step_pure/", "Step_read/"].iter().any(|k| name.starts_with(k))
    };
    quoted.filter(is_name).map(str::to_owned).collect()
}

/// What is wrong with the names of some sources; the official ones that are never named are not to be reached.
fn faults(sources: &[(String, String)]) -> Vec<String> {
    let mut official = official_names(NameKind::Reduction);
    official.extend(official_names(NameKind::Function));
    let known: BTreeSet<&str> = official.iter().copied().collect();
    let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (file, text) in sources {
        names(text).into_iter().for_each(|name| places.entry(name).or_default().push(file));
    }
    let mut faults = Vec::new();
    for (name, files) in &places {
        if !known.contains(name.as_str()) {
            faults.push(format!("{name} is no name of the specification: {}", files.join(", ")));
        } else if files.len() > 1 {
            faults.push(format!("{name} is named more than once: {}", files.join(", ")));
        }
    }
    let unreachable = &spec_map().unreachable;
    for name in official {
        match (places.contains_key(name), unreachable.contains_key(name)) {
            (false, false) => faults.push(format!("{name} is named nowhere")),
            (true, true) => {
                faults.push(format!("{name} is named, and listed as what cannot be reached"))
            }
            _ => {}
        }
    }
    faults
}

#[test]
fn each_name_of_the_specification_is_named_once() {
    let faults = faults(&sources());
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_name_that_is_misspelt_doubled_or_missing_is_found() {
    let whole = sources();
    let with = |text: &str| {
        let mut sources = whole.clone();
        sources.push(("planted".to_owned(), text.to_owned()));
        faults(&sources)
    };
    assert_eq!(
        with("/// `Step_pure/nope`"),
        ["Step_pure/nope is no name of the specification: planted"]
    );
    assert_eq!(with("    /// `$iadd_`").len(), 1);
    assert_eq!(with("// `$iadd_` in a plain comment"), [""; 0]);
    let without: Vec<_> = whole
        .iter()
        .map(|(file, text)| (file.clone(), text.replace("`Step_pure/nop`", "")))
        .collect();
    assert_eq!(faults(&without), ["Step_pure/nop is named nowhere"]);
}
