//! What instrumented copies tell.

use super::instrument::{KEPT, MODULE, Point, SLOTS, Way, What, slot};
use crate::diff::{Step, Trace};
use crate::value::show_typed;
use etalon_adapters::{HostCall, Val};
use std::collections::BTreeMap;
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
pub(crate) fn events(trace: &Trace, points: &[Point], way: Way) -> Vec<Event> {
    joined(told(trace, way), points)
}

/// What was told in a run, in order.
pub(crate) fn told(trace: &Trace, way: Way) -> Vec<Told> {
    match way {
        Way::Host => {
            let told = trace.steps.iter().flat_map(|step| &step.host_calls);
            told.filter(|call| call.module == MODULE).filter_map(read).collect()
        }
        Way::Slots => kept(trace),
    }
}

/// What the globals of a copy hold after the last call whose globals are known. After one that ran out of something they say what there
/// was then.
fn kept(trace: &Trace) -> Vec<Told> {
    let has_slots = |step: &&Step| step.globals.iter().any(|(name, _)| name.starts_with(MODULE));
    let Some(last) = trace.steps.iter().rev().find(has_slots) else { return Vec::new() };
    let globals: BTreeMap<&str, Val> =
        last.globals.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let read = |name: &str| match globals.get(name) {
        Some(Val::I32(value)) => Some(u64::from(value.cast_unsigned())),
        Some(Val::I64(value)) => Some(value.cast_unsigned()),
        _ => None,
    };
    let told = |number: u64| {
        let [point, narrow, wide] = slot(number).map(|name| read(&name));
        // The one that was not set is zero.
        Some((usize::try_from(point?).ok()?, narrow? | wide?, None))
    };
    (0..read(KEPT).unwrap_or(0).min(SLOTS)).map_while(told).collect()
}

/// The number of a point, what was told there, and the gas that was left.
pub(crate) type Told = (usize, u64, Option<u64>);

/// Events, of which those of vectors are told in halves.
fn joined(told: Vec<Told>, points: &[Point]) -> Vec<Event> {
    let mut halves: Vec<Event> = Vec::new();
    let mut is_open = false;
    for (point, bits, gas) in told {
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

fn read(call: &HostCall) -> Option<Told> {
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
