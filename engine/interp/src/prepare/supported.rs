//! Which operators there are rules for.

use etalon_module::Opcode;

/// Proposals whose operators are all implemented.
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

/// Whether there is a rule for an operator.
pub(crate) fn is_supported(opcode: Opcode) -> bool {
    PROPOSALS.contains(&opcode.proposal()) && opcode != Opcode::TypedSelectMulti
}
