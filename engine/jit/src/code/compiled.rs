//! Compiled code as plain data, the same for an artefact and for memory.

use super::Pairs;
use crate::abi::AbiSignature;
use crate::compile::{CompileOptions, Nans, OptLevel};
use crate::error::NotCompiled;
use etalon_module::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A call whose target address is written when the code is placed in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallSite {
    /// Where in the code.
    pub(crate) offset: u32,
    /// What the code generator adds to the address.
    pub(crate) addend: i64,
    /// Index of the function called.
    pub(crate) callee: u32,
}

/// Machine code, with the tables that describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) bytes: Vec<u8>,
    pub(crate) alignment: u32,
    /// Bytes of its native frame, if that is known.
    pub(crate) frame: Option<u32>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CompiledFunction {
    /// Its index.
    pub(crate) index: u32,
    pub(crate) code: Code,
}

/// The two trampolines of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trampolines {
    pub(crate) signature: AbiSignature,
    pub(crate) entry: Code,
    pub(crate) exit: Code,
}

/// What code was compiled for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl Settings {
    pub(crate) fn of(options: &CompileOptions) -> Settings {
        Settings {
            opt: options.opt,
            metering: options.metering,
            interruptible: options.interruptible,
            memory_regions: options.memory_regions,
            nans: options.nans,
            schedule: options.schedule.id().to_string(),
        }
    }
}

/// A piece of code: a function's, a bridge or a trampoline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// Where it begins in the code.
    pub(crate) start: u32,
    pub(crate) len: u32,
    /// Index of the function; `None` for what is of no function of the module.
    pub(crate) func: Option<u32>,
}

/// What is known of a piece's frames. Places are in the piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Frames {
    /// Which piece.
    pub(crate) piece: u32,
    pub(crate) handlers: Vec<HandlerSite>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) maps: Vec<StackMap>,
}

/// Where the trampolines of a signature begin in the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entrances {
    pub(crate) signature: AbiSignature,
    pub(crate) entry: u32,
    pub(crate) exit: u32,
}

/// What compiled code is, but for the code itself and what is known of its places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contents {
    pub(crate) target: Target,
    pub(crate) settings: Settings,
    /// Digest of the module's bytes.
    pub(crate) digest: [u8; 32],
    /// In the order of the code. The module's functions come first, by index.
    pub(crate) pieces: Vec<Piece>,
    /// By piece; of those of which there is something to know.
    pub(crate) frames: Vec<Frames>,
    /// Functions that were to be compiled, and are not. By index, ascending.
    pub(crate) not_compiled: Vec<NotCompiled>,
    /// The stub that throws.
    pub(crate) throw: u32,
    /// The stub that calls routines that may collect.
    pub(crate) safepoint: u32,
    /// By signature, ascending.
    pub(crate) trampolines: Vec<Entrances>,
}

/// The functions of a module, compiled and linked: it lies in memory as it lies in an artefact. To clone it counts references.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledModule {
    pub(crate) contents: Arc<Contents>,
    /// The code of each place that may trap.
    pub(crate) traps: Pairs,
    /// Where the code of an instruction begins, and the instruction's offset in the module; `u32::MAX` is none.
    pub(crate) sites: Pairs,
    /// The code, which does not depend on where it lies.
    pub(crate) text: Bytes,
}

impl CompiledModule {
    /// What is known of code that has been copied and is in no artefact.
    pub(crate) fn without_code(mut self) -> CompiledModule {
        self.text = Bytes::default();
        if let Some(contents) = Arc::get_mut(&mut self.contents) {
            contents.target = Target::default();
        }
        self
    }

    /// Bytes of machine code.
    pub fn code_bytes(&self) -> usize {
        self.contents.pieces.iter().map(|piece| piece.len as usize).sum()
    }

    /// Indices of the functions that are compiled, ascending.
    pub fn functions(&self) -> impl Iterator<Item = u32> + '_ {
        self.contents.pieces.iter().map_while(|piece| piece.func)
    }

    /// Functions that were to be compiled, and that another tier has to run, with the reasons. By index, ascending.
    pub fn not_compiled(&self) -> &[NotCompiled] {
        &self.contents.not_compiled
    }

    /// Machine code of a function; `None` if it is not compiled here.
    pub fn function_code(&self, func: u32) -> Option<&[u8]> {
        // Those of functions come first, by index.
        let pieces = &self.contents.pieces;
        let at = pieces.partition_point(|piece| piece.func.is_some_and(|before| before < func));
        let piece = pieces.get(at).filter(|piece| piece.func == Some(func))?;
        self.text.get(piece.start as usize..)?.get(..piece.len as usize)
    }

    /// Whether instructions are charged.
    pub fn is_metering(&self) -> bool {
        self.contents.settings.metering
    }

    /// Id of the schedule that it was compiled under.
    pub fn schedule_id(&self) -> &str {
        &self.contents.settings.schedule
    }
}
