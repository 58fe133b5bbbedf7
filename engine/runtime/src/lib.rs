//! The store (specification chapter 4.2, *Runtime Structure*): state only.
//!
//! Every tier works on this state, and none of their semantics is here. What executes is behind one
//! trait, [`Executor`], through which the tiers also call each other.
#![deny(unsafe_code)]

mod const_eval;
mod digest;
mod exception;
mod executor;
mod func;
mod global;
mod heap;
mod host;
mod instance;
mod instantiate;
mod linking;
mod memory;
mod reference;
mod segment;
mod snapshot;
mod stop;
mod store;
mod table;
mod value;
mod waits;

pub use digest::StateDigest;
pub use exception::{ExnInst, TagInst};
pub use executor::{AttachError, CodeObject, Completion, Executor, Placement, TailCall, TierId};
pub use func::{FuncInst, FuncKind};
pub use global::GlobalInst;
pub use heap::{Activation, Heap, Object, RootId, Roots};
pub use host::{Caller, HostFn};
pub use instance::{Extern, InstanceInst};
pub use instantiate::{InstantiateError, instantiate};
pub use linking::{LinkError, Linker};
pub use memory::{GUARD_BYTES, MemoryDef, MemoryError, MemoryInst};
pub use reference::{ExnAddr, FuncAddr, HeapAddr, Ref, RefKind};
pub use segment::{DataInst, ElemInst};
use serde::{Deserialize, Serialize};
pub use snapshot::{HostImport, ImageError, StoreImage};
pub use stop::{Crash, Exhaustion, HostError, Site, Stop, Trap, Trapped};
pub use store::{InvokeError, Store, StoreConfig};
pub use table::{TableDef, TableInst};
pub use value::Value;
pub use waits::{Wait, WaiterId, Waits};

/// Defines the address types: positions in the store's vectors.
macro_rules! addresses {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The address as a position.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

addresses! {
    /// The address of a table.
    TableAddr;
    /// The address of a memory.
    MemoryAddr;
    /// The address of a global.
    GlobalAddr;
    /// The address of a tag.
    TagAddr;
    /// The address of an element segment.
    ElemAddr;
    /// The address of a data segment.
    DataAddr;
    /// The address of a module instance.
    InstanceAddr;
}
