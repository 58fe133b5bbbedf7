//! Scripts as JSON and files of modules: the form that runners in other languages read, as wabt's `wast2json` began it.
//!
//! `docs/script-json.md` says what is in it. [`convert`] writes it; `read.rs` turns it into a script again, so that a converted
//! script runs as any other.

mod read;
mod values;
mod write;

pub(crate) use read::script_of;
pub use write::{Converted, convert};

use serde::{Deserialize, Serialize};

/// A converted script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonScript {
    /// The name of the script that it was converted from.
    pub source_filename: String,
    /// Its commands, in order.
    pub commands: Vec<JsonCommand>,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonForm {
    /// Instantiates a module, which becomes the current one.
    Module,
    /// Loads a module.
    ModuleDefinition,
    /// Instantiates a module that was loaded.
    ModuleInstance,
    /// Gives an instance a name for imports.
    Register,
    /// Performs an action that must return.
    Action,
    /// An action returns values.
    AssertReturn,
    /// An action traps.
    AssertTrap,
    /// An action runs out of something.
    AssertExhaustion,
    /// An action ends in an exception.
    AssertException,
    /// An action ends in a suspension.
    AssertSuspension,
    /// A module is malformed.
    AssertMalformed,
    /// A custom section of a module is malformed.
    AssertMalformedCustom,
    /// A module is invalid.
    AssertInvalid,
    /// A custom section of a module is invalid.
    AssertInvalidCustom,
    /// A module cannot be linked.
    AssertUnlinkable,
    /// The instantiation of a module traps.
    AssertUninstantiable,
    /// Starts a thread.
    Thread,
    /// Waits for a thread.
    Wait,
}

/// A command; which fields it has depends on its form. Their order is that of `wast2json`, because its own reader demands it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonCommand {
    /// What it does.
    #[serde(rename = "type")]
    pub form: JsonForm,
    /// Its line in the script.
    pub line: u32,
    /// The name of the module, the instance or the thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of a new instance of a definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// The definition that is instantiated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The module that a thread shares with the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_module: Option<String>,
    /// The thread that is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The file of the module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The name for imports.
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub as_name: Option<String>,
    /// What is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<JsonAction>,
    /// The reason that the script expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether the file is binary or text; where it is absent, binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_type: Option<JsonModuleType>,
    /// The file of the same module in binary, where the file is text that can be translated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_filename: Option<String>,
    /// The values that are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Vec<JsonValue>>,
    /// The commands of a thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<JsonCommand>>,
}

/// How a module is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonModuleType {
    /// As text.
    Text,
    /// As bytes.
    Binary,
}

/// What is done with an instance, or a module that is instantiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum JsonAction {
    /// A call.
    Invoke {
        /// The instance; absent if it is the current one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        module: Option<String>,
        /// The export.
        field: String,
        /// The arguments.
        args: Vec<JsonValue>,
    },
    /// The value of a global.
    Get {
        /// The instance; absent if it is the current one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        module: Option<String>,
        /// The export.
        field: String,
    },
    /// Instantiates a module, which does not become the current one.
    Module {
        /// The file of the module.
        filename: String,
        /// Whether the file is binary or text.
        module_type: JsonModuleType,
    },
}

/// A value, or what an expected value must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonValue {
    /// `i32`, `f64`, `v128`, `externref`… or `either`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Of vectors, the type of the lanes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane_type: Option<String>,
    /// Of null references of a module's own type, the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Of null references, whether the type is shared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// The value; absent if any value of the type is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<JsonText>,
    /// Of `either`, the alternatives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<JsonValue>,
}

/// Numbers as text: one, or one for each lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum JsonText {
    /// A value.
    One(String),
    /// The lanes of a vector, from the low end.
    Lanes(Vec<String>),
}
