//! Which features the oracle has rules for.

use etalon_module::Features;

/// Features beyond 3.0 that have rules.
const BEYOND: &[&str] =
    &["threads", "wide-arithmetic", "custom-page-sizes", "legacy-exceptions", "memory-control"];

/// The features that modules may use: all of WebAssembly 3.0, and the proposals that the oracle has rules for.
pub fn supported_features() -> Features {
    let with = |set: Features, name: &&str| set.with(name).unwrap_or(set);
    BEYOND.iter().fold(Features::wasm3(), with)
}
