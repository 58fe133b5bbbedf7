//! What a store counts for its embedder.

use crate::store::Store;

impl Store {
    /// The most bytes that all memories ever had together. A shared memory counts where it was made.
    pub fn peak_memory_bytes(&self) -> u64 {
        self.memory_budget().peak()
    }

    /// How many calls of host functions there were, by guests and by the embedder.
    pub fn host_calls(&self) -> u64 {
        self.host_calls
    }
}
