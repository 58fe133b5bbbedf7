//! What a machine keeps alive in the heap: the references in its active frames, and nothing else.
//!
//! Slots are untyped. Validating the function's body again up to an instruction shows which of them hold
//! references before it ([`Module::for_each_frame`](etalon_module::Module::for_each_frame)).
//! That takes time linear in the body, and a deep recursion has thousands of frames at the same call, so
//! the result is kept for each position.
//!
//! What is visited of a frame:
//!
//! - before an instruction that allocates: the locals and all operands;
//! - in a call: the locals and the operands below those that the call has taken, which are the callee's
//!   first slots;
//! - in a tail call to the outside: nothing, because the frame is gone.
//!
//! An operand that preparation left in its local or as a constant has not been written to its slot, which
//! still holds an older value. The local is visited anyway, and a constant is never an object, so the slot
//! is skipped.

use super::Machine;
use crate::executor::State;
use crate::program::{Code, EXIT_PC, Program};
use etalon_module::FrameTypes;
use etalon_runtime::{FuncAddr, FuncKind, Ref, Roots, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// How many slots the maps may have that are kept from one collection to the next. A map can be as long as
/// a body, and a body can have that many positions, so without a bound the maps could take the square.
const MOST_SLOTS: usize = 1 << 20;

/// What a machine that does not run is doing: the operation before its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is about to allocate.
    Allocating,
    /// It is in a call of a function of the host or of another tier.
    CallingOut,
}

/// Which slots of a frame hold references before the instruction of an operation.
#[derive(Debug)]
struct RootMap {
    /// The slots that hold references, in ascending order.
    refs: Box<[u32]>,
    /// How many of them remain when the instruction has taken its operands.
    kept: usize,
}

impl RootMap {
    /// The slots between the declared locals and the first operand belong to preparation: caught exceptions, or null.
    fn new(types: &FrameTypes, code: Code, unplaced: &[(u32, u32)]) -> RootMap {
        let first_operand = code.locals;
        let declared: usize = types.locals.iter().map(|ty| ty.slots()).sum();
        let (locals, operands) = types.ref_slots.split_at(declared);
        let kept_operands = types.kept_slots - declared;
        let held = |(slot, is_ref): (u32, &bool)| is_ref.then_some(slot);
        let (params, others) = locals.split_at(code.params as usize);
        let mut refs: Vec<u32> = (0..).zip(params).filter_map(held).collect();
        refs.extend((code.params + code.gap..).zip(others).filter_map(held));
        refs.extend(declared as u32 + code.gap..first_operand);
        let is_placed = |slot: &u32| unplaced.iter().all(|(_, other)| other != slot);
        let (below, taken) = operands.split_at(kept_operands);
        refs.extend((first_operand..).zip(below).filter_map(held).filter(is_placed));
        let kept = refs.len();
        let first_taken = first_operand + kept_operands as u32;
        refs.extend((first_taken..).zip(taken).filter_map(held).filter(is_placed));
        RootMap { refs: refs.into(), kept }
    }
}

/// The maps that are known. They are not in the program, because execution never needs them.
#[derive(Debug, Default)]
pub(crate) struct RootMaps {
    /// By position, because a deep stack needs one for each frame.
    maps: Vec<Option<RootMap>>,
    /// The number of slots in all maps.
    slots: usize,
}

impl RootMaps {
    /// Finds the maps of positions that have none, in one pass over each body. So a collection takes time linear
    /// in the bodies and in the stack, however many calls of a function are under way at different places.
    fn learn(&mut self, program: &Program, store: &Store, frames: impl Iterator<Item = Active>) {
        if self.slots > MOST_SLOTS {
            *self = RootMaps::default();
        }
        self.maps.resize_with(program.ops.len(), || None);
        let new = frames.filter(|frame| self.map(frame.pc).is_none()).map(|frame| frame.pc);
        let mut by_func = BTreeMap::<u32, BTreeSet<(u32, u32)>>::new();
        for pc in new.collect::<BTreeSet<u32>>() {
            if let Some((func, site)) = program.func_at(pc).zip(program.site(pc)) {
                by_func.entry(func.0).or_default().insert((site.offset, pc));
            }
        }
        for (func, positions) in by_func {
            let func = FuncAddr(func);
            let Some(FuncKind::Wasm { instance, index, .. }) = store.funcs.kind(func) else {
                continue;
            };
            let module = &store.instance(instance).module;
            let code = program.code(func);
            let (offsets, pcs): (Vec<u32>, Vec<u32>) = positions.into_iter().unzip();
            // A position that is not found has no map, which the caller handles.
            let _ = module.for_each_frame(index, &offsets, |number, types| {
                let pc = pcs[number];
                let map = RootMap::new(types, code, program.unplaced_at(pc));
                self.slots += map.refs.len();
                self.maps[pc as usize] = Some(map);
            });
        }
    }

    fn map(&self, pc: u32) -> Option<&RootMap> {
        self.maps.get(pc as usize)?.as_ref()
    }

    /// The slots of a frame that hold references; `None` if they are not known.
    fn slots(&self, frame: Active) -> Option<&[u32]> {
        let map = self.map(frame.pc)?;
        Some(if frame.calls { &map.refs[..map.kept] } else { &map.refs })
    }
}

/// An active frame.
#[derive(Clone, Copy, Debug)]
struct Active {
    /// Its operation.
    pc: u32,
    /// Its first slot.
    fp: u32,
    /// Whether that operation is a call, which has taken its operands.
    calls: bool,
}

impl Machine {
    /// The active frames, from the current one outwards.
    fn active(&self, standing: Standing) -> impl Iterator<Item = Active> {
        let calls = standing == Standing::CallingOut;
        let present = Active { pc: self.pc.saturating_sub(1), fp: self.fp, calls };
        let callers = self.frames.iter().rev().filter(|frame| frame.return_pc != EXIT_PC);
        let callers = callers.map(|f| Active { pc: f.return_pc - 1, fp: f.fp, calls: true });
        std::iter::once(present).chain(callers)
    }
}

impl State {
    /// Calls `visit` with each reference that a machine holds.
    fn visit_machine(
        &mut self,
        store: &Store,
        machine: &Machine,
        standing: Standing,
        visit: &mut dyn FnMut(Ref),
    ) {
        let State { program, root_maps, .. } = self;
        let active = || {
            let replaced = |frame: &Active| frame.calls && program.is_tail_call(frame.pc);
            machine.active(standing).filter(move |frame| !replaced(frame))
        };
        root_maps.learn(program, store, active());
        for frame in active() {
            let words = machine.stack.get(frame.fp as usize..).unwrap_or_default();
            let mut word = |word: &u64| Ref::from_bits(*word).into_iter().for_each(&mut *visit);
            match root_maps.slots(frame) {
                Some(slots) => {
                    slots.iter().filter_map(|slot| words.get(*slot as usize)).for_each(word);
                }
                // This cannot happen in valid code. Keeping too much only costs memory, while losing an
                // object would be wrong, so every word that could be a reference is visited.
                None => {
                    let func = program.func_at(frame.pc);
                    let len = func.map_or(0, |func| program.code(func).frame_slots);
                    words.iter().take(len as usize).for_each(&mut word);
                }
            }
        }
    }
}

/// A machine that does not run, with the state of its interpreter, which knows what is in its slots. The
/// state must not be locked when the roots are visited.
pub(crate) struct Held {
    pub(crate) machine: Machine,
    pub(crate) standing: Standing,
    pub(crate) state: Arc<Mutex<State>>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Held { machine, standing, .. } = self;
        f.debug_struct("Held").field("machine", machine).field("standing", standing).finish()
    }
}

impl Roots for Held {
    fn visit_roots(&self, store: &Store, visit: &mut dyn FnMut(Ref)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.visit_machine(store, &self.machine, self.standing, visit);
    }
}
