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
use crate::stop::{Exhaustion, Stop};
use etalon_gas::object_bytes;
use etalon_module::{TypeId, TypeRegistry};
use layout::Layout;
use slab::Slab;

/// Least number of bytes allocated between two collections.
const LEAST_INTERVAL: u64 = 4 << 20;

/// What the cap of a heap caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeapRule {
    /// All bytes that are ever allocated (gas-1, *GC heap*). So when a collection happens cannot be observed.
    Allocated,
    /// The bytes that are alive: `live-heap`, the rule where gas-1 is not asked for. The heap is collected before it
    /// grows beyond the cap, and is full if an object does not fit into what is left then. Until that collection what is
    /// not alive takes memory too, so that a heap may take twice the cap.
    Alive,
}

/// All objects of a store. The schedule caps their bytes.
#[derive(Debug)]
pub struct Heap {
    objects: Slab<Object>,
    exns: Slab<ExnInst>,
    /// By type.
    layouts: Vec<Layout>,
    /// Bytes of all objects ever allocated, as gas-1 sizes them. It never falls.
    allocated: u64,
    rule: HeapRule,
    cap: u64,
    /// Bytes that were alive after the last collection.
    live: u64,
    /// What had been allocated by then.
    collected_at: u64,
    /// Whether a collection came just before the allocation that is under way.
    fresh: bool,
    /// The next collection is due when this many bytes have been allocated.
    due: u64,
    /// Collect at every opportunity.
    stress: bool,
    collections: u64,
    /// The most bytes that were there when a collection began.
    peak: u64,
}

impl Heap {
    /// An empty heap for at most `cap` bytes by a rule, counted as gas-1 sizes objects.
    pub fn new(rule: HeapRule, cap: u64) -> Heap {
        Heap {
            objects: Slab::new(),
            exns: Slab::new(),
            layouts: Vec::new(),
            allocated: 0,
            rule,
            cap,
            live: 0,
            collected_at: 0,
            fresh: false,
            due: LEAST_INTERVAL,
            stress: false,
            collections: 0,
            peak: 0,
        }
    }

    pub(crate) fn set_stress(&mut self, stress: bool) {
        self.stress = stress;
    }

    /// Whether an object can be allocated whose fields or elements take `payload` bytes.
    #[inline]
    pub fn has_room(&self, payload: u64) -> bool {
        let bytes = object_bytes(payload);
        match self.rule {
            HeapRule::Allocated => self.allocated.saturating_add(bytes) <= self.cap,
            // All that is there is alive.
            HeapRule::Alive if self.fresh => self.live.saturating_add(bytes) <= self.cap,
            // It may be garbage that is in the way. The next allocation comes after a collection.
            HeapRule::Alive => {
                bytes <= self.cap && self.held().saturating_add(bytes) <= self.cap.saturating_mul(2)
            }
        }
    }

    /// Bytes of the objects that are alive or not yet collected.
    fn held(&self) -> u64 {
        self.live.saturating_add(self.allocated.saturating_sub(self.collected_at))
    }

    /// Checks that there is room for an object whose fields or elements take `payload` bytes.
    pub(crate) fn check_room(&mut self, payload: u64) -> Result<(), Stop> {
        if self.has_room(payload) {
            return Ok(());
        }
        // Whoever goes on in spite of this may have dropped references meanwhile.
        self.forget_collection();
        Err(Exhaustion::Limit("the heap is full").into())
    }

    /// Bytes of all objects ever allocated, as gas-1 sizes them.
    pub fn allocated_bytes(&self) -> u64 {
        self.allocated
    }

    /// The most bytes that objects ever took, alive or not yet collected. It depends on when the heap is collected.
    pub fn peak_bytes(&self) -> u64 {
        self.peak.max(self.held())
    }

    /// Lets it have no more than so many bytes, if its cap is higher.
    pub fn lower_cap(&mut self, bytes: u64) {
        self.cap = self.cap.min(bytes);
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
        self.stress
            || self.allocated >= self.due
            || self.rule == HeapRule::Alive && self.held() >= self.cap
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

    /// All exceptions that are alive or not yet collected.
    pub(crate) fn exns(&self) -> impl Iterator<Item = &ExnInst> {
        self.exns.values()
    }

    /// Allocates an object from its payload.
    ///
    /// # Errors
    /// If the heap's cap is reached, or the host has no memory left.
    pub(crate) fn alloc(&mut self, object: Object) -> Result<HeapAddr, Stop> {
        let payload = object.bytes.len() as u64;
        self.check(payload, self.objects.has_room())?;
        let addr = HeapAddr(self.objects.insert(object)?);
        self.count(payload);
        Ok(addr)
    }

    /// Allocates an exception.
    ///
    /// # Errors
    /// As for an object.
    pub(crate) fn alloc_exn(&mut self, exn: ExnInst) -> Result<ExnAddr, Stop> {
        let payload = exn.payload();
        self.check(payload, self.exns.has_room())?;
        let addr = ExnAddr(self.exns.insert(exn)?);
        self.count(payload);
        Ok(addr)
    }

    fn count(&mut self, payload: u64) {
        self.allocated = self.allocated.saturating_add(object_bytes(payload));
        self.fresh = false;
    }

    fn check(&mut self, payload: u64, has_address: bool) -> Result<(), Stop> {
        self.check_room(payload)?;
        // No host has the memory for 2^32 live objects.
        if !has_address {
            return Err(Exhaustion::Limit("the heap has no address left").into());
        }
        Ok(())
    }

    /// Schedules the next collection for when the heap may have doubled, given the bytes still alive.
    fn collected(&mut self, live: u64) {
        self.peak = self.peak_bytes();
        self.due = self.allocated.saturating_add(live.max(LEAST_INTERVAL));
        (self.live, self.collected_at, self.fresh) = (live, self.allocated, true);
        self.collections = self.collections.saturating_add(1);
    }

    /// References may have been dropped since the last collection, so that the next allocation comes after another.
    pub(crate) fn forget_collection(&mut self) {
        self.due = self.allocated;
        self.fresh = false;
    }

    /// A collection could not be made; the next one is tried when some more has been allocated.
    fn not_collected(&mut self) {
        self.due = self.allocated.saturating_add(LEAST_INTERVAL);
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
