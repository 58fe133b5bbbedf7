//! Which operators are implemented.

use etalon_module::{Module, Opcode};

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

/// Finds an operator in the bodies of a module that is not implemented.
///
/// # Errors
/// The reason why the module cannot be attached.
pub(crate) fn refuse_unsupported(module: &Module) -> Result<(), String> {
    for body in &module.bodies {
        let mut reader = module.operators(body);
        while !reader.eof() {
            let (operator, offset) =
                reader.read_with_offset().map_err(|e| format!("the body does not decode: {e}"))?;
            let opcode = Opcode::of(&operator);
            if !is_supported(opcode) {
                return Err(format!("{opcode} at offset {offset:#x} is not implemented"));
            }
        }
    }
    Ok(())
}

/// Whether an operator is implemented.
fn is_supported(opcode: Opcode) -> bool {
    PROPOSALS.contains(&opcode.proposal()) && opcode != Opcode::TypedSelectMulti
}
