//! Mark and sweep. Objects do not move: an address identifies its object as long as that is reachable.

use crate::exception::ExnInst;
use crate::heap::Heap;
use crate::heap::object::Object;
use crate::reference::{Ref, RefKind};
use crate::value::Value;

/// One bit for each cell of a slab.
struct Bits(Vec<u64>);

impl Bits {
    fn new(len: usize) -> Bits {
        Bits(vec![0; len.div_ceil(64)])
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
struct Marker<'a> {
    heap: &'a Heap,
    objects: Bits,
    exns: Bits,
    /// Marked, but not yet scanned. A list instead of recursion, because structures nest to any depth.
    pending: Vec<Ref>,
}

impl Marker<'_> {
    /// Marks what a reference refers to. A dangling reference is ignored: it may come from a slot that is
    /// not in use.
    fn mark(&mut self, r: Ref) {
        let new = match r.kind() {
            Some(RefKind::Struct(a) | RefKind::Array(a)) => {
                self.heap.objects.get(a.index()).is_some() && self.objects.set(a.index())
            }
            Some(RefKind::Exn(a)) => {
                self.heap.exns.get(a.index()).is_some() && self.exns.set(a.index())
            }
            _ => false,
        };
        if new {
            self.pending.push(r);
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
    /// Frees everything that cannot be reached from the roots.
    pub(crate) fn collect(&mut self, roots: &[Ref]) {
        let mut marker = Marker {
            heap: self,
            objects: Bits::new(self.objects.cells()),
            exns: Bits::new(self.exns.cells()),
            pending: Vec::new(),
        };
        roots.iter().for_each(|r| marker.mark(*r));
        while let Some(r) = marker.pending.pop() {
            marker.scan(r);
        }
        let Marker { objects, exns, .. } = marker;
        let mut live = 0;
        self.objects.sweep(|n| objects.get(n), |object: &Object| live += object.size());
        self.exns.sweep(|n| exns.get(n), |exn: &ExnInst| live += exn.size());
        self.collected(live);
    }
}
