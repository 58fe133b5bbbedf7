//! Compiled code: as data, and made executable.

mod compiled;
mod loaded;
mod memory;
mod modules;
pub(crate) mod ranges;

pub use compiled::CompiledModule;
pub(crate) use compiled::{
    CallSite, Code, CompiledFunction, HandlerSite, Scope, Settings, StackMap, Target, Trampolines,
};
pub use loaded::LoadedModule;
pub(crate) use loaded::{FrameInfo, Place};
pub(crate) use modules::Modules;
