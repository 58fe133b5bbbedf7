//! Atomic accesses to memory (proposal *threads*).
//!
//! A store runs on one thread of the host, and this tier runs a call in one piece. So every access is
//! atomic by nature, and no other thread can notify one that waits here.

use super::memory::address;
use super::regions::allow;
use crate::program::FarArg;
use etalon_module::{AddrType, Opcode};
use etalon_runtime::{HostError, Stop, Store, Trap};

/// What an atomic access does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Load,
    Store,
    Add,
    Sub,
    And,
    Or,
    Xor,
    Xchg,
    CompareExchange,
    Notify,
    Wait,
}

/// What an operator does, and to how many bytes.
#[rustfmt::skip]
fn action(opcode: Opcode) -> Option<(Action, usize)> {
    use Action as A;
    use Opcode as O;
    Some(match opcode {
        // memory.atomic.notify
        O::MemoryAtomicNotify => (A::Notify, 4),
        // memory.atomic.wait32, memory.atomic.wait64
        O::MemoryAtomicWait32 => (A::Wait, 4),
        O::MemoryAtomicWait64 => (A::Wait, 8),
        // i32.atomic.load, i32.atomic.load16_u, i32.atomic.load8_u, i64.atomic.load,
        // i64.atomic.load16_u, i64.atomic.load32_u, i64.atomic.load8_u
        O::I32AtomicLoad | O::I64AtomicLoad32U => (A::Load, 4),
        O::I64AtomicLoad => (A::Load, 8),
        O::I32AtomicLoad8U | O::I64AtomicLoad8U => (A::Load, 1),
        O::I32AtomicLoad16U | O::I64AtomicLoad16U => (A::Load, 2),
        // i32.atomic.store, i32.atomic.store16, i32.atomic.store8, i64.atomic.store,
        // i64.atomic.store16, i64.atomic.store32, i64.atomic.store8
        O::I32AtomicStore | O::I64AtomicStore32 => (A::Store, 4),
        O::I64AtomicStore => (A::Store, 8),
        O::I32AtomicStore8 | O::I64AtomicStore8 => (A::Store, 1),
        O::I32AtomicStore16 | O::I64AtomicStore16 => (A::Store, 2),
        // i32.atomic.rmw.add, i32.atomic.rmw16.add_u, i32.atomic.rmw8.add_u, i64.atomic.rmw.add,
        // i64.atomic.rmw16.add_u, i64.atomic.rmw32.add_u, i64.atomic.rmw8.add_u
        O::I32AtomicRmwAdd | O::I64AtomicRmw32AddU => (A::Add, 4),
        O::I64AtomicRmwAdd => (A::Add, 8),
        O::I32AtomicRmw8AddU | O::I64AtomicRmw8AddU => (A::Add, 1),
        O::I32AtomicRmw16AddU | O::I64AtomicRmw16AddU => (A::Add, 2),
        // i32.atomic.rmw.sub, i32.atomic.rmw16.sub_u, i32.atomic.rmw8.sub_u, i64.atomic.rmw.sub,
        // i64.atomic.rmw16.sub_u, i64.atomic.rmw32.sub_u, i64.atomic.rmw8.sub_u
        O::I32AtomicRmwSub | O::I64AtomicRmw32SubU => (A::Sub, 4),
        O::I64AtomicRmwSub => (A::Sub, 8),
        O::I32AtomicRmw8SubU | O::I64AtomicRmw8SubU => (A::Sub, 1),
        O::I32AtomicRmw16SubU | O::I64AtomicRmw16SubU => (A::Sub, 2),
        // i32.atomic.rmw.and, i32.atomic.rmw16.and_u, i32.atomic.rmw8.and_u, i64.atomic.rmw.and,
        // i64.atomic.rmw16.and_u, i64.atomic.rmw32.and_u, i64.atomic.rmw8.and_u
        O::I32AtomicRmwAnd | O::I64AtomicRmw32AndU => (A::And, 4),
        O::I64AtomicRmwAnd => (A::And, 8),
        O::I32AtomicRmw8AndU | O::I64AtomicRmw8AndU => (A::And, 1),
        O::I32AtomicRmw16AndU | O::I64AtomicRmw16AndU => (A::And, 2),
        // i32.atomic.rmw.or, i32.atomic.rmw16.or_u, i32.atomic.rmw8.or_u, i64.atomic.rmw.or,
        // i64.atomic.rmw16.or_u, i64.atomic.rmw32.or_u, i64.atomic.rmw8.or_u
        O::I32AtomicRmwOr | O::I64AtomicRmw32OrU => (A::Or, 4),
        O::I64AtomicRmwOr => (A::Or, 8),
        O::I32AtomicRmw8OrU | O::I64AtomicRmw8OrU => (A::Or, 1),
        O::I32AtomicRmw16OrU | O::I64AtomicRmw16OrU => (A::Or, 2),
        // i32.atomic.rmw.xor, i32.atomic.rmw16.xor_u, i32.atomic.rmw8.xor_u, i64.atomic.rmw.xor,
        // i64.atomic.rmw16.xor_u, i64.atomic.rmw32.xor_u, i64.atomic.rmw8.xor_u
        O::I32AtomicRmwXor | O::I64AtomicRmw32XorU => (A::Xor, 4),
        O::I64AtomicRmwXor => (A::Xor, 8),
        O::I32AtomicRmw8XorU | O::I64AtomicRmw8XorU => (A::Xor, 1),
        O::I32AtomicRmw16XorU | O::I64AtomicRmw16XorU => (A::Xor, 2),
        // i32.atomic.rmw.xchg, i32.atomic.rmw16.xchg_u, i32.atomic.rmw8.xchg_u,
        // i64.atomic.rmw.xchg, i64.atomic.rmw16.xchg_u, i64.atomic.rmw32.xchg_u,
        // i64.atomic.rmw8.xchg_u
        O::I32AtomicRmwXchg | O::I64AtomicRmw32XchgU => (A::Xchg, 4),
        O::I64AtomicRmwXchg => (A::Xchg, 8),
        O::I32AtomicRmw8XchgU | O::I64AtomicRmw8XchgU => (A::Xchg, 1),
        O::I32AtomicRmw16XchgU | O::I64AtomicRmw16XchgU => (A::Xchg, 2),
        // i32.atomic.rmw.cmpxchg, i32.atomic.rmw16.cmpxchg_u, i32.atomic.rmw8.cmpxchg_u,
        // i64.atomic.rmw.cmpxchg, i64.atomic.rmw16.cmpxchg_u, i64.atomic.rmw32.cmpxchg_u,
        // i64.atomic.rmw8.cmpxchg_u
        O::I32AtomicRmwCmpxchg | O::I64AtomicRmw32CmpxchgU => (A::CompareExchange, 4),
        O::I64AtomicRmwCmpxchg => (A::CompareExchange, 8),
        O::I32AtomicRmw8CmpxchgU | O::I64AtomicRmw8CmpxchgU => (A::CompareExchange, 1),
        O::I32AtomicRmw16CmpxchgU | O::I64AtomicRmw16CmpxchgU => (A::CompareExchange, 2),
        _ => return None,
    })
}

/// The operands of an atomic access and the slots of its results; `None` if the operator is not one.
pub(crate) fn form(opcode: Opcode) -> Option<(usize, &'static [u32])> {
    Some(match action(opcode)?.0 {
        Action::Load => (1, &[1]),
        Action::Store => (2, &[]),
        Action::CompareExchange | Action::Wait => (3, &[1]),
        _ => (2, &[1]),
    })
}

/// Executes an atomic access; `None` if the operator is not one.
pub(super) fn atomic(
    store: &mut Store,
    slots: &mut [u64],
    opcode: Opcode,
    arg: FarArg,
) -> Option<Result<(), Stop>> {
    let (action, len) = action(opcode)?;
    Some(access(store, slots, (action, len), arg))
}

fn access(
    store: &mut Store,
    slots: &mut [u64],
    (action, len): (Action, usize),
    arg: FarArg,
) -> Result<(), Stop> {
    let ty = if arg.wide { AddrType::I64 } else { AddrType::I32 };
    let memory = &mut store.memories[arg.memory.index()];
    let shared = memory.ty().shared;
    let ea = address(slots[0], ty).checked_add(arg.offset).ok_or(Trap::MemoryOutOfBounds)?;
    if !ea.is_multiple_of(len as u64) {
        return Err(Trap::UnalignedAtomic.into());
    }
    let start = usize::try_from(ea).map_err(|_| Trap::MemoryOutOfBounds)?;
    let (bytes, regions) = memory.bytes_and_regions();
    let bytes = bytes.get_mut(start..).and_then(|m| m.get_mut(..len));
    let bytes = bytes.ok_or(Trap::MemoryOutOfBounds)?;
    // Whether it would change anything does not matter.
    let reads = matches!(action, Action::Load | Action::Notify | Action::Wait);
    allow(regions, start..start + len, !reads)?;
    let mut word = [0; 8];
    word[..len].copy_from_slice(bytes);
    let old = u64::from_le_bytes(word);
    // A load has one operand, whose slot may be the last one.
    let operand = slots.get(1).copied().unwrap_or(0);
    let new = match action {
        Action::Load => old,
        Action::Store | Action::Xchg => operand,
        Action::Add => old.wrapping_add(operand),
        Action::Sub => old.wrapping_sub(operand),
        Action::And => old & operand,
        Action::Or => old | operand,
        Action::Xor => old ^ operand,
        // The expected operand is wrapped to the width of the access before it is compared.
        Action::CompareExchange => {
            let mut expected = [0; 8];
            expected[..len].copy_from_slice(&operand.to_le_bytes()[..len]);
            if old == u64::from_le_bytes(expected) { slots[2] } else { old }
        }
        Action::Notify => {
            slots[0] = store.waits.notify(arg.memory, ea, operand as u32).into();
            return Ok(());
        }
        Action::Wait => {
            let timeout = slots[2] as i64;
            if !shared {
                return Err(Trap::ExpectedSharedMemory.into());
            }
            slots[0] = wait_alone(old, operand, timeout)?;
            return Ok(());
        }
    };
    bytes.copy_from_slice(&new.to_le_bytes()[..len]);
    if action != Action::Store {
        slots[0] = old;
    }
    Ok(())
}

/// Results of a wait: not equal, and timed out. A notified wait would give 0, but no thread can notify.
const NOT_EQUAL: u64 = 1;
const TIMED_OUT: u64 = 2;

/// `memory.atomic.wait32`, `memory.atomic.wait64`: a wait times out at once, because no thread could notify
/// it.
fn wait_alone(old: u64, expected: u64, timeout: i64) -> Result<u64, Stop> {
    if old != expected {
        return Ok(NOT_EQUAL);
    }
    if timeout < 0 {
        return Err(Stop::Host(HostError::new("the only thread would wait for ever")));
    }
    Ok(TIMED_OUT)
}
