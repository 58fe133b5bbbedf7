//! The globals of a copy.

use etalon_module::{DataMode, ElemMode, Module};

/// The numbers of the globals that are added, behind those of the module.
#[derive(Debug)]
pub(crate) struct Cells {
    pub(crate) left: u32,
    pub(crate) stopped: u32,
    pub(crate) depth: u32,
    pub(crate) heap: u32,
    pub(crate) loading: u32,
    /// The lengths of segments.
    pub(crate) datas: Vec<Length>,
    pub(crate) elems: Vec<Length>,
    /// What each of the globals of segments begins with.
    pub(crate) lengths: Vec<u64>,
}

/// How long a segment is when an operator reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// It was dropped when the module was loaded.
    Dropped,
    /// A global of type i64 has it, until `data.drop` or `elem.drop` sets that to 0.
    Kept(u32),
}

impl Cells {
    pub(crate) fn of(module: &Module) -> Cells {
        let left = module.globals.len() as u32;
        let first = left + 5;
        let mut lengths = Vec::new();
        let mut length = |passive: bool, count: usize| {
            if !passive {
                return Length::Dropped;
            }
            lengths.push(count as u64);
            Length::Kept(first + lengths.len() as u32 - 1)
        };
        let datas = module.datas.iter();
        let datas = datas.map(|d| length(matches!(d.mode, DataMode::Passive), d.range.len()));
        let datas = datas.collect();
        let elems = module.elems.iter();
        let elems = elems.map(|e| length(matches!(e.mode, ElemMode::Passive), e.items.len()));
        let elems = elems.collect();
        let (stopped, depth, heap, loading) = (left + 1, left + 2, left + 3, left + 4);
        Cells { left, stopped, depth, heap, loading, datas, elems, lengths }
    }
}
