//! Control instructions ("Control Instructions").

use super::flow::{Flow, Handler, Handlers, Running, Slots, WINDOW, fall, jump};
use super::objects::is_of;
use super::slots::{get, set};
use crate::machine::{Exit, Frame};
use crate::program::{Code, EXIT_PC, Step};
use etalon_runtime::{Ref, Trap};
use std::cell::Cell;

/// How many locals a call sets to zero, needed or not: what is behind them in the frame is not in use yet.
const FEW: u32 = 8;

// A pair of handlers that leave the loop and come back with the next operation.
macro_rules! leaves {
    (|$cx:ident, $this:ident, $code:ident, $slots:ident| $exit:expr) => {{
        fn run<'a>(
            $cx: &mut Running<'a>,
            $code: &'a [Step],
            $slots: &'a Slots,
            _: &'a mut [u8],
        ) -> Flow<'a> {
            let [$this, ..] = $code else { return $cx.lost($code) };
            $cx.exit = $exit;
            $cx.stop($code)
        }
        run as Handler
    }};
}

/// The function that was called from outside of the loop has returned.
pub(crate) fn exit() -> Handler {
    leaves!(|cx, _this, code, _slots| Exit::Done)
}

/// `unreachable`
pub(crate) fn unreachable() -> Handler {
    leaves!(|cx, _this, code, _slots| Exit::Trap(Trap::Unreachable))
}

/// A step that only holds what another needs.
pub(crate) fn data() -> Handler {
    leaves!(|cx, _this, code, _slots| Exit::Crash("data is no operation"))
}

/// An entry of a function or a turn of a loop. When so many were counted as was said, someone is asked outside of the loop.
pub(crate) fn count() -> Handler {
    let [handler, _] = handlers!(|cx, this, code, slots, memory| {
        let Some(count) = cx.program.counts.get(this.z as usize) else { return cx.lost(code) };
        match count.get().checked_sub(1) {
            None | Some(0) => {
                cx.exit = Exit::Counted { func: this.z, leaves: this.x != 0 };
                cx.stop(code)
            }
            Some(left) => {
                count.set(left);
                super::flow::next(cx, code, slots, memory)
            }
        }
    });
    handler
}

/// An instruction outside of the loop: a row of the program.
pub(crate) fn slow() -> Handler {
    leaves!(|cx, this, code, _slots| match cx.program.slow.get(this.z as usize) {
        Some(slow) => Exit::Slow(*slow),
        None => Exit::Crash("a row is missing"),
    })
}

/// A load or store outside of the loop: a row of the program.
pub(crate) fn far() -> Handler {
    leaves!(|cx, this, code, _slots| Exit::Far { row: this.z, at: this.wide() })
}

/// `br`, and the jump over the second arm of an `if`.
pub(crate) fn br() -> Handlers {
    handlers!(|cx, this, code, slots, memory| { jump::<CHARGES>(cx, this.z, slots, memory) })
}

/// `br_if`
pub(crate) fn br_if() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        if get(slots, this.x) {
            jump::<CHARGES>(cx, this.z, slots, memory)
        } else {
            fall::<CHARGES>(cx, code, slots, memory)
        }
    })
}

/// `if`, and `i32.eqz` before `br_if`.
pub(crate) fn br_unless() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        if get(slots, this.x) {
            fall::<CHARGES>(cx, code, slots, memory)
        } else {
            jump::<CHARGES>(cx, this.z, slots, memory)
        }
    })
}

/// Moves a label's values and jumps there.
#[inline(always)]
fn branch_to<'a, const CHARGES: bool>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    row: u32,
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    let program = cx.program;
    let Some(label) = program.labels.get(row as usize) else { return cx.lost(code) };
    if label.from != label.to && !cx.move_down(label.from, label.keep, label.to) {
        return cx.beyond_frame(code);
    }
    jump::<CHARGES>(cx, label.target, slots, memory)
}

/// `br_if` that moves values.
pub(crate) fn br_if_move() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        if get(slots, this.x) {
            branch_to::<CHARGES>(cx, code, this.z, slots, memory)
        } else {
            fall::<CHARGES>(cx, code, slots, memory)
        }
    })
}

/// `br_table`: the first of its labels, and how many it has besides the default.
pub(crate) fn br_table() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let index: u32 = get(slots, this.x);
        let row = this.z + index.min(this.y.into());
        branch_to::<CHARGES>(cx, code, row, slots, memory)
    })
}

/// `br_table` of labels whose values are in place.
pub(crate) fn br_table_in_place() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let index: u32 = get(slots, this.x);
        let row = this.z + index.min(this.y.into());
        let Some(label) = cx.program.labels.get(row as usize) else { return cx.lost(code) };
        jump::<CHARGES>(cx, label.target, slots, memory)
    })
}

/// `br_on_null`
pub(crate) fn br_on_null() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        if get::<u64>(slots, this.x) == Ref::NULL.to_bits() {
            branch_to::<CHARGES>(cx, code, this.z, slots, memory)
        } else {
            fall::<CHARGES>(cx, code, slots, memory)
        }
    })
}

/// `br_on_non_null`
pub(crate) fn br_on_non_null() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        if get::<u64>(slots, this.x) == Ref::NULL.to_bits() {
            fall::<CHARGES>(cx, code, slots, memory)
        } else {
            branch_to::<CHARGES>(cx, code, this.z, slots, memory)
        }
    })
}

/// `br_on_cast`, and `br_on_cast_fail`, for which `y` is 1: the row of the label is in `z`, and that of the cast in the step behind.
pub(crate) fn br_on_cast() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let [_, rest @ ..] = code else { return cx.lost(code) };
        let cast = rest.first().and_then(|data| cx.program.casts.get(data.z as usize));
        let Some(ty) = cast else { return cx.lost(code) };
        match is_of(cx.heap, cx.funcs, cx.types, get(slots, this.x), ty) {
            Some(holds) if holds == (this.y == 0) => {
                branch_to::<CHARGES>(cx, code, this.z, slots, memory)
            }
            Some(_) => fall::<CHARGES>(cx, rest, slots, memory),
            None => cx.crash(code, "a cast of a reference to nothing"),
        }
    })
}

/// `call`
pub(crate) fn call() -> Handlers {
    handlers!(|cx, this, code, _slots, memory| {
        enter::<CHARGES>(cx, code, this.z, this.wide(), memory)
    })
}

/// `call_indirect`
pub(crate) fn call_indirect() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let program = cx.program;
        let Some(signature) = program.signatures.get(this.z as usize) else {
            return cx.lost(code);
        };
        match cx.callee(get(slots, this.x), signature.table.index(), signature.ty) {
            Ok(func) => enter::<CHARGES>(cx, code, func, signature.at, memory),
            Err(trap) => cx.trap(code, trap),
        }
    })
}

/// `call_ref`
pub(crate) fn call_ref() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        match Ref::from_bits(get(slots, this.x)).and_then(Ref::as_func) {
            Some(func) => enter::<CHARGES>(cx, code, func.0, this.z, memory),
            None => cx.trap(code, Trap::NullFunctionReference),
        }
    })
}

/// `return_call`
pub(crate) fn return_call() -> Handlers {
    handlers!(|cx, this, code, _slots, memory| {
        replace::<CHARGES>(cx, code, this.z, this.wide(), memory)
    })
}

/// `return_call_indirect`
pub(crate) fn return_call_indirect() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        let program = cx.program;
        let Some(signature) = program.signatures.get(this.z as usize) else { return cx.lost(code) };
        match cx.callee(get(slots, this.x), signature.table.index(), signature.ty) {
            Ok(func) => replace::<CHARGES>(cx, code, func, signature.at, memory),
            Err(trap) => cx.trap(code, trap),
        }
    })
}

/// `return_call_ref`
pub(crate) fn return_call_ref() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        match Ref::from_bits(get(slots, this.x)).and_then(Ref::as_func) {
            Some(func) => replace::<CHARGES>(cx, code, func.0, this.z, memory),
            None => cx.trap(code, Trap::NullFunctionReference),
        }
    })
}

/// Enters a function of the same instance; others are entered outside of the loop.
#[inline(always)]
fn enter<'a, const CHARGES: bool>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    func: u32,
    at: u32,
    memory: &'a mut [u8],
) -> Flow<'a> {
    let callee = match cx.codes.get(func as usize) {
        Some(callee) if callee.entry != EXIT_PC && callee.home == cx.home => callee,
        _ => return cx.call_outside(code, func, at),
    };
    let Some(depth_left) = cx.depth_left.checked_sub(callee.depth) else {
        cx.exit = Exit::StackOverflow;
        return cx.stop(code);
    };
    // What is left of the gas may not do, and there may be no room: outside of the loop there is more.
    let gas_left = if CHARGES { cx.gas.checked_sub(callee.entry_cost) } else { Some(0) };
    let fp = cx.fp as usize + at as usize;
    let (Some(gas_left), Some(frame)) = (gas_left, cx.stack.get(fp..)) else {
        return cx.call_outside(code, func, at);
    };
    let (Some(slots), true) = (frame.first_chunk(), cx.frames.len() < cx.frames.capacity()) else {
        return cx.call_outside(code, func, at);
    };
    if callee.frame_slots as usize > WINDOW {
        return cx.call_outside(code, func, at);
    }
    if CHARGES {
        cx.gas = gas_left;
    }
    cx.depth_left = depth_left;
    let (return_pc, depth) = (cx.position(code) + 1, callee.depth as u32);
    cx.frames.push(Frame { return_pc, fp: cx.fp, depth, far: false });
    cx.fp = fp as u32;
    begin(cx, code, callee, slots, memory)
}

/// Enters a function of the same instance in place of the current one, whose frame it gets; what that frame returns to stays. All
/// else is left to the function outside of the loop.
#[inline(always)]
fn replace<'a, const CHARGES: bool>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    func: u32,
    at: u32,
    memory: &'a mut [u8],
) -> Flow<'a> {
    let callee = match cx.codes.get(func as usize) {
        Some(callee) if callee.entry != EXIT_PC && callee.home == cx.home => callee,
        _ => return cx.tail_call_outside(code, func, at),
    };
    let gas_left = if CHARGES { cx.gas.checked_sub(callee.entry_cost) } else { Some(0) };
    let frame = cx.stack.get(cx.fp as usize..).and_then(|frame| frame.first_chunk());
    let depth = cx.frames.last().map_or(0, |frame| frame.depth);
    let depth_left = (cx.depth_left + u64::from(depth)).checked_sub(callee.depth);
    let (Some(gas_left), Some(slots), Some(depth_left)) = (gas_left, frame, depth_left) else {
        return cx.tail_call_outside(code, func, at);
    };
    if callee.frame_slots as usize > WINDOW {
        return cx.tail_call_outside(code, func, at);
    }
    let moved = cx.move_down(at, callee.params, 0);
    let (true, Some(frame)) = (moved, cx.frames.last_mut()) else { return cx.beyond_frame(code) };
    frame.depth = callee.depth as u32;
    if CHARGES {
        cx.gas = gas_left;
    }
    cx.depth_left = depth_left;
    begin(cx, code, callee, slots, memory)
}

/// Sets the locals of a function to zero and goes on with its first operation.
#[inline(always)]
fn begin<'a>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    callee: &Code,
    slots: &'a Slots,
    memory: &'a mut [u8],
) -> Flow<'a> {
    if callee.locals - callee.params <= FEW {
        if let Some(locals) = slots.get(callee.params as usize..).and_then(<[_]>::first_chunk) {
            let locals: &[Cell<u64>; FEW as usize] = locals;
            locals.iter().for_each(|local| local.set(0));
        }
    } else {
        clear(slots, callee.params, callee.locals);
    }
    let Some(code) = cx.ops.get(callee.entry as usize..) else { return cx.lost(code) };
    super::flow::go(cx, code, slots, memory)
}

/// Sets locals to zero.
#[inline(never)]
fn clear(slots: &Slots, from: u32, to: u32) {
    slots[from as usize..to as usize].iter().for_each(|local| local.set(0));
}

/// `return` without a result, and the end of a body.
pub(crate) fn return_none() -> Handlers {
    handlers!(|cx, _this, code, _slots, memory| { leave::<CHARGES>(cx, code, memory) })
}

/// The same with one slot.
pub(crate) fn return_one() -> Handlers {
    handlers!(|cx, this, code, slots, memory| {
        set::<u64>(slots, 0, get(slots, this.x));
        leave::<CHARGES>(cx, code, memory)
    })
}

/// The same with any number of slots.
pub(crate) fn return_many() -> Handlers {
    handlers!(|cx, this, code, _slots, memory| {
        if !cx.move_down(this.wide(), this.z, 0) {
            return cx.beyond_frame(code);
        }
        leave::<CHARGES>(cx, code, memory)
    })
}

/// Returns to the caller.
#[inline(always)]
fn leave<'a, const CHARGES: bool>(
    cx: &mut Running<'a>,
    code: &'a [Step],
    memory: &'a mut [u8],
) -> Flow<'a> {
    let Some(frame) = cx.frames.pop() else { return cx.crash(code, "a return without a frame") };
    cx.depth_left += u64::from(frame.depth);
    cx.fp = frame.fp;
    if frame.far {
        return leave_instance::<CHARGES>(cx, frame.return_pc);
    }
    match cx.stack.get(frame.fp as usize..).and_then(|frame| frame.first_chunk()) {
        Some(slots) => jump::<CHARGES>(cx, frame.return_pc, slots, memory),
        None => cx.beyond_frame(code),
    }
}

/// Returns into another instance, whose memory the loop does not have.
#[cold]
#[inline(never)]
fn leave_instance<'a, const CHARGES: bool>(cx: &mut Running<'a>, return_pc: u32) -> Flow<'a> {
    let Some(code) = cx.ops.get(return_pc as usize..) else { return cx.lost(&[]) };
    let cost = cx.costs.get(return_pc as usize).copied().unwrap_or(0);
    if !CHARGES || cx.charge(cost) {
        cx.exit = Exit::Returned;
    }
    cx.leave_before(code)
}
