//! The architecture's invariants, read off the sources.
//!
//! What may depend on what, where `unsafe` may stand, how long files and functions may be, and what must
//! not be left behind. Each exception is a row with its reason, and one that is no longer needed fails.

use etalon_adapters::Schedule;
use etalon_module::Opcode;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines that a file may have.
const FILE_LINES: usize = 600;
/// Lines that a function may have.
const FUNCTION_LINES: usize = 70;

/// Our crates and those of ours that each may use: data flows one way.
const EDGES: &[(&str, &[&str])] = &[
    ("etalon-module", &[]),
    ("etalon-gas", &["etalon-module"]),
    ("etalon-runtime", &["etalon-module", "etalon-gas"]),
    ("etalon-numerics", &["etalon-module"]),
    ("etalon-oracle", &["etalon-module", "etalon-gas", "etalon-runtime", "etalon-numerics"]),
    ("etalon-interp", &["etalon-module", "etalon-gas", "etalon-runtime", "etalon-numerics"]),
    ("etalon-jit", &["etalon-module", "etalon-gas", "etalon-runtime"]),
    ("etalon-wasi", &[]),
    (
        "etalon",
        &[
            "etalon-module",
            "etalon-gas",
            "etalon-runtime",
            "etalon-oracle",
            "etalon-interp",
            "etalon-jit",
            "etalon-wasi",
        ],
    ),
    ("etalon-record", &[]),
    ("etalon-spec-tests", &[]),
    ("etalon-adapters", &["etalon", "etalon-record", "etalon-wasi"]),
    ("etalon-instrument", &["etalon-module", "etalon-gas"]),
    (
        "etalon-harness",
        &[
            "etalon-module",
            "etalon-adapters",
            "etalon-instrument",
            "etalon-record",
            "etalon-spec-tests",
        ],
    ),
    ("etalon-audit", &["etalon", "etalon-adapters", "etalon-harness"]),
    ("etalon-reports", &["etalon-record"]),
    (
        "etalon-cli",
        &[
            "etalon",
            "etalon-adapters",
            "etalon-audit",
            "etalon-harness",
            "etalon-instrument",
            "etalon-record",
            "etalon-reports",
            "etalon-spec-tests",
        ],
    ),
];

/// Where `unsafe` may stand: a folder ends in `/`.
const UNSAFE: &[&str] = &[
    "engine/jit/src/",
    "engine/jit/tests/support/mod.rs",
    "engine/runtime/src/memory/mmap.rs",
    "engine/runtime/src/system.rs",
    "engine/runtime/src/table/words.rs",
    "engine/embedding/src/trusted.rs",
    // Opens caches, whose entries are machine code.
    "engine/embedding/tests/cache.rs",
    // For artefacts that the user says are trusted, and the user's cache.
    "harness/adapters/src/precompiled.rs",
    // How long another engine takes to load its code; in a build that has it.
    "harness/adapters/src/peers/wasmtime/artefact.rs",
    // How a shared library is called that the user brings.
    "harness/adapters/src/capi/library.rs",
];

/// Files that may be longer: tables, not rooms.
const LONG_FILES: &[&str] = &["engine/module/src/instruction/table.rs"];

/// Functions that may be longer: dispatch tables.
const LONG_FUNCTIONS: &[(&str, &str)] = &[
    ("engine/oracle/src/step.rs", "execute"),
    ("engine/oracle/src/step.rs", "access"),
    ("engine/numerics/src/vector/dispatch.rs", "binop"),
    ("engine/numerics/src/vector/dispatch.rs", "unop"),
    ("engine/interp/src/prepare/assemble.rs", "encode"),
    ("engine/interp/src/prepare/mod.rs", "prepare"),
    ("engine/interp/src/prepare/op.rs", "slots"),
];

/// Where the engine allocates without being able to fail: the file, how often, and what bounds the size. Everything that a
/// guest can make larger than what was sent goes through `etalon_runtime::room`.
const ALLOCATIONS: &[(&str, usize, &str)] = &[
    ("engine/runtime/src/const_eval.rs", 1, "the operands of an expression of the module"),
    ("engine/runtime/src/digest.rs", 1, "an object that is there; the embedder asks for digests"),
    (
        "engine/runtime/src/heap/image.rs",
        1,
        "an object that is there; the embedder asks for snapshots",
    ),
    ("engine/runtime/src/heap/roots.rs", 1, "handles that the embedder made"),
    ("engine/runtime/src/heap/slab.rs", 1, "a snapshot that was read"),
    ("engine/runtime/src/memory/vec.rs", 1, "room was made; under Miri only"),
    ("engine/runtime/src/funcs.rs", 3, "runs of functions that one instantiation allocated"),
    ("engine/runtime/src/rollback.rs", 7, "what one instantiation allocated"),
    ("engine/runtime/src/segment.rs", 2, "groups of segments that one instantiation allocated"),
    ("engine/runtime/src/room.rs", 2, "room was made"),
    ("engine/runtime/src/invoke.rs", 2, "the slots of a function type"),
    ("engine/runtime/src/touched.rs", 1, "a constant"),
    ("engine/runtime/src/table/vec.rs", 1, "room was made; under Miri only"),
    ("engine/oracle/src/configuration.rs", 1, "operands, which depth bounds"),
    ("engine/oracle/src/executor.rs", 1, "the functions of modules"),
    ("engine/oracle/src/thread.rs", 1, "the arguments of a call"),
    ("engine/oracle/src/rules/aggregate.rs", 2, "operands, which depth bounds"),
    ("engine/oracle/src/rules/exception.rs", 1, "the parameters of a tag"),
    ("engine/interp/src/executor.rs", 2, "the slots of a function type"),
    ("engine/interp/src/gas.rs", 1, "the operators of a body"),
    ("engine/interp/src/machine/leaving.rs", 4, "a frame that is there, and a function type"),
    ("engine/interp/src/machine/mod.rs", 1, "frames, which depth bounds, and the window"),
    ("engine/interp/src/machine/roots.rs", 1, "the operations of bodies"),
    ("engine/interp/src/program/mod.rs", 3, "the functions of modules"),
    ("engine/jit/src/executor.rs", 1, "the slots of a function type"),
    ("engine/jit/src/entries.rs", 3, "the functions of the store"),
    ("engine/jit/src/code/loaded.rs", 1, "the functions of a module"),
    ("engine/jit/src/abi/trampoline.rs", 5, "a signature"),
    ("engine/jit/src/libcalls/array.rs", 1, "an iterator over operands"),
    ("engine/jit/src/libcalls/call_out.rs", 1, "the slots of a function type"),
    ("engine/jit/src/trap/signals.rs", 1, "a constant"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the harness is in the workspace").into()
}

/// Every source file of ours: its path from the root, and its text.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let root = root();
    let mut folders: Vec<PathBuf> =
        ["engine", "spec-tests", "harness", "fuzz", "reports"].map(|f| root.join(f)).into();
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("a folder of the workspace is readable");
        for entry in entries.map(|e| e.expect("an entry is readable")) {
            let path = entry.path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source is UTF-8");
                let name = path.strip_prefix(&root).expect("it is below the root");
                files.push((name.to_string_lossy().into_owned(), text));
            }
        }
    }
    files.sort();
    assert!(files.len() > 50, "the sources were not found");
    files
}

/// Reports all faults at once.
fn check(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The workspace as Cargo sees it.
fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// What people write is smaller than what programs write, and that is not kept here: a record, a corpus, a module.
const MOST_BYTES: u64 = 128 << 10;

#[test]
fn no_file_is_of_a_size_that_programs_write() {
    let root = root();
    let ignored = std::fs::read_to_string(root.join(".gitignore")).expect("it is readable");
    let ignored: BTreeSet<PathBuf> = ignored
        .lines()
        .filter_map(|line| line.strip_prefix('/'))
        .chain([".git"])
        .map(|path| root.join(path))
        .collect();
    let (mut faults, mut seen, mut folders) = (Vec::new(), 0, vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).expect("a folder of the workspace is readable");
        for entry in entries.map(|e| e.expect("an entry is readable")) {
            let path = entry.path();
            if ignored.contains(&path) {
                continue;
            }
            let about = entry.metadata().expect("an entry is there");
            if about.is_dir() {
                folders.push(path);
            } else {
                seen += 1;
                if about.len() > MOST_BYTES {
                    let name = path.strip_prefix(&root).unwrap_or(&path);
                    faults.push(format!("{}: {} bytes", name.display(), about.len()));
                }
            }
        }
    }
    assert!(seen > 500, "the files were not found");
    check(faults);
}

#[test]
fn crates_depend_only_to_the_left() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = EDGES.iter().copied().collect();
    let mut faults = Vec::new();
    let packages = metadata["packages"].as_array().expect("packages are listed");
    for package in packages {
        let name = package["name"].as_str().expect("a package has a name");
        let Some(may) = allowed.get(name) else {
            faults.push(format!("{name} is not in the table of edges"));
            continue;
        };
        for dependency in package["dependencies"].as_array().expect("dependencies are listed") {
            let on = dependency["name"].as_str().expect("a dependency has a name");
            let is_ours = allowed.contains_key(on);
            // Dev-dependencies count too: the tiers never meet, not even in tests.
            if is_ours && !may.contains(&on) {
                faults.push(format!("{name} must not depend on {on}"));
            }
        }
    }
    assert_eq!(packages.len(), EDGES.len(), "the table of edges names a crate that is gone");
    check(faults);
}

/// The fuzz targets are a workspace of their own, so no build of this one brings their lock file up to date.
#[test]
fn the_lock_file_of_the_fuzz_targets_is_up_to_date() {
    let text = std::fs::read_to_string(root().join("fuzz/Cargo.lock")).expect("it is readable");
    let lock: toml::Table = text.parse().expect("a lock file is TOML");
    // A dependency is its name, and its version where there are several.
    let locked: BTreeMap<&str, BTreeSet<&str>> = lock["package"]
        .as_array()
        .expect("packages are listed")
        .iter()
        .map(|package| {
            let on = package.get("dependencies").and_then(|d| d.as_array()).into_iter().flatten();
            let names = on.filter_map(|d| d.as_str()?.split(' ').next());
            (package["name"].as_str().expect("a package has a name"), names.collect())
        })
        .collect();
    let metadata = metadata();
    let mut faults = Vec::new();
    let mut compared = 0;
    for package in metadata["packages"].as_array().expect("packages are listed") {
        let name = package["name"].as_str().expect("a package has a name");
        let Some(locked) = locked.get(name) else { continue };
        compared += 1;
        let dependencies = package["dependencies"].as_array().expect("dependencies are listed");
        // What only tests need is not locked there.
        let normal = || dependencies.iter().filter(|d| d["kind"] != "dev");
        // An optional one is locked if a feature asks for it.
        let possible: BTreeSet<&str> = normal().filter_map(|d| d["name"].as_str()).collect();
        let wanted: BTreeSet<&str> = normal()
            .filter(|d| d["optional"] == false)
            .filter_map(|d| d["name"].as_str())
            .collect();
        for missing in wanted.difference(locked) {
            faults
                .push(format!("fuzz/Cargo.lock: {name} lacks {missing}: run `make fuzz-targets`"));
        }
        for gone in locked.difference(&possible) {
            faults
                .push(format!("fuzz/Cargo.lock: {name} still has {gone}: run `make fuzz-targets`"));
        }
    }
    assert!(compared > 5, "our crates were not found");
    check(faults);
}

#[test]
fn unsafe_stands_only_where_it_may() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        let allowed = UNSAFE.iter().any(|place| file.starts_with(place));
        for (i, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let words =
                |w: &str| code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|x| x == w);
            if words("unsafe") && !code.contains("\"") && !allowed {
                faults.push(format!("{file}:{}: unsafe is not allowed here", i + 1));
            }
        }
        let crate_root = file.ends_with("src/lib.rs") || file.ends_with("src/main.rs");
        let forbids =
            text.contains("#![forbid(unsafe_code)]") || text.contains("#![deny(unsafe_code)]");
        if crate_root && !file.starts_with("engine/jit/") && !file.starts_with("fuzz/") && !forbids
        {
            faults.push(format!("{file}: lacks #![forbid(unsafe_code)]"));
        }
    }
    check(faults);
}

/// Expressions that allocate as much as a number says, and end the process if the host has not so much.
const ALLOCATE: &[&str] = &[
    "with_capacity(",
    ".resize(",
    ".resize_with(",
    ".reserve(",
    ".reserve_exact(",
    ".to_vec()",
    ".into_boxed_slice()",
    ".extend_from_slice(",
    "repeat_n(",
    ".repeat(",
    "split_off(",
];

/// Whether a line of code allocates as much as a number says.
fn allocates(code: &str) -> bool {
    let repeats = code
        .split_once("vec![")
        .is_some_and(|(_, inside)| inside.split(']').next().is_some_and(|i| i.contains("; ")));
    // Making room that may fail is what is asked for.
    let fallible = code.contains("room::") || code.contains("try_reserve");
    !fallible && (repeats || ALLOCATE.iter().any(|what| code.contains(what)))
}

#[test]
fn no_guest_chooses_the_size_of_an_allocation_that_cannot_fail() {
    let mut faults = Vec::new();
    for (file, text) in sources() {
        // What runs guests; making code of modules is bounded by the modules, and by budgets of the compiler.
        let runs =
            ["engine/runtime/src/", "engine/oracle/src/", "engine/interp/src/", "engine/jit/src/"];
        let makes = ["/compile/", "/prepare/", "/text/", "/aot/", "/snapshot/", "/tests.rs"];
        if !runs.iter().any(|r| file.starts_with(r)) || makes.iter().any(|m| file.contains(m)) {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
        let found: Vec<usize> =
            (1..).zip(lines).filter(|(_, line)| allocates(line)).map(|(n, _)| n).collect();
        let allowed = ALLOCATIONS.iter().find(|(name, ..)| *name == file).map_or(0, |row| row.1);
        if found.len() != allowed {
            faults.push(format!("{file}: lines {found:?} allocate, {allowed} are in the table"));
        }
    }
    for (file, ..) in ALLOCATIONS.iter().filter(|(file, ..)| !root().join(file).is_file()) {
        faults.push(format!("{file} is in the table and is gone"));
    }
    check(faults);
}

#[test]
fn allocations_are_found() {
    for code in
        ["let a = vec![0; n];", "Vec::with_capacity(n)", "stack.resize(len, 0);", "a.to_vec()"]
    {
        assert!(allocates(code), "{code}");
    }
    for code in ["vec![a, b]", "vec![]", "room::reserve(&mut a, n)?", "let a: [u8; 4] = b;"] {
        assert!(!allocates(code), "{code}");
    }
}

#[test]
fn files_are_short() {
    let mut faults = Vec::new();
    let mut long = Vec::new();
    for (file, text) in sources() {
        let lines = text.lines().count();
        if lines > FILE_LINES {
            long.push(file.clone());
            if !LONG_FILES.contains(&file.as_str()) {
                faults.push(format!("{file}: {lines} lines, and {FILE_LINES} are allowed"));
            }
        }
    }
    for file in LONG_FILES.iter().filter(|f| !long.iter().any(|l| l == *f)) {
        faults.push(format!("{file} is listed as long and is not"));
    }
    check(faults);
}

/// Functions of a formatted source with their number of lines.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(at) = code.find("fn ").filter(|_| !code.starts_with("//")) else { continue };
        let before = code[..at].trim();
        let is_item = before.split_whitespace().all(|word| {
            matches!(word, "pub" | "const" | "async" | "unsafe" | "extern" | "\"C\"")
                || word.starts_with("pub(")
        });
        if !is_item {
            continue;
        }
        let indent = &line[..line.len() - code.len()];
        let name: String =
            code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let close = format!("{indent}}}");
        let length = lines[i..].iter().position(|l| {
            *l == close
                || l.ends_with(';')
                    && l.starts_with(indent)
                    && !l.starts_with(&format!("{indent} "))
        });
        if let Some(length) = length {
            found.push((name, length + 1));
        }
    }
    found
}

#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    let mut long = Vec::new();
    for (file, text) in sources() {
        for (name, lines) in functions(&text) {
            if lines > FUNCTION_LINES {
                long.push((file.clone(), name.clone()));
                if !LONG_FUNCTIONS.contains(&(file.as_str(), name.as_str())) {
                    faults.push(format!(
                        "{file}: {name} has {lines} lines, and {FUNCTION_LINES} are allowed"
                    ));
                }
            }
        }
    }
    for (file, name) in LONG_FUNCTIONS {
        if !long.iter().any(|(f, n)| f == file && n == name) {
            faults.push(format!("{file}: {name} is listed as long and is not"));
        }
    }
    check(faults);
}

#[test]
fn the_examples_of_the_readme_call_what_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("it is readable");
    let mut faults = Vec::new();
    let mut examples = 0;
    for line in readme.lines().filter(|line| line.starts_with("etalon run corpus/")) {
        examples += 1;
        let words: Vec<&str> = line.split(' ').collect();
        let text = std::fs::read_to_string(root().join(words[2])).unwrap_or_default();
        let name = words.iter().skip_while(|word| **word != "--invoke").nth(1).unwrap_or(&"");
        if !text.contains(&format!("(export \"{name}\")")) {
            faults.push(format!("{line}: {} exports no {name}", words[2]));
        }
    }
    assert!(examples > 0, "there is no example");
    check(faults);
}

#[test]
fn nothing_is_left_behind() {
    // Spelt in two halves, so that this file does not name itself.
    let words = [
        concat!("todo", "!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
        concat!("#[ig", "nore"),
        concat!("thread::sl", "eep("),
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
    ];
    let mut faults = Vec::new();
    for (file, text) in sources() {
        for (i, line) in text.lines().enumerate() {
            for word in words.iter().filter(|w| line.contains(**w)) {
                faults.push(format!("{file}:{}: {word}", i + 1));
            }
        }
    }
    check(faults);
}

#[test]
fn each_operator_with_a_meaning_has_a_price_in_each_schedule() {
    // A schedule that prices too few operators does not even load; this says which, and that all are tried.
    for name in Schedule::BUILTIN {
        let schedule = Schedule::builtin(name).expect("a listed schedule loads");
        for opcode in Opcode::ALL.iter().filter(|op| op.has_meaning()) {
            let _ = schedule.weight(*opcode);
        }
    }
    assert!(Opcode::ALL.iter().filter(|op| op.has_meaning()).count() > 580);
}
