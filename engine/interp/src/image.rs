//! Paused executions as plain data, and back.
//!
//! A position is a function and the number of an operation in it: what that is depends on the function
//! alone, so another interpreter finds it by preparing the function itself.

use crate::execution::waits;
use crate::executions::{Execution, Suspended};
use crate::executor::Interp;
use crate::machine::{Frame, Machine};
use crate::prepare::prepare;
use crate::program::{EXIT_PC, Op, Program};
use etalon_runtime::{FuncAddr, Store};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The paused executions of an interpreter.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ExecutionsImage {
    /// The next number to be given.
    next: u64,
    paused: Vec<SuspendedImage>,
}

/// The image is of no interpreter of this store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("its executions are damaged: {0}")]
pub struct DamagedExecution(&'static str);

#[derive(Debug, Serialize, Deserialize)]
struct SuspendedImage {
    id: Execution,
    func: FuncAddr,
    /// The slots in use.
    stack: Vec<u64>,
    /// The active functions, the outermost first.
    frames: Vec<FrameImage>,
    /// The slot of the present frame's first.
    fp: u32,
    place: Place,
}

/// Where in the program something is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Place {
    func: FuncAddr,
    op: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct FrameImage {
    /// Where the caller goes on; the outermost has none.
    caller: Option<Place>,
    fp: u32,
}

impl Interp {
    /// The paused executions as plain data.
    pub fn image(&self) -> ExecutionsImage {
        let state = self.lock();
        let executions = self.executions();
        let paused = executions.paused.iter();
        let paused = paused.filter_map(|(id, s)| suspended(&state.program, *id, s)).collect();
        ExecutionsImage { next: executions.next, paused }
    }

    /// Takes up the executions of an image, in a store that was made of the store's image.
    ///
    /// # Errors
    /// If the image is damaged; the executions before the fault have been taken up.
    pub fn take_up(&self, store: &Store, image: ExecutionsImage) -> Result<(), DamagedExecution> {
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
        const STACK: DamagedExecution = DamagedExecution("the stack");
        let program = &mut self.lock().program;
        let depth = u64::from(store.schedule().depth().max);
        let used = image.stack.len();
        let mut machine = Machine { stack: image.stack, depth_left: depth, ..Machine::new() };
        let mut frames = image.frames.iter().peekable();
        let mut base = 0;
        while let Some(frame) = frames.next() {
            // The function that the frame is of is where control is, or comes back to from the next.
            let (place, next_fp) = match frames.peek() {
                Some(next) => (next.caller.ok_or(STACK)?, next.fp),
                None => (image.place, image.fp),
            };
            let return_pc = match frame.caller {
                Some(caller) => resolve(store, program, caller)?,
                None => EXIT_PC,
            };
            let is_outermost = machine.frames.is_empty();
            if is_outermost != (return_pc == EXIT_PC) || (is_outermost && frame.fp != 0) {
                return Err(STACK);
            }
            resolve(store, program, place)?;
            let code = program.code(place.func);
            let in_use = next_fp as usize <= used;
            if frame.fp < base || next_fp < frame.fp || !in_use {
                return Err(STACK);
            }
            // What a caller has above its callee is not in use, but will be again.
            Machine::reserve(&mut machine.stack, next_fp as usize + code.frame_slots as usize);
            base = frame.fp;
            machine.depth_left = machine.depth_left.checked_sub(code.depth).ok_or(STACK)?;
            // A return outside of the loop does no harm where none is needed.
            let far = return_pc != EXIT_PC;
            machine.frames.push(Frame { return_pc, fp: frame.fp, depth: code.depth as u32, far });
        }
        if machine.frames.is_empty() || image.func.index() >= store.funcs.len() {
            return Err(STACK);
        }
        machine.pc = resolve(store, program, image.place)?;
        machine.fp = image.fp;
        machine.home = program.code(image.place.func).home;
        let before = program.ops[machine.pc as usize - 1].op;
        let after_wait = matches!(before, Op::Far { opcode, .. } if waits(opcode));
        if !after_wait && !matches!(program.ops[machine.pc as usize].op, Op::Observe { .. }) {
            return Err(DamagedExecution("no instruction begins where it is paused"));
        }
        Ok(Suspended { machine, func: image.func })
    }
}

/// An execution as it is written; `None` if it is nowhere, which cannot be.
fn suspended(program: &Program, id: Execution, suspended: &Suspended) -> Option<SuspendedImage> {
    let machine = &suspended.machine;
    let place = place(program, machine.pc)?;
    let frames = machine.frames.iter().map(|frame| {
        let caller = match frame.return_pc {
            EXIT_PC => None,
            pc => Some(self::place(program, pc)?),
        };
        Some(FrameImage { caller, fp: frame.fp })
    });
    let top = machine.fp as usize + program.code(place.func).frame_slots as usize;
    Some(SuspendedImage {
        id,
        func: suspended.func,
        stack: machine.stack.get(..top)?.to_vec(),
        frames: frames.collect::<Option<_>>()?,
        fp: machine.fp,
        place,
    })
}

fn place(program: &Program, pc: u32) -> Option<Place> {
    let func = program.func_at(pc)?;
    Some(Place { func, op: pc - program.code(func).entry })
}

/// The position of a place, whose function is prepared if it was not yet.
fn resolve(store: &Store, program: &mut Program, place: Place) -> Result<u32, DamagedExecution> {
    const PLACE: DamagedExecution = DamagedExecution("a position");
    let code = program.code(place.func);
    if !code.own {
        return Err(PLACE);
    }
    if code.entry == EXIT_PC {
        prepare(store, program, place.func).map_err(|_| PLACE)?;
    }
    let pc = program.code(place.func).entry.checked_add(place.op).ok_or(PLACE)?;
    if program.func_at(pc) == Some(place.func) && pc < program.pc() { Ok(pc) } else { Err(PLACE) }
}
