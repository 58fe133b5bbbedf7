//! Machine code that was made before: artefacts in place of modules, and the cache. The only file here with `unsafe` in it.
#![allow(unsafe_code)]

use crate::outcome::{Outcome, Rejection};
use crate::own::OwnOpened;
use crate::refusal::rejection;
use etalon::{
    ArtefactCheck, Cache, CacheConfig, Config, Engine, InterruptHandle, Module, ModuleError, Tier,
    unstable,
};
use std::io::{self, Write};
use std::path::Path;
use tempfile::NamedTempFile;

const UNTRUSTED: &str = "an artefact holds machine code, which is not run unless it is said to be trusted \
                         (--allow-precompiled)";

/// Whether a tier runs the code in an artefact. The others take the module that is in it too, and so do mixed tiers: they make
/// code of their own for some functions only.
fn runs_code(tier: Tier, mixed: bool) -> bool {
    !mixed && !matches!(tier, Tier::Oracle | Tier::Interp)
}

/// Why an artefact cannot be run by engines of these settings; `None` if it can.
pub(crate) fn artefact_misfit(
    settings: &Config,
    tier: Tier,
    mixed: bool,
    trusts: bool,
    bytes: &[u8],
) -> Option<String> {
    if !trusts {
        return Some(UNTRUSTED.to_owned());
    }
    let fits = match runs_code(tier, mixed) {
        true => unstable::artefact_fits(settings, bytes),
        false => unstable::module_in_artefact(bytes).map(drop),
    };
    fits.err().map(|error| error.to_string())
}

/// Opens the user's cache of compiled code.
///
/// # Errors
/// If the folder cannot be made or read, belongs to another user, or can be written to by others.
pub fn open_cache(folder: &Path) -> io::Result<Cache> {
    // SAFETY: the folder is the user's own: the command line, which alone calls this, takes the one in the user's home, or the one that
    // the user's environment names. Who can write there, or set that, can as well exchange the program that the user runs.
    unsafe { Cache::open(&CacheConfig::new(folder)) }
}

impl OwnOpened {
    /// The module of an artefact, with its code where the tier runs that, if the user said that artefacts are trusted.
    pub(crate) fn precompiled(
        &self,
        bytes: &[u8],
        handle: Option<&InterruptHandle>,
    ) -> Result<Module, Outcome> {
        if !self.tier.trusts {
            let (feature, message) = ("artefact".to_owned(), UNTRUSTED.to_owned());
            return Err(Outcome::Rejected(Rejection::Unsupported { feature, message }));
        }
        let refused = |error| Outcome::Rejected(rejection(error));
        if !runs_code(self.engine.tier(), self.tier.mixed.is_some()) {
            let wasm =
                unstable::module_in_artefact(bytes).map_err(|error| refused(error.into()))?;
            return self.made(&wasm, handle);
        }
        // SAFETY: the user said of these bytes that they are trusted as a program is: nothing sets the flag but the
        // option of the command line that says so.
        let module = unsafe { Module::from_artefact(&self.engine, bytes) }.map_err(refused)?;
        match handle.is_some_and(InterruptHandle::is_interrupted) {
            true => Err(Outcome::TimedOut),
            false => Ok(module),
        }
    }
}

/// The artefact of a module of this process, in memory and in a file, for timing how long it takes to load one.
pub(crate) struct OwnArtefact {
    engine: Engine,
    bytes: Vec<u8>,
    /// Nobody but this user can write to it.
    file: NamedTempFile,
}

impl OwnArtefact {
    /// What `Module::to_artefact` gives.
    pub(crate) fn of(module: &Module) -> Result<OwnArtefact, String> {
        let bytes = module.to_artefact().map_err(|error| error.to_string())?;
        let mut file = NamedTempFile::new().map_err(|error| error.to_string())?;
        file.write_all(&bytes).map_err(|error| error.to_string())?;
        Ok(OwnArtefact { engine: module.engine().clone(), bytes, file })
    }

    /// A module of the bytes.
    pub(crate) fn load(&self) -> Result<Module, ModuleError> {
        // SAFETY: nothing makes an `OwnArtefact` but `of`, which has the bytes from `to_artefact`, and nothing changes them.
        unsafe { Module::from_artefact(&self.engine, &self.bytes) }
    }

    /// A module of the file, whose code is executed where it lies; its header alone is checked.
    pub(crate) fn load_file(&self) -> Result<Module, ModuleError> {
        let check = ArtefactCheck::Header;
        // SAFETY: the file has the bytes of `load`, is there as long as this, and nobody but this user can write to it.
        unsafe { Module::from_artefact_file(&self.engine, self.file.path(), check) }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        ENGINE_NAMES, GasConfig, Outcome, Rejection, SessionConfig, Solo, TimeLimit, Watchdog,
        adapter, trusting_adapter,
    };
    use etalon::{Config, Engine, Module, Schedule, Tier};

    fn artefact_of(config: &mut Config) -> Vec<u8> {
        let engine = Engine::new(config.tier(Tier::Jit)).unwrap();
        Module::new(&engine, "(module (func))").unwrap().to_artefact().unwrap()
    }

    fn artefact() -> Vec<u8> {
        artefact_of(&mut Config::new())
    }

    fn config(gas: Option<&str>, time: Option<TimeLimit>) -> SessionConfig {
        let gas = gas.map(|name| GasConfig {
            schedule: Schedule::builtin(name).unwrap(),
            limit: Some(1000),
        });
        SessionConfig {
            features: etalon::Features::wasm2(),
            gas,
            turns: false,
            measure: false,
            time,
        }
    }

    /// A limit that is over.
    fn over() -> Option<TimeLimit> {
        let watchdog = Watchdog::new().unwrap();
        watchdog.stop();
        Some(TimeLimit { each: None, watchdog })
    }

    /// Whatever loads a module looks at the clock, on every engine: it would take as long as the module asks for otherwise.
    #[test]
    fn loading_ends_when_the_time_is_over() {
        let artefact = artefact_of(Config::new().interruptible(true));
        let wasm = etalon::unstable::module_in_artefact(&artefact).unwrap();
        for name in ENGINE_NAMES {
            for bytes in [&wasm, &artefact] {
                let mut late =
                    trusting_adapter(name).unwrap().session(&config(None, over())).unwrap();
                assert_eq!(late.validate(bytes), Err(Outcome::TimedOut), "{name}");
                assert_eq!(late.load_alone(bytes), Err(Outcome::TimedOut), "{name}");
                assert_eq!(late.load(bytes), Err(Outcome::TimedOut), "{name}");
            }
        }
    }

    /// An engine says before it is asked whether the code was made for what it is asked. What it does not say ends no session.
    #[test]
    fn what_was_made_for_another_question_is_told_before_it_is_asked() {
        let watched = || Some(TimeLimit { each: None, watchdog: Watchdog::new().unwrap() });
        let made = |interruptible: bool, schedule: Option<&str>| {
            let mut config = Config::new();
            config.interruptible(interruptible);
            if let Some(name) = schedule {
                config.schedule(Schedule::builtin(name).unwrap()).consume_fuel(true);
            }
            artefact_of(&mut config)
        };
        for name in ENGINE_NAMES {
            let engine = trusting_adapter(name).unwrap();
            let runs_code = ["jit", "aot", "auto"].contains(name);
            for made_for in [None, Some("etalon-1"), Some("flat")] {
                for asked in [None, Some("etalon-1"), Some("flat")] {
                    for interruptible in [false, true] {
                        for time in [None, watched()] {
                            let bytes = made(interruptible, made_for);
                            let fits = made_for == asked && (interruptible || time.is_none());
                            let config = config(asked, time);
                            let misfit = engine.misfit(&config, &bytes);
                            let at = format!("{name}, {made_for:?} and {asked:?}: {misfit:?}");
                            assert_eq!(misfit.is_some(), runs_code && !fits, "{at}");
                            let ran = engine.session(&config).unwrap().load(&bytes);
                            assert_eq!(ran.is_err(), misfit.is_some(), "{at}: {ran:?}");
                        }
                    }
                }
            }
            assert!(engine.misfit(&config(None, None), b"\0asm\x01\0\0\0").is_none());
            assert!(engine.misfit(&config(None, None), &artefact()[..30]).is_some(), "damaged");
            let asked = adapter(name).unwrap().misfit(&config(None, None), &artefact());
            assert!(asked.unwrap().reason.contains("--allow-precompiled"), "{name}");
        }
    }

    fn session(name: &str, trusts: bool) -> Solo {
        let adapter = if trusts { trusting_adapter(name) } else { adapter(name) }.unwrap();
        let config = SessionConfig {
            features: adapter.features(),
            gas: None,
            turns: false,
            measure: false,
            time: None,
        };
        adapter.session(&config).unwrap()
    }

    /// Whatever gives the bytes, a script or a file: nobody runs machine code unasked.
    #[test]
    fn an_artefact_is_refused_unless_it_is_trusted() {
        for name in ["oracle", "interp", "jit", "aot", "auto", "mixed1", "paused"] {
            let refused = |rejection: &Rejection| matches!(rejection, Rejection::Unsupported { feature, .. } if feature == "artefact");
            let mut session_of_default = session(name, false);
            match session_of_default.load(&artefact()) {
                Err(Outcome::Rejected(rejection)) => assert!(refused(&rejection), "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            match session_of_default.validate(&artefact()) {
                Err(Outcome::Rejected(rejection)) => assert!(refused(&rejection), "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            let taken = session(name, true).load(&artefact());
            assert!(taken.is_ok(), "{name}: {taken:?}");
        }
    }

    #[test]
    fn damage_is_told_by_name() {
        let mut bytes = artefact();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        for name in ["interp", "jit"] {
            match session(name, true).validate(&bytes) {
                Err(Outcome::Rejected(Rejection::Unsupported { message, .. })) => {
                    assert!(message.contains("digest"), "{message}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
