//! The heap of structures and arrays (specification chapter 4.2.13).

use crate::reference::HeapAddr;
use crate::stop::Exhaustion;
use etalon_gas::object_bytes;
use etalon_module::TypeId;

/// A structure or an array.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its type.
    pub ty: TypeId,
    /// Its fields or elements as slots; packed ones are stored wrapped, vectors take two.
    pub slots: Box<[u64]>,
}

/// All objects of a store, never more bytes than the schedule's cap.
#[derive(Debug)]
pub struct Heap {
    objects: Vec<Object>,
    bytes: u64,
    cap: u64,
}

impl Heap {
    /// An empty heap for at most `cap` bytes, counted as gas-1 sizes objects.
    pub fn new(cap: u64) -> Heap {
        Heap { objects: Vec::new(), bytes: 0, cap }
    }

    /// Whether an object with so many slots can be had.
    pub fn has_room(&self, slots: u64) -> bool {
        let size = object_bytes(slots.saturating_mul(8));
        self.bytes.saturating_add(size) <= self.cap && self.objects.len() < u32::MAX as usize
    }

    /// Allocates an object.
    ///
    /// # Errors
    /// If the heap's cap is reached.
    pub fn alloc(&mut self, ty: TypeId, slots: Box<[u64]>) -> Result<HeapAddr, Exhaustion> {
        if !self.has_room(slots.len() as u64) {
            return Err(Exhaustion::Limit("the heap is full"));
        }
        self.bytes += object_bytes(slots.len() as u64 * 8);
        self.objects.push(Object { ty, slots });
        Ok(HeapAddr((self.objects.len() - 1) as u32))
    }

    /// The object at an address; `None` if nothing was allocated there.
    pub fn get(&self, addr: HeapAddr) -> Option<&Object> {
        self.objects.get(addr.index())
    }

    /// The object at an address, for writing.
    pub fn get_mut(&mut self, addr: HeapAddr) -> Option<&mut Object> {
        self.objects.get_mut(addr.index())
    }
}
