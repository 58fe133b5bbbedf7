//! Segments of elements and data in the store (specification: *Runtime Structure*, "Element Instances" and "Data Instances").

use crate::reference::Ref;
use etalon_module::Bytes;
use std::ops::Range;

/// An element segment; empty once dropped.
#[derive(Clone, Debug, Default)]
pub struct ElemInst {
    /// Its references.
    pub refs: Box<[Ref]>,
}

/// A data segment: a range of its module's bytes, empty once dropped.
#[derive(Clone, Debug, Default)]
pub struct DataInst {
    bytes: Bytes,
    range: Range<usize>,
}

impl DataInst {
    /// A segment of a module's bytes.
    pub fn new(bytes: Bytes, range: Range<usize>) -> DataInst {
        DataInst { bytes, range }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }

    /// `data.drop`
    pub fn drop_bytes(&mut self) {
        self.range = 0..0;
    }
}
