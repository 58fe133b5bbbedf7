//! Regions of memories that the embedder protects.
//!
//! The loop knows none. Where a store may have some, preparation leaves every access to the functions outside of the loop.

use etalon_runtime::{Protection, Region, Stop};
use std::ops::Range;

/// Whether bytes may be read or written: a stop that names the first region that forbids it. The bytes are in bounds; where there
/// are none, nothing is accessed. The regions are sorted by address.
pub(super) fn allow(regions: &[Region], bytes: Range<usize>, writes: bool) -> Result<(), Stop> {
    if regions.is_empty() || bytes.is_empty() {
        return Ok(());
    }
    let (first, last) = (bytes.start as u64, bytes.end as u64 - 1);
    // Regions that end at or before the first byte are passed over.
    let from = regions.partition_point(|region| region.end <= first);
    for region in &regions[from..] {
        if region.start > last {
            break;
        }
        match region.protection {
            Protection::ReadOnly if !writes => {}
            Protection::ReadOnly | Protection::Inaccessible => return Err(region.into()),
        }
    }
    Ok(())
}
