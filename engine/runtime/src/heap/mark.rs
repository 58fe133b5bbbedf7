//! Mark and sweep. Objects do not move: an address identifies its object as long as that is reachable.

use crate::heap::Heap;
use crate::heap::classes::{BLOCK, UNIT};
use crate::reference::{Ref, RefKind};
use crate::room;
use crate::stop::Stop;
use crate::value::Value;

/// One bit for each unit of the blocks, or for each cell of a slab.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Result<Bits, Stop> {
        let mut words = Vec::new();
        room::extend_to(&mut words, len.div_ceil(64), 0)?;
        Ok(Bits(words))
    }

    #[inline]
    pub(super) fn get(&self, n: usize) -> bool {
        self.0[n / 64] >> (n % 64) & 1 != 0
    }

    /// Whether any bit of whole words is set.
    pub(super) fn any(&self, bits: std::ops::Range<usize>) -> bool {
        self.0[bits.start / 64..bits.end / 64].iter().any(|word| *word != 0)
    }

    /// Sets a bit; tells whether it was clear. There is none beyond the end.
    #[inline]
    fn set(&mut self, n: usize) -> bool {
        let Some(word) = self.0.get_mut(n / 64) else { return false };
        let bit = 1 << (n % 64);
        let is_clear = *word & bit == 0;
        *word |= bit;
        is_clear
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
    /// Bytes of what was marked, as gas-1 sizes it.
    live: u64,
    /// Is told each reference that is met, to whatever it refers.
    seen: S,
}

/// What is reachable.
pub(crate) struct Marks {
    objects: Bits,
    exns: Bits,
    live: u64,
}

impl<S: Fn(Ref)> Marker<'_, S> {
    /// Marks what a reference refers to. One that dangles marks nothing that is there: it may come from a slot that is not in use.
    #[inline]
    fn mark(&mut self, r: Ref) {
        (self.seen)(r);
        let new = match r.kind() {
            // Whether there is an object is seen when it is scanned, as then it must be read anyway.
            Some(RefKind::Struct(a) | RefKind::Array(a)) => self.objects.set(a.index()),
            Some(RefKind::Exn(a)) => self.exns.set(a.index()),
            _ => false,
        };
        if new {
            self.note(r);
        }
    }

    /// Has a reference scanned later.
    #[inline]
    fn note(&mut self, r: Ref) {
        let is_full = self.pending.len() == self.pending.capacity();
        if is_full && room::reserve(&mut self.pending, 1).is_err() {
            self.lost = true;
        } else {
            self.pending.push(r);
        }
    }

    fn scan(&mut self, r: Ref) {
        let heap = self.heap;
        match r.kind() {
            Some(RefKind::Struct(a) | RefKind::Array(a)) => {
                let Some(object) = heap.get(a) else { return };
                self.live = self.live.saturating_add(object.size());
                heap.layout(object.ty()).for_each_ref(object.bytes().len(), |offset| {
                    // Null is common, and marks nothing.
                    if let Some(r) = Ref::from_bits(object.word(offset)).filter(|r| !r.is_null()) {
                        self.mark(r);
                    }
                });
            }
            Some(RefKind::Exn(a)) => {
                let Some(exn) = heap.exns.get(a.index()) else { return };
                self.live = self.live.saturating_add(exn.size());
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
            objects: Bits::new(self.arena.blocks.len() * BLOCK / UNIT)?,
            exns: Bits::new(self.exns.cells())?,
            pending: Vec::new(),
            lost: false,
            live: 0,
            seen,
        };
        visit_roots(&mut |r| marker.mark(r));
        while let Some(r) = marker.pending.pop() {
            marker.scan(r);
        }
        if marker.lost {
            return Err(Stop::out_of_memory());
        }
        let Marker { objects, exns, live, .. } = marker;
        Ok(Marks { objects, exns, live })
    }

    /// Frees everything that is not marked. Without marks, or without memory for what a sweep notes, everything stays: a
    /// collection is never needed for more than room.
    pub(crate) fn sweep(&mut self, marks: Result<Marks, Stop>) {
        let (Ok(Marks { objects, exns, live }), Ok(())) = (marks, self.exns.reserve_sweep()) else {
            return self.not_collected();
        };
        self.arena.sweep(&objects, live, &self.def);
        self.exns.sweep(|n| exns.get(n));
        self.collected(live);
    }
}
