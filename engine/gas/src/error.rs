//! Errors in schedule files.

use std::fmt;

use thiserror::Error;

/// A schedule file that was refused: which file, where, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{origin}{}: {kind}", Line(*line))]
pub struct ScheduleError {
    /// The name under which the text was given, usually a path.
    pub origin: String,
    /// The line, counted from one, if there is one to name.
    pub line: Option<usize>,
    /// What is wrong.
    pub kind: ScheduleErrorKind,
}

/// Why a schedule file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleErrorKind {
    /// More text than any schedule needs.
    #[error("the file has {bytes} bytes, above the limit of {max}")]
    TooLong {
        /// Bytes of the text.
        bytes: usize,
        /// The greatest length accepted.
        max: usize,
    },
    /// Not TOML, or a key that is missing, unknown, given twice or of the wrong type.
    #[error("{0}")]
    Malformed(String),
    /// The file is for another definition of gas.
    #[error("`{0}` is not the gas that this engine implements ({semantics})", semantics = crate::SEMANTICS)]
    Semantics(String),
    /// A name that an id cannot carry.
    #[error("`{0}` is not a schedule name (1 to 64 of a-z, 0-9, `-` and `.`)")]
    Name(String),
    /// A number above what gas-1 allows.
    #[error("`{key}` is {value}, above {max}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// The number given.
        value: u64,
        /// The greatest number allowed.
        max: u64,
    },
    /// A row for something that is not an operator.
    #[error("`{0}` is not an operator")]
    UnknownOperator(String),
    /// A dynamic charge for an operator that has none.
    #[error("`{0}` has no dynamic charge")]
    NotDynamic(String),
    /// A default for something that is not a class of operators.
    #[error("`{0}` is not a class of operators")]
    UnknownClass(String),
    /// Dynamic operators without a row.
    #[error("no row for `{first}`{} in [dynamic]", More(*more))]
    NoRate {
        /// The first operator that has none, in alphabetical order.
        first: String,
        /// How many others have none.
        more: usize,
    },
    /// Operators without a weight.
    #[error(
        "no weight for `{first}`{}: add `{class}` to [classes], or a row for it to [operators]",
        More(*more)
    )]
    NoWeight {
        /// The first operator that has none, in alphabetical order.
        first: String,
        /// Its class.
        class: &'static str,
        /// How many others have none.
        more: usize,
    },
}

struct Line(Option<usize>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

struct More(usize);

impl fmt::Display for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => f.write_str(" and another one"),
            more => write!(f, " and {more} others"),
        }
    }
}
