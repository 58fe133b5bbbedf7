//! Object files: compiled code for programs of C, in the formats of their systems.
//!
//! An object file has one symbol: the description of the module (`describe.rs`), from which a small runtime in C makes instances. Its code is that
//! of an artefact with two differences: all bounds are explicit, and traps are calls (`compile/raise.rs`). What the runtime cannot do
//! is refused here, before anything is compiled.

mod describe;
mod format;

pub use format::ObjectTarget;

use crate::abi::{JitContext, VmLayout};
use crate::compile::{CompileOptions, ROUTINES, compile_raising, raising_layout};
use crate::error::{CompileError, NotCompiled};
use crate::libcalls::Builtins;
use crate::trap;
use describe::describe;
use etalon_module::{Features, Module};
use std::mem::offset_of;
use thiserror::Error;

/// Why a module has no object file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ObjectError {
    /// The runtime of object files does not have something that the module needs.
    #[error("object files do not have {0}")]
    Lacking(String),
    /// Functions of object files run nowhere else, so all of them must be compiled.
    #[error("an object file has all functions, and {0}")]
    NotCompiled(NotCompiled),
    /// It is for a machine that has no object files.
    #[error(
        "{0:?} is not a target of object files; they are for x86_64 and aarch64 under Linux, macOS and Windows, and for riscv64 and s390x under Linux"
    )]
    UnknownTarget(String),
    /// No constant of C can have the symbol as its name.
    #[error("{0:?} is no name that a constant of C can have beside the runtime's")]
    Symbol(String),
    /// Nothing can be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The format cannot express it.
    #[error("the object file cannot be written: {0}")]
    Format(String),
}

/// Features beyond version 2.0 that the runtime of object files is ready for.
const FEATURES: &[&str] = &[
    "extended-const",
    "tail-call",
    "multi-memory",
    "memory64",
    "custom-page-sizes",
    "wide-arithmetic",
    "relaxed-simd",
];

/// Compiles a module to an object file whose one symbol is the module's description. Of the options, those of metering, interrupts and
/// regions of memories must be off, and all functions be asked for.
///
/// # Errors
/// See [`ObjectError`].
pub fn object_file(
    module: &Module,
    options: &CompileOptions,
    target: &ObjectTarget,
    symbol: &str,
) -> Result<Vec<u8>, ObjectError> {
    if !is_free(symbol) {
        return Err(ObjectError::Symbol(symbol.to_owned()));
    }
    check(module, options)?;
    let options = CompileOptions { explicit_bounds: true, ..options.clone() };
    let (compiled, frames) = compile_raising(module, &options, target.elsewhere())?;
    if let Some(first) = compiled.not_compiled().first() {
        return Err(ObjectError::NotCompiled(first.clone()));
    }
    let layout: VmLayout = raising_layout(module);
    let per_slot = trap::bytes_with_calls(frames);
    let description = describe(module, &compiled, &layout, per_slot, target.endianness())?;
    target.write(&compiled.text, &description, symbol)
}

/// Whether a constant of C can have a name: neither the language nor the runtime has it.
fn is_free(name: &str) -> bool {
    let mut letters = name.bytes();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == b'_');
    begins
        && letters.all(|c| c.is_ascii_alphanumeric() || c == b'_')
        && !name.starts_with("etalon_")
        && !TAKEN.contains(&name)
}

/// The words of C, and the name of its first function.
#[rustfmt::skip]
const TAKEN: &[&str] = &[
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if",
    "inline", "int", "long", "main", "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
    "union", "unsigned", "void", "volatile", "while",
];

/// Words of a context that the runtime has, by their names in its header: numbers in words.
pub fn context() -> impl Iterator<Item = (&'static str, usize)> {
    let routines = offset_of!(JitContext, builtins);
    let words = [
        ("ENTRIES", offset_of!(JitContext, entries)),
        ("CALLER", offset_of!(JitContext, caller)),
        ("CALL_OUT", routines + offset_of!(Builtins, call_out)),
    ];
    let known = ROUTINES.iter().map(move |(name, at)| (*name, routines + at));
    let all = words.into_iter().chain(known).chain([("WORDS", routines + size_of::<Builtins>())]);
    all.map(|(name, bytes)| (name, bytes / 8))
}

/// Refuses what the runtime does not have, by name.
fn check(module: &Module, options: &CompileOptions) -> Result<(), ObjectError> {
    let lacking = |what: &str| Err(ObjectError::Lacking(what.to_owned()));
    for (is_on, what) in [
        (options.metering, "gas"),
        (options.interruptible, "interrupts"),
        (options.memory_regions, "regions of memories"),
    ] {
        if is_on {
            return lacking(what);
        }
    }
    let known = FEATURES.iter().fold(Features::wasm2(), |set, name| set.with(name).unwrap_or(set));
    if let Some(feature) = module.lacking(known) {
        return lacking(&format!("the feature {feature}"));
    }
    if module.memories.iter().any(|memory| memory.shared) {
        return lacking("shared memories");
    }
    for (count, what) in [
        (module.imported_memories, "imported memories"),
        (module.imported_tables, "imported tables"),
        (module.imported_globals, "imported globals"),
        (module.imported_tags, "tags"),
    ] {
        if count > 0 {
            return lacking(what);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_free;

    #[test]
    fn a_symbol_is_a_name_that_c_and_the_runtime_leave_free() {
        for name in ["wasm_module", "_", "a1", "Main", "etalon"] {
            assert!(is_free(name), "{name}");
        }
        for name in ["", "1a", "a-b", "int", "main", "etalon_new", "\u{e9}", "a\0"] {
            assert!(!is_free(name), "{name:?}");
        }
    }
}
