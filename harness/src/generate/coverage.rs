//! Which operators a module contains.

use etalon_adapters::Features;
use etalon_module::{Module, Opcode};
use std::collections::{BTreeMap, BTreeSet};

/// The names of the operators that a module contains; none if it does not load.
pub fn operators_of(wasm: &[u8], features: Features) -> BTreeSet<&'static str> {
    let Ok(module) = Module::new(wasm, features) else { return BTreeSet::new() };
    let readers = module.bodies.iter().map(|body| module.operators(body));
    readers.flatten().flatten().map(|operator| Opcode::of(&operator).name()).collect()
}

/// Adds one to the count of each operator that a module contains.
pub fn count_operators(wasm: &[u8], features: Features, counts: &mut BTreeMap<String, u64>) {
    for name in operators_of(wasm, features) {
        *counts.entry(name.to_owned()).or_default() += 1;
    }
}

/// Whether a proposal of the decoder's list is enabled. Proposals that are always enabled count as version 1.0.
pub(crate) fn allows(features: Features, proposal: &str) -> bool {
    let name = match proposal {
        "mvp" => return true,
        "sign_extension" => "sign-extension-ops",
        "saturating_float_to_int" => "nontrapping-float-to-int-conversions",
        "legacy_exceptions" => "legacy-exceptions",
        other => return features.names().contains(&other.replace('_', "-").as_str()),
    };
    features.names().contains(&name)
}
