//! Errors of the embedding.

use etalon_gas::LimitTooLarge;
use etalon_jit::{ArtefactError, CodeError, CompileError};
use etalon_module::LoadError;
use thiserror::Error;

/// Why a module cannot be had.
#[derive(Debug, Error)]
pub enum ModuleError {
    /// The bytes are refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Nothing can be compiled here.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The artefact does not fit this engine.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// The code cannot be made executable.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// Only the compiler's code can be written as an artefact.
    #[error("the module has no compiled code to write: the engine's tier is {0}")]
    NoCode(&'static str),
}

/// Why a store cannot be had.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The gas limit is too great for the meter.
    #[error(transparent)]
    Gas(#[from] LimitTooLarge),
}
