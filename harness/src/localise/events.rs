//! What instrumented copies tell.

use super::instrument::{MODULE, Point, What};
use crate::diff::Trace;
use crate::value::show_typed;
use etalon_adapters::{HostCall, Val};
use wasmparser as wp;

/// A point that was reached, and the value that it told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) point: usize,
    pub(crate) bits: u128,
    /// The gas that was left, if the engine meters.
    pub(crate) gas: Option<u64>,
}

/// The events of a run, in order.
pub(crate) fn events(trace: &Trace, points: &[Point]) -> Vec<Event> {
    let told = trace.steps.iter().flat_map(|step| &step.host_calls);
    let mut halves: Vec<Event> = Vec::new();
    let mut is_open = false;
    for (point, bits, gas) in told.filter(|call| call.module == MODULE).filter_map(read) {
        let is_vector = points.get(point).is_some_and(|p| p.ty == Some(wp::ValType::V128));
        match halves.last_mut() {
            Some(low) if is_vector && is_open && low.point == point => {
                low.bits |= u128::from(bits) << 64;
                is_open = false;
            }
            _ => {
                halves.push(Event { point, bits: bits.into(), gas });
                is_open = is_vector;
            }
        }
    }
    halves
}

fn read(call: &HostCall) -> Option<(usize, u64, Option<u64>)> {
    let [value, Val::I32(point)] = call.args[..] else { return None };
    let bits = match value {
        Val::I32(bits) => u64::from(bits as u32),
        Val::I64(bits) => bits as u64,
        _ => return None,
    };
    Some((usize::try_from(point).ok()?, bits, call.gas_left))
}

/// What two engines may differ in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    /// The bits of NaNs.
    pub(crate) nan: bool,
    /// The gas that is left.
    pub(crate) gas: bool,
}

/// Whether two engines told the same.
pub(crate) fn agree(a: Event, b: Event, points: &[Point], leave: Leave) -> bool {
    if !leave.gas && a.gas != b.gas {
        return false;
    }
    if (a.point, a.bits) == (b.point, b.bits) {
        return true;
    }
    let both_nan = || match points[a.point].ty {
        Some(wp::ValType::F32) => {
            f32::from_bits(a.bits as u32).is_nan() && f32::from_bits(b.bits as u32).is_nan()
        }
        Some(wp::ValType::F64) => {
            f64::from_bits(a.bits as u64).is_nan() && f64::from_bits(b.bits as u64).is_nan()
        }
        _ => false,
    };
    a.point == b.point && leave.nan && both_nan()
}

/// The value that was told; `None` if none was, or one that has no constant.
pub(crate) fn value(event: Event, points: &[Point]) -> Option<Val> {
    let point = points.get(event.point)?;
    Some(match point.ty? {
        wp::ValType::I32 => Val::I32(event.bits as i32),
        wp::ValType::I64 => Val::I64(event.bits as i64),
        wp::ValType::F32 => Val::F32(event.bits as u32),
        wp::ValType::F64 => Val::F64(event.bits as u64),
        wp::ValType::V128 => Val::V128(event.bits),
        wp::ValType::Ref(_) => return None,
    })
}

/// The same for people.
pub(crate) fn in_words(event: Event, points: &[Point]) -> String {
    match (value(event, points), points.get(event.point).map(|point| (point.what, point.ty))) {
        (_, Some((What::Object, _))) => format!("an object with digest {:016x}", event.bits),
        (Some(value), _) => show_typed(value),
        (None, Some((What::Memories, _))) => format!("memory with digest {:016x}", event.bits),
        (None, Some((_, Some(wp::ValType::Ref(_))))) => {
            (if event.bits == 1 { "null" } else { "a reference that is not null" }).to_owned()
        }
        _ => "reached".to_owned(),
    }
}
