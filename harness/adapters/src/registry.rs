//! Engines by name.

use crate::adapter::{Adapter, AdapterError};
use crate::own::OwnTier;
use crate::settings::{Settings, compiles, parts};
use std::sync::Arc;

/// The names that [`adapter`] knows.
pub const ENGINE_NAMES: &[&str] =
    &["oracle", "interp", "jit", "aot", "auto", "mixed0", "mixed1", "mixed2", "paused"];

/// Instructions between two pauses of the engine `paused`; `paused:K` sets K.
const PIECE: u64 = 97;

fn piece(name: &str) -> Option<u64> {
    name.strip_prefix("paused:")?.parse().ok().filter(|piece| *piece > 0)
}

/// The engine with a name.
///
/// # Errors
/// If there is no engine with the name.
pub fn adapter(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    Ok(Arc::new(own(name)?))
}

/// The engine with a name, which takes artefacts in place of modules and runs the machine code in them: the user must have
/// said that they are trusted.
///
/// # Errors
/// If there is no engine with the name.
pub fn trusting_adapter(name: &str) -> Result<Arc<dyn Adapter>, AdapterError> {
    Ok(Arc::new(own(name)?.trusting_artefacts()))
}

fn own(name: &str) -> Result<OwnTier, AdapterError> {
    let (engine, settings) = parts(name)?;
    let own = match engine {
        "mixed0" => OwnTier::mixed(0),
        "mixed1" => OwnTier::mixed(1),
        "mixed2" => OwnTier::mixed(2),
        "paused" => OwnTier::paused(PIECE),
        _ if let Some(piece) = piece(engine) => OwnTier::paused(piece),
        _ => OwnTier::new(engine.parse().map_err(|_| AdapterError {
            engine: engine.to_owned(),
            reason: format!("no such engine; there are {}", ENGINE_NAMES.join(", ")),
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
            assert_eq!(own(name).unwrap().info().name, again);
        }
        for (name, again) in [
            ("jit?opt=none&gc=stress", "jit?gc=stress&opt=none"),
            ("jit?opt=speed", "jit"),
            ("mixed1?opt=size", "mixed1?opt=size"),
            ("paused:3?metering=off", "paused:3?metering=off"),
            ("interp?metering=off", "interp?metering=off"),
        ] {
            let engine = own(name).unwrap();
            assert_eq!(engine.info().name, again);
            assert_eq!(own(again).unwrap().info(), engine.info());
            assert_eq!(engine.meters_gas(), !name.contains("metering"));
        }
    }

    #[test]
    fn what_is_no_engine_or_setting_is_told_with_what_there_is() {
        for (name, said) in [
            ("jitt", "jitt: no such engine; there are oracle, interp, jit"),
            ("jit?opt=fast", "jit: no setting opt=fast; there are gc=stress, metering=off, opt="),
            ("jit?cpu=none", "jit: no setting cpu=none; there are gc=stress"),
            ("interp?opt=none", "interp: it compiles nothing"),
            ("jit?", "jit: \"\" is no setting of the form NAME=VALUE"),
            ("jit?gc", "jit: \"gc\" is no setting"),
            ("jit?gc=stress&gc=stress", "jit: the setting gc is there twice"),
            ("paused:0", "paused:0: no such engine"),
            ("", ": no such engine"),
        ] {
            let error = own(name).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
