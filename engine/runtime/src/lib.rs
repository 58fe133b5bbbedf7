//! The store (specification: *Runtime Structure*): state only.
//!
//! All tiers work on this state; their semantics is elsewhere. A tier implements one trait,
//! [`Executor`], through which the tiers also call each other.
//!
//! This crate is a part of Etalon and not for other programs, which use the package `etalon`: its fields are public to all
//! tiers, and it does not check that an address is of the store that it is used with. Nothing in it can break memory
//! all the same: every access is checked, and a tier that runs machine code on a store, which relies on what nobody
//! checks again, can only be had by an `unsafe` promise (`etalon_jit::Jit::new`).
#![deny(unsafe_code)]

mod address;
mod budget;
mod const_eval;
mod digest;
mod effects;
mod exception;
mod executor;
pub mod fault;
mod figures;
mod func;
mod funcs;
mod global;
mod heap;
mod host;
mod initial;
mod instance;
mod instantiate;
mod interrupt;
mod invoke;
mod limiter;
mod linking;
mod memory;
mod nameless;
mod promote;
mod reference;
mod reset;
mod rollback;
pub mod room;
mod segment;
mod snapshot;
mod stop;
mod store;
#[cfg(not(miri))]
mod system;
mod table;
mod touched;
mod trace;
mod unwind;
mod value;
mod waits;

pub use address::{
    DataAddr, ElemAddr, ExnAddr, FuncAddr, GlobalAddr, HeapAddr, InstanceAddr, MemoryAddr,
    TableAddr, TagAddr,
};
pub use digest::StateDigest;
pub use effects::{Moment, Piece};
pub use exception::{ExnInst, TagInst};
pub use executor::{
    AttachError, CodeObject, Completion, Executor, Kept, Placement, TailCall, TierId,
};
pub use func::{FuncInst, FuncKind};
pub use funcs::{Funcs, OwnFuncs, Referable};
pub use global::GlobalInst;
pub use heap::{
    Activation, CLASSES, DISPLAY, Display, HEADER, Heap, HeapDef, HeapRule, Object, ObjectMut,
    RootId, Roots, Run, SMALL, UNIT, cell_of,
};
pub use host::{Caller, HostFn, OverSlots};
pub use initial::Initial;
pub use instance::{Extern, InstanceInst};
pub use instantiate::{InstantiateError, instantiate};
pub use interrupt::{Interrupt, PauseRequest};
pub use limiter::{EFFECTS, Limiter, Request};
pub use linking::{LinkError, Linker};
pub use memory::{
    GUARD_BYTES, InUse, MemoryDef, MemoryError, MemoryInst, MemoryPool, Protection, Region,
    RegionError, SharedMemory,
};
pub use nameless::nameless_file;
pub use promote::{Answer, Promote, Promoter, Promotion, Promotions};
pub use reference::{Ref, RefKind};
pub use reset::reset;
pub use segment::{Datas, ElemInst};
pub use snapshot::{HostImport, ImageError, StoreImage};
pub use stop::{Crash, Exhaustion, HostError, Site, Stop, Trap, Trapped};
pub use store::{InvokeError, Store, StoreConfig, StoreId};
pub use table::{TableDef, TableError, TableInst};
pub use trace::{Trace, TraceFrame};
pub use value::{Value, Values};
pub use waits::{Wait, WaiterId, Waits};
