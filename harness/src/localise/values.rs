//! The values that instructions leave on one engine.

use super::events::{events, value};
use super::instrument::{Chosen, GAS, Way, What, instrument};
use crate::diff::{Case, Differ};
use crate::rewrite::Text;
use etalon_adapters::Val;
use std::collections::BTreeMap;

/// How many points are told.
const TOLD: u64 = 1 << 15;

/// Of each instruction that was executed, by its function and number, the results of the first and the last time.
pub(crate) type Known = BTreeMap<(u32, usize), [Vec<Option<Val>>; 2]>;

/// What the first engine has for each instruction of a case. Nothing where it cannot be told.
pub(crate) fn known_values(differ: &Differ, case: &Case, text: &Text) -> Known {
    let mut known = Known::new();
    let (window, way) = (0..TOLD, Way::Host);
    let at = &|_, _| true;
    let chosen = Chosen { at, operands: None, state: None, window, way, stops: false };
    let Ok((wasm, points)) = instrument(&case.wasm, text, &chosen) else { return known };
    let copy = Case { wasm, artefact: None, ..case.clone() };
    let mut options = differ.options().run.clone();
    options.state = false;
    if let Some(gas) = &mut options.gas {
        gas.limit = gas.limit.map(|limit| limit.saturating_mul(GAS).min(i64::MAX as u64));
    }
    let Ok(trace) = differ.trace(0, &options, &copy) else { return known };
    for event in events(&trace, &points, way) {
        let Some(point) = points.get(event.point) else { continue };
        let Some(op) = point.op else { continue };
        let nth = match point.what {
            What::Result(nth) => nth,
            _ => 0,
        };
        let [first, last] = known.entry((point.func, op)).or_default();
        let told = matches!(point.what, What::Result(_)).then(|| value(event, &points)).flatten();
        if nth == 0 {
            last.clear();
        }
        last.push(told);
        if first.len() == nth {
            first.push(told);
        }
    }
    known
}
