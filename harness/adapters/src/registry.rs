//! Engines by name.

use crate::adapter::{Adapter, AdapterError};
use crate::own::OwnTier;
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
    let own = match name {
        "mixed0" => OwnTier::mixed(0),
        "mixed1" => OwnTier::mixed(1),
        "mixed2" => OwnTier::mixed(2),
        "paused" => OwnTier::paused(PIECE),
        _ if let Some(piece) = piece(name) => OwnTier::paused(piece),
        _ => OwnTier::new(name.parse().map_err(|_| AdapterError {
            engine: name.to_owned(),
            reason: format!("no such engine; there are {}", ENGINE_NAMES.join(", ")),
        })?),
    };
    Ok(own)
}
