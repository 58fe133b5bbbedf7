//! Why a scenario is not run, and why a snapshot is not read.

use std::path::PathBuf;
use thiserror::Error;

/// A file of scenarios that cannot be read.
#[derive(Debug, Error)]
pub enum ScenarioError {
    /// The system gives no text.
    #[error("{}: {error}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no TOML, or has keys that mean nothing here.
    #[error("{}:{line}: {message}", file.display())]
    Form {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// What it says cannot be.
    #[error("{}: {message}", file.display())]
    Meaning {
        /// The file.
        file: PathBuf,
        /// What cannot be.
        message: String,
    },
}

/// A scenario that cannot be run: it is at fault, or the module is.
#[derive(Debug, Error)]
pub enum RunError {
    /// The module is refused.
    #[error("the module is refused: {0}")]
    Module(String),
    /// The scenario does not fit the module.
    #[error("scenario {scenario}: {message}")]
    Misfit {
        /// The scenario's name.
        scenario: String,
        /// What does not fit.
        message: String,
    },
    /// The engine cannot be set up.
    #[error(transparent)]
    Engine(#[from] etalon::Error),
}

/// What no estimate can be of.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EstimateError {
    /// A function of the host calls the guest again.
    #[error(
        "the import {module:?} {name:?} calls the guest again, which an estimate does not follow; in place of `calls`, give it the `gas` that this takes"
    )]
    CallsAgain {
        /// The import's module name.
        module: String,
        /// The import's name.
        name: String,
    },
    /// There is no such export.
    #[error("the module exports no function {name:?}")]
    NoExport {
        /// Its name.
        name: String,
    },
    /// A bound is of nothing.
    #[error("the bound {bound:?}: {message}")]
    Bound {
        /// As it is written.
        bound: String,
        /// Why.
        message: String,
    },
}

/// A profile that is not drawn.
#[derive(Debug, Error)]
pub enum ProfileError {
    /// Its stacks would be too many bytes.
    #[error(
        "the calls are so deep that their stacks are more than {bytes} bytes; the forms speedscope and cpuprofile have them"
    )]
    TooDeep {
        /// The limit.
        bytes: usize,
    },
    /// Its gas is too much to draw.
    #[error("more than {gas} gas cannot be drawn; the forms speedscope and cpuprofile have it")]
    TooMuch {
        /// The limit.
        gas: u64,
    },
    /// It cannot be written as JSON.
    #[error("it cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// There is nothing to draw.
    #[error("there is nothing to draw: {0}")]
    Drawing(std::io::Error),
}

/// A text that is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {message}")]
pub struct SnapshotError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}
