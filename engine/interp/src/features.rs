//! Which features the interpreter implements.

use etalon_module::Features;

/// Features beyond 3.0.
const BEYOND: &[&str] =
    &["threads", "wide-arithmetic", "custom-page-sizes", "legacy-exceptions", "memory-control"];

/// The features that modules may use.
pub fn supported_features() -> Features {
    let with = |set: Features, name: &&str| set.with(name).unwrap_or(set);
    BEYOND.iter().fold(Features::wasm3(), with)
}
