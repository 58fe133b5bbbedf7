//! The coverage-guided targets: the list in `fuzz/Cargo.toml` is the one that everything else has, and what builds them for others
//! does what it should, with programs in the place of `cargo` and `zip`.

use etalon_harness::fuzz::targets::{Seeds, TARGETS};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("fuzz")
}

/// The programs of `fuzz/Cargo.toml`, with their sources.
fn programs() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(fuzz().join("Cargo.toml")).expect("it is readable");
    let manifest: toml::Table = text.parse().expect("a manifest is TOML");
    let field = |bin: &toml::Value, name: &str| bin[name].as_str().expect("a text").to_owned();
    let bins = manifest["bin"].as_array().expect("it has programs");
    bins.iter().map(|bin| (field(bin, "name"), field(bin, "path"))).collect()
}

#[test]
fn every_target_is_a_program_that_runs_it() {
    let mut names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    for (name, path) in programs() {
        let source = std::fs::read_to_string(fuzz().join(&path)).expect("it is there");
        if name != "seeds" {
            assert!(names.remove(&name), "{name} is in fuzz/Cargo.toml and no target");
            assert!(
                source.contains(&format!("targets::run(\"{name}\", data)")),
                "{path}: {source}"
            );
        }
    }
    assert!(names.is_empty(), "not in fuzz/Cargo.toml: {names:?}");
    let sources = std::fs::read_dir(fuzz().join("fuzz_targets")).expect("it is readable");
    assert_eq!(sources.count(), programs().len(), "a source is no program");
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, text).expect("it is writable");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("it is ours");
}

#[test]
fn oss_fuzz_gets_every_target_with_options_and_seeds() {
    let top = tempfile::tempdir().expect("there is a temporary folder");
    let at = |name: &str| top.path().join(name);
    let built = at("src/etalon/fuzz/target/x86_64-unknown-linux-gnu/release");
    for folder in [&built, &at("out"), &at("bin")] {
        std::fs::create_dir_all(folder).expect("it is writable");
    }
    let copy = |from: &str, to: &str| {
        std::fs::copy(fuzz().join(from), at(to)).expect("it is there");
    };
    copy("Cargo.toml", "src/etalon/fuzz/Cargo.toml");
    copy("oss-fuzz/TARGET.options", "src/TARGET.options");
    // `cargo fuzz build` makes the programs that the manifest lists, and `seeds` writes for those that begin from something.
    let mut makes = "#!/bin/bash -eu\n[ \"$*\" = 'fuzz build -O' ]\n".to_owned();
    for (name, _) in programs() {
        makes += &format!("[ -e '{0}/{name}' ] || echo {name} >'{0}/{name}'\n", built.display());
    }
    script(&at("bin/cargo"), &makes);
    let none: Vec<&str> =
        TARGETS.iter().filter(|t| t.seeds == Seeds::None).map(|t| t.name).collect();
    let seeds = format!(
        "#!/bin/bash -eu\ncase \"$2\" in {}) ;; *) echo seed >\"$1/0\"; echo seed >\"$1/1\";; esac\n",
        none.join("|")
    );
    script(&built.join("seeds"), &seeds);
    script(&at("bin/zip"), "#!/bin/bash -eu\n[ \"$1 $2\" = '-q -@' ]\ncat >\"$3\"\n");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .arg(fuzz().join("oss-fuzz/build.sh"))
        .env("SRC", at("src"))
        .env("OUT", at("out"))
        .env("PATH", format!("{}:{path}", at("bin").display()))
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: String| std::fs::read_to_string(at("out").join(name)).unwrap_or_default();
    for target in TARGETS {
        let name = target.name;
        assert_eq!(read(name.to_owned()), format!("{name}\n"));
        let options = read(format!("{name}.options"));
        assert!(options.contains("handle_segv=0\nallow_user_segv_handler=1\n"), "{options}");
        let seeds = if target.seeds == Seeds::None { "" } else { "./0\n./1\n" };
        assert_eq!(read(format!("{name}_seed_corpus.zip")), seeds, "{name}");
    }
    assert!(!at("out/seeds").exists());
}

#[test]
fn the_project_file_says_what_is_possible() {
    let read = |name: &str| {
        std::fs::read_to_string(fuzz().join("oss-fuzz").join(name)).expect("it is readable")
    };
    let project = read("project.yaml");
    let lines: Vec<&str> = project.lines().filter(|line| !line.starts_with('#')).collect();
    for line in ["language: rust", "  - libfuzzer", "  - address", "  - x86_64"] {
        assert!(lines.contains(&line), "{line}: {project}");
    }
    let docker = read("Dockerfile");
    assert!(docker.starts_with("FROM gcr.io/oss-fuzz-base/base-builder-rust\n"), "{docker}");
    assert!(docker.contains("COPY fuzz/oss-fuzz/build.sh fuzz/oss-fuzz/TARGET.options $SRC/"));
}
