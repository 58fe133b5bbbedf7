//! Which features the oracle has rules for.

use etalon_module::Features;
#[cfg(test)]
use etalon_module::Opcode;

/// Features beyond 3.0 that have rules.
const BEYOND: &[&str] = &["threads", "wide-arithmetic", "custom-page-sizes", "legacy-exceptions"];

/// The features that modules may use: all of WebAssembly 3.0, and the proposals that the oracle has rules for.
pub fn supported_features() -> Features {
    let with = |set: Features, name: &&str| set.with(name).unwrap_or(set);
    BEYOND.iter().fold(Features::wasm3(), with)
}

/// Whether there is a rule for an operator, told by the proposal that it is of.
#[cfg(test)]
pub(crate) fn is_supported(opcode: Opcode) -> bool {
    const PROPOSALS: &[&str] = &[
        "mvp",
        "sign_extension",
        "saturating_float_to_int",
        "bulk_memory",
        "reference_types",
        "simd",
        "relaxed_simd",
        "tail_call",
        "function_references",
        "exceptions",
        "legacy_exceptions",
        "gc",
        "threads",
        "wide_arithmetic",
    ];
    PROPOSALS.contains(&opcode.proposal()) && opcode != Opcode::TypedSelectMulti
}
