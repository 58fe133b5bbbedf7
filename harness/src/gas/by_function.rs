//! Gas of each function (gas-1, *What must be equal*), as the meter of an engine says it.
//!
//! The oracle knows it from its observer; other engines count no functions. So they run a copy of the module that calls a function of the
//! host where each function begins and after each call, and the gas that is left there tells what each stretch between consumed.

use crate::diff::{Case, RunOptions, Trace, observe};
use crate::localise::{COPY_GAS, Chosen, POINTS, Point, Way, instrument};
use crate::rewrite::Text;
use etalon_adapters::{Adapter, AdapterError, Val};
use std::collections::BTreeMap;

/// Gas by the index of the function that ran; `None` is what comes before the first function of a call has begun.
pub type GasByFunction = BTreeMap<Option<u32>, u64>;

/// What each function of a case consumes on an engine, those that it calls excluded, all calls together. The numbers are of the copy, which
/// does more than the module. What the beginning of a function costs belongs to what called it, and what comes after a handler has caught an
/// exception to the function that was last in a call.
///
/// `None` if the module has nothing to copy, or the engine tells no gas at host calls.
///
/// # Errors
/// If the engine cannot be set up as asked.
pub fn gas_by_function(
    adapter: &dyn Adapter,
    options: &RunOptions,
    case: &Case,
) -> Result<Option<GasByFunction>, AdapterError> {
    let mut options = options.clone();
    let Some(gas) = &mut options.gas else { return Ok(None) };
    let most = i64::MAX as u64;
    let limit = gas.limit.map_or(most, |limit| limit.saturating_mul(COPY_GAS).min(most));
    gas.limit = Some(limit);
    let Some((wasm, points)) = copy(&case.wasm) else { return Ok(None) };
    let case = Case { wasm, artefact: None, is_apart: false, ..case.clone() };
    Ok(sums(&observe(adapter, &options, &case)?, &points, limit))
}

/// The module with a point where each function begins, and one after each call.
fn copy(wasm: &[u8]) -> Option<(Vec<u8>, Vec<Point>)> {
    let text = Text::of(wasm).ok()?;
    let is_call = |func: u32, op: usize| {
        let op = text.func(func).and_then(|func| func.ops.get(op));
        op.is_some_and(|op| op.opcode.name().starts_with("call"))
    };
    let at = |func: u32, op: Option<usize>| op.is_none_or(|op| is_call(func, op));
    let chosen = Chosen {
        at: &at,
        operands: None,
        state: None,
        window: 0..i64::MAX as u64,
        way: Way::Host,
        stops: false,
    };
    instrument(wasm, &text, &chosen).ok()
}

fn sums(trace: &Trace, points: &[Point], limit: u64) -> Option<GasByFunction> {
    let (mut sums, mut left) = (GasByFunction::new(), limit);
    for step in &trace.steps {
        let mut running = None;
        for call in &step.host_calls {
            let now = call.gas_left?;
            *sums.entry(running).or_default() += left.checked_sub(now)?;
            left = now;
            if let (POINTS, [.., Val::I32(point)]) = (call.module.as_str(), &call.args[..]) {
                running = points.get(usize::try_from(*point).ok()?).map(|point| point.func);
            }
        }
        let now = limit.checked_sub(step.gas?)?;
        *sums.entry(running).or_default() += left.checked_sub(now)?;
        left = now;
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::localise::What;
    use etalon_adapters::{HostCall, Outcome, Seen};

    /// A step that begins in function 7 and calls function 9, of which a limit of 100 is left so much at each point and at the end.
    fn step(left: [u64; 3], end: u64) -> Seen {
        let told = |(number, gas)| HostCall {
            module: POINTS.to_owned(),
            name: "i32".to_owned(),
            args: vec![Val::I32(1), Val::I32(number)],
            gas_left: Some(gas),
        };
        let host_calls = [0, 1, 2].into_iter().zip(left).map(told).collect();
        Seen { gas: Some(100 - end), host_calls, ..Seen::ended(Outcome::Returned(Vec::new())) }
    }

    fn summed(steps: Vec<Seen>) -> Option<GasByFunction> {
        let point = |func| Point { func, op: None, what: What::Reached, ty: None };
        sums(&Trace { steps, not_compiled: 0 }, &[7, 9, 7].map(point), 100)
    }

    #[test]
    fn gas_that_moves_to_another_function_is_seen() {
        let right = summed(vec![step([99, 90, 70], 60)]);
        assert_eq!(right, Some([(None, 1), (Some(7), 19), (Some(9), 20)].into()));
        // One more in the callee and one less after it, with the same sum.
        let wrong = summed(vec![step([99, 90, 69], 60)]);
        assert_eq!(wrong, Some([(None, 1), (Some(7), 18), (Some(9), 21)].into()));
    }

    #[test]
    fn a_call_begins_where_the_one_before_ended() {
        let both = summed(vec![step([99, 90, 70], 60), step([50, 40, 30], 20)]);
        assert_eq!(both, Some([(None, 11), (Some(7), 39), (Some(9), 30)].into()));
        assert_eq!(summed(vec![step([99, 90, 95], 60)]), None, "gas never grows");
    }
}
