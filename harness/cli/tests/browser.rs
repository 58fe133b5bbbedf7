//! A browser as an engine: whatever ends it or us, no process and no profile is left. The browsers here are scripts; a real one is not
//! on every machine.

mod program;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// A browser that writes its process and its profile to a file, and then does something.
fn browser(folder: &Path, then: &str) -> (String, PathBuf) {
    let (program, told) = (folder.join("browser"), folder.join("told"));
    let whole = folder.join("whole");
    let script = format!(
        "#!/bin/sh\necho \"$$ $5\" > {0}\nmv {0} {1}\n{then}\n",
        whole.display(),
        told.display()
    );
    fs::write(&program, script).expect("it is writable");
    fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("it is ours");
    (format!("firefox:{}", program.display()), told)
}

/// What the browser told: its process, and its profile.
fn told(file: &Path) -> (String, PathBuf) {
    let text = fs::read_to_string(file).expect("it was started");
    let (process, profile) = text.trim().split_once(' ').expect("two words");
    assert!(profile.contains("etalon-firefox-"), "{profile}");
    (process.to_owned(), PathBuf::from(profile))
}

#[test]
fn a_browser_that_ends_is_an_error_with_the_reason() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let (name, file) = browser(folder.path(), "test -e \"$5/user.js\" && exit 7");
    let output = program::etalon()
        .args(["engines", "--engine", &name, "--probe"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the browser ended: exit status: 7"), "{said}");
    assert!(!told(&file).1.exists(), "its profile is removed");
}

#[test]
fn a_browser_that_is_not_there_is_an_error_with_the_reason() {
    let output = program::etalon()
        .args(["engines", "--engine", "firefox:/no/such/browser", "--probe"])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("/no/such/browser cannot be started"), "{said}");
}

/// Nothing that this program could do then would help.
#[test]
fn nothing_is_left_of_a_browser_when_this_program_is_killed() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let (name, file) = browser(folder.path(), "exec sleep 1000");
    let mut etalon = program::etalon()
        .args(["engines", "--engine", &name, "--probe"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    while !file.exists() {
        std::thread::yield_now();
    }
    etalon.kill().expect("it runs");
    etalon.wait().expect("it ends");
    let (process, profile) = told(&file);
    // If it were left, this would not end.
    while profile.exists() || Path::new("/proc").join(&process).exists() {
        std::thread::yield_now();
    }
}
