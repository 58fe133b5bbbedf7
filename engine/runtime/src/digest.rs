//! A fingerprint of a store's state, to compare runs by.

use crate::store::Store;
use blake3::Hasher;

/// Hashes of what a store's memories, globals and tables hold, in the order of their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDigest {
    /// Of the memories.
    pub memories: String,
    /// Of the globals.
    pub globals: String,
    /// Of the tables.
    pub tables: String,
}

/// Memory is hashed in pieces of this many bytes, those of zeros skipped: most of a large memory is.
const PIECE: usize = 4096;

impl Store {
    /// The fingerprint of the present state.
    pub fn digest(&self) -> StateDigest {
        let mut memories = Hasher::new();
        for memory in &self.memories {
            let bytes = memory.bytes();
            memories.update(&(bytes.len() as u64).to_le_bytes());
            for (i, piece) in bytes.chunks(PIECE).enumerate() {
                if piece.iter().any(|b| *b != 0) {
                    memories.update(&(i as u64).to_le_bytes());
                    memories.update(piece);
                }
            }
        }
        let mut globals = Hasher::new();
        for global in &self.globals {
            for slot in global.slots() {
                globals.update(&slot.to_le_bytes());
            }
        }
        let mut tables = Hasher::new();
        for table in &self.tables {
            tables.update(&table.len().to_le_bytes());
            for i in 0..table.len() {
                let word = table.get(i).map_or(0, |r| r.to_bits());
                tables.update(&word.to_le_bytes());
            }
        }
        let text = |hasher: Hasher| hasher.finalize().to_hex()[..32].to_owned();
        StateDigest { memories: text(memories), globals: text(globals), tables: text(tables) }
    }
}
