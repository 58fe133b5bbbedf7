//! A frame that goes on elsewhere, from a loop that it is about to turn: as if it had tail-called what goes on.

use super::{Executing, Frame, Machine};
use etalon_runtime::{FuncAddr, FuncKind, Stop};

impl Executing<'_> {
    /// The locals of the current frame and as many operands as it can have, with room for the results of its function. What entering the
    /// loop has cost is given back, because it is charged once more.
    pub(crate) fn leave_at_loop(&mut self, func: FuncAddr) -> Result<Vec<u64>, Stop> {
        let Some(FuncKind::Wasm { index, instance, .. }) = self.store.funcs.kind(func) else {
            return Err(Stop::crash("a function of the host was counted"));
        };
        self.note_running();
        let module = &self.store.instance(instance).module;
        let declared = module.body(index).map_or(0, |body| body.locals.slots());
        let code = self.program.code(func);
        let (params, gap) = (code.params as usize, code.gap as usize);
        let frame = self.machine.slots(0);
        let mut slots = frame[..params].to_vec();
        slots.extend_from_slice(&frame[params + gap..params + gap + declared]);
        slots.extend_from_slice(&frame[code.locals as usize..code.frame_slots as usize]);
        let results = self.store.func_type(func).result_slots();
        slots.resize(slots.len().max(results), 0);
        if self.store.is_metering() {
            let cost = self.program.cost_at(self.machine.pc.saturating_sub(1));
            self.store.meter_mut().give_back(cost);
        }
        Ok(slots)
    }

    /// What went on has returned, with results that become those of the frame.
    pub(crate) fn returned_from(&mut self, func: FuncAddr, results: &[u64]) -> Result<(), Stop> {
        let count = self.store.func_type(func).result_slots();
        let (stack, fp) = (&mut self.machine.stack, self.machine.fp as usize);
        Machine::reserve(stack, fp, count);
        self.machine.slots(0)[..count].copy_from_slice(&results[..count]);
        self.machine.drop_frame();
        self.machine.home = self.program.home_at(self.machine.pc);
        self.resume()
    }
}

impl Machine {
    /// Leaves the current frame for its caller; gives it.
    pub(crate) fn drop_frame(&mut self) -> Option<Frame> {
        let frame = self.frames.pop()?;
        self.depth_left += u64::from(frame.depth);
        (self.fp, self.pc) = (frame.fp, frame.return_pc);
        Some(frame)
    }
}
