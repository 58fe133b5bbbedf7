//! Activation frames (specification, *Runtime Structure: Activation Frames*).

use crate::text::Text;
use etalon_runtime::{FuncAddr, InstanceAddr};
use std::sync::Arc;

/// A function that has been called and has not returned.
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
