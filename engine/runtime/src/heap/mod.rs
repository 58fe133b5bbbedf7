//! The heap: structures, arrays and exceptions (specification chapters 4.2.13 and 4.2.14), and their
//! collection.

mod access;
mod allocate;
mod image;
mod layout;
mod mark;
mod object;
mod roots;
mod slab;
#[cfg(test)]
mod tests;

pub(crate) use image::HeapImage;
pub use object::Object;
pub(crate) use roots::Handles;
pub use roots::{Activation, RootId, Roots};

use crate::exception::ExnInst;
use crate::reference::{ExnAddr, HeapAddr};
use crate::stop::Exhaustion;
use etalon_gas::object_bytes;
use etalon_module::{TypeId, TypeRegistry};
use layout::Layout;
use slab::Slab;

/// Bytes to be allocated at least from one collection to the next.
const LEAST_INTERVAL: u64 = 4 << 20;

/// All objects of a store, never more bytes in its life than the schedule's cap.
#[derive(Debug)]
pub struct Heap {
    objects: Slab<Object>,
    exns: Slab<ExnInst>,
    /// By type.
    layouts: Vec<Layout>,
    /// Bytes of all objects ever allocated, as gas-1 sizes them. It never falls.
    allocated: u64,
    cap: u64,
    /// A collection is due when so many bytes have been allocated.
    due: u64,
    /// Collect at every opportunity.
    stress: bool,
    collections: u64,
}

impl Heap {
    /// An empty heap for at most `cap` bytes, counted as gas-1 sizes objects.
    pub fn new(cap: u64) -> Heap {
        Heap {
            objects: Slab::new(),
            exns: Slab::new(),
            layouts: Vec::new(),
            allocated: 0,
            cap,
            due: LEAST_INTERVAL,
            stress: false,
            collections: 0,
        }
    }

    pub(crate) fn set_stress(&mut self, stress: bool) {
        self.stress = stress;
    }

    /// Whether an object can be had whose fields or elements take so many bytes. Depends on what
    /// was allocated, and never on what was collected since.
    #[inline]
    pub fn has_room(&self, payload: u64) -> bool {
        self.allocated.saturating_add(object_bytes(payload)) <= self.cap
    }

    /// Bytes of all objects ever allocated, as gas-1 sizes them.
    pub fn allocated_bytes(&self) -> u64 {
        self.allocated
    }

    /// How many objects and exceptions have been allocated and not yet been collected.
    pub fn live_objects(&self) -> usize {
        self.objects.count() + self.exns.count()
    }

    /// How often the heap was collected.
    pub fn collections(&self) -> u64 {
        self.collections
    }

    /// Whether a collection is due.
    #[inline]
    pub fn wants_collection(&self) -> bool {
        self.stress || self.allocated >= self.due
    }

    /// The object at an address; `None` if there is none.
    #[inline]
    pub fn get(&self, addr: HeapAddr) -> Option<&Object> {
        self.objects.get(addr.index())
    }

    /// The object at an address, for writing.
    #[inline]
    pub fn get_mut(&mut self, addr: HeapAddr) -> Option<&mut Object> {
        self.objects.get_mut(addr.index())
    }

    /// The exception at an address; `None` if there is none.
    pub fn exn(&self, addr: ExnAddr) -> Option<&ExnInst> {
        self.exns.get(addr.index())
    }

    /// Allocates an object whose payload is laid out already.
    ///
    /// # Errors
    /// If the heap's cap is reached.
    pub(crate) fn alloc(&mut self, object: Object) -> Result<HeapAddr, Exhaustion> {
        self.count(object.bytes.len() as u64, self.objects.has_room())?;
        Ok(HeapAddr(self.objects.insert(object)))
    }

    /// Allocates an exception.
    ///
    /// # Errors
    /// If the heap's cap is reached.
    pub(crate) fn alloc_exn(&mut self, exn: ExnInst) -> Result<ExnAddr, Exhaustion> {
        self.count(exn.payload(), self.exns.has_room())?;
        Ok(ExnAddr(self.exns.insert(exn)))
    }

    fn count(&mut self, payload: u64, has_address: bool) -> Result<(), Exhaustion> {
        if !self.has_room(payload) {
            return Err(Exhaustion::Limit("the heap is full"));
        }
        // 2^32 objects alive are more than a host has memory for.
        if !has_address {
            return Err(Exhaustion::Limit("the heap has no address left"));
        }
        self.allocated += object_bytes(payload);
        Ok(())
    }

    /// A collection ended, with so many bytes alive: the next is due when the heap may have doubled.
    fn collected(&mut self, live: u64) {
        self.due = self.allocated.saturating_add(live.max(LEAST_INTERVAL));
        self.collections += 1;
    }

    /// Lays out the types that were added since.
    fn learn(&mut self, types: &TypeRegistry) {
        for id in self.layouts.len()..types.len() {
            self.layouts.push(Layout::of(types.get(TypeId(id as u32))));
        }
    }

    #[inline]
    pub(crate) fn layout(&self, ty: TypeId) -> &Layout {
        // Every object's type was laid out when the first object was allocated.
        self.layouts.get(ty.0 as usize).unwrap_or(&Layout::Func)
    }
}

impl Object {
    /// Its size as gas-1 counts it.
    fn size(&self) -> u64 {
        object_bytes(self.bytes.len() as u64)
    }
}

impl ExnInst {
    /// Bytes of its values.
    fn payload(&self) -> u64 {
        self.fields.iter().map(|value| value.bytes()).sum()
    }

    /// Its size as gas-1 counts it.
    fn size(&self) -> u64 {
        object_bytes(self.payload())
    }
}
