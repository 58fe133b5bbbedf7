//! Where a machine stopped: its frames, for a backtrace.

use super::Machine;
use crate::program::{EXIT_PC, Program};
use etalon_runtime::{FuncKind, Store};

impl Machine {
    /// Notes the frames of a machine that stopped, the innermost first. Of those for which there is no room it only
    /// notes the number.
    pub(crate) fn note_frames(&self, program: &Program, store: &mut Store) {
        if self.frames.is_empty() {
            // The outermost function could not be entered.
            return;
        }
        let callers = self.frames.iter().rev().filter(|frame| frame.return_pc != EXIT_PC);
        let positions = std::iter::once(self.pc).chain(callers.map(|frame| frame.return_pc));
        let room = store.trace_mut().room();
        for pc in positions.map(|next| next.saturating_sub(1)).take(room) {
            let (func, site) = (program.func_at(pc), program.site(pc));
            let kind = func.and_then(|func| store.funcs.kind(func));
            if let Some(FuncKind::Wasm { instance, index, .. }) = kind {
                store.note_frame(instance, index, site.map(|site| site.offset));
            }
        }
        store.trace_mut().omit(self.frames.len().saturating_sub(room) as u64);
    }
}
