//! Backtraces: which functions the guest was in when it stopped.

use crate::error::Error;
use etalon_module::Module as ModuleData;
use etalon_runtime::{Store as State, Trace};
use std::fmt;
use std::sync::Arc;

/// The functions that the guest was in when it trapped or ran out of something, the innermost first.
///
/// It is found in the error of the call:
///
/// ```
/// # use etalon::{Engine, Instance, Module, Store, WasmBacktrace};
/// # fn main() -> etalon::Result<()> {
/// let engine = Engine::default();
/// let wat = "(module (func $f unreachable) (func (export \"run\") (call $f)))";
/// let module = Module::new(&engine, wat)?;
/// let mut store = Store::new(&engine, ());
/// let instance = Instance::new(&mut store, &module, &[])?;
/// let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
/// let error = run.call(&mut store, ()).unwrap_err();
/// let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
/// assert_eq!(backtrace.frames()[0].func_name(), Some("f"));
/// assert_eq!(backtrace.frames()[1].func_index(), 1);
/// # Ok(())
/// # }
/// ```
///
/// Nothing is kept for it while a guest runs, and at most [`WasmBacktrace::MOST`] frames are noted when it stops. It ends at
/// the innermost host function: a host function that gets an error of a guest that it called, and fails with it,
/// passes on the backtrace of that guest. A frame that a tail call replaced is not in it. On s390x,
/// compiled code tells the innermost function alone.
#[derive(Clone, Debug)]
pub struct WasmBacktrace {
    frames: Vec<FrameInfo>,
    omitted: u64,
}

/// A function in a [`WasmBacktrace`].
#[derive(Clone)]
pub struct FrameInfo {
    module: Arc<ModuleData>,
    func: u32,
    offset: Option<u32>,
}

impl WasmBacktrace {
    /// How many frames are noted at most.
    pub const MOST: usize = Trace::MOST;

    /// The frames, the innermost first.
    pub fn frames(&self) -> &[FrameInfo] {
        &self.frames
    }

    /// How many frames there were further out that are not noted, at least.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }
}

impl FrameInfo {
    /// The function's index in its module.
    pub fn func_index(&self) -> u32 {
        self.func
    }

    /// The function's name, if the module's name section has one.
    pub fn func_name(&self) -> Option<&str> {
        self.module.func_name(self.func)
    }

    /// Offset in the module's bytes of the instruction that was executed: the one that trapped, or a call. `None` if it
    /// is not known.
    pub fn module_offset(&self) -> Option<usize> {
        Some(self.offset? as usize)
    }
}

/// A line for each of the innermost 16 frames, and how many more there were. Names are escaped.
impl fmt::Display for WasmBacktrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("wasm backtrace:")?;
        for (number, frame) in self.frames.iter().enumerate().take(MOST_SHOWN) {
            write!(f, "\n{number:>5}: {frame}")?;
        }
        match self.omitted + self.frames.len().saturating_sub(MOST_SHOWN) as u64 {
            0 => Ok(()),
            more => write!(f, "\n       and {more} more"),
        }
    }
}

/// Frames that are shown as text.
const MOST_SHOWN: usize = 16;

impl fmt::Display for FrameInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(offset) = self.offset {
            write!(f, "{offset:#8x} - ")?;
        }
        match self.func_name() {
            Some(name) => write!(f, "{}", name.escape_debug()),
            None => write!(f, "<function {}>", self.func),
        }
    }
}

/// Without the module.
impl fmt::Debug for FrameInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameInfo")
            .field("func_index", &self.func)
            .field("func_name", &self.func_name())
            .field("module_offset", &self.offset)
            .finish()
    }
}

impl std::error::Error for WasmBacktrace {}

/// An error that says why a guest stopped, with the frames through which the stop came.
pub(crate) fn traced<E>(state: &mut State, why: E) -> Error
where
    E: std::error::Error + Send + Sync + 'static,
{
    let trace = state.take_trace();
    if trace.is_empty() {
        return Error::new(why);
    }
    let frames = trace.frames().iter().map(|frame| FrameInfo {
        module: Arc::clone(&frame.module),
        func: frame.func,
        offset: frame.offset,
    });
    let backtrace = WasmBacktrace { frames: frames.collect(), omitted: trace.omitted() };
    Error::new(backtrace).context(why)
}
