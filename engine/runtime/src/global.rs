//! Global instances (specification: *Runtime Structure*, "Global Instances").

use crate::reference::Ref;
use crate::value::Value;
use etalon_module::GlobalType;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A global instance: two slots at a fixed address, atomic only so that compiled code may write
/// them too.
#[derive(Debug)]
pub struct GlobalInst {
    ty: GlobalType,
    cell: Box<[AtomicU64; 2]>,
}

impl GlobalInst {
    /// A global with its initial value.
    pub fn new(ty: GlobalType, value: Value) -> GlobalInst {
        let global = GlobalInst { ty, cell: Box::default() };
        global.set_slots(value.to_slots());
        global
    }

    /// Its type.
    pub fn ty(&self) -> GlobalType {
        self.ty
    }

    /// Its value.
    pub fn get(&self) -> Value {
        // Every writer stores words of its type only.
        Value::from_slots(self.ty.val, self.slots()).unwrap_or(Value::Ref(Ref::NULL))
    }

    /// Sets its value, which must have the global's type.
    pub fn set(&mut self, value: Value) {
        self.set_slots(value.to_slots());
    }

    /// Its value as slots; the second is 0 except for vectors.
    #[inline]
    pub fn slots(&self) -> [u64; 2] {
        [self.cell[0].load(Relaxed), self.cell[1].load(Relaxed)]
    }

    /// Sets its slots.
    #[inline]
    pub fn set_slots(&self, [low, high]: [u64; 2]) {
        self.cell[0].store(low, Relaxed);
        self.cell[1].store(high, Relaxed);
    }

    /// Where its slots are; the address is valid as long as the global lives.
    pub fn cell(&self) -> &[AtomicU64; 2] {
        &self.cell
    }
}
