//! How one operation goes on to the next.
//!
//! Every operation is a function, and ends by calling the function of the next one. In optimised builds the compiler makes a
//! jump of that call: each operation has an indirect jump of its own, which processors predict by what usually follows, and
//! what operations share stays in registers. Nothing promises that jump, so elsewhere a function returns what comes next
//! to a loop (`build.rs` says where; the test `native_stack` holds that the stack does not grow).
//!
//! So a handler must not lend anything of its own frame to a function that is not inlined: its call would stay a call. Work
//! that needs that is in functions of its own, never inlined.

use super::memories::Others;
use crate::machine::{Exit, Frame, Fuel};
use crate::program::{Code, Program, Step};
use etalon_module::TypeRegistry;
use etalon_runtime::{Funcs, GlobalInst, Heap, TableInst, Trap};
use std::cell::Cell;

/// How many slots of a frame operations reach directly.
pub(crate) const WINDOW: usize = 1 << 11;

/// The slots from the first of the current frame on, and the second half of a vector in the last. Numbers of slots are cut to
/// the window (`slots.rs`), which is a power of 2, so no access needs a check.
pub(crate) type Slots = [Cell<u64>; WINDOW + 1];

/// Executes an operation, the first of `code`, and all that follow until the loop is left.
pub(crate) type Handler = for<'a, 'b> fn(
    cx: &'b mut Running<'a>,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a>;

/// A handler without charges, and one with.
pub(crate) type Handlers = [Handler; 2];

/// What a handler returns. Nothing: the operations that follow have been executed.
#[cfg(all(jumps, not(debug_assertions), not(miri)))]
pub(crate) type Flow<'a> = Left<'a>;
/// What a handler returns: what comes next; nothing if the loop is left.
#[cfg(not(all(jumps, not(debug_assertions), not(miri))))]
pub(crate) type Flow<'a> = Option<(&'a [Step], &'a Slots, &'a mut [u8])>;

/// The loop has been left.
#[cfg(all(jumps, not(debug_assertions), not(miri)))]
pub(crate) struct Left<'a>(std::marker::PhantomData<&'a ()>);

/// What operations share while they run, apart from what is passed in registers.
pub(crate) struct Running<'a> {
    /// The operations of the program, and the costs of entering them.
    pub(crate) ops: &'a [Step],
    pub(crate) costs: &'a [u64],
    /// The gas that may be spent at once.
    pub(crate) gas: u64,
    pub(crate) fuel: &'a mut Fuel,
    pub(crate) codes: &'a [Code],
    pub(crate) stack: &'a [Cell<u64>],
    pub(crate) frames: &'a mut Vec<Frame>,
    pub(crate) fp: u32,
    pub(crate) home: u32,
    pub(crate) others: Others<'a>,
    pub(crate) depth_left: u64,
    pub(crate) globals: &'a [GlobalInst],
    pub(crate) tables: &'a mut [TableInst],
    pub(crate) heap: &'a mut Heap,
    pub(crate) funcs: &'a Funcs,
    pub(crate) types: &'a TypeRegistry,
    pub(crate) program: &'a Program,
    /// Where and why the loop was left.
    pub(crate) pc: u32,
    pub(crate) exit: Exit,
}

/// Goes on with the first operation of `code`.
#[cfg(all(jumps, not(debug_assertions), not(miri)))]
#[inline(always)]
pub(crate) fn go<'a>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    match code.first() {
        Some(step) => (step.handler)(cx, code, slots, memory),
        None => cx.lost(code),
    }
}

/// Goes on with the first operation of `code`.
#[cfg(not(all(jumps, not(debug_assertions), not(miri))))]
#[inline(always)]
pub(crate) fn go<'a>(
    _: &mut Running<'a>,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    Some((code, slots, memory))
}

/// Executes operations until the loop is left.
pub(crate) fn drive<'a>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) {
    #[cfg(all(jumps, not(debug_assertions), not(miri)))]
    let Left(_) = go(cx, code, slots, memory);
    #[cfg(not(all(jumps, not(debug_assertions), not(miri))))]
    {
        let mut next = Some((code, slots, memory));
        while let Some((code, slots, memory)) = next {
            next = match code.first() {
                Some(step) => (step.handler)(cx, code, slots, memory),
                None => cx.lost(code),
            };
        }
    }
}

/// Goes on with the operation after the first of `code`.
#[inline(always)]
pub(crate) fn next<'a>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    match code {
        [_, rest @ ..] => go(cx, rest, slots, memory),
        [] => cx.lost(code),
    }
}

/// Continues at a position. It begins a gas segment.
#[inline(always)]
pub(crate) fn jump<'a, const CHARGES: bool>(
    cx: &mut Running<'a>,
    target: u32,
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    let Some(code) = cx.ops.get(target as usize..) else { return cx.lost(&[]) };
    if CHARGES {
        let Some(cost) = cx.costs.get(target as usize) else { return cx.lost(&[]) };
        return pay(cx, *cost, code, slots, memory);
    }
    go(cx, code, slots, memory)
}

/// A branch that is not taken: what follows begins a gas segment.
#[inline(always)]
pub(crate) fn fall<'a, const CHARGES: bool>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    if CHARGES {
        let at = cx.ops.len() - code.len() + 1;
        let (Some(cost), [_, rest @ ..]) = (cx.costs.get(at), code) else { return cx.lost(code) };
        return pay(cx, *cost, rest, slots, memory);
    }
    next(cx, code, slots, memory)
}

/// gas-1, *Charging*: control reaches a cut, and continues there with `code`.
#[inline(always)]
pub(crate) fn pay<'a>(
    cx: &mut Running<'a>,
    cost: u64,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    match cx.gas.checked_sub(cost) {
        Some(left) => {
            cx.gas = left;
            go(cx, code, slots, memory)
        }
        None => {
            cx.fuel.due = cost;
            refill(cx, code, slots, memory)
        }
    }
}

/// A charge needs more than may be spent at once.
#[cold]
#[inline(never)]
fn refill<'a>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    if cx.charge_more(cx.fuel.due) { go(cx, code, slots, memory) } else { cx.leave_before(code) }
}

impl<'a> Running<'a> {
    /// Pays in the middle of an operation. If that fails, the reason is noted, and the operation must leave by `stop`.
    pub(crate) fn charge(&mut self, cost: u64) -> bool {
        match self.gas.checked_sub(cost) {
            Some(left) => {
                self.gas = left;
                true
            }
            None => self.charge_more(cost),
        }
    }

    #[cold]
    #[inline(never)]
    fn charge_more(&mut self, cost: u64) -> bool {
        self.fuel.gas = self.gas;
        let exit = self.fuel.refill(cost);
        self.gas = self.fuel.gas;
        self.exit = exit.unwrap_or(self.exit);
        exit.is_none()
    }

    /// The position of the first operation of `code`.
    pub(crate) fn position(&self, code: &[Step]) -> u32 {
        (self.ops.len() - code.len()) as u32
    }

    /// Leaves the loop in the first operation of `code`, for the reason that is noted.
    pub(crate) fn stop(&mut self, code: &[Step]) -> Flow<'a> {
        self.pc = self.position(code) + 1;
        left()
    }

    /// Leaves the loop before the first operation of `code`, for the reason that is noted.
    pub(crate) fn leave_before(&mut self, code: &[Step]) -> Flow<'a> {
        self.pc = self.position(code);
        left()
    }

    /// The operation traps.
    #[cold]
    #[inline(never)]
    pub(crate) fn trap(&mut self, code: &[Step], trap: Trap) -> Flow<'a> {
        self.exit = Exit::Trap(trap);
        self.stop(code)
    }

    /// Something happened that cannot happen in valid code.
    #[cold]
    #[inline(never)]
    pub(crate) fn crash(&mut self, code: &[Step], what: &'static str) -> Flow<'a> {
        self.exit = Exit::Crash(what);
        self.stop(code)
    }

    /// Control has left the program.
    #[cold]
    #[inline(never)]
    pub(crate) fn lost(&mut self, code: &[Step]) -> Flow<'a> {
        self.crash(code, "control has left the program")
    }

    /// A function must be called outside of the loop: it is not prepared, of another instance, of another tier or the host's,
    /// or what it needs is not at hand.
    #[cold]
    #[inline(never)]
    pub(crate) fn call_outside(&mut self, code: &[Step], func: u32, at: u32) -> Flow<'a> {
        self.exit = Exit::Call { func, at };
        self.stop(code)
    }

    /// The same for a tail call.
    #[cold]
    #[inline(never)]
    pub(crate) fn tail_call_outside(&mut self, code: &[Step], func: u32, at: u32) -> Flow<'a> {
        self.exit = Exit::TailCall { func, at };
        self.stop(code)
    }
}

#[cfg(all(jumps, not(debug_assertions), not(miri)))]
fn left<'a>() -> Flow<'a> {
    Left(std::marker::PhantomData)
}
#[cfg(not(all(jumps, not(debug_assertions), not(miri))))]
fn left<'a>() -> Flow<'a> {
    None
}

/// A handler that goes on with the next operation when its body is done.
macro_rules! handler {
    (|$cx:ident, $this:ident, $code:ident, $slots:ident, $memory:ident| $body:block) => {{
        fn run<'a>(
            $cx: &mut Running<'a>,
            $code: &'a [Step],
            $slots: &'a Slots,
            $memory: &'a mut [u8],
        ) -> Flow<'a> {
            let [$this, _, ..] = $code else { return $cx.lost($code) };
            $body
            next($cx, $code, $slots, $memory)
        }
        run as Handler
    }};
}

/// A pair of handlers, of which the body says what follows: one that charges and one that does not, which `CHARGES` tells the body.
macro_rules! handlers {
    (|$cx:ident, $this:ident, $code:ident, $slots:ident, $memory:ident| $body:block) => {{
        fn run<'a, const CHARGES: bool>(
            $cx: &mut Running<'a>,
            $code: &'a [Step],
            $slots: &'a Slots,
            $memory: &'a mut [u8],
        ) -> Flow<'a> {
            let [$this, ..] = $code else { return $cx.lost($code) };
            $body
        }
        [run::<false> as Handler, run::<true> as Handler]
    }};
}
