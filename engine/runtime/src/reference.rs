//! References (specification: *Runtime Structure*, "Values") as plain 64-bit data.
//!
//! A reference is a kind and a number, not a pointer, so that any tier can read it and it can be
//! hashed, compared and written to a file. Compiled code relies on the layout of the word:
//!
//! | bits | meaning |
//! |---|---|
//! | 0..=2 | kind ([`RefKind`]); the whole word is 0 for null |
//! | 3 | externalised: `ref.extern` around an internal reference |
//! | 4..=63 | address, or the 31 bits of an `i31` |

use crate::address::{ExnAddr, FuncAddr, HeapAddr};
use serde::{Deserialize, Serialize};

/// What a non-null reference refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefKind {
    /// A function of the store.
    Func(FuncAddr),
    /// 31 bits, unboxed.
    I31(u32),
    /// A structure in the heap.
    Struct(HeapAddr),
    /// An array in the heap.
    Array(HeapAddr),
    /// An exception.
    Exn(ExnAddr),
    /// A host value, by the embedder's number for it.
    Host(u32),
}

const FUNC: u64 = 1;
const I31: u64 = 2;
const STRUCT: u64 = 3;
const ARRAY: u64 = 4;
const EXN: u64 = 5;
const HOST: u64 = 6;
const KIND_MASK: u64 = 0b111;
const EXTERNALISED: u64 = 0b1000;

/// A reference value. Null is the same for all types.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(try_from = "u64", into = "u64")]
pub struct Ref(u64);

impl Ref {
    /// The null reference.
    pub const NULL: Ref = Ref(0);

    /// A reference to a function.
    pub fn func(addr: FuncAddr) -> Ref {
        Ref(u64::from(addr.0) << 4 | FUNC)
    }

    /// An unboxed integer; only the lowest 31 bits count.
    pub fn i31(value: u32) -> Ref {
        Ref(u64::from(value & 0x7fff_ffff) << 4 | I31)
    }

    /// A reference to a structure.
    pub fn structure(addr: HeapAddr) -> Ref {
        Ref(u64::from(addr.0) << 4 | STRUCT)
    }

    /// A reference to an array.
    pub fn array(addr: HeapAddr) -> Ref {
        Ref(u64::from(addr.0) << 4 | ARRAY)
    }

    /// A reference to an exception.
    pub fn exn(addr: ExnAddr) -> Ref {
        Ref(u64::from(addr.0) << 4 | EXN)
    }

    /// The embedder's number `n`, as an internal reference (`anyref`).
    pub fn host(n: u32) -> Ref {
        Ref(u64::from(n) << 4 | HOST)
    }

    /// The embedder's number `n`, as an external reference (`externref`).
    pub fn external(n: u32) -> Ref {
        Ref::host(n).externalise()
    }

    /// The word of the reference, as stored in tables, globals and slots.
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The reference with a word; `None` if there is none.
    pub fn from_bits(bits: u64) -> Option<Ref> {
        let kind_known = matches!(bits & KIND_MASK, FUNC..=HOST);
        let fits = bits >> 36 == 0;
        (bits == 0 || (kind_known && fits)).then_some(Ref(bits))
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        self.0 == 0
    }

    /// Whether it is an external reference (`ref.extern`).
    pub fn is_externalised(self) -> bool {
        self.0 & EXTERNALISED != 0
    }

    /// `extern.convert_any`: null stays null.
    #[must_use]
    pub fn externalise(self) -> Ref {
        if self.is_null() { self } else { Ref(self.0 | EXTERNALISED) }
    }

    /// `any.convert_extern`: null stays null.
    #[must_use]
    pub fn internalise(self) -> Ref {
        Ref(self.0 & !EXTERNALISED)
    }

    /// What it refers to, externalised or not; `None` for null.
    pub fn kind(self) -> Option<RefKind> {
        let n = (self.0 >> 4) as u32;
        Some(match self.0 & KIND_MASK {
            FUNC => RefKind::Func(FuncAddr(n)),
            I31 => RefKind::I31(n),
            STRUCT => RefKind::Struct(HeapAddr(n)),
            ARRAY => RefKind::Array(HeapAddr(n)),
            EXN => RefKind::Exn(ExnAddr(n)),
            HOST => RefKind::Host(n),
            _ => return None,
        })
    }

    /// The exception it refers to, if it is an internal reference to one.
    pub fn as_exn(self) -> Option<ExnAddr> {
        match self.kind() {
            Some(RefKind::Exn(addr)) if !self.is_externalised() => Some(addr),
            _ => None,
        }
    }

    /// The function it refers to, if it is an internal reference to one.
    pub fn as_func(self) -> Option<FuncAddr> {
        match self.kind() {
            Some(RefKind::Func(addr)) if !self.is_externalised() => Some(addr),
            _ => None,
        }
    }
}

impl From<Ref> for u64 {
    fn from(r: Ref) -> u64 {
        r.to_bits()
    }
}

impl TryFrom<u64> for Ref {
    type Error = &'static str;

    fn try_from(bits: u64) -> Result<Ref, &'static str> {
        Ref::from_bits(bits).ok_or("a word that is no reference")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for r in [
            Ref::NULL,
            Ref::func(FuncAddr(0)),
            Ref::func(FuncAddr(u32::MAX)),
            Ref::i31(u32::MAX),
            Ref::structure(HeapAddr(7)),
            Ref::external(9),
            Ref::array(HeapAddr(1)).externalise(),
        ] {
            assert_eq!(Ref::from_bits(r.to_bits()), Some(r));
        }
        assert_eq!(Ref::from_bits(7), None);
        assert_eq!(Ref::from_bits(8), None);
        assert_eq!(Ref::from_bits(u64::MAX), None);
    }

    #[test]
    fn conversions_undo_each_other() {
        assert_eq!(Ref::NULL.externalise(), Ref::NULL);
        assert_eq!(Ref::external(3).internalise(), Ref::host(3));
        assert_eq!(Ref::i31(5).externalise().internalise(), Ref::i31(5));
        assert_eq!(Ref::func(FuncAddr(4)).as_func(), Some(FuncAddr(4)));
        assert_eq!(Ref::external(4).as_func(), None);
    }
}
