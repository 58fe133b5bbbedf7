//! An instantiation that fails leaves nothing behind but its effects on what it imports.
//!
//! What it allocated is at the end of the store's lists. It is given back unless something may reach it: a reference to one
//! of its functions may lie in an imported table or global, in an object, or with a host function that was called. Then all of
//! it stays, for a function may use everything of its instance.

use crate::executor::Kept;
use crate::funcs::Funcs;
use crate::global::GlobalInst;
use crate::instance::InstanceInst;
use crate::memory::MemoryInst;
use crate::reference::{Ref, RefKind};
use crate::segment::{Datas, ElemInst};
use crate::stop::Stop;
use crate::store::Store;
use crate::table::TableInst;
use std::cell::Cell;

/// How much a store had before an instantiation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    kept: Kept,
    tables: usize,
    memories: usize,
    globals: usize,
    tags: usize,
    elems: usize,
    datas: usize,
    allocated: u64,
    host_calls: u64,
}

/// What an instantiation has added to a store.
struct Tail {
    funcs: Funcs,
    tables: Vec<TableInst>,
    memories: Vec<MemoryInst>,
    globals: Vec<GlobalInst>,
    elems: Vec<ElemInst>,
    datas: Datas,
    instances: Vec<InstanceInst>,
}

impl Store {
    /// Notes how much there is.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            kept: Kept { funcs: self.funcs.len(), instances: self.instances.len() },
            tables: self.tables.len(),
            memories: self.memories.len(),
            globals: self.globals.len(),
            tags: self.tags.len(),
            elems: self.elems.len(),
            datas: self.datas.len(),
            allocated: self.heap.allocated_bytes(),
            host_calls: self.host_calls,
        }
    }

    /// Gives back what was added since a mark, if nothing can reach it. `ran` says whether segments were copied or code ran
    /// meanwhile, so that something may; `stop` is how that ended.
    pub(crate) fn roll_back(&mut self, mark: &Mark, ran: bool, stop: Option<&Stop>) {
        // Nobody knows what the host has kept.
        if self.host_calls != mark.host_calls {
            return;
        }
        let tail = self.take_tail(mark);
        if ran || self.heap.allocated_bytes() != mark.allocated {
            // The embedder is given an exception that nobody caught.
            let thrown = match stop {
                Some(Stop::Throw(exn)) => vec![Ref::exn(*exn)],
                _ => Vec::new(),
            };
            let escaped = Cell::new(false);
            let seen = |r: Ref| {
                if let Some(RefKind::Func(addr)) = r.kind() {
                    escaped.set(escaped.get() || addr.index() >= mark.kept.funcs);
                }
            };
            let roots = |visit: &mut dyn FnMut(Ref)| {
                self.visit_all_roots(&thrown, visit);
                // A collection has no need to look into tables of functions.
                for table in &self.tables {
                    table.for_each_piece(|_, refs| refs.iter().for_each(|r| visit(*r)));
                }
            };
            let marks = self.heap.mark(roots, seen);
            if escaped.get() || marks.is_err() {
                return self.put_tail(tail);
            }
            // Its objects refer to what is given back.
            self.heap.sweep(marks);
            self.heap.forget_collection();
        }
        let in_use = |exn: &crate::exception::ExnInst| exn.tag.index() >= mark.tags;
        if !self.heap.exns().any(in_use) {
            self.tags.truncate(mark.tags);
        }
        let executors: Vec<_> = self.executors().cloned().collect();
        for executor in executors {
            executor.forget(self, mark.kept);
        }
        drop(tail);
    }

    fn take_tail(&mut self, mark: &Mark) -> Tail {
        Tail {
            funcs: self.funcs.split_off(mark.kept.funcs),
            tables: self.tables.split_off(mark.tables),
            memories: self.memories.split_off(mark.memories),
            globals: self.globals.split_off(mark.globals),
            elems: self.elems.split_off(mark.elems),
            datas: self.datas.split_off(mark.datas),
            // If it failed early, it has none.
            instances: self.instances.split_off(mark.kept.instances),
        }
    }

    fn put_tail(&mut self, tail: Tail) {
        self.funcs.put_back(tail.funcs);
        self.tables.extend(tail.tables);
        self.memories.extend(tail.memories);
        self.globals.extend(tail.globals);
        self.elems.extend(tail.elems);
        self.datas.put_back(tail.datas);
        self.instances.extend(tail.instances);
    }
}
