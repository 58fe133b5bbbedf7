//! The memories of the loop: that of the instance that runs, which operations pass on, and all others of the store.

use super::flow::Running;
use crate::program::{NO_MEMORY, Step};
use etalon_runtime::{MemoryAddr, MemoryInst};
use std::cmp::Ordering;

/// The memories of the store on both sides of the first memory of the instance that runs.
pub(crate) struct Others<'a> {
    below: &'a mut [MemoryInst],
    above: &'a mut [MemoryInst],
}

/// The bytes of the first memory of an instance, and the other memories.
pub(super) fn split(memories: &mut [MemoryInst], home: u32) -> (&mut [u8], Others<'_>) {
    let at = home as usize;
    if home == NO_MEMORY || at >= memories.len() {
        return (&mut [], Others { below: &mut [], above: &mut [] });
    }
    let (below, rest) = memories.split_at_mut(at);
    match rest {
        [home, above @ ..] => (home.bytes_mut(), Others { below, above }),
        [] => (&mut [], Others { below, above: &mut [] }),
    }
}

/// Which memory an access is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The instance's first.
    Home,
    /// One of those below it in the store.
    Below(u32),
    /// One of those above it.
    Above(u32),
}

impl Which {
    /// A memory of the store, for code of an instance with this first memory.
    pub(crate) fn of(memory: MemoryAddr, home: MemoryAddr) -> Which {
        match memory.0.cmp(&home.0) {
            Ordering::Less => Which::Below(memory.0),
            Ordering::Equal => Which::Home,
            Ordering::Greater => Which::Above(memory.0 - home.0 - 1),
        }
    }
}

/// Which memory an access is to, and whether its addresses have 64 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    pub(crate) memory: Which,
    pub(crate) wide: bool,
}

/// The same for the functions that execute an access.
pub(crate) trait Place {
    /// How many steps an access takes.
    const STEPS: usize;

    /// The bytes of the memory, for the access that is the first of `code`.
    fn bytes<'m>(
        cx: &'m mut Running<'_>,
        code: &[Step],
        home: &'m mut [u8],
    ) -> Option<&'m mut [u8]>;
}

/// The instance's first memory.
pub(crate) struct Home;

/// One below it, which the step behind the operation names.
pub(crate) struct Below;

/// One above it, as well.
pub(crate) struct Above;

impl Place for Home {
    const STEPS: usize = 1;

    #[inline(always)]
    fn bytes<'m>(_: &'m mut Running<'_>, _: &[Step], home: &'m mut [u8]) -> Option<&'m mut [u8]> {
        Some(home)
    }
}

/// The bytes of the memory that an access names.
#[inline(always)]
fn named<'m>(memories: &'m mut [MemoryInst], code: &[Step]) -> Option<&'m mut [u8]> {
    Some(memories.get_mut(code.get(1)?.z as usize)?.bytes_mut())
}

impl Place for Below {
    const STEPS: usize = 2;

    #[inline(always)]
    fn bytes<'m>(cx: &'m mut Running<'_>, code: &[Step], _: &'m mut [u8]) -> Option<&'m mut [u8]> {
        named(cx.others.below, code)
    }
}

impl Place for Above {
    const STEPS: usize = 2;

    #[inline(always)]
    fn bytes<'m>(cx: &'m mut Running<'_>, code: &[Step], _: &'m mut [u8]) -> Option<&'m mut [u8]> {
        named(cx.others.above, code)
    }
}
