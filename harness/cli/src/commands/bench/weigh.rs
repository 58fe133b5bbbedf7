//! Figures of memory: each is taken in a process of its own, which is this program once more.

use crate::exit::Status;
use crate::output::say;
use anyhow::{Context, Result};
use clap::ValueEnum;
use etalon_adapters::{Work, racer};
use etalon_harness::bench::{Figure, weigh};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// The longest module that is weighed.
const MOST_BYTES: u64 = 1 << 30;

/// What is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Weighing {
    /// What compiling needs at most
    Compile,
    /// An instance
    Keep,
}

impl Weighing {
    fn name(self) -> &'static str {
        match self {
            Weighing::Compile => "compile",
            Weighing::Keep => "keep",
        }
    }

    fn of(work: Work) -> Weighing {
        if work == Work::Keep { Weighing::Keep } else { Weighing::Compile }
    }

    fn work(self) -> Work {
        match self {
            Weighing::Compile => Work::Compile,
            Weighing::Keep => Work::Keep,
        }
    }

    /// Weighs the module on standard input in this process, and prints the bytes.
    pub(super) fn here(self, engine: &str) -> Result<Status> {
        let mut wasm = Vec::new();
        std::io::stdin().take(MOST_BYTES).read_to_end(&mut wasm).context("standard input")?;
        say!("{}", weigh(racer(engine)?.as_ref(), self.work(), &wasm)?);
        Ok(Status::Fine)
    }
}

/// Has a process of its own weigh a figure.
pub(super) fn apart(engine: &str, figure: &Figure) -> Result<f64, String> {
    let failed = |error: std::io::Error| format!("it would be weighed in a process: {error}");
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .args(["bench", "--weigh", Weighing::of(figure.work).name(), "--tier", engine])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let given = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(&figure.wasm));
    let output = child.wait_with_output().map_err(failed)?;
    let text = String::from_utf8_lossy(&output.stdout);
    match (given, text.trim().parse()) {
        (Ok(()), Ok(bytes)) if output.status.success() => Ok(bytes),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            let reason = said.lines().next().unwrap_or("its process ended without a word");
            let reason = reason.strip_prefix("error: ").unwrap_or(reason);
            Err(reason.strip_prefix(&format!("{engine}: ")).unwrap_or(reason).to_owned())
        }
    }
}
