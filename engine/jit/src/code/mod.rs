//! Compiled code: as data, and made executable.

mod compiled;
mod link;
mod loaded;
mod memory;
mod modules;
mod pairs;
pub(crate) mod ranges;
mod shelf;

pub use compiled::CompiledModule;
pub(crate) use compiled::{
    CallSite, Code, CompiledFunction, Contents, HandlerSite, Scope, Settings, StackMap, Target,
    Trampolines,
};
pub(crate) use link::Parts;
pub use loaded::LoadedModule;
pub(crate) use loaded::{FrameInfo, Place, Ready};
pub(crate) use memory::{CodeMemory, MappedFile};
pub(crate) use modules::Modules;
pub(crate) use pairs::Pairs;
pub(crate) use shelf::Shelf;
