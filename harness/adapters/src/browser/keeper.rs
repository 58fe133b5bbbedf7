//! The process that has a browser in its care. It is in a group of its own, so whatever ends the other process does not end this
//! one, which reads by its standard input when that is gone.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Before the path of a browser: the name by which this program knows that it is to keep one.
pub(super) const KEEPER: &str = "firefox-keeper:";

/// Before the number of the port, in a line to the other process.
pub(super) const PORT: &str = "etalon-port:";

/// How the browser is set.
const PREFERENCES: &str = include_str!("../../engines/firefox.js");

/// Milliseconds between two looks.
const LOOK: i64 = 20;

/// How often the profile is tried to be removed: processes of the browser may still be about to end.
const REMOVALS: usize = 500;

/// Starts a browser with a fresh profile, tells the other process the port, and ends all of it when that process is gone.
pub(super) fn keep(browser: &Path, output: &File) -> io::Result<()> {
    let profile = tempfile::Builder::new().prefix("etalon-firefox-").tempdir()?;
    let folder = profile.path().to_owned();
    std::fs::write(folder.join("user.js"), PREFERENCES)?;
    let mut process = Command::new(browser)
        .args(["--headless", "--no-remote", "--marionette", "--profile"])
        .arg(&folder)
        .env("HOME", &folder)
        .env("TMPDIR", &folder)
        .env("MOZ_CRASHREPORTER_DISABLE", "1")
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .process_group(0)
        .spawn()
        .map_err(|error| {
            io::Error::other(format!("{} cannot be started: {error}", browser.display()))
        })?;
    let result = watch(&mut process, &folder, output);
    if let Some(group) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
        _ = kill_process_group(group, Signal::KILL);
    }
    _ = process.wait();
    for _ in 0..REMOVALS {
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => is_alone()?,
            _ => break,
        };
    }
    result
}

/// Until the other process is gone, or the browser.
fn watch(process: &mut Child, folder: &Path, mut output: &File) -> io::Result<()> {
    let mut is_told = false;
    while !is_alone()? {
        if let Some(status) = process.try_wait()? {
            return Err(io::Error::other(format!("the browser ended: {status}")));
        }
        let port = || std::fs::read_to_string(folder.join("MarionetteActivePort")).ok();
        if !is_told && let Some(port) = port().and_then(|text| text.trim().parse::<u16>().ok()) {
            writeln!(output, "{PORT}{port}")?;
            is_told = true;
        }
    }
    Ok(())
}

/// Whether the other process is gone, after a while in which it may go.
fn is_alone() -> io::Result<bool> {
    let stdin = io::stdin();
    let mut waited = [PollFd::new(&stdin, PollFlags::IN)];
    let time = Timespec { tv_sec: 0, tv_nsec: LOOK * 1_000_000 };
    match poll(&mut waited, Some(&time)) {
        // It writes nothing.
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
