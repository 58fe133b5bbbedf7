//! The search for the first instruction at which two engines part.

use super::cause::{Cause, Certainty};
use super::events::{self, Event, Leave, agree, events, in_words, value};
use super::instrument::{
    Chosen, GAS, Point, SLOTS, State, Way, What, instrument, is_plain, writes,
};
use crate::diff::{Case, Differ, Difference, Policy, Trace, observation, outcome_name};
use crate::rewrite::{Op, Text};
use etalon_adapters::{AdapterError, Outcome, Val};
use etalon_module::Opcode;
use etalon_record::Aspect;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

/// How many points are told in one run.
pub(super) const TOLD: u64 = 1 << 15;
/// How many runs look for the first difference among values.
const MOST_WINDOWS: u64 = 64;
/// How many digests of memories are told in one run, and in how many runs.
const DIGESTS: u64 = 256;
const MOST_DIGEST_RUNS: u64 = 16;
/// How often a run is stopped after an instruction that writes to a table.
const MOST_STOPS: u64 = 64;
/// How many points are tried alone.
const MOST_ALONE: usize = 256;

/// The first instruction at which the engine with a number parts from the first; `None` if the difference is in loading, or
/// nothing is executed.
///
/// # Errors
/// If an engine cannot be set up.
pub fn localise(
    differ: &Differ,
    case: &Case,
    other: usize,
    difference: &Difference,
) -> Result<Option<Cause>, AdapterError> {
    if difference.aspect.is_law() {
        // One engine breaks it by itself: there is nothing that two could part at.
        return Ok(None);
    }
    let Ok(text) = Text::of(&case.wasm) else { return Ok(None) };
    let mut case = case.clone();
    case.calls.truncate(difference.step);
    let leave = Leave {
        nan: differ.options().policies.contains(&Policy::NanBits),
        gas: difference.aspect != Aspect::Gas,
    };
    // An engine that hands other values to the host hands them to points too.
    let way = if difference.aspect == Aspect::HostCalls { Way::Slots } else { Way::Host };
    let pair = Pair { differ, other, case: &case, text: &text, leave, way: Cell::new(way) };
    let values = pair.first_value()?;
    let named = values
        .as_ref()
        .map(|cause| text.funcs[(cause.func - text.imported) as usize].ops[cause.op].opcode);
    let written = match named {
        // What it read may have been wrong already.
        Some(Opcode::LocalGet) => pair.first_local(values.as_ref())?,
        Some(opcode) if reads_memory(opcode) => pair.first_write(State::Memories)?,
        Some(opcode) if reads_object(opcode) => pair.first_write(State::Objects)?,
        Some(opcode) if reads_table(opcode) => pair.first_table()?,
        None if difference.aspect == Aspect::Memory => pair.first_write(State::Memories)?,
        None if difference.aspect == Aspect::Tables => pair.first_table()?,
        _ => None,
    };
    if written.is_some() {
        return Ok(written);
    }
    let found = match values {
        Some(cause) => Some(cause),
        None if difference.aspect == Aspect::HostCalls => pair.only_host_call()?,
        None if difference.aspect == Aspect::Crash => pair.crashing()?,
        None => None,
    };
    let found = match found {
        Some(cause) => Some(cause),
        None => pair.alone()?,
    };
    let lost = found.as_ref().map(|cause| pair.lost(cause)).transpose()?.flatten();
    Ok(lost.or(found))
}

fn reads_memory(opcode: Opcode) -> bool {
    let is_size = matches!(opcode, Opcode::MemorySize | Opcode::MemoryGrow);
    opcode.accesses_memory() && !writes(opcode) && !is_size
}

fn reads_object(opcode: Opcode) -> bool {
    ["struct.get", "array.get", "array.len", "array.copy"]
        .iter()
        .any(|name| opcode.name().starts_with(name))
}

fn reads_table(opcode: Opcode) -> bool {
    let name = opcode.name();
    name == "table.get" || name.ends_with("call_indirect")
}

/// The first engine and another, on a case.
pub(super) struct Pair<'a> {
    pub(super) differ: &'a Differ,
    pub(super) other: usize,
    pub(super) case: &'a Case,
    pub(super) text: &'a Text,
    pub(super) leave: Leave,
    /// Where copies put what they tell.
    way: Cell<Way>,
}

/// What both told of a copy.
pub(super) struct Run {
    pub(super) points: Vec<Point>,
    pub(super) told: [Vec<Event>; 2],
    traces: [Trace; 2],
    /// Whether there may be more that was not told.
    goes_on: bool,
}

impl Run {
    /// The first event in which the two differ, or that only one of them told.
    pub(super) fn parts(&self, leave: Leave) -> Option<usize> {
        let [a, b] = &self.told;
        let same =
            a.iter().zip(b).take_while(|(a, b)| agree(**a, **b, &self.points, leave)).count();
        (same < a.len() || same < b.len()).then_some(same)
    }

    /// What the instructions of a function gave the last time before an event, by their numbers, on the first engine.
    fn before(&self, func: u32, event: usize) -> BTreeMap<usize, Val> {
        let told = self.told[0].get(..event).unwrap_or_default().iter();
        let given = told.filter_map(|event| {
            let point = self.points.get(event.point)?;
            let op = point.op.filter(|_| point.func == func && point.what == What::Result(0))?;
            Some((op, value(*event, &self.points)?))
        });
        given.collect()
    }

    /// Whether an engine ended otherwise than by returning.
    fn is_stopped(&self, engine: usize) -> bool {
        let last = self.traces[engine].steps.last();
        last.is_some_and(|step| !matches!(step.outcome, Outcome::Returned(_)))
    }

    pub(super) fn point(&self, engine: usize, event: usize) -> Option<&Point> {
        self.points.get(self.told[engine].get(event)?.point)
    }

    /// The first of the events that one instruction told, or one entry of a function, of which the first engine told the event
    /// with a number.
    fn arrival(&self, event: usize) -> usize {
        let mut first = event;
        while let Some((point, before)) =
            self.point(0, first).zip(self.point(0, first.wrapping_sub(1)))
            && (point.func, point.op) == (before.func, before.op)
            && point.what.follows(before.what)
        {
            first -= 1;
        }
        first
    }
}

impl Pair<'_> {
    /// Runs a copy on both. Where an engine takes none that calls the host, the next are others.
    pub(super) fn run(&self, chosen: &Chosen<'_>) -> Result<Option<Run>, AdapterError> {
        let run = self.run_copy(chosen)?;
        if run.is_some() || self.way.get() == Way::Slots {
            return Ok(run);
        }
        self.way.set(Way::Slots);
        self.run_copy(chosen)
    }

    /// How many points can be told in one run.
    fn most_told(&self) -> u64 {
        if self.way.get() == Way::Host { TOLD } else { SLOTS }
    }

    fn run_copy(&self, chosen: &Chosen<'_>) -> Result<Option<Run>, AdapterError> {
        let (way, start) = (self.way.get(), chosen.window.start);
        let window = start..chosen.window.end.min(start.saturating_add(self.most_told()));
        let chosen = &Chosen { window, way, ..chosen.clone() };
        let Some((copy, points)) = self.copy(chosen) else { return Ok(None) };
        let [a, b] = [0, self.other].map(|engine| self.trace(engine, chosen, &copy));
        let traces = [a?, b?];
        let told = traces.each_ref().map(|trace| events(trace, &points, way));
        // An engine that takes no imports refuses each copy, and one that crashes in a process of its own takes what it told along.
        let is_silent = |engine: usize| {
            let last = traces[engine].steps.last().map(|step| &step.outcome);
            let refused = traces[engine].steps.len() == 1
                && matches!(last, Some(Outcome::Rejected(_) | Outcome::HostError(_)));
            let is_lost = matches!(last, Some(Outcome::Crashed(_))) && told[engine].is_empty();
            refused || (is_lost && !told[1 - engine].is_empty())
        };
        if is_silent(0) || is_silent(1) {
            return Ok(None);
        }
        let width = chosen.window.end - chosen.window.start;
        let goes_on = events::told(&traces[0], way).len() as u64 >= width;
        Ok(Some(Run { points, told, traces, goes_on }))
    }

    pub(super) fn copy(&self, chosen: &Chosen<'_>) -> Option<(Case, Vec<Point>)> {
        let (wasm, points) = instrument(&self.case.wasm, self.text, chosen).ok()?;
        Some((Case { wasm, artefact: None, ..self.case.clone() }, points))
    }

    pub(super) fn trace(
        &self,
        engine: usize,
        chosen: &Chosen<'_>,
        copy: &Case,
    ) -> Result<Trace, AdapterError> {
        let mut options = self.differ.options().run.clone();
        options.state = chosen.state == Some(State::Tables);
        if let Some(gas) = &mut options.gas {
            gas.limit = gas.limit.map(|limit| limit.saturating_mul(GAS).min(i64::MAX as u64));
        }
        self.differ.trace(engine, &options, copy)
    }

    /// The instruction that leaves the first value that differs, or at which control parts.
    fn first_value(&self) -> Result<Option<Cause>, AdapterError> {
        let mut start = 0;
        for _ in 0..MOST_WINDOWS {
            let window = start..start + TOLD;
            let chosen = all(window.clone());
            let Some(run) = self.run(&chosen)? else { return Ok(None) };
            let Some(at) = run.parts(self.leave) else {
                if !run.goes_on {
                    return Ok(self.ending(&run));
                }
                start += self.most_told();
                continue;
            };
            let Some((func, op)) = self.blamed(&run, at) else { return Ok(None) };
            let Some(mut cause) = Cause::at(&self.case.wasm, self.text, func, op) else {
                return Ok(None);
            };
            cause.seen = [0, 1].map(|engine| self.seen(&run, engine, at));
            cause.before = run.before(func, at);
            self.add_operands(&mut cause, window)?;
            return Ok(Some(cause));
        }
        Ok(None)
    }

    /// The instruction at which both end, if they do not end alike.
    fn ending(&self, run: &Run) -> Option<Cause> {
        let [a, b] =
            run.traces.each_ref().map(|trace| trace.steps.last().map(|step| &step.outcome));
        let stops =
            |outcome: Option<&Outcome>| !matches!(outcome, Some(Outcome::Returned(_)) | None);
        let text = |outcome: Option<&Outcome>| outcome.map(|outcome| outcome_name(1, outcome));
        if let (Some(Outcome::Returned(a)), Some(Outcome::Returned(b))) = (a, b) {
            return self.handed_out(run, [a, b]);
        }
        if text(a) == text(b) || !(stops(a) || stops(b)) {
            return None;
        }
        let last = run.told[0].len().checked_sub(1)?;
        let (func, op) = self.next_after(run.point(0, last)?)?;
        let cause = Cause::at(&self.case.wasm, self.text, func, op)?;
        let seen = [0, 1].map(|engine| self.seen(run, engine, last + 1));
        Some(Cause { seen, ..cause })
    }

    /// The instruction that stands between the last point that both reached alike and the next one.
    fn blamed(&self, run: &Run, at: usize) -> Option<(u32, usize)> {
        let next = run.point(0, at);
        let before = run.arrival(at).checked_sub(1).and_then(|before| run.point(0, before));
        let same_place =
            run.point(1, at).zip(next).is_some_and(|(b, a)| (a.func, a.op) == (b.func, b.op));
        let transfer = before.and_then(|point| self.next_after(point));
        let Some(next) = next.filter(|_| same_place) else {
            // Control parted.
            let entered =
                || next.or(run.point(1, at)).and_then(|point| Some((point.func, point.op?)));
            let (func, op) = transfer.or_else(entered)?;
            return Some(self.handler_of(func, op, run, at).unwrap_or((func, op)));
        };
        let Some(op) = next.op else { return transfer };
        let here = (next.func, op);
        match transfer {
            Some((func, transfer)) if (func, transfer) != here => {
                let opcode = self.text.func(func)?.ops[transfer].opcode;
                let is_plain_end = matches!(opcode, Opcode::End | Opcode::Else | Opcode::Return);
                if is_plain_end {
                    return Some(here);
                }
                Some(self.handler_of(func, transfer, run, at).unwrap_or((func, transfer)))
            }
            _ => Some(here),
        }
    }

    /// The first instruction after a point that may do something.
    pub(super) fn next_after(&self, point: &Point) -> Option<(u32, usize)> {
        let func = self.text.func(point.func)?;
        let from = point.op.map_or(0, |op| op + 1);
        let at = (from..func.ops.len()).find(|at| !is_plain(&func.ops[*at]))?;
        Some((point.func, at))
    }

    /// The `try_table` that catches what an instruction throws, where one alone has a call of its function inside; else the
    /// instruction.
    fn caught(&self, (func, op): (u32, usize)) -> Option<(u32, usize)> {
        let thrown = self.text.func(func)?.ops[op].opcode;
        if !matches!(thrown, Opcode::Throw | Opcode::ThrowRef) {
            return Some((func, op));
        }
        let mut around = self.text.funcs.iter().flat_map(|caller| {
            let calls = move |op: &Op| op.opcode == Opcode::Call && op.index == Some(func);
            let catches = move |at: &usize| {
                let end = caller.ops[*at].partner.unwrap_or(*at);
                caller.ops[*at].opcode == Opcode::TryTable && caller.ops[*at..end].iter().any(calls)
            };
            (0..caller.ops.len()).filter(catches).map(|at| (caller.index, at))
        });
        Some(around.next().filter(|_| around.next().is_none()).unwrap_or((func, op)))
    }

    /// Where an exception was thrown and control went to a handler, on one engine at least: the `try_table`.
    fn handler_of(&self, func: u32, op: usize, run: &Run, at: usize) -> Option<(u32, usize)> {
        let thrown = self.text.func(func)?.ops[op].opcode;
        let throws = matches!(thrown, Opcode::Throw | Opcode::ThrowRef | Opcode::Rethrow);
        let next = [0, 1].into_iter().filter_map(|engine| run.point(engine, at));
        let mut next = next.filter(|_| throws);
        next.find_map(|point| {
            let ops = &self.text.func(point.func)?.ops;
            let end = point.op.filter(|end| ops[*end].closes())?;
            let inside = ops[end].partner?..end;
            let mut inside = inside.rev();
            let found = inside.find(|at| matches!(ops[*at].opcode, Opcode::TryTable | Opcode::Try));
            found.map(|at| (point.func, at))
        })
    }

    /// What an engine did at an event.
    fn seen(&self, run: &Run, engine: usize, at: usize) -> String {
        let other = run.point(1 - engine, at);
        let Some(point) = run.point(engine, at) else {
            let ending = run.traces[engine].steps.last();
            return match ending.map(|step| &step.outcome) {
                Some(Outcome::Returned(_)) | None => "returned".to_owned(),
                Some(outcome) => outcome_name(1, outcome),
            };
        };
        if other.is_some_and(|other| (other.func, other.op) == (point.func, point.op))
            || other.is_none()
        {
            return in_words(run.told[engine][at], &run.points);
        }
        let place = point.op.and_then(|op| Cause::at(&self.case.wasm, self.text, point.func, op));
        match place {
            Some(place) => format!("went on behind {} at 0x{:x}", place.operator, place.offset),
            None => format!("went on in function {}", point.func),
        }
    }

    /// Has the operands of the instruction told too.
    fn add_operands(&self, cause: &mut Cause, window: Range<u64>) -> Result<(), AdapterError> {
        let place = (cause.func, cause.op);
        if self.text.func(cause.func).is_none_or(|func| func.ops[cause.op].taken == 0) {
            cause.values = Some(Vec::new());
            return Ok(());
        }
        // What is told of the operands moves the window, and there may be no room for it.
        let window = window.start..window.end.saturating_mul(2);
        let here = |func: u32, op: Option<usize>| (func, op) == (place.0, Some(place.1));
        let chosen = Chosen { operands: Some(place), ..all(window) };
        let chosen = match self.way.get() {
            Way::Host => chosen,
            Way::Slots => Chosen { at: &here, window: 0..SLOTS, ..chosen },
        };
        let Some(run) = self.run(&chosen)? else { return Ok(()) };
        let Some(at) = run.parts(self.leave) else { return Ok(()) };
        let is_operand = |event: &Event| {
            let point = run.points[event.point];
            matches!(point.what, What::Operand(_))
                && (point.func, point.op) == (place.0, Some(place.1))
        };
        let before = &run.told[0][..at];
        let Some(last) = before.iter().rposition(is_operand) else { return Ok(()) };
        let first =
            before[..last].iter().rposition(|event| !is_operand(event)).map_or(0, |i| i + 1);
        let told = &before[first..=last];
        cause.operands = told.iter().map(|event| in_words(*event, &run.points)).collect();
        cause.values = told.iter().map(|event| value(*event, &run.points)).collect();
        Ok(())
    }

    /// The first instruction after which a local differs that was read.
    fn first_local(&self, read: Option<&Cause>) -> Result<Option<Cause>, AdapterError> {
        let Some(read) = read else { return Ok(None) };
        let local = self.text.func(read.func).and_then(|func| func.ops.get(read.op)?.index);
        let Some(local) = local else { return Ok(None) };
        let chosen = Chosen { state: Some(State::Local(read.func, local)), ..all(0..TOLD) };
        self.first_state(&chosen)
    }

    /// The first instruction after which the tables differ, if the engines tell a digest of them.
    fn first_table(&self) -> Result<Option<Cause>, AdapterError> {
        for number in 0..MOST_STOPS {
            let state = Some(State::Tables);
            let chosen = Chosen { state, stops: true, ..all(number..number + 1) };
            let Some(run) = self.run(&chosen)? else { return Ok(None) };
            let Some(point) = run.point(0, 0) else { return Ok(None) };
            let tables = run
                .traces
                .each_ref()
                .map(|trace| Some(trace.steps.last()?.digest.as_ref()?.tables.clone()));
            let [Some(a), Some(b)] = tables else { return Ok(None) };
            if a != b {
                let Some(op) = point.op else { return Ok(None) };
                let cause = Cause::at(&self.case.wasm, self.text, point.func, op);
                let seen = [a, b].map(|digest| format!("tables with digest {digest}"));
                return Ok(cause.map(|cause| Cause { seen, ..cause }));
            }
        }
        Ok(None)
    }

    /// The first instruction after which the memories differ, or an object.
    pub(super) fn first_write(&self, state: State) -> Result<Option<Cause>, AdapterError> {
        for number in 0..MOST_DIGEST_RUNS {
            let digests = DIGESTS.min(self.most_told());
            let window = number * digests..(number + 1) * digests;
            let chosen = Chosen { state: Some(state), ..all(window) };
            if let Some(cause) = self.first_state(&chosen)? {
                return Ok(Some(cause));
            }
        }
        Ok(None)
    }

    /// The first instruction after which a part of the state differs.
    fn first_state(&self, chosen: &Chosen<'_>) -> Result<Option<Cause>, AdapterError> {
        let Some(run) = self.run(chosen)? else { return Ok(None) };
        let Some(at) = run.parts(self.leave) else { return Ok(None) };
        let Some(point) = run.point(0, at).filter(|_| run.point(1, at).is_some()) else {
            return Ok(None);
        };
        let Some(op) = point.op else { return Ok(None) };
        let Some(mut cause) = Cause::at(&self.case.wasm, self.text, point.func, op) else {
            return Ok(None);
        };
        cause.seen = [0, 1].map(|engine| self.seen(&run, engine, at));
        Ok(Some(cause))
    }

    /// Where looking at everything makes the engines agree: the first instruction whose value differs when nothing else is looked
    /// at; or the last one.
    fn alone(&self) -> Result<Option<Cause>, AdapterError> {
        let Some(run) = self.run(&all(0..TOLD))? else { return Ok(None) };
        let mut places: Vec<(u32, usize)> = Vec::new();
        for event in &run.told[0] {
            let point = run.points[event.point];
            if let Some(op) = point.op
                && !places.contains(&(point.func, op))
                && places.len() < MOST_ALONE
            {
                places.push((point.func, op));
            }
        }
        for place in &places {
            let at = |func: u32, op: Option<usize>| (func, op) == (place.0, Some(place.1));
            let chosen = Chosen { at: &at, ..all(0..TOLD) };
            let Some(run) = self.run(&chosen)? else { continue };
            let Some(at) = run.parts(self.leave) else { continue };
            let is_value = run.point(0, at).is_some() && run.point(1, at).is_some();
            // Where the other engine came to an end, this is what it did not get beyond.
            let has_ended = run.point(1, at).is_none() && run.is_stopped(1) && !run.is_stopped(0);
            let place = if is_value || has_ended { Some(*place) } else { self.branch_to(*place) };
            let Some((func, op)) = place else { continue };
            if let Some(cause) = Cause::at(&self.case.wasm, self.text, func, op) {
                let seen = [0, 1].map(|engine| match run.told[engine].get(at) {
                    Some(event) => in_words(*event, &run.points),
                    None => "not reached".to_owned(),
                });
                return Ok(Some(Cause { seen, certainty: Certainty::NeedsShape, ..cause }));
            }
        }
        Ok(self.last(&run))
    }

    /// The instruction that decides whether a place is reached.
    fn branch_to(&self, (func, op): (u32, usize)) -> Option<(u32, usize)> {
        let ops = &self.text.func(func)?.ops;
        let decides = |at: &usize| {
            matches!(ops[*at].opcode, Opcode::If | Opcode::BrIf | Opcode::BrTable | Opcode::Else)
                || ops[*at].opcode.transfers_control() && !ops[*at].closes()
        };
        let at = (0..=op).rev().find(decides)?;
        if ops[at].opcode == Opcode::Else {
            let opener = (0..at).rev().find(|i| ops[*i].partner > Some(at))?;
            return Some((func, opener));
        }
        Some((func, at))
    }

    /// Where an engine trapped, or what was executed last.
    fn last(&self, run: &Run) -> Option<Cause> {
        let plain = [0, self.other]
            .map(|engine| self.differ.trace(engine, &self.differ.options().run, self.case).ok());
        let site = plain.iter().flatten().find_map(|trace| match trace.steps.last()?.outcome {
            Outcome::Trapped { site, .. } => site,
            _ => None,
        });
        let trapped = site.and_then(|(func, offset)| {
            let ops = &self.text.func(func)?.ops;
            let op = ops.iter().position(|op| op.range.start == offset as usize)?;
            Some((func, op))
        });
        let last = || {
            let point = run.told[0].last().map(|event| run.points[event.point])?;
            match point.op {
                Some(op) => Some((point.func, op)),
                None => self.caught(self.next_after(&point)?),
            }
        };
        let (func, op) = trapped.or_else(last)?;
        let mut cause = Cause::at(&self.case.wasm, self.text, func, op)?;
        cause.seen = plain.map(|trace| {
            let step = trace.as_ref().and_then(|trace| trace.steps.last());
            step.map(|step| observation(step, None).to_string()).unwrap_or_default()
        });
        cause.certainty = Certainty::Last;
        Some(cause)
    }
}

pub(super) fn all(window: Range<u64>) -> Chosen<'static> {
    let (at, way) = (&|_, _| true, Way::Host);
    Chosen { at, operands: None, state: None, window, way, stops: false }
}
