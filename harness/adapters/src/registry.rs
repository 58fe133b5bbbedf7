//! Engines by name.

use crate::adapter::{Adapter, AdapterError};
use crate::browser;
use crate::capi::Capi;
use crate::own::OwnTier;
use crate::peers;
use crate::remote::{ANY, JSC, LEAST, Launch, OURS, Remote, SPIDERMONKEY, TrapTexts, V8, WABT};
use crate::settings::{Settings, compiles, parts};
use crate::wabt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The names that [`adapter`] knows.
pub const ENGINE_NAMES: &[&str] =
    &["oracle", "interp", "jit", "aot", "auto", "mixed0", "mixed1", "mixed2", "paused"];

/// Instructions between two pauses of the engine `paused`; `paused:K` sets K.
const PIECE: u64 = 97;

fn piece(name: &str) -> Option<u64> {
    name.strip_prefix("paused:")?.parse().ok().filter(|piece| *piece > 0)
}

/// How tiers of ours in processes of their own, and engines of others are named, as messages list them.
pub const FOREIGN_NAMES: &[&str] = &[
    "apart:TIER",
    "wasmtime",
    "wasmi",
    "here:wasmtime",
    "here:wasmi",
    "node",
    "node:PATH",
    "jsc",
    "jsc:PATH",
    "bun",
    "bun:PATH",
    "firefox",
    "firefox:PATH",
    "wasm-interp",
    "wasm-interp:PATH",
    "cmd:PROGRAM ARGUMENTS",
    "capi:LIBRARY",
];

/// The engine with a name. One of somebody else's is started: it runs in processes of its own.
///
/// # Errors
/// If there is no engine with the name, or it cannot be started.
pub fn adapter(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    if let Some(linked) = name.strip_prefix("here:") {
        return peers::here(linked);
    }
    match foreign(name)? {
        Some(foreign) => Ok(Arc::new(foreign)),
        None => Ok(Arc::new(own_tier(name)?)),
    }
}

/// Whether a name is one of an engine, which need not be there.
///
/// # Errors
/// If no engine has such a name.
pub fn is_engine_name(name: &str) -> Result<(), AdapterError> {
    let kind = |name: &str| name.split([':', '?']).next().unwrap_or_default().to_owned();
    if FOREIGN_NAMES.iter().any(|foreign| kind(foreign) == kind(name)) {
        return Ok(());
    }
    own_tier(name).map(drop)
}

/// The engine with a name, in this process.
///
/// # Errors
/// If there is no engine with the name, or only one in processes of its own.
pub fn adapter_here(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    let kind = name.split(':').next().unwrap_or_default();
    let stands_between = browser::program(name).is_some() || wabt::program(name).is_some();
    if matches!(kind, "cmd" | "apart") || scripted(kind).is_some() || stands_between {
        let reason = "it runs only in processes of its own".to_owned();
        return Err(AdapterError { engine: name.to_owned(), reason });
    }
    if name.starts_with("capi:") {
        let (library, settings) = parts(name)?;
        let path = library.trim_start_matches("capi:");
        return Ok(Arc::new(Capi::load(name, path, &settings)?));
    }
    if peers::is_linked(name) {
        return peers::linked(name);
    }
    Ok(Arc::new(own_tier(name)?))
}

/// The engine with a name, which takes artefacts in place of modules and runs the machine code in them: the user must have
/// said that they are trusted.
///
/// # Errors
/// If there is no engine with the name, or it cannot be started.
pub fn trusting_adapter(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    match foreign(name)? {
        Some(foreign) => Ok(Arc::new(foreign)),
        None => Ok(Arc::new(own_tier(name)?.trusting_artefacts())),
    }
}

/// An engine that runs in processes of its own, be it one of ours; `None` if the name is not of one.
fn foreign(name: &str) -> Result<Option<Remote>, AdapterError> {
    let launch = |program: &str, args: Vec<String>| {
        let reserves = name.starts_with("jsc") || name.starts_with("bun");
        Launch { program: program.into(), args, reserves, starts_within: LEAST }
    };
    let wrong = |reason: &str| AdapterError { engine: name.to_owned(), reason: reason.to_owned() };
    let (launch, texts): (Launch, &'static TrapTexts) = match name.split_once(':') {
        Some(("cmd", command)) => {
            let mut words = command.split_whitespace().map(str::to_owned);
            let program = words.next().ok_or_else(|| wrong("no program is named"))?;
            (launch(&program, words.collect()), &ANY)
        }
        Some((kind, path)) if let Some(texts) = scripted(kind) => {
            (launch(path, vec!["-e".to_owned(), script(kind)]), texts)
        }
        Some(("capi", _)) => (again(name)?, &ANY),
        // Of ours, so that what it does to its process harms nobody else.
        Some(("apart", tier)) => {
            own_tier(tier)?;
            (again(tier)?, &OURS)
        }
        _ if let Some(found) = browser::program(name) => {
            found?;
            let starts_within = browser::STARTS_WITHIN;
            (Launch { starts_within, ..again(name)? }, &SPIDERMONKEY)
        }
        _ if let Some(found) = wabt::program(name) => {
            found?;
            (again(name)?, &WABT)
        }
        None if let Some(texts) = scripted(name) => {
            (launch(name, vec!["-e".to_owned(), script(name)]), texts)
        }
        _ if peers::is_linked(name) => {
            // Its name and settings are looked at here, where a message is read; it says what it does in our words.
            let parts = peers::linked(name)?.info().parts;
            let remote = Remote::start(name, again(name)?, &OURS)?;
            return Ok(Some(remote.with_parts(parts)));
        }
        _ => return Ok(None),
    };
    Remote::start(name, launch, texts).map(Some)
}

/// Answers requests from standard input, if the engine with the name needs a process of this program that stands between; until
/// the input ends.
///
/// # Errors
/// If there is no such engine, or it does not do what it is to do.
pub fn bridged(name: &str, output: &File) -> Option<io::Result<()>> {
    browser::browse(name, output).or_else(|| wabt::replays(name, output))
}

/// The program with a name, among those that can be started by it.
pub(crate) fn in_path(program: impl AsRef<Path>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(&program)).find(|file| file.is_file())
}

/// This program once more, as the process of an engine.
fn again(name: &str) -> Result<Launch, AdapterError> {
    let failed = |error: std::io::Error| AdapterError {
        engine: name.to_owned(),
        reason: format!("it would run in a process of this program: {error}"),
    };
    let program = std::env::current_exe().map_err(failed)?;
    let args = ["serve", "--engine", name].map(str::to_owned).to_vec();
    Ok(Launch { program, args, reserves: false, starts_within: LEAST })
}

/// The words of a JavaScript engine; `None` if the program is none.
fn scripted(program: &str) -> Option<&'static TrapTexts> {
    match program {
        "node" => Some(&V8),
        "jsc" | "bun" => Some(&JSC),
        _ => None,
    }
}

/// What a JavaScript engine runs.
pub(crate) const DRIVER: &str = include_str!("../engines/driver.js");

/// What node runs before it.
const PROGRAMS: &str = include_str!("../engines/programs.js");

/// What the engine of a program runs.
fn script(program: &str) -> String {
    let before = if program == "node" { PROGRAMS } else { "" };
    format!("{before}{DRIVER}")
}

/// A tier of ours by name.
pub(crate) fn own_tier(name: &str) -> Result<OwnTier, AdapterError> {
    let (engine, settings) = parts(name)?;
    let own = match engine {
        "mixed0" => OwnTier::mixed(0),
        "mixed1" => OwnTier::mixed(1),
        "mixed2" => OwnTier::mixed(2),
        "paused" => OwnTier::paused(PIECE),
        _ if let Some(piece) = piece(engine) => OwnTier::paused(piece),
        _ => OwnTier::new(engine.parse().map_err(|_| AdapterError {
            engine: engine.to_owned(),
            reason: format!(
                "no such engine; there are {}, {}",
                ENGINE_NAMES.join(", "),
                FOREIGN_NAMES.join(", ")
            ),
        })?),
    };
    let settings = Settings::read(engine, compiles(own.tier), &settings)?;
    Ok(own.with(settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_settings_come_back_from_the_engine() {
        for name in ENGINE_NAMES {
            let again = if *name == "paused" { "paused:97" } else { name };
            assert_eq!(own_tier(name).unwrap().info().name, again);
        }
        for (name, again) in [
            ("jit?opt=none&gc=stress", "jit?gc=stress&opt=none"),
            ("jit?opt=speed", "jit"),
            ("mixed1?opt=size", "mixed1?opt=size"),
            ("jit?opt=none&cpu=avx&bounds=explicit", "jit?bounds=explicit&cpu=avx&opt=none"),
            ("jit?cpu=native", "jit"),
            ("paused:3?metering=off", "paused:3?metering=off"),
            ("interp?metering=off", "interp?metering=off"),
        ] {
            let engine = own_tier(name).unwrap();
            assert_eq!(engine.info().name, again);
            assert_eq!(own_tier(again).unwrap().info(), engine.info());
            assert_eq!(engine.meters_gas(), !name.contains("metering"));
        }
    }

    #[test]
    fn what_is_no_engine_or_setting_is_told_with_what_there_is() {
        for (name, said) in [
            ("jitt", "jitt: no such engine; there are oracle, interp, jit"),
            ("jit?opt=fast", "jit: no setting opt=fast; there are bounds=explicit, cpu=LEVEL, gc="),
            ("jit?bounds=none", "jit: no setting bounds=none; there are bounds=explicit"),
            (
                "jit?cpu=none",
                "jit: \"none\" is not a level of the processor; the levels are baseline",
            ),
            ("interp?cpu=avx", "interp: it compiles nothing, so there is nothing to set by cpu"),
            ("interp?opt=none", "interp: it compiles nothing"),
            ("jit?", "jit: \"\" is no setting of the form NAME=VALUE"),
            ("jit?gc", "jit: \"gc\" is no setting"),
            ("jit?gc=stress&gc=stress", "jit: the setting gc is there twice"),
            ("paused:0", "paused:0: no such engine"),
            ("", ": no such engine"),
        ] {
            let error = own_tier(name).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
