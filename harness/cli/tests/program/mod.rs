//! The program under test. Where it is of another architecture, cargo was told of an emulator that runs it
//! (`CARGO_TARGET_…_RUNNER`), and the tests start it in the same way.

use std::env::{consts::ARCH, vars_os};
use std::process::Command;

/// Of a test that starts it.
pub(crate) fn etalon() -> Command {
    let program = env!("CARGO_BIN_EXE_etalon");
    let Some(runner) = runner() else { return Command::new(program) };
    let mut words = runner.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(program));
    command.args(words).arg(program);
    command
}

/// The emulator that cargo runs programs of this architecture in, with its arguments.
fn runner() -> Option<String> {
    let of_this = |name: &str| {
        let target = name.strip_prefix("CARGO_TARGET_")?.strip_suffix("_RUNNER")?;
        target.starts_with(&ARCH.to_uppercase()).then_some(())
    };
    let named = vars_os().find(|(name, _)| name.to_str().and_then(of_this).is_some());
    named
        .and_then(|(_, runner)| runner.into_string().ok())
        .filter(|runner| !runner.trim().is_empty())
}
