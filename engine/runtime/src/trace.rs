//! Where a guest was when it stopped: the frames that a stop passes through, the innermost first.
//!
//! A tier notes its frames when it ends with a stop, so nothing is kept while a guest runs. Calls from tier to tier nest, so the
//! innermost tier notes first. An exception is not traced: what catches it goes on.

use crate::InstanceAddr;
use crate::stop::{Site, Stop};
use crate::store::Store;
use etalon_module::Module;
use std::sync::Arc;

/// A frame of the guest.
#[derive(Clone, Debug)]
pub struct TraceFrame {
    /// The function's module.
    pub module: Arc<Module>,
    /// The function's index in it.
    pub func: u32,
    /// Offset in the module's bytes of the instruction that it executes; `None` if the tier does not know.
    pub offset: Option<u32>,
}

/// The frames of a guest that stopped.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    frames: Vec<TraceFrame>,
    omitted: u64,
}

impl Trace {
    /// How many frames are kept: the innermost.
    pub const MOST: usize = 64;

    /// The frames, the innermost first.
    pub fn frames(&self) -> &[TraceFrame] {
        &self.frames
    }

    /// How many frames there were further out, at least.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// How many more frames can be noted. Others are counted ([`Trace::omit`]).
    pub fn room(&self) -> usize {
        Trace::MOST - self.frames.len()
    }

    /// Notes a frame, or counts it.
    pub fn push(&mut self, frame: TraceFrame) {
        match self.room() {
            0 => self.omitted += 1,
            _ => self.frames.push(frame),
        }
    }

    /// Counts frames that are not noted.
    pub fn omit(&mut self, frames: u64) {
        self.omitted += frames;
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Forgets everything.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.omitted = 0;
    }
}

impl Store {
    /// The frames through which the last stop came, which are then forgotten.
    pub fn take_trace(&mut self) -> Trace {
        std::mem::take(&mut self.trace)
    }

    /// Where tiers note their frames.
    pub fn trace_mut(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// Notes a frame of an instance's function.
    pub fn note_frame(&mut self, instance: InstanceAddr, func: u32, offset: Option<u32>) {
        match self.instances.get(instance.index()) {
            Some(inst) if self.trace.room() > 0 => {
                let module = Arc::clone(&inst.module);
                self.trace.push(TraceFrame { module, func, offset });
            }
            _ => self.trace.omit(1),
        }
    }

    /// The same, of the instruction that it executes. What is no instruction is no frame.
    pub fn note_site(&mut self, instance: InstanceAddr, site: Option<Site>) {
        if let Some(Site { func, offset }) = site {
            self.note_frame(instance, func, Some(offset));
        }
    }
}

impl Stop {
    /// Whether tiers note their frames. An exception may be caught further out, and an error of a host function is the
    /// embedder's, which gets it back as it was, unless the guest is to blame.
    pub fn is_traced(&self) -> bool {
        match self {
            Stop::Throw(_) => false,
            Stop::Host(error) => error.is_by_guest(),
            Stop::Trap(_) | Stop::Exhausted(_) | Stop::Crash(_) => true,
        }
    }
}
