//! Compiled code as plain data, the same for an artefact and for memory.

use crate::abi::AbiSignature;
use crate::compile::{Nans, OptLevel};
use crate::error::NotCompiled;
use serde::{Deserialize, Serialize};

/// A call whose target address is written when the code is placed in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CallSite {
    /// Where in the code.
    pub(crate) offset: u32,
    /// What the code generator adds to the address.
    pub(crate) addend: i64,
    /// Index of the function called.
    pub(crate) callee: u32,
}

/// Machine code, with the tables that describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) bytes: Vec<u8>,
    pub(crate) alignment: u32,
    pub(crate) calls: Vec<CallSite>,
    /// Offset and code of each place that may trap, by offset.
    pub(crate) traps: Vec<(u32, u8)>,
    /// Where the code of an instruction begins, and the instruction's offset in the module; `u32::MAX` is none. Sorted.
    pub(crate) sites: Vec<(u32, u32)>,
    /// Calls with handlers, sorted by return address.
    pub(crate) handlers: Vec<HandlerSite>,
    /// Of handlers; each comes after the one around it.
    pub(crate) scopes: Vec<Scope>,
    /// Calls across which references are held, sorted by return address.
    pub(crate) maps: Vec<StackMap>,
}

/// The references that a frame holds while it is in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StackMap {
    /// Where the call returns to.
    pub(crate) offset: u32,
    /// From the frame pointer down to the stack pointer.
    pub(crate) frame: u32,
    /// Distances of the words of references from the stack pointer.
    pub(crate) words: Vec<u32>,
}

/// A call whose exceptions are handled in the same function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HandlerSite {
    /// Where the call returns to.
    pub(crate) offset: u32,
    /// From the frame pointer down to the stack pointer.
    pub(crate) frame: u32,
    /// Where the context of the instance is, from the stack pointer.
    pub(crate) context: u32,
    /// The innermost scope around the call, by its place in [`Code::scopes`].
    pub(crate) scope: u32,
    /// Offset in the code of where an exception goes on that a clause handles.
    pub(crate) landing: u32,
}

/// The clauses of a `try_table`. They have numbers in the function, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    /// Number of the first clause.
    pub(crate) first: u32,
    /// The tag of each clause, by its index in the module; `None` handles everything.
    pub(crate) tags: Vec<Option<u32>>,
    /// The scope around this one, if what is not handled here may be there.
    pub(crate) outer: Option<u32>,
}

/// A function of the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CompiledFunction {
    /// Its index.
    pub(crate) index: u32,
    pub(crate) code: Code,
}

/// The two trampolines of a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trampolines {
    pub(crate) signature: AbiSignature,
    pub(crate) entry: Code,
    pub(crate) exit: Code,
}

/// What code was compiled for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The target triple.
    pub(crate) triple: String,
    /// Features of the processor that the code may use, by the code generator's names, sorted.
    pub(crate) features: Vec<String>,
}

/// What code was compiled with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) opt: OptLevel,
    pub(crate) metering: bool,
    pub(crate) interruptible: bool,
    /// Whether accesses ask the regions of their memories.
    pub(crate) memory_regions: bool,
    /// Which NaNs arithmetic gives.
    pub(crate) nans: Nans,
    /// Id of the schedule.
    pub(crate) schedule: String,
}

/// The functions of a module, compiled: plain data that can be written and read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompiledModule {
    pub(crate) target: Target,
    pub(crate) settings: Settings,
    /// Digest of the module's bytes.
    pub(crate) digest: [u8; 32],
    /// By index, ascending.
    pub(crate) functions: Vec<CompiledFunction>,
    /// Functions that were to be compiled, and are not. By index, ascending.
    pub(crate) not_compiled: Vec<NotCompiled>,
    /// What stands for each of those in calls.
    pub(crate) bridges: Vec<CompiledFunction>,
    /// The stub that throws.
    pub(crate) throw: Code,
    /// The stub that calls routines that may collect.
    pub(crate) safepoint: Code,
    /// By signature, ascending.
    pub(crate) trampolines: Vec<Trampolines>,
}

impl CompiledModule {
    /// Bytes of machine code.
    pub fn code_bytes(&self) -> usize {
        self.codes().map(|code| code.bytes.len()).sum()
    }

    /// Indices of the functions that are compiled, ascending.
    pub fn functions(&self) -> impl Iterator<Item = u32> + '_ {
        self.functions.iter().map(|f| f.index)
    }

    /// Functions that were to be compiled, and that another tier has to run, with the reasons. By index, ascending.
    pub fn not_compiled(&self) -> &[NotCompiled] {
        &self.not_compiled
    }

    /// Machine code of a function; `None` if it is not compiled here.
    pub fn function_code(&self, func: u32) -> Option<&[u8]> {
        let at = self.functions.binary_search_by_key(&func, |f| f.index).ok()?;
        Some(&self.functions[at].code.bytes)
    }

    /// Whether instructions are charged.
    pub fn is_metering(&self) -> bool {
        self.settings.metering
    }

    /// Id of the schedule that it was compiled under.
    pub fn schedule_id(&self) -> &str {
        &self.settings.schedule
    }

    /// All code, in the order in which it is placed.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Code> {
        let trampolines = self.trampolines.iter().flat_map(|t| [&t.entry, &t.exit]);
        let functions = self.functions.iter().chain(&self.bridges).map(|f| &f.code);
        functions.chain([&self.throw, &self.safepoint]).chain(trampolines)
    }
}
