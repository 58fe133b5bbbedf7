//! The heap: structures, arrays and exceptions (specification: *Runtime Structure*, "Aggregate
//! Instances" and "Exception Instances"), and their collection.

mod access;
mod allocate;
mod arena;
mod classes;
mod def;
mod extents;
mod image;
mod layout;
mod mark;
mod object;
mod roots;
mod slab;
#[cfg(test)]
mod tests;

pub use classes::{CLASSES, SMALL, UNIT, cell_of};
pub use def::{DISPLAY, Display, HeapDef, Run};
pub(crate) use image::HeapImage;
pub use object::{HEADER, Object, ObjectMut};
pub(crate) use roots::Handles;
pub use roots::{Activation, RootId, Roots};

use crate::address::{ExnAddr, HeapAddr};
use crate::exception::ExnInst;
use crate::stop::{Exhaustion, Stop};
use arena::Arena;
use classes::Class;
use etalon_gas::object_bytes;
use etalon_module::{TypeId, TypeRegistry};
use layout::Layout;
use object::Header;
use slab::Slab;
use std::sync::atomic::Ordering::Relaxed;

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
    arena: Arena,
    /// What has been allocated is counted there.
    def: Box<HeapDef>,
    exns: Slab<ExnInst>,
    /// By type.
    layouts: Vec<Layout>,
    /// By type as a header has it, so that the first row is of no type.
    displays: Vec<Display>,
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
        let heap = Heap {
            arena: Arena::new(),
            def: Box::new(HeapDef::new()),
            exns: Slab::new(),
            layouts: Vec::new(),
            displays: Vec::new(),
            rule,
            cap,
            live: 0,
            collected_at: 0,
            fresh: false,
            due: LEAST_INTERVAL,
            stress: false,
            collections: 0,
            peak: 0,
        };
        heap.set_limit();
        heap
    }

    pub(crate) fn set_stress(&mut self, stress: bool) {
        self.stress = stress;
        self.set_limit();
    }

    /// What compiled code reads and writes of it; the address is valid as long as the heap lives.
    pub fn def(&self) -> &HeapDef {
        &self.def
    }

    /// Makes everything ready for code that reads and makes objects of the types of a registry without asking: from now on the
    /// heap has its address.
    ///
    /// # Errors
    /// A host error if the host has no address space left.
    pub fn prepare(&mut self, types: &TypeRegistry) -> Result<(), Stop> {
        self.learn(types);
        self.claim()
    }

    /// Reserves address space for as much as the cap allows, with what is lost between objects.
    fn claim(&mut self) -> Result<(), Stop> {
        // Half of a block may be lost behind a large object. Without gas the heap takes twice the cap before it is collected, and
        // objects that stay keep blocks from being used for others.
        let factor = if self.rule == HeapRule::Allocated { 2 } else { 6 };
        self.arena.claim(self.cap.saturating_mul(factor), &self.def)
    }

    /// Sets up to where objects may be allocated without asking: as long as there certainly is room and no collection is due.
    fn set_limit(&self) {
        let full = match self.rule {
            HeapRule::Allocated => self.cap,
            // Until `held` is the cap.
            HeapRule::Alive => self.cap.saturating_sub(self.live).saturating_add(self.collected_at),
        };
        let limit = if self.stress || self.fresh { 0 } else { full.min(self.due) };
        self.def.limit.store(limit, Relaxed);
    }

    /// Whether an object can be allocated whose fields or elements take `payload` bytes.
    #[inline]
    pub fn has_room(&self, payload: u64) -> bool {
        let bytes = object_bytes(payload);
        match self.rule {
            HeapRule::Allocated => self.allocated_bytes().saturating_add(bytes) <= self.cap,
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
        self.live.saturating_add(self.allocated_bytes().saturating_sub(self.collected_at))
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
    #[inline]
    pub fn allocated_bytes(&self) -> u64 {
        self.def.allocated.load(Relaxed)
    }

    /// The most bytes that objects ever took, alive or not yet collected. It depends on when the heap is collected.
    pub fn peak_bytes(&self) -> u64 {
        self.peak.max(self.held())
    }

    /// Lets it have no more than so many bytes, if its cap is higher.
    pub fn lower_cap(&mut self, bytes: u64) {
        self.cap = self.cap.min(bytes);
        self.set_limit();
    }

    /// Whether no object and no exception is there, alive or not yet collected.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.held() == 0
    }

    /// How many objects and exceptions have been allocated and not yet been collected. They are counted one by one.
    pub fn live_objects(&self) -> usize {
        let mut count = self.exns.count();
        self.arena.for_each(|_, _| count += 1);
        count
    }

    /// How often the heap was collected.
    pub fn collections(&self) -> u64 {
        self.collections
    }

    /// Whether a collection is due.
    #[inline]
    pub fn wants_collection(&self) -> bool {
        self.stress
            || self.allocated_bytes() >= self.due
            || self.rule == HeapRule::Alive && self.held() >= self.cap
    }

    /// The exception at an address; `None` if there is none.
    pub fn exn(&self, addr: ExnAddr) -> Option<&ExnInst> {
        self.exns.get(addr.index())
    }

    /// All exceptions that are alive or not yet collected.
    pub(crate) fn exns(&self) -> impl Iterator<Item = &ExnInst> {
        self.exns.values()
    }

    /// Allocates an object of zeros, of a type that has this layout; gives its place. There must be room for it.
    ///
    /// # Errors
    /// If the host has no memory left, or no address.
    fn alloc(&mut self, ty: TypeId, len: u32, payload: usize) -> Result<HeapAddr, Stop> {
        self.claim()?;
        let bytes = payload + HEADER;
        let place = match Class::of(bytes) {
            Some(class) => self.arena.cell(class, &self.def),
            None => self.arena.large(bytes),
        };
        let at = place.inspect_err(|_| self.forget_collection())?;
        let header = Header { ty, len }.word().to_le_bytes();
        let cell = self.arena.bytes_mut().get_mut(at..).and_then(|rest| rest.first_chunk_mut());
        *cell.ok_or_else(|| Stop::crash("a place beyond the heap"))? = header;
        self.count(payload as u64);
        // An offset of 36 bits at most.
        Ok(HeapAddr((at / UNIT) as u32))
    }

    /// Allocates an exception.
    ///
    /// # Errors
    /// As for an object.
    pub(crate) fn alloc_exn(&mut self, exn: ExnInst) -> Result<ExnAddr, Stop> {
        let payload = exn.payload();
        self.check_room(payload)?;
        // No host has the memory for 2^32 live exceptions.
        if !self.exns.has_room() {
            return Err(Exhaustion::Limit("the heap has no address left").into());
        }
        let addr = ExnAddr(self.exns.insert(exn)?);
        self.count(payload);
        Ok(addr)
    }

    fn count(&mut self, payload: u64) {
        let allocated = self.allocated_bytes().saturating_add(object_bytes(payload));
        self.def.allocated.store(allocated, Relaxed);
        if std::mem::take(&mut self.fresh) {
            self.set_limit();
        }
    }

    /// Schedules the next collection for when the heap may have doubled, given the bytes still alive.
    fn collected(&mut self, live: u64) {
        self.peak = self.peak_bytes();
        let allocated = self.allocated_bytes();
        self.due = allocated.saturating_add(live.max(LEAST_INTERVAL));
        (self.live, self.collected_at, self.fresh) = (live, allocated, true);
        self.collections = self.collections.saturating_add(1);
        self.set_limit();
    }

    /// References may have been dropped since the last collection, so that the next allocation comes after another.
    pub(crate) fn forget_collection(&mut self) {
        self.due = self.allocated_bytes();
        self.fresh = false;
        self.set_limit();
    }

    /// A collection could not be made; the next one is tried when some more has been allocated.
    fn not_collected(&mut self) {
        self.due = self.allocated_bytes().saturating_add(LEAST_INTERVAL);
        self.set_limit();
    }

    /// Computes the layouts of types that were added since the last call, and their supertypes as headers have them.
    fn learn(&mut self, types: &TypeRegistry) {
        if self.layouts.len() == types.len() {
            return;
        }
        if self.displays.is_empty() {
            self.displays.push([0; DISPLAY]);
        }
        for id in (self.layouts.len()..types.len()).map(|id| TypeId(id as u32)) {
            self.layouts.push(Layout::of(types.get(id)));
            let mut display = [0; DISPLAY];
            for (place, above) in display.iter_mut().zip(types.supertypes(id)) {
                *place = above.0 + 1;
            }
            self.displays.push(display);
        }
        self.def.displays.store(self.displays.as_ptr().expose_provenance(), Relaxed);
    }

    #[inline]
    pub(crate) fn layout(&self, ty: TypeId) -> &Layout {
        // Every object's type was laid out when the first object was allocated.
        self.layouts.get(ty.0 as usize).unwrap_or(&Layout::Func)
    }
}

impl Object<'_> {
    /// Its size as gas-1 counts it.
    fn size(self) -> u64 {
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
