//! Threads: what is executed, as data (specification, *Runtime Structure: Configurations*).
//!
//! The specification writes values, labels, frames and instructions in one nested sequence. Here they lie in three stacks; what
//! is nested is what lies above. Nothing of it is on the native stack, so a thread can stop between any two instructions, be
//! written down, and go on elsewhere.

use super::{Context, Frame};
use etalon_runtime::{ExnAddr, FuncAddr, Ref, Roots, Store, Value};

/// A thread.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    /// The locals and then the operands of each frame.
    pub(crate) values: Vec<Value>,
    /// The labels and handlers of each frame.
    pub(crate) contexts: Vec<Context>,
    /// The active functions, the outermost first.
    pub(crate) frames: Vec<Frame>,
    /// Values of the thread that the instructions of the innermost label cannot reach.
    pub(crate) floor: usize,
    /// Whether another frame is the innermost than when this was last set to false.
    pub(crate) is_elsewhere: bool,
    /// Slots of depth that calls may still use (gas-1, *Depth*).
    pub(crate) depth_left: u64,
    /// A function that another tier or the host runs, to be called in place of the last frame. Its arguments are the only values.
    pub(crate) tail_call: Option<FuncAddr>,
}

impl Thread {
    /// Starts anew.
    pub(crate) fn begin(&mut self, arguments: &[Value], depth_left: u64) {
        self.values.clear();
        self.values.extend_from_slice(arguments);
        self.contexts.clear();
        self.frames.clear();
        self.floor = 0;
        self.depth_left = depth_left;
        self.tail_call = None;
    }
}

/// What a thread keeps alive in the heap. Its values have types, so these are all references in it and nothing else.
impl Roots for Thread {
    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        visit_held(&self.values, &self.contexts, store, visit);
    }
}

/// The part of a thread that waits in the store while the thread calls out of itself.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) values: Vec<Value>,
    pub(crate) contexts: Vec<Context>,
}

impl Roots for Held {
    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        visit_held(&self.values, &self.contexts, store, visit);
    }
}

fn visit_held(values: &[Value], contexts: &[Context], _: &Store, visit: &mut dyn FnMut(Ref)) {
    for value in values {
        if let Value::Ref(r) = value {
            visit(*r);
        }
    }
    let caught = |context: &Context| -> Option<ExnAddr> {
        if let Context::Caught { exn } = context { Some(*exn) } else { None }
    };
    contexts.iter().filter_map(caught).for_each(|exn| visit(Ref::exn(exn)));
}
