//! The heap as plain data.

use super::layout::Layout;
use super::slab::Slab;
use super::{Heap, HeapRule, Object};
use crate::address::TagAddr;
use crate::exception::ExnInst;
use crate::reference::Ref;
use crate::value::Value;
use etalon_module::{TypeRegistry, ValType};
use serde::{Deserialize, Serialize};

/// The contents of a heap, including free cells and counters, so that a restored heap behaves the same.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeapImage {
    objects: Slab<Object>,
    exns: Slab<ExnInst>,
    allocated: u64,
    live: u64,
    collected_at: u64,
    due: u64,
    collections: u64,
}

impl Heap {
    pub(crate) fn image(&self) -> HeapImage {
        HeapImage {
            objects: self.objects.clone(),
            exns: self.exns.clone(),
            allocated: self.allocated,
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
        let fits = |object: &Object| {
            let layout = self.layouts.get(object.ty.0 as usize)?;
            let len = object.bytes.len();
            let sized = match layout {
                Layout::Struct { bytes, .. } => len == *bytes,
                Layout::Array(element) => len.is_multiple_of(element.bytes),
                Layout::Func => false,
            };
            let mut good = sized;
            if sized {
                layout.for_each_ref(len, |at| {
                    good &= Ref::from_bits(object.word(at)).is_some_and(&is_ref);
                });
            }
            good.then_some(())
        };
        let good_value = |(value, ty): (&Value, &ValType)| match value {
            Value::Ref(r) => matches!(ty, ValType::Ref(_)) && is_ref(*r),
            other => other.is_number_of(*ty),
        };
        let good_exn = |exn: &ExnInst| {
            params_of(exn.tag).is_some_and(|params| {
                params.len() == exn.fields.len() && exn.fields.iter().zip(params).all(good_value)
            })
        };
        let good = image.objects.is_consistent()
            && image.exns.is_consistent()
            && image.objects.values().all(|o| fits(o).is_some())
            && image.exns.values().all(good_exn)
            && image.collected_at <= image.allocated
            && (self.rule == HeapRule::Alive || image.allocated <= self.cap);
        if !good {
            return None;
        }
        (self.objects, self.exns) = (image.objects, image.exns);
        (self.allocated, self.due) = (image.allocated, image.due);
        (self.live, self.collected_at) = (image.live, image.collected_at);
        self.fresh = false;
        self.collections = image.collections;
        Some(())
    }
}
