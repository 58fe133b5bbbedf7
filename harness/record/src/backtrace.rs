//! Where a guest was when it stopped.

use serde::{Deserialize, Serialize};

/// The functions that a guest was in when it stopped, the innermost first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backtrace {
    /// The functions.
    pub frames: Vec<BacktraceFrame>,
    /// How many there were further out, at least.
    #[serde(default)]
    pub omitted: u64,
}

/// A function of a [`Backtrace`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacktraceFrame {
    /// Its index in its module.
    pub func: u32,
    /// Its name, from the module's name section.
    #[serde(default)]
    pub name: Option<String>,
    /// Offset in the module's bytes of the instruction that it executed.
    #[serde(default)]
    pub offset: Option<u32>,
    /// The line of that instruction, from 1, where the module is text.
    #[serde(default)]
    pub line: Option<u32>,
    /// Its column, from 1.
    #[serde(default)]
    pub column: Option<u32>,
}

impl Backtrace {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}
