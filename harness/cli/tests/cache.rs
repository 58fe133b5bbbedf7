//! The cache of compiled code between processes: many at once, a full disk, entries that are damaged, folders that cannot be used.

mod program;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ETALON: &str = env!("CARGO_BIN_EXE_etalon");

/// A folder with a module, beside which the cache is.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"(module (func (export "f") (param i32) (result i32)
        (i32.mul (local.get 0) (i32.const 6))))"#;
    std::fs::write(folder.path().join("m.wat"), text).unwrap();
    folder
}

fn command(folder: &Path, words: &str) -> Command {
    let mut command = program::etalon();
    command.args(words.split(' ')).current_dir(folder).env("ETALON_CACHE_DIR", "cache");
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Runs the module, which must come out well; gives what was said besides.
fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    is_right(&output);
    String::from_utf8(output.stderr).unwrap()
}

fn is_right(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "42", "{said}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder.join("cache")).unwrap().map(|file| file.unwrap().path());
    all.filter(|path| !path.ends_with("counts")).collect()
}

const RUN: &str = "run m.wat --invoke f 7 --tier jit";

#[test]
fn processes_that_compile_the_same_all_succeed() {
    let folder = folder();
    let children: Vec<_> = (0..6)
        .map(|_| {
            let mut command = command(folder.path(), RUN);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        is_right(&output);
        assert!(output.stderr.is_empty(), "{output:?}");
    }
    assert_eq!(files(folder.path()).len(), 1, "one entry, and nothing that was not finished");
    assert_eq!(run(command(folder.path(), RUN)), "");
}

/// A system that lets no file grow is a full disk.
#[test]
fn a_full_disk_is_told_once_and_stops_nothing() {
    let folder = folder();
    let mut shell = Command::new("sh");
    let text = format!("trap '' XFSZ; ulimit -f 0; exec \"$0\" {RUN}");
    shell.args(["-c", &text, ETALON]).current_dir(folder.path()).env("ETALON_CACHE_DIR", "cache");
    let said = run(shell);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("cache") && said.contains("--no-cache"), "{said}");
    assert_eq!(files(folder.path()), Vec::<PathBuf>::new(), "nothing is left half written");
}

#[test]
fn a_damaged_entry_is_told_and_made_again() {
    let folder = folder();
    run(command(folder.path(), RUN));
    let entry = files(folder.path()).remove(0);
    let good = std::fs::read(&entry).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 0x10;
    std::fs::write(&entry, &bad).unwrap();
    let said = run(command(folder.path(), RUN));
    assert!(said.contains("damaged"), "{said}");
    assert!(std::fs::read(&entry).unwrap() == good, "it is not as it was");
    assert_eq!(run(command(folder.path(), RUN)), "");
    std::fs::write(&entry, &bad).unwrap();
    let check = command(folder.path(), "cache check").output().unwrap();
    assert_eq!(check.status.code(), Some(1), "{check:?}");
    assert_eq!(files(folder.path()).len(), 0);
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    let folder = folder();
    let cache = folder.path().join("cache");
    std::fs::create_dir(&cache).unwrap();
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).unwrap();
    let said = run(command(folder.path(), RUN));
    assert!(said.contains("can be written to by others"), "{said}");
    assert_eq!(files(folder.path()).len(), 0);
    let output = command(folder.path(), "cache").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    // Whoever wants none is told nothing.
    assert_eq!(run(command(folder.path(), &format!("{RUN} --no-cache"))), "");
}

#[test]
fn the_folder_is_named_or_usual_or_none() {
    let folder = folder();
    let home = folder.path().join("home");
    let plain = || {
        let mut command = command(folder.path(), RUN);
        command.env_remove("ETALON_CACHE_DIR").env_remove("XDG_CACHE_HOME").env("HOME", &home);
        command
    };
    let count =
        |place: &str| std::fs::read_dir(folder.path().join(place)).map_or(0, |files| files.count());
    let mut none = plain();
    none.env("ETALON_CACHE_DIR", "");
    run(none);
    assert!(!home.exists());
    let mut homeless = plain();
    homeless.env_remove("HOME");
    assert_eq!(run(homeless), "");
    // What is not absolute is as if it were not there.
    let mut relative = plain();
    relative.env("XDG_CACHE_HOME", "relative");
    run(relative);
    assert!(count("home/.cache/etalon") > 0 && !folder.path().join("relative").exists());
    let mut named = plain();
    named.env("XDG_CACHE_HOME", folder.path().join("xdg"));
    run(named);
    assert!(count("xdg/etalon") > 0);
}
