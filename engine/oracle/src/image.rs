//! Paused executions as plain data, and back: a thread written down as it is.
//!
//! A frame is written as its function and the position in its text, which another oracle decodes for itself.

use crate::oracle::{Execution, Oracle, Suspended};
use crate::thread::{Context, Frame, Thread};
use etalon_runtime::{FuncAddr, FuncKind, Store, Value};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The paused executions of an oracle.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ExecutionsImage {
    /// The next number to be given.
    next: u64,
    paused: Vec<SuspendedImage>,
}

/// The image is of no oracle of this store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("its executions are damaged: {0}")]
pub struct DamagedExecution(&'static str);

#[derive(Debug, Serialize, Deserialize)]
struct SuspendedImage {
    id: Execution,
    func: FuncAddr,
    values: Vec<Value>,
    contexts: Vec<Context>,
    frames: Vec<FrameImage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FrameImage {
    func: FuncAddr,
    next: u32,
    locals: u32,
    contexts: u32,
}

/// No oracle has given as many numbers as this; there are enough after it.
const LAST: u64 = u64::MAX >> 1;

const FRAMES: DamagedExecution = DamagedExecution("its frames");
const CONTEXTS: DamagedExecution = DamagedExecution("its labels");

impl Oracle {
    /// The paused executions as plain data.
    pub fn image(&self) -> ExecutionsImage {
        let executions = self.executions();
        let frame = |frame: &Frame| FrameImage {
            func: frame.func,
            next: frame.next,
            locals: frame.locals,
            contexts: frame.contexts,
        };
        let paused = executions.paused.iter().map(|(id, suspended)| SuspendedImage {
            id: *id,
            func: suspended.func,
            values: suspended.thread.values.clone(),
            contexts: suspended.thread.contexts.clone(),
            frames: suspended.thread.frames.iter().map(frame).collect(),
        });
        ExecutionsImage { next: executions.next, paused: paused.collect() }
    }

    /// Takes up the executions of an image, in a store that was made of the store's image.
    ///
    /// # Errors
    /// If the image is damaged; the executions before the fault have been taken up. What passes and is wrong all the same ends in a
    /// *crash* when it is resumed: rules trust no frame.
    pub fn take_up(&self, store: &Store, image: ExecutionsImage) -> Result<(), DamagedExecution> {
        if image.next > LAST {
            return Err(DamagedExecution("a number"));
        }
        for paused in image.paused {
            let id = paused.id;
            if id.0 >= image.next {
                return Err(DamagedExecution("a number"));
            }
            let suspended = self.suspended(store, paused)?;
            if self.executions().paused.insert(id, suspended).is_some() {
                return Err(DamagedExecution("a number that is there twice"));
            }
        }
        self.executions().next = image.next;
        Ok(())
    }

    fn suspended(
        &self,
        store: &Store,
        image: SuspendedImage,
    ) -> Result<Suspended, DamagedExecution> {
        let SuspendedImage { func, values, contexts, frames, .. } = image;
        let known = store.funcs.len();
        let dangles = |value: &Value| matches!(value, Value::Ref(r) if r.internalise().as_func().is_some_and(|f| f.index() >= known));
        if frames.is_empty() || func.index() >= known || values.iter().any(dangles) {
            return Err(FRAMES);
        }
        let depth_left = u64::from(store.schedule().depth().max);
        let mut thread = Thread { values, contexts, depth_left, ..Thread::default() };
        let (mut locals, mut contexts) = (0, 0);
        for image in frames {
            if image.locals < locals || image.contexts < contexts {
                return Err(FRAMES);
            }
            (locals, contexts) = (image.locals, image.contexts);
            let frame = self.frame(store, &image)?;
            let left = thread.depth_left.checked_sub(frame.text.frame_slots);
            thread.depth_left = left.ok_or(FRAMES)?;
            let own = frame.text.params + frame.text.locals.len();
            let is_below = frame.locals as usize + own <= thread.values.len();
            if !is_below || frame.contexts as usize >= thread.contexts.len() {
                return Err(FRAMES);
            }
            thread.frames.push(frame);
        }
        thread.floor = floor(&thread)?;
        Ok(Suspended { thread, func })
    }

    /// A frame whose function the oracle runs, before an instruction of it.
    fn frame(&self, store: &Store, image: &FrameImage) -> Result<Frame, DamagedExecution> {
        let FrameImage { func, next, locals, contexts } = *image;
        let Some(FuncKind::Wasm { instance, .. }) = store.funcs.kind(func) else {
            return Err(FRAMES);
        };
        let text = self.text(store, func).map_err(|_| FRAMES)?.ok_or(FRAMES)?;
        if next as usize >= text.instructions.len() {
            return Err(DamagedExecution("a position"));
        }
        Ok(Frame { func, instance, text, next, locals, contexts })
    }
}

/// Checks the labels and handlers; gives the height of the innermost label.
fn floor(thread: &Thread) -> Result<usize, DamagedExecution> {
    let mut floor = 0;
    for context in &thread.contexts {
        let height = match context {
            Context::Label(label) => label.height,
            Context::Handler { height, .. } | Context::Try { height, .. } => *height,
            Context::Caught { .. } => continue,
        } as usize;
        if height < floor || height > thread.values.len() {
            return Err(CONTEXTS);
        }
        floor = height;
    }
    Ok(floor)
}
