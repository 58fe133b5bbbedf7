//! The heap as plain data.

use super::classes::UNIT;
use super::layout::Layout;
use super::object::{HEADER, Header};
use super::slab::Slab;
use super::{Heap, HeapRule};
use crate::address::{HeapAddr, TagAddr};
use crate::exception::ExnInst;
use crate::reference::Ref;
use crate::value::Value;
use etalon_module::{TypeId, TypeRegistry, ValType};
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering::Relaxed;

/// The contents of a heap, including free cells and counters, so that a restored heap behaves the same.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeapImage {
    /// What each block of the heap has.
    blocks: Vec<u8>,
    /// In the order of their addresses.
    objects: Vec<ObjectImage>,
    exns: Slab<ExnInst>,
    allocated: u64,
    live: u64,
    collected_at: u64,
    due: u64,
    collections: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct ObjectImage {
    addr: HeapAddr,
    ty: TypeId,
    /// Elements of an array; 0 for a structure.
    len: u32,
    bytes: Vec<u8>,
}

impl Heap {
    pub(crate) fn image(&self) -> HeapImage {
        let mut objects = Vec::new();
        self.arena.for_each(|at, Header { ty, len }| {
            let addr = HeapAddr((at / UNIT) as u32);
            if let Some(object) = self.get(addr) {
                objects.push(ObjectImage { addr, ty, len, bytes: object.bytes().to_vec() });
            }
        });
        HeapImage {
            blocks: self.arena.blocks.clone(),
            objects,
            exns: self.exns.clone(),
            allocated: self.allocated_bytes(),
            live: self.live,
            collected_at: self.collected_at,
            due: self.due,
            collections: self.collections,
        }
    }

    /// Restores the heap of an image; `None` if the image is inconsistent. `is_ref` tells whether a
    /// reference can be one of the store's. The cap is kept.
    pub(crate) fn resume<'t>(
        &mut self,
        image: HeapImage,
        types: &TypeRegistry,
        params_of: impl Fn(TagAddr) -> Option<&'t [ValType]>,
        is_ref: impl Fn(Ref) -> bool,
    ) -> Option<()> {
        self.learn(types);
        let good_value = |(value, ty): (&Value, &ValType)| match value {
            Value::Ref(r) => matches!(ty, ValType::Ref(_)) && is_ref(*r),
            other => other.is_number_of(*ty),
        };
        let good_exn = |exn: &ExnInst| {
            params_of(exn.tag).is_some_and(|params| {
                params.len() == exn.fields.len() && exn.fields.iter().zip(params).all(good_value)
            })
        };
        let good = image.exns.is_consistent()
            && image.exns.values().all(good_exn)
            && image.collected_at <= image.allocated
            && (self.rule == HeapRule::Alive || image.allocated <= self.cap);
        if !good {
            return None;
        }
        let mut held = image.exns.values().map(ExnInst::size).sum::<u64>();
        self.exns = image.exns;
        if !image.blocks.is_empty() {
            self.claim().ok()?;
            self.arena.restore(&image.blocks)?;
        }
        for object in &image.objects {
            held = held.saturating_add(self.put(object, &is_ref)?);
        }
        self.arena.restored();
        self.def.allocated.store(image.allocated, Relaxed);
        (self.due, self.live, self.collected_at) = (image.due, image.live, image.collected_at);
        self.fresh = false;
        self.collections = image.collections;
        self.set_limit();
        // Whether the heap is empty is told by what it holds.
        (self.held() == held).then_some(())
    }

    /// Puts an object of an image at its address; gives its size as gas-1 counts it.
    fn put(&mut self, object: &ObjectImage, is_ref: impl Fn(Ref) -> bool) -> Option<u64> {
        let ObjectImage { addr, ty, len, bytes } = object;
        let layout = self.layouts.get(ty.0 as usize)?;
        let sized = match layout {
            Layout::Struct { .. } => *len == 0,
            Layout::Array(_) => true,
            Layout::Func => false,
        };
        if !sized || bytes.len() != layout.bytes(*len) {
            return None;
        }
        let at = addr.index() * UNIT;
        self.arena.restore_at(at, bytes.len() + HEADER)?;
        let header = Header { ty: *ty, len: *len }.word().to_le_bytes();
        self.arena.bytes_mut().get_mut(at..at + HEADER)?.copy_from_slice(&header);
        self.arena.payload_mut(*addr, bytes.len())?.copy_from_slice(bytes);
        let object = self.get(*addr)?;
        let mut good = true;
        layout.for_each_ref(bytes.len(), |at| {
            good &= Ref::from_bits(object.word(at)).is_some_and(&is_ref);
        });
        good.then(|| object.size())
    }
}
