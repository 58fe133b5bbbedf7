//! Mark and sweep. Objects do not move: an address identifies its object as long as that is reachable.

use crate::exception::ExnInst;
use crate::heap::Heap;
use crate::heap::object::Object;
use crate::reference::{Ref, RefKind};
use crate::room;
use crate::stop::Stop;
use crate::value::Value;

/// One bit for each cell of a slab.
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Result<Bits, Stop> {
        let mut words = Vec::new();
        room::extend_to(&mut words, len.div_ceil(64), 0)?;
        Ok(Bits(words))
    }

    fn get(&self, n: usize) -> bool {
        self.0[n / 64] >> (n % 64) & 1 != 0
    }

    /// Sets a bit; tells whether it was clear.
    fn set(&mut self, n: usize) -> bool {
        let clear = !self.get(n);
        self.0[n / 64] |= 1 << (n % 64);
        clear
    }
}

/// What is known to be reachable.
struct Marker<'a, S> {
    heap: &'a Heap,
    objects: Bits,
    exns: Bits,
    /// Marked, but not yet scanned. A list instead of recursion, because structures nest to any depth.
    pending: Vec<Ref>,
    /// Whether the host had no memory for the list, so that not everything is marked.
    lost: bool,
    /// Is told each reference that is met, to whatever it refers.
    seen: S,
}

/// What is reachable.
pub(crate) struct Marks {
    objects: Bits,
    exns: Bits,
}

impl<S: Fn(Ref)> Marker<'_, S> {
    /// Marks what a reference refers to. A dangling reference is ignored: it may come from a slot that is
    /// not in use.
    fn mark(&mut self, r: Ref) {
        (self.seen)(r);
        let new = match r.kind() {
            Some(RefKind::Struct(a) | RefKind::Array(a)) => {
                self.heap.objects.get(a.index()).is_some() && self.objects.set(a.index())
            }
            Some(RefKind::Exn(a)) => {
                self.heap.exns.get(a.index()).is_some() && self.exns.set(a.index())
            }
            _ => false,
        };
        if new && room::push(&mut self.pending, r).is_err() {
            self.lost = true;
        }
    }

    fn scan(&mut self, r: Ref) {
        let heap = self.heap;
        match r.kind() {
            Some(RefKind::Struct(a) | RefKind::Array(a)) => {
                let Some(object) = heap.objects.get(a.index()) else { return };
                heap.layout(object.ty).for_each_ref(object.bytes.len(), |offset| {
                    if let Some(r) = Ref::from_bits(object.word(offset)) {
                        self.mark(r);
                    }
                });
            }
            Some(RefKind::Exn(a)) => {
                let Some(exn) = heap.exns.get(a.index()) else { return };
                for field in &exn.fields {
                    if let Value::Ref(r) = field {
                        self.mark(*r);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Heap {
    /// Marks everything that can be reached from the roots, and tells `seen` each reference on the way.
    ///
    /// # Errors
    /// If the host has no memory for the marks: then nothing can be freed.
    pub(crate) fn mark(
        &self,
        visit_roots: impl FnOnce(&mut dyn FnMut(Ref)),
        seen: impl Fn(Ref),
    ) -> Result<Marks, Stop> {
        let mut marker = Marker {
            heap: self,
            objects: Bits::new(self.objects.cells())?,
            exns: Bits::new(self.exns.cells())?,
            pending: Vec::new(),
            lost: false,
            seen,
        };
        visit_roots(&mut |r| marker.mark(r));
        while let Some(r) = marker.pending.pop() {
            marker.scan(r);
        }
        if marker.lost {
            return Err(Stop::out_of_memory());
        }
        Ok(Marks { objects: marker.objects, exns: marker.exns })
    }

    /// Frees everything that is not marked. Without marks, or without memory for what a sweep notes, everything stays: a
    /// collection is never needed for more than room.
    pub(crate) fn sweep(&mut self, marks: Result<Marks, Stop>) {
        let reserved = self.objects.reserve_sweep().and_then(|()| self.exns.reserve_sweep());
        let (Ok(Marks { objects, exns }), Ok(())) = (marks, reserved) else {
            return self.not_collected();
        };
        let mut live = 0;
        self.objects.sweep(|n| objects.get(n), |object: &Object| live += object.size());
        self.exns.sweep(|n| exns.get(n), |exn: &ExnInst| live += exn.size());
        self.collected(live);
    }
}
