//! What only moves bytes, of which compiled code has checked that they are in a memory and paid for.

use std::ptr::{copy, with_exposed_provenance, with_exposed_provenance_mut, write_bytes};

/// The addresses of these, as compiled code finds them.
#[repr(C)]
pub(crate) struct Bare {
    pub(crate) fill: unsafe extern "C" fn(usize, u64, usize),
    pub(crate) copy: unsafe extern "C" fn(usize, usize, usize),
}

impl Bare {
    pub(super) const ALL: Bare = Bare { fill, copy: copy_bytes };
}

/// # Safety
/// The bytes must be of a memory of the store that runs, in its length.
unsafe extern "C" fn fill(at: usize, value: u64, len: usize) {
    // SAFETY: the caller's promise; compiled code alone runs, so no reference to the bytes is in use.
    unsafe { write_bytes(with_exposed_provenance_mut::<u8>(at), value as u8, len) }
}

/// The ranges may overlap.
///
/// # Safety
/// As for [`fill`], of both ranges.
unsafe extern "C" fn copy_bytes(to: usize, from: usize, len: usize) {
    // SAFETY: as above.
    unsafe { copy(with_exposed_provenance::<u8>(from), with_exposed_provenance_mut(to), len) }
}
