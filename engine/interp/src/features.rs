//! Which features the oracle has rules for.

use etalon_module::Features;

/// Features of 2.0 that have no rules yet.
const MISSING: &[&str] = &["simd"];

/// Features beyond 2.0 that have rules.
const BEYOND: &[&str] = &["extended-const"];

/// The features that modules may use.
pub fn supported_features() -> Features {
    let without = |set: Features, name: &&str| set.without(name).unwrap_or(set);
    let with = |set: Features, name: &&str| set.with(name).unwrap_or(set);
    let set = MISSING.iter().fold(Features::wasm2(), without);
    BEYOND.iter().fold(set, with)
}
