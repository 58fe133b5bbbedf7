//! Causes that no value shows: an engine crashes and takes along what it told, hands other values to the host, or gives others to its
//! caller.

use super::cause::Cause;
use super::events;
use super::instrument::{Chosen, Way};
use super::search::{Pair, Run, TOLD, all};
use crate::diff::{Trace, differing_host_call};
use crate::rewrite::Op;
use crate::value::show_all;
use etalon_adapters::{AdapterError, Features, Outcome, Val};
use etalon_module::{Module, Opcode};

impl Pair<'_> {
    /// The instruction in which an engine crashes that takes along what it told: copies end by a trap, each at another point of the
    /// first engine's run, until there are two points next to each other of which only the second is not reached.
    pub(super) fn crashing(&self) -> Result<Option<Cause>, AdapterError> {
        let whole = all(0..TOLD);
        let Some((copy, points)) = self.copy(&whole) else { return Ok(None) };
        let told = events::told(&self.trace(0, &whole, &copy)?, Way::Host);
        let crashes = |point: usize| -> Result<Option<String>, AdapterError> {
            let window = point as u64..point as u64 + 1;
            let chosen = Chosen { stops: true, way: Way::Slots, ..all(window) };
            let Some((copy, _)) = self.copy(&chosen) else { return Ok(None) };
            let trace = self.trace(self.other, &chosen, &copy)?;
            Ok(trace.steps.last().and_then(|step| match &step.outcome {
                Outcome::Crashed(text) => Some(text.clone()),
                _ => None,
            }))
        };
        let (mut reached, mut beyond) = (0, told.len());
        let Some(mut text) = crashes(beyond)? else { return Ok(None) };
        if told.is_empty() || crashes(0)?.is_some() {
            return Ok(None);
        }
        while beyond - reached > 1 {
            let between = reached + (beyond - reached) / 2;
            match crashes(between)? {
                Some(crash) => (beyond, text) = (between, crash),
                None => reached = between,
            }
        }
        let next = told.get(reached).and_then(|(point, ..)| points.get(*point));
        let Some((func, op)) = next.and_then(|point| self.next_after(point)) else {
            return Ok(None);
        };
        let cause = Cause::at(&self.case.wasm, self.text, func, op);
        let seen = ["went on".to_owned(), format!("crashed: {text}")];
        Ok(cause.map(|cause| Cause { seen, ..cause }))
    }

    /// The only instruction that calls the host, where values agree and what the host is called with does not.
    pub(super) fn only_host_call(&self) -> Result<Option<Cause>, AdapterError> {
        let calls = self.text.funcs.iter().flat_map(|func| {
            let is_host = |op: &Op| op.index.is_some_and(|index| index < self.text.imported);
            let is_call = move |op: &Op| matches!(op.opcode, Opcode::Call | Opcode::ReturnCall);
            let ops = (0..).zip(&func.ops);
            ops.filter(move |(_, op)| is_call(op) && is_host(op)).map(|(at, _)| (func.index, at))
        });
        let calls: Vec<(u32, usize)> = calls.collect();
        let [(func, at)] = calls[..] else { return Ok(None) };
        let run = &self.differ.options().run;
        let [a, b] = [0, self.other].map(|engine| self.differ.trace(engine, run, self.case));
        let (a, b) = (a?, b?);
        let last = |trace: &Trace| trace.steps.last().map(|step| step.host_calls.clone());
        let (a, b) = (last(&a).unwrap_or_default(), last(&b).unwrap_or_default());
        let seen = differing_host_call(&a, &b, false);
        Ok(Cause::at(&self.case.wasm, self.text, func, at).map(|cause| Cause { seen, ..cause }))
    }

    /// The end of the function that was called, where all values are the same inside and what it gives is not.
    pub(super) fn handed_out(&self, run: &Run, results: [&Vec<Val>; 2]) -> Option<Cause> {
        let is_nan = |val: Val| match val {
            Val::F32(bits) => f32::from_bits(bits).is_nan(),
            Val::F64(bits) => f64::from_bits(bits).is_nan(),
            // Any of its lanes may be one.
            _ => matches!(val, Val::V128(_)),
        };
        let same = |(a, b): (&Val, &Val)| a == b || (self.leave.nan && is_nan(*a) && is_nan(*b));
        let [a, b] = results;
        if run.told[0].is_empty() || (a.len() == b.len() && a.iter().zip(b).all(same)) {
            return None;
        }
        let module = Module::new(&self.case.wasm, Features::all()).ok()?;
        let func = module.export(&self.case.calls.last()?.export)?.index;
        let end = self.text.func(func)?.ops.len().checked_sub(1)?;
        let cause = Cause::at(&self.case.wasm, self.text, func, end)?;
        Some(Cause { seen: results.map(|values| show_all(values)), ..cause })
    }
}
