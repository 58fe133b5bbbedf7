//! The record of `etalon engines`.

use serde::{Deserialize, Serialize};

use crate::{EngineInfo, Format, Kind, Tool};

/// Which engines can be used here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EnginesRecord {
    /// Always [`Kind::Engines`].
    pub record: Kind,
    /// The version of the document.
    pub format: Format,
    /// The program that wrote it.
    pub tool: Tool,
    /// The architecture that it ran on.
    pub arch: String,
    /// The engines, available or not; see [`EngineInfo::unavailable`].
    #[serde(default)]
    pub engines: Vec<EngineInfo>,
}

impl EnginesRecord {
    /// A record of no engines yet.
    #[must_use]
    pub fn new(tool: Tool, arch: impl Into<String>) -> Self {
        Self {
            record: Kind::Engines,
            format: Format::default(),
            tool,
            arch: arch.into(),
            engines: Vec::new(),
        }
    }
}
