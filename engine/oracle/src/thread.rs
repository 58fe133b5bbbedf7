//! Threads: what is executed, as data (specification, *Runtime Structure: Configurations*).
//!
//! The specification writes values, labels, frames and instructions in one nested sequence. Here they lie in three stacks; what
//! is nested is what lies above. Nothing of it is on the native stack, so a thread can stop between any two instructions, be
//! written down, and go on elsewhere.

use crate::text::Text;
use etalon_runtime::{ExnAddr, FuncAddr, InstanceAddr, Ref, Roots, Site, Store, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
    fn visit_roots(&self, _: &Store, visit: &mut dyn FnMut(Ref)) {
        for value in &self.values {
            if let Value::Ref(r) = value {
                visit(*r);
            }
        }
        for context in &self.contexts {
            if let Context::Caught { exn } = context {
                visit(Ref::exn(*exn));
            }
        }
    }
}

/// An activation frame (specification, *Runtime Structure: Activation Frames*): a function that has been called and has not returned.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) func: FuncAddr,
    /// The instance whose indices the text means.
    pub(crate) instance: InstanceAddr,
    pub(crate) text: Arc<Text>,
    /// The position of the next instruction in the text.
    pub(crate) next: u32,
    /// Where its locals begin among the values of the thread; its operands come after them.
    pub(crate) locals: u32,
    /// Where its labels and handlers begin among the contexts of the thread.
    pub(crate) contexts: u32,
}

/// The instruction that a frame executes: for those further out, a call.
pub(crate) fn site_of(frame: &Frame) -> Option<Site> {
    let instruction = frame.text.instructions.get(frame.next.checked_sub(1)? as usize)?;
    Some(Site { func: frame.text.index, offset: instruction.offset })
}

/// What instructions are executed inside of: a label or a handler. The innermost of a thread is the last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Context {
    /// The label of a block, or of the body of a function.
    Label(Label),
    /// The handler of a `try_table`, by the number of its block. The label of the `try_table` is inside of it.
    Handler { block: u32, height: u32 },
    /// The handler of a `try` of before 3.0, likewise.
    Try { block: u32, height: u32 },
    /// A catch of a `try` is executed: what it caught is kept for `rethrow`.
    Caught { exn: ExnAddr },
}

/// A label (specification, *Runtime Structure: Labels*).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Label {
    /// How many values a branch takes along.
    pub(crate) arity: u32,
    /// The position at which a branch continues.
    pub(crate) continuation: u32,
    /// How many values of the thread lie below those of the block.
    pub(crate) height: u32,
    /// Whether the continuation is the block itself, as it is for `loop`.
    pub(crate) repeats: bool,
}
