//! Segments of elements and data in the store (specification: *Runtime Structure*, "Element Instances" and "Data Instances").

use crate::address::DataAddr;
use crate::reference::Ref;
use crate::room;
use crate::stop::Stop;
use etalon_module::{DataMode, Module};
use std::sync::Arc;

/// An element segment; empty once dropped.
#[derive(Clone, Debug, Default)]
pub struct ElemInst {
    /// Its references.
    pub refs: Box<[Ref]>,
}

/// The data segments of all instances: those of one instance in a row, as its module has them. An instance has one bit for each, and
/// no bytes of its own: tens of thousands of segments take an instance no time.
#[derive(Debug, Default)]
pub struct Datas {
    /// By their first address, ascending.
    groups: Vec<Group>,
    len: u32,
}

/// The segments of one instance.
#[derive(Debug)]
struct Group {
    first: u32,
    module: Arc<Module>,
    dropped: Dropped,
}

/// Which segments of a module have been dropped, a bit for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropped(Box<[u8]>);

impl Dropped {
    /// None of so many.
    pub(crate) fn none(segments: usize) -> Result<Dropped, Stop> {
        room::zeros(segments.div_ceil(8)).map(Dropped)
    }

    /// Those that instantiation copies.
    pub(crate) fn active(module: &Module) -> Result<Dropped, Stop> {
        let mut dropped = Dropped::none(module.datas.len())?;
        for (index, data) in module.datas.iter().enumerate() {
            if matches!(data.mode, DataMode::Active { .. }) {
                dropped.set(index);
            }
        }
        Ok(dropped)
    }

    fn set(&mut self, index: usize) {
        if let Some(byte) = self.0.get_mut(index / 8) {
            *byte |= 1 << (index % 8);
        }
    }

    fn has(&self, index: usize) -> bool {
        self.0.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1)
    }
}

impl Datas {
    /// How many addresses are in use.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no address is in use.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of a segment; none once it is dropped.
    pub fn bytes(&self, addr: usize) -> &[u8] {
        let Some((group, index)) = self.find(addr) else { return &[] };
        let segment = group.module.datas.get(index).filter(|_| !group.dropped.has(index));
        segment.and_then(|data| group.module.bytes().get(data.range.clone())).unwrap_or(&[])
    }

    /// `data.drop`
    pub fn drop_bytes(&mut self, addr: usize) {
        let group = self.group_of(addr).and_then(|group| self.groups.get_mut(group));
        if let Some(group) = group {
            group.dropped.set(addr - group.first as usize);
        }
    }

    /// Adds the segments of a module, none of them dropped; gives the address of the first.
    pub(crate) fn add(&mut self, module: &Arc<Module>) -> Result<DataAddr, Stop> {
        let first = DataAddr(self.len);
        self.add_at(first, module)?;
        Ok(first)
    }

    /// Adds them at an address behind all that are in use.
    pub(crate) fn add_at(&mut self, first: DataAddr, module: &Arc<Module>) -> Result<(), Stop> {
        let end = first.0.checked_add(module.datas.len() as u32);
        let end = end.filter(|_| first.0 >= self.len).ok_or_else(Stop::out_of_memory)?;
        if !module.datas.is_empty() {
            let dropped = Dropped::none(module.datas.len())?;
            let group = Group { first: first.0, module: Arc::clone(module), dropped };
            room::push(&mut self.groups, group)?;
        }
        self.len = end;
        Ok(())
    }

    /// Says which segments of the instance with this first one are dropped.
    pub(crate) fn set_dropped(&mut self, first: DataAddr, dropped: &Dropped) {
        let group = self.group_of(first.index()).and_then(|group| self.groups.get_mut(group));
        // There is a bit for each of them in both.
        if let Some(Group { dropped: Dropped(bits), .. }) = group
            && bits.len() == dropped.0.len()
        {
            bits.copy_from_slice(&dropped.0);
        }
    }

    /// Takes off those from an address on, which is the first of an instance.
    pub(crate) fn split_off(&mut self, len: usize) -> Datas {
        let at = self.groups.partition_point(|group| (group.first as usize) < len);
        let tail = Datas { groups: self.groups.split_off(at), len: self.len };
        self.len = len as u32;
        tail
    }

    /// Puts back what was taken off.
    pub(crate) fn put_back(&mut self, tail: Datas) {
        self.groups.extend(tail.groups);
        self.len = tail.len;
    }

    fn group_of(&self, addr: usize) -> Option<usize> {
        self.groups.partition_point(|group| group.first as usize <= addr).checked_sub(1)
    }

    fn find(&self, addr: usize) -> Option<(&Group, usize)> {
        let group = self.groups.get(self.group_of(addr)?)?;
        Some((group, addr - group.first as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etalon_module::Features;

    fn module(segments: usize) -> Arc<Module> {
        let text = format!("(module (memory 1) {})", "(data \"ab\") ".repeat(segments));
        Arc::new(Module::new(&wat::parse_str(text).unwrap(), Features::wasm3()).unwrap())
    }

    #[test]
    fn a_segment_is_its_modules_until_it_is_dropped() {
        let mut datas = Datas::default();
        let sizes = [3, 0, 130, 1];
        let firsts = sizes.map(|size| datas.add(&module(size)).unwrap());
        assert_eq!((firsts.map(|a| a.0), datas.len()), ([0, 3, 3, 133], 134));
        for drop in [2, 3, 130, 132, 133] {
            assert_eq!(datas.bytes(drop), b"ab");
            datas.drop_bytes(drop);
        }
        let left = (0..140).filter(|at| !datas.bytes(*at).is_empty()).count();
        assert_eq!(left, 134 - 5);
        let tail = datas.split_off(3);
        assert!(datas.bytes(3).is_empty() && datas.bytes(1) == b"ab" && datas.len() == 3);
        datas.put_back(tail);
        assert_eq!((datas.bytes(4), datas.bytes(130), datas.len()), (&b"ab"[..], &b""[..], 134));
        datas.set_dropped(DataAddr(3), &Dropped::none(130).unwrap());
        assert_eq!(datas.bytes(130), b"ab");
    }

    #[test]
    fn what_is_between_two_instances_is_empty() {
        let mut datas = Datas::default();
        datas.add_at(DataAddr(5), &module(2)).unwrap();
        assert!(datas.add_at(DataAddr(6), &module(2)).is_err());
        datas.add_at(DataAddr(9), &module(1)).unwrap();
        let full: Vec<usize> = (0..12).filter(|at| !datas.bytes(*at).is_empty()).collect();
        assert_eq!(full, [5, 6, 9]);
    }
}
