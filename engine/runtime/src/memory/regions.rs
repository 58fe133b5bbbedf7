//! Regions of a memory that the embedder protects.
//!
//! This is state alone. What an access touches, and so which region forbids it, each tier finds out for itself.

use super::MemoryInst;
use crate::address::MemoryAddr;
use crate::store::Store;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use thiserror::Error;

/// What a region forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protection {
    /// To write to it.
    ReadOnly,
    /// To read it and to write to it.
    Inaccessible,
}

/// A region of a memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Address of its first byte.
    pub start: u64,
    /// Address behind its last byte.
    pub end: u64,
    /// What it forbids.
    pub protection: Protection,
    /// What the embedder calls it.
    pub name: Arc<str>,
}

impl Region {
    /// Most regions of a memory.
    pub const MOST: usize = 256;

    /// Most bytes of a name.
    pub const MOST_NAME: usize = 128;

    fn overlaps(&self, other: &Region) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Why the regions of a memory are not changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RegionError {
    /// Nothing in the store looks for regions.
    #[error("the engine checks no regions of memories; see Config::memory_regions")]
    Unchecked,
    /// Other stores may have the memory, or other threads.
    #[error("a shared memory has no regions")]
    Shared,
    /// The range has no bytes.
    #[error("a region without bytes: {start}..{end}")]
    Empty {
        /// Its first address.
        start: u64,
        /// The address behind it.
        end: u64,
    },
    /// The name is empty or too long.
    #[error("the name of a region has 1 to {} bytes, not {len}", Region::MOST_NAME)]
    Name {
        /// Its bytes.
        len: usize,
    },
    /// Another region of the memory has the name.
    #[error("the memory has a region {0} already")]
    NameTaken(String),
    /// A region is there already.
    #[error("the region {name} would overlap the region {other}")]
    Overlap {
        /// The new region.
        name: String,
        /// The one that is there.
        other: String,
    },
    /// There are too many.
    #[error("a memory has at most {} regions", Region::MOST)]
    TooMany,
    /// There is no such region.
    #[error("the memory has no region {0}")]
    Unknown(String),
}

impl MemoryInst {
    /// Its regions, by address. No two overlap.
    #[inline(always)]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Its bytes, for writing, and its regions.
    #[inline(always)]
    pub fn bytes_and_regions(&mut self) -> (&mut [u8], &[Region]) {
        (self.reservation.bytes_mut(), &self.regions)
    }

    fn add_region(&mut self, region: Region) -> Result<(), RegionError> {
        let Region { start, end, .. } = region;
        let name = || region.name.to_string();
        if self.ty.shared {
            return Err(RegionError::Shared);
        }
        if start >= end {
            return Err(RegionError::Empty { start, end });
        }
        if region.name.is_empty() || region.name.len() > Region::MOST_NAME {
            return Err(RegionError::Name { len: region.name.len() });
        }
        if self.regions.iter().any(|other| other.name == region.name) {
            return Err(RegionError::NameTaken(name()));
        }
        if let Some(other) = self.regions.iter().find(|other| other.overlaps(&region)) {
            return Err(RegionError::Overlap { name: name(), other: other.name.to_string() });
        }
        if self.regions.len() >= Region::MOST {
            return Err(RegionError::TooMany);
        }
        let place = self.regions.partition_point(|other| other.start < start);
        self.regions.insert(place, region);
        self.tell_regions();
        Ok(())
    }

    /// Tells compiled code from where to where regions lie.
    fn tell_regions(&self) {
        let (first, last) = (self.regions.first(), self.regions.last());
        let native = |address: u64| usize::try_from(address).unwrap_or(usize::MAX);
        self.def.regions_start.store(first.map_or(usize::MAX, |r| native(r.start)), Relaxed);
        self.def.regions_end.store(last.map_or(0, |r| native(r.end)), Relaxed);
    }
}

impl Store {
    /// Makes a region of a memory. It may lie beyond the memory's present size.
    ///
    /// # Errors
    /// See [`RegionError`]; nothing is changed then.
    ///
    /// # Panics
    /// If the address is of another store.
    pub fn protect(&mut self, memory: MemoryAddr, region: Region) -> Result<(), RegionError> {
        if !self.checks_regions() {
            return Err(RegionError::Unchecked);
        }
        self.memories[memory.index()].add_region(region)
    }

    /// Removes a region of a memory; gives what it was.
    ///
    /// # Errors
    /// If there is none of that name.
    ///
    /// # Panics
    /// If the address is of another store.
    pub fn unprotect(&mut self, memory: MemoryAddr, name: &str) -> Result<Region, RegionError> {
        let memory = &mut self.memories[memory.index()];
        let place = memory.regions.iter().position(|region| &*region.name == name);
        let place = place.ok_or_else(|| RegionError::Unknown(name.to_owned()))?;
        let region = memory.regions.remove(place);
        memory.tell_regions();
        Ok(region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreConfig;
    use etalon_module::{AddrType, Limits, MemoryType};

    fn memory(shared: bool) -> MemoryType {
        let limits = Limits { min: 1, max: Some(2) };
        MemoryType { addr: AddrType::I32, limits, shared, page_size_log2: 16 }
    }

    fn region(start: u64, end: u64, name: &str) -> Region {
        Region { start, end, protection: Protection::ReadOnly, name: name.into() }
    }

    #[test]
    fn what_is_no_region_is_refused_by_name() {
        let config = StoreConfig { memory_regions: true, ..StoreConfig::unmetered() };
        let mut store = Store::new(config).unwrap();
        let addr = store.alloc_memory(memory(false)).unwrap();
        store.protect(addr, region(10, 20, "a")).unwrap();
        let other = "a".to_owned();
        let overlap = |name: &str| RegionError::Overlap { name: name.into(), other: other.clone() };
        let long = "n".repeat(Region::MOST_NAME + 1);
        let cases = [
            (region(5, 5, "b"), RegionError::Empty { start: 5, end: 5 }),
            (region(6, 5, "b"), RegionError::Empty { start: 6, end: 5 }),
            (region(0, 11, "b"), overlap("b")),
            (region(19, 21, "b"), overlap("b")),
            (region(12, 13, "b"), overlap("b")),
            (region(0, u64::MAX, "b"), overlap("b")),
            (region(0, 5, "a"), RegionError::NameTaken("a".into())),
            (region(0, 5, ""), RegionError::Name { len: 0 }),
            (region(0, 5, &long), RegionError::Name { len: Region::MOST_NAME + 1 }),
        ];
        for (region, error) in cases {
            assert_eq!(store.protect(addr, region), Err(error));
        }
        let def = |store: &Store| {
            let def = store.memories[addr.index()].def();
            (def.regions_start.load(Relaxed), def.regions_end.load(Relaxed))
        };
        assert_eq!(def(&store), (10, 20));
        store.protect(addr, region(20, u64::MAX, "b")).unwrap();
        store.protect(addr, region(9, 10, &long[1..])).unwrap();
        assert_eq!(def(&store), (9, usize::MAX));
        for name in ["b", &long[1..], "a"] {
            assert_eq!(&*store.unprotect(addr, name).unwrap().name, name);
        }
        assert_eq!(def(&store), (usize::MAX, 0));
        assert_eq!(store.unprotect(addr, "a"), Err(RegionError::Unknown("a".into())));
        for at in 0..Region::MOST as u64 {
            store.protect(addr, region(2 * at, 2 * at + 1, &at.to_string())).unwrap();
        }
        assert_eq!(store.protect(addr, region(9999, 10000, "b")), Err(RegionError::TooMany));
        let shared = store.alloc_memory(memory(true)).unwrap();
        assert_eq!(store.protect(shared, region(0, 1, "a")), Err(RegionError::Shared));
    }

    #[test]
    fn a_store_that_checks_none_has_none() {
        let mut store = Store::new(StoreConfig::unmetered()).unwrap();
        let addr = store.alloc_memory(memory(false)).unwrap();
        assert_eq!(store.protect(addr, region(0, 1, "a")), Err(RegionError::Unchecked));
    }
}
