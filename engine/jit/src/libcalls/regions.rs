//! Regions of memories that the embedder protects, for compiled code that was asked to look for them.
//!
//! Compiled code asks only about accesses between the first and the last region of a memory; bulk operations always ask.

use etalon_runtime::{MemoryInst, Protection, Region, Stop};
use std::ops::Range;

/// Whether the bytes of a range, which are in bounds, may be read, or with `writes` be written. A range of no bytes is no access.
pub(super) fn allow(memory: &MemoryInst, range: &Range<usize>, writes: bool) -> Result<(), Stop> {
    for region in memory.regions() {
        let Region { start, end, protection, .. } = region;
        // Regions are in the order of their addresses.
        if *start >= range.end as u64 {
            break;
        }
        let forbids = *protection == Protection::Inaccessible || writes;
        if *end > range.start as u64 && !range.is_empty() && forbids {
            return Err(region.into());
        }
    }
    Ok(())
}
