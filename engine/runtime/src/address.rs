//! Addresses: how everything in a store is named (specification: *Runtime Structure*, "Addresses").

use serde::{Deserialize, Serialize};

/// Defines address types, one for each kind of thing, so that none can stand for another.
macro_rules! addresses {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The address as a position in the store's vector.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

addresses! {
    /// The address of a function.
    FuncAddr;
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
    /// The address of a structure or an array in the heap.
    HeapAddr;
    /// The address of an exception.
    ExnAddr;
    /// The address of a module instance.
    InstanceAddr;
}
