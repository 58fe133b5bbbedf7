//! Why a module has no instrumented copy.

use etalon_module::LoadError;
use thiserror::Error;

/// Why a module has no instrumented copy.
#[derive(Debug, Error)]
pub enum Error {
    /// The module is refused.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An export has a name that the copy would export.
    #[error("it exports {name:?}, and names that begin with \"etalon.\" are those of the meter")]
    Name {
        /// The name.
        name: String,
    },
    /// An operator that is metered by the engine alone.
    #[error("{operator} cannot be metered by code (at offset {offset:#x})")]
    Operator {
        /// Its name.
        operator: &'static str,
        /// Where, in bytes from the start of the binary.
        offset: u64,
    },
    /// An import that may be given a function of a subtype is referred to.
    #[error(
        "it refers to the imported function {module:?} {name:?}, whose type is not final: in a copy the reference would have that type, where a function of a subtype is given too; make the type final, or only call the function by its index"
    )]
    Reference {
        /// The module that the import names.
        module: String,
        /// Its name.
        name: String,
    },
    /// A constant expression makes an array whose length only the embedder knows.
    #[error(
        "a constant expression makes an array whose length is that of an import: what loading costs is not known"
    )]
    Length,
    /// Loading needs more than the schedule allows.
    #[error("loading needs more than the schedule has for {cap}")]
    Cap {
        /// Of what.
        cap: Cap,
    },
    /// A function would be larger than engines take.
    #[error("function {func} would have {count} {what}, and engines take {most}")]
    TooLarge {
        /// Its index.
        func: u32,
        /// How many there would be.
        count: u64,
        /// Of what.
        what: &'static str,
        /// The most.
        most: u64,
    },
    /// The copy would have more of something than engines take.
    #[error("its copy would be too large: {0}")]
    TooMany(String),
    /// The imported functions have too many parameters.
    #[error("its imported functions have {count} parameters together, and {most} are the most")]
    Imports {
        /// How many.
        count: u64,
        /// The most.
        most: u64,
    },
    /// The copy is not valid, which is a fault of ours.
    #[error("the copy is not valid, which is a fault of this program: {0}")]
    Output(LoadError),
    /// The module cannot be read again, which is a fault of ours.
    #[error("a module that is valid cannot be read, which is a fault of this program: {0}")]
    Read(String),
}

/// What a schedule caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// Pages of a memory.
    Memory,
    /// Elements of a table.
    Table,
    /// Bytes of objects.
    Heap,
}

impl std::fmt::Display for Cap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Cap::Memory => "a memory",
            Cap::Table => "a table",
            Cap::Heap => "objects",
        })
    }
}

impl From<wasmparser::BinaryReaderError> for Error {
    fn from(error: wasmparser::BinaryReaderError) -> Error {
        Error::Read(error.to_string())
    }
}

impl<E: std::fmt::Display> From<wasm_encoder::reencode::Error<E>> for Error {
    fn from(error: wasm_encoder::reencode::Error<E>) -> Error {
        Error::Read(error.to_string())
    }
}
