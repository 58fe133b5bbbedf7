//! The program that wrote a record, and the engines in it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The program that wrote a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// The program's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// A tool with a name and a version.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into() }
    }
}

/// An engine: its name, its parts and its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// Its name on the command line: `interp`, `jit`, `wasmtime`…
    pub name: String,
    /// Its version, as it reports it.
    #[serde(default)]
    pub version: String,
    /// What it is built of; empty if that is not known.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// The features that it supports, by their proposals' names; probed, not claimed.
    #[serde(default)]
    pub features: Vec<String>,
    /// The settings that affect what it does.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Why the engine cannot be used here; absent if it can.
    #[serde(default)]
    pub unavailable: Option<String>,
}

impl EngineInfo {
    /// An engine with a name and a version; nothing else is known yet.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), ..Self::default() }
    }

    /// Adds a part: the code that fills the `role` in this engine.
    #[must_use]
    pub fn with_part(mut self, role: impl Into<String>, by: impl Into<String>) -> Self {
        self.parts.push(Part::new(role, by));
        self
    }
}

/// One part of an engine: a role and the code that fills it. Two engines share a part if the same code fills the same role.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// What the part does; see [`role`] for the usual ones.
    pub role: String,
    /// The code that does it: a name, then its version after a space, as in `cranelift 0.135.8`.
    pub by: String,
}

impl Part {
    /// The part `role`, filled by `by`.
    #[must_use]
    pub fn new(role: impl Into<String>, by: impl Into<String>) -> Self {
        Self { role: role.into(), by: by.into() }
    }

    /// The name in [`Part::by`], without the version.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.by.split_whitespace().next().unwrap_or("")
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.role, self.by)
    }
}

/// The usual roles of parts; titles are those of the specification. An engine may name others.
pub mod role {
    /// Reads bytes, and decides whether they are a valid module (*Binary Format*, *Validation*).
    pub const DECODE_VALIDATE: &str = "decode+validate";
    /// Holds memories, tables, globals and instances (*Runtime Structure*).
    pub const STORE: &str = "store";
    /// Allocates, links and initialises instances (*Modules: Instantiation*).
    pub const INSTANTIATION: &str = "instantiation";
    /// Decides what an instruction does (*Execution: Instructions*).
    pub const SEMANTICS: &str = "semantics";
    /// Computes with numbers (*Numerics*).
    pub const SCALAR_ARITHMETIC: &str = "scalar arithmetic";
    /// Computes with vectors (*Numerics*).
    pub const VECTOR_ARITHMETIC: &str = "vector arithmetic";
    /// Turns functions into machine code.
    pub const CODE_GENERATOR: &str = "code generator";
    /// Says what an operator costs.
    pub const GAS_SCHEDULE: &str = "gas schedule";
    /// Decides where gas is charged.
    pub const GAS_CHARGING: &str = "gas charging";
    /// What a module may import.
    pub const HOST_FUNCTIONS: &str = "host functions";
    /// Objects of the heap: structs, arrays, exceptions.
    pub const HEAP: &str = "heap";
}
