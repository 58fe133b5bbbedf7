//! The Cranelift tier: just in time and ahead of time.
//!
//! [`compile`] turns the functions of a module into [`CompiledModule`], plain data that
//! [`artefact`] can write to a file; [`LoadedModule`] makes it executable; [`Jit`] runs it in a
//! store. This crate knows no other tier and shares no semantics with one.
//!
//! It is a part of Etalon and not for other programs, which use the package `etalon`. What can break memory is behind one
//! door: compiled code runs only through a [`Jit`], and to make one is `unsafe`, with the contract that whoever owns
//! the store and the code must keep. Compiling, loading, reading and writing artefacts are only work on data.
#![deny(unsafe_op_in_unsafe_fn)]

mod abi;
mod aot;
mod code;
mod compile;
mod entries;
mod error;
mod executor;
mod libcalls;
mod trap;

pub use aot::artefact;
pub use aot::artefact::ArtefactError;
pub use aot::key as cache_key;
pub use aot::object_file;
pub use code::{CompiledModule, LoadedModule};
pub use compile::{
    Budget, CompileOptions, CpuLevel, Level, Listed, Listing, Machine, Nans, OneByOne, OptLevel,
    UnknownCpuLevel, UnknownTarget, compile, listing,
};
pub use cranelift_codegen::VERSION as CRANELIFT_VERSION;
pub use error::{CodeError, CompileError, NotCompiled, Reason, Refusal};
pub use executor::Jit;
pub use trap::on_guest_stack;

use etalon_module::Features;

/// The features that this tier has: version 2.0 of the specification, and the later proposals that are named here.
///
/// # Panics
/// Never: the names are features.
pub fn supported_features() -> Features {
    const LATER: &[&str] = &[
        "extended-const",
        "tail-call",
        "multi-memory",
        "memory64",
        "function-references",
        "custom-page-sizes",
        "wide-arithmetic",
        "relaxed-simd",
        "exceptions",
        "gc",
        "threads",
        "memory-control",
    ];
    LATER.iter().fold(Features::wasm2(), |set, name| set.with(name).expect("a feature"))
}
