//! The heap as plain data.

use super::layout::Layout;
use super::slab::Slab;
use super::{Heap, Object};
use crate::exception::ExnInst;
use crate::reference::Ref;
use crate::value::Value;
use etalon_module::TypeRegistry;
use serde::{Deserialize, Serialize};

/// The contents of a heap, including free cells and counters, so that a restored heap behaves the same.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct HeapImage {
    objects: Slab<Object>,
    exns: Slab<ExnInst>,
    allocated: u64,
    due: u64,
    collections: u64,
}

impl Heap {
    pub(crate) fn image(&self) -> HeapImage {
        HeapImage {
            objects: self.objects.clone(),
            exns: self.exns.clone(),
            allocated: self.allocated,
            due: self.due,
            collections: self.collections,
        }
    }

    /// Restores the heap of an image; `None` if the image is inconsistent. `is_ref` tells whether a
    /// reference can be one of the store's. The cap is kept.
    pub(crate) fn resume(
        &mut self,
        image: HeapImage,
        types: &TypeRegistry,
        tags: usize,
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
        let good_value = |value: &Value| match value {
            Value::Ref(r) => is_ref(*r),
            _ => true,
        };
        let good = image.objects.is_consistent()
            && image.exns.is_consistent()
            && image.objects.values().all(|o| fits(o).is_some())
            && image.exns.values().all(|e| e.tag.index() < tags && e.fields.iter().all(good_value))
            && image.allocated <= self.cap;
        if !good {
            return None;
        }
        (self.objects, self.exns) = (image.objects, image.exns);
        (self.allocated, self.due) = (image.allocated, image.due);
        self.collections = image.collections;
        Some(())
    }
}
