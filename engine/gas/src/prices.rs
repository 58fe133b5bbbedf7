//! The numbers of a schedule other than those of operators, table by table as in the file.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::rate::Rate;

/// The cost of entering a function, without its first gas segment (§4), in gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Once.
    pub entry: u32,
    /// For each parameter.
    pub arg: u32,
    /// For each declared local.
    pub local: u32,
}

/// The rules of depth (§8), in slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Depth {
    /// F0: what each frame takes in addition to its values.
    pub frame: u32,
    /// H: what a re-entry into the guest from a host function takes.
    pub reentry: u32,
    /// D_max: the greatest depth.
    pub max: u32,
}

/// The limits of a guest's resources (§9, §10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Pages of 64 KiB in a memory with 32-bit addresses; at most 65536.
    pub memory_pages: u64,
    /// Pages of 64 KiB in a memory with 64-bit addresses; at most 2^48.
    pub memory_pages_64: u64,
    /// Elements in a table.
    pub table_elements: u64,
    /// Bytes ever allocated on the GC heap of a store, in the sizes of §10.
    pub gc_heap_bytes: u64,
}

/// The prices of instantiation (§7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instantiation {
    /// For the bytes of each active data segment.
    pub data_bytes: Rate,
    /// For the elements of each active element segment.
    pub elements: Rate,
    /// For each operator of a constant expression except its `end`, in gas.
    pub const_operator: u32,
}

/// The price of compilation (§7), which no run pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compilation {
    /// For the bytes of the binary module.
    pub module_bytes: Rate,
}

/// The prices of host calls (§6).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// For a call of a function that `imports` does not name, in gas.
    pub base: u32,
    /// For the bytes that a host function declares before it acts on them.
    pub bytes: Rate,
    /// For a call of one host function, in gas: by module, then by name.
    #[serde(default)]
    pub imports: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Host {
    /// The cost in gas of a call of the host function `module` `name`, before the function declares anything.
    pub fn base(&self, module: &str, name: &str) -> u32 {
        self.imports.get(module).and_then(|names| names.get(name)).copied().unwrap_or(self.base)
    }
}
