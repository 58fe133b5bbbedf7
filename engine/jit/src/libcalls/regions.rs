//! Regions of memories that the embedder protects, for compiled code that was asked to look for them.
//!
//! Compiled code asks only about accesses between the first and the last region of a memory; bulk operations always ask.

use etalon_runtime::{MemoryInst, Protection, Region, Stop};
use std::ops::Range;

/// Whether the bytes of a range, which are in bounds, may be read, or with `writes` be written. A range of no bytes is no access.
pub(super) fn allow(memory: &MemoryInst, range: &Range<usize>, writes: bool) -> Result<(), Stop> {
    let (from, to) = (range.start as u64, range.end as u64);
    // Regions are in the order of their addresses, and no two overlap: their ends are in order too.
    let regions = memory.regions();
    let behind = regions.partition_point(|region| region.end <= from);
    let mut touched = regions[behind..].iter().take_while(|region| from < to && region.start < to);
    let forbids = |region: &&Region| writes || region.protection == Protection::Inaccessible;
    touched.find(forbids).map_or(Ok(()), |region| Err(region.into()))
}
