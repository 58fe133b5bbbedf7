//! WASI preview 1: a host for the programs that compilers make, for any engine.
//!
//! An engine registers the 46 [`FUNCTIONS`] under [`MODULE`] in a loop, and gives each call to [`call`] with the guest's [`WasiCtx`]
//! and its memory ([`Guest`]). [`WasiCtxBuilder`] says what a guest has: arguments, variables, streams, and folders, each of the host or
//! of a [`VirtualFs`] in memory. [`Policy`] says whether time and chance are real, or the same in each run.
//!
//! # What holds for each function
//!
//! - An address that is not in the memory or not aligned ends the guest ([`BadPointer`]); this is looked at before anything is done.
//! - Everything else that is wrong is a number that the function returns: unknown flags and enumerations `INVAL`, text that is not
//!   UTF-8 `ILSEQ`, and what is beyond a limit ([`Limits`]) the number that the limit names. Nothing is allocated before bounds are known.
//! - Bytes of the guest are declared before they are touched ([`Guest::declare`]).
//! - No path leaves the folder that it begins in: not by `..`, not by a name from the root, not by links, not by races.
#![forbid(unsafe_code)]

mod abi;
mod args;
mod builder;
mod clocks;
mod context;
mod descriptors;
mod directories;
mod files;
mod guest;
mod imports;
mod limits;
mod observer;
mod paths;
mod policy;
mod poll;
mod process;
mod random;
mod sockets;
mod state;
mod stdio;
mod table;
mod transfer;

pub use abi::{
    Errno, FdFlags, FileType, FstFlags, LookupFlags, OFlags, RiFlags, Rights, SdFlags,
    SubclockFlags,
};
pub use builder::{Access, BuildError, WasiCtxBuilder};
pub use context::WasiCtx;
pub use files::virtual_fs::{TreeEntry, VirtualFs};
pub use guest::{BadPointer, Ended, Guest, GuestMemory, MemoryFault, Stopped};
pub use imports::{refused, refused_component};
pub use limits::Limits;
pub use observer::Called;
pub use policy::Policy;
pub use state::{NotKept, WasiState};
pub use stdio::{Captured, Output, Stdin};
pub use table::{FUNCTIONS, Function, MODULE, Param, call, function};
