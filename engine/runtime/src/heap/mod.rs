//! The heap: structures, arrays and exceptions (specification: *Runtime Structure*, "Aggregate
//! Instances" and "Exception Instances"), and their collection.

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

use crate::address::{ExnAddr, HeapAddr};
use crate::exception::ExnInst;
use crate::stop::Exhaustion;
use etalon_gas::object_bytes;
use etalon_module::{TypeId, TypeRegistry};
use layout::Layout;
use slab::Slab;

/// Least number of bytes allocated between two collections.
const LEAST_INTERVAL: u64 = 4 << 20;

/// All objects of a store. The schedule caps the bytes that it allocates in its lifetime.
#[derive(Debug)]
pub struct Heap {
    objects: Slab<Object>,
    exns: Slab<ExnInst>,
    /// By type.
    layouts: Vec<Layout>,
    /// Bytes of all objects ever allocated, as gas-1 sizes them. It never falls.
    allocated: u64,
    cap: u64,
    /// The next collection is due when this many bytes have been allocated.
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

    /// Whether an object can be allocated whose fields or elements take `payload` bytes. This depends on what has
    /// been allocated, never on what has been collected since.
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

    /// Allocates an object from its payload.
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
        // No host has the memory for 2^32 live objects.
        if !has_address {
            return Err(Exhaustion::Limit("the heap has no address left"));
        }
        self.allocated += object_bytes(payload);
        Ok(())
    }

    /// Schedules the next collection for when the heap may have doubled, given the bytes still alive.
    fn collected(&mut self, live: u64) {
        self.due = self.allocated.saturating_add(live.max(LEAST_INTERVAL));
        self.collections += 1;
    }

    /// Computes the layouts of types that were added since the last call.
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
