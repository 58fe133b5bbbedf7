//! The most that a body takes: the longest way through its operators, in one pass over them and without recursion.
//!
//! Control goes forwards but for branches to loops, so when an operator is read, all ways to it are known. A loop is counted from its own
//! beginning. When it ends, it is known what a turn takes that goes back, and what the loops around have to add: all turns but the last,
//! and of the last the way to where control left.

use super::arrivals::{Arrivals, Ended, Here, greater};
use super::bounds::{Bounds, Cost};
use super::gap::{Gap, Gaps};
use super::graph::Call;
use super::most::Most;
use super::sizes::is_counted_by_operand;
use super::way::{Event, Path, Turns, Way};
use etalon::unstable::Opcode;
use rustc_hash::FxHashMap;
use wasmparser::{Catch, Operator};

/// What a body takes.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) cost: Cost,
    /// What is on the way to the greatest, and on the way to a return if that is another.
    pub(crate) path: Path,
    pub(crate) returning: Option<Path>,
    pub(crate) gaps: Gaps,
}

/// A block that is open.
#[derive(Debug, Default)]
struct Block {
    kind: Kind,
    /// The loop that the label belongs to.
    label_loop: u32,
    arrivals: Arrivals,
    /// Of an `if`: what comes to its `else`.
    otherwise: Option<Here>,
    /// The innermost block around that handles exceptions.
    handler: Option<u32>,
}

#[derive(Debug, Default)]
enum Kind {
    #[default]
    Plain,
    Loop,
    /// A `try_table`, or the body of a `try`.
    Handles(Box<Handler>),
    /// A catch of a `try`: what it has caught.
    Catches {
        caught: Option<Here>,
        is_all: bool,
    },
}

#[derive(Debug, Default)]
struct Handler {
    /// Where exceptions come from.
    thrown: Arrivals,
    /// The blocks of the labels that clauses lead to.
    labels: Box<[u32]>,
    is_all: bool,
}

/// A loop that has begun.
#[derive(Debug)]
struct Looping {
    around: u32,
    entry: Option<Here>,
    offset: u32,
    /// The greatest of all that is in its last turn.
    peak: Option<Here>,
}

/// A body while it is read.
pub(crate) struct Body<'b> {
    bounds: &'b Bounds<'b>,
    function: u32,
    counted: FxHashMap<u32, u64>,
    /// Where control is; `None` if it does not come here.
    here: Option<Here>,
    blocks: Vec<Block>,
    /// The function itself is the first.
    loops: Vec<Looping>,
    turns: Vec<Turns>,
    ended: Ended,
    /// The innermost loop that is open.
    inner: u32,
    way: Way,
    gaps: Gaps,
    /// The constant that the operator before left on the stack.
    constant: Option<u64>,
    /// Whether control may end within the segment.
    may_end: bool,
}

impl<'b> Body<'b> {
    /// A body, its function being entered.
    pub(crate) fn new(
        bounds: &'b Bounds<'b>,
        function: u32,
        counted: FxHashMap<u32, u64>,
    ) -> Body<'b> {
        let mut way = Way::default();
        let module = bounds.module;
        let params = module.func_type(function).params.len() as u64;
        let locals = module.body(function).map_or(0, |body| body.locals.len() as u64);
        let entry = Most::Gas(bounds.schedule.entry_cost(params, locals));
        let here = Some(Here { most: entry, way: way.push(0, Event::Entry) });
        let mut ended = Ended::default();
        let inner = ended.begin();
        Body {
            bounds,
            function,
            counted,
            here,
            blocks: vec![Block::default()],
            loops: vec![Looping { around: 0, entry: here, offset: 0, peak: here }],
            turns: vec![Turns::default()],
            ended,
            inner,
            way,
            gaps: Gaps::default(),
            constant: None,
            may_end: false,
        }
    }

    /// The next operator.
    pub(crate) fn read(&mut self, operator: &Operator<'_>, offset: u32) {
        let opcode = Opcode::of(operator);
        let schedule = self.bounds.schedule;
        self.here = self.here.map(|here| here.plus(u64::from(schedule.weight(opcode)).into()));
        // A segment that nothing can end in goes on to others, and those are greater; but not where it goes back to a loop for which this is
        // the last turn.
        self.may_end |= may_end(opcode);
        if schedule.is_cut(opcode) && std::mem::take(&mut self.may_end) {
            self.peak(self.here);
        }
        if !opcode.has_meaning() {
            self.has_no_price(opcode, offset);
        }
        if opcode.is_dynamic() {
            self.dynamic(operator, opcode, offset);
        } else if let Some(call) = self.bounds.graph.call(operator) {
            self.call(call, offset);
        } else if opcode.transfers_control() || opcode == Opcode::Block {
            self.control(operator, offset);
        }
        self.constant = match *operator {
            Operator::I32Const { value } => Some(u64::from(value as u32)),
            Operator::I64Const { value } => Some(value as u64),
            _ => None,
        };
    }

    fn control(&mut self, operator: &Operator<'_>, offset: u32) {
        use Operator as O;
        match operator {
            O::Block { .. } => _ = self.open(Kind::Plain),
            O::Loop { .. } => self.open_loop(offset),
            O::If { .. } => self.open(Kind::Plain).otherwise = self.here,
            O::Else => self.otherwise(),
            O::TryTable { try_table } => {
                let last = self.blocks.len() as u32 - 1;
                let labels = try_table.catches.iter().map(|c| last.saturating_sub(label(c)));
                let labels = labels.collect();
                let is_all = |c: &Catch| matches!(c, Catch::All { .. } | Catch::AllRef { .. });
                let is_all = try_table.catches.iter().any(is_all);
                self.open(Kind::Handles(Box::new(Handler {
                    labels,
                    is_all,
                    ..Handler::default()
                })));
            }
            O::Try { .. } => _ = self.open(Kind::Handles(Box::default())),
            O::Catch { .. } => self.catch(false),
            O::CatchAll => self.catch(true),
            O::Delegate { relative_depth } => self.delegate(*relative_depth),
            O::End => self.end(),
            O::Br { relative_depth } => {
                self.branch(*relative_depth);
                self.here = None;
            }
            O::BrIf { relative_depth }
            | O::BrOnNull { relative_depth }
            | O::BrOnNonNull { relative_depth }
            | O::BrOnCast { relative_depth, .. }
            | O::BrOnCastFail { relative_depth, .. }
            | O::BrOnCastDescEq { relative_depth, .. }
            | O::BrOnCastDescEqFail { relative_depth, .. } => self.branch(*relative_depth),
            O::BrTable { targets } => {
                let labels = targets.targets().chain([Ok(targets.default())]);
                labels.flatten().for_each(|label| self.branch(label));
                self.here = None;
            }
            O::Return => self.leave(0),
            O::Throw { .. } | O::ThrowRef | O::Rethrow { .. } => {
                self.throws(self.here);
                self.here = None;
            }
            O::Unreachable => self.here = None,
            _ => {}
        }
    }

    /// So much may be taken here, whatever comes then.
    fn peak(&mut self, here: Option<Here>) {
        let inner = &mut self.loops[self.inner as usize];
        inner.peak = greater(inner.peak, here);
    }

    fn open(&mut self, kind: Kind) -> &mut Block {
        let handler = self.handler_at(self.blocks.len() - 1);
        self.blocks.push(Block { kind, label_loop: self.inner, handler, ..Block::default() });
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    /// The innermost block that handles exceptions: a block itself, or one around it.
    fn handler_at(&self, block: usize) -> Option<u32> {
        match &self.blocks[block] {
            Block { kind: Kind::Handles(_), .. } => Some(block as u32),
            other => other.handler,
        }
    }

    /// Control leaves to the label of a block.
    fn arrive(&mut self, block: usize, here: Option<Here>) {
        if let (Some(here), Some(block)) = (here, self.blocks.get_mut(block)) {
            block.arrivals.add(here, self.inner, block.label_loop);
        }
    }

    fn branch(&mut self, label: u32) {
        if let Some(block) = (self.blocks.len() - 1).checked_sub(label as usize) {
            self.arrive(block, self.here);
        }
    }

    fn leave(&mut self, block: usize) {
        self.arrive(block, self.here);
        self.here = None;
    }

    /// An exception leaves from here to whatever handles it.
    fn throws(&mut self, here: Option<Here>) {
        let handler = self.handler_at(self.blocks.len() - 1);
        self.throws_to(handler, here);
    }

    fn throws_to(&mut self, handler: Option<u32>, here: Option<Here>) {
        let (Some(handler), Some(here)) = (handler, here) else { return };
        let block = &mut self.blocks[handler as usize];
        if let Kind::Handles(handler) = &mut block.kind {
            handler.thrown.add(here, self.inner, block.label_loop);
        }
    }

    fn otherwise(&mut self) {
        let last = self.blocks.len() - 1;
        self.arrive(last, self.here);
        self.here = self.blocks[last].otherwise.take();
    }

    fn open_loop(&mut self, offset: u32) {
        let number = self.ended.begin();
        let looping = Looping { around: self.inner, entry: self.here, offset, peak: None };
        self.loops.push(looping);
        self.turns.push(Turns::default());
        self.inner = number;
        self.here = self.here.map(|here| Here {
            most: Most::ZERO,
            way: self.way.push(here.way, Event::Loop(number)),
        });
        // Before the first segment nothing is taken.
        self.peak(self.here);
        self.open(Kind::Loop);
    }

    /// The end of a loop: what all its turns but the last take is known now.
    fn close_loop(&mut self, arrivals: Arrivals) {
        let number = self.inner;
        let back = arrivals.greatest(&mut self.ended);
        let Looping { around, entry, offset, peak } = self.loops[number as usize];
        let stated = self.bounds.stated.turns(self.function, offset);
        let counted = self.counted.get(&offset).copied();
        let most = stated.into_iter().chain(counted).min();
        let turn = back.map_or(Most::ZERO, |back| back.most);
        let more = match (turn, most) {
            (Most::Gas(0), _) => Most::ZERO,
            (turn, Some(most)) => turn.times(most.saturating_sub(1)),
            (_, None) => {
                self.gaps.add(Gap::Loop { function: self.function, offset });
                Most::Unbounded
            }
        };
        let way = back.map(|back| back.way);
        self.turns[number as usize] = Turns { offset, most, turn: turn.gas(), way };
        let entry = entry.map_or(Most::ZERO, |entry| entry.most);
        self.ended.end(number, around, entry.plus(more));
        self.inner = around;
        let rebased = |here: Option<Here>, ended: &mut Ended| here.map(|h| ended.rebase(h, number));
        let peak = rebased(peak, &mut self.ended);
        self.here = rebased(self.here, &mut self.ended);
        self.peak(peak);
    }

    fn catch(&mut self, is_all: bool) {
        let last = self.blocks.len() - 1;
        self.arrive(last, self.here);
        let caught = match std::mem::take(&mut self.blocks[last].kind) {
            Kind::Handles(handler) => handler.thrown.greatest(&mut self.ended),
            Kind::Catches { caught, .. } => caught,
            Kind::Plain | Kind::Loop => None,
        };
        self.here = caught;
        self.blocks[last].kind = Kind::Catches { caught, is_all };
    }

    /// A `delegate` ends a `try`: exceptions go on as if they came out of the block of its label.
    fn delegate(&mut self, label: u32) {
        let Some(block) = self.blocks.pop() else { return };
        if let Kind::Handles(handler) = block.kind {
            let thrown = handler.thrown.greatest(&mut self.ended);
            let outer = (self.blocks.len() - 1).checked_sub(label as usize);
            let outer = outer.and_then(|outer| self.handler_at(outer));
            self.throws_to(outer, thrown);
        }
        self.here = greater(self.here, block.arrivals.greatest(&mut self.ended));
    }

    fn end(&mut self) {
        let Some(block) = self.blocks.pop() else { return };
        match block.kind {
            Kind::Loop => return self.close_loop(block.arrivals),
            Kind::Plain => {}
            Kind::Handles(handler) => {
                let thrown = handler.thrown.greatest(&mut self.ended);
                handler.labels.iter().for_each(|label| self.arrive(*label as usize, thrown));
                if !handler.is_all {
                    self.throws_to(block.handler, thrown);
                }
            }
            Kind::Catches { caught, is_all: false } => self.throws_to(block.handler, caught),
            Kind::Catches { .. } => {}
        }
        let arrived = block.arrivals.greatest(&mut self.ended);
        self.here = greater(greater(self.here, block.otherwise), arrived);
    }

    fn call(&mut self, call: Call, offset: u32) {
        let Some(here) = self.here else { return };
        let cost = match self.bounds.stated.gas(self.function, offset) {
            Some(gas) => Cost { most: Most::Gas(gas), returns: Some(Most::Gas(gas)) },
            None => self.callee(call, offset),
        };
        let is_stated = self.bounds.stated.gas(self.function, offset).is_some();
        let mut after = |most: Most, returns: bool| {
            let event = Event::Call { node: call.node, returns, gas: most.gas() };
            let way = if is_stated { here.way } else { self.way.push(here.way, event) };
            Here { way, ..here }.plus(most)
        };
        let peak = after(cost.most, false);
        let returned = cost.returns.map(|most| after(most, true));
        self.peak(Some(peak));
        if call.is_tail {
            self.here = returned;
            return self.leave(0);
        }
        self.throws(Some(peak));
        self.here = returned;
    }

    /// What a callee costs of which nothing is stated.
    fn callee(&mut self, call: Call, offset: u32) -> Cost {
        let reason = call.by_type.and_then(|table| self.bounds.graph.outside.reason(table));
        if let Some(why) = reason {
            self.gaps.add(Gap::Outside { function: self.function, offset, why });
            return Cost { most: Most::Unbounded, returns: Some(Most::Unbounded) };
        }
        self.bounds.cost(call.node)
    }

    fn dynamic(&mut self, operator: &Operator<'_>, opcode: Opcode, offset: u32) {
        let Some(here) = self.here else { return };
        let constant = self.constant.filter(|_| is_counted_by_operand(opcode));
        let units = self.bounds.sizes.units(operator, constant);
        let charge = self.bounds.schedule.dynamic(opcode).map_or(0, |rate| rate.charge(units));
        let most = Most::from(charge);
        if charge > 0 {
            let event = Event::Dynamic { opcode, offset, gas: most.gas() };
            let way = self.way.push(here.way, event);
            self.here = Some(Here { way, ..here }.plus(most));
            self.peak(self.here);
        }
    }

    /// An operator that gas-1 does not cover: no tier executes it.
    fn has_no_price(&mut self, opcode: Opcode, offset: u32) {
        self.gaps.add(Gap::NoPrice { function: self.function, offset, operator: opcode.name() });
        let unbounded = self.here.map(|here| Here { most: Most::Unbounded, ..here });
        self.peak(unbounded);
    }

    /// What the body takes, once all of it was read.
    pub(crate) fn found(mut self) -> Found {
        // The last `end` has closed the function itself.
        let returned = self.here;
        self.peak(returned);
        let peak = self.loops[0].peak;
        let path = |here: Option<Here>| match here {
            Some(Here { most: most @ Most::Gas(_), way }) => {
                Path::new(&self.way, &self.turns, most, way)
            }
            _ => Path::default(),
        };
        let is_same = match (returned, peak) {
            (Some(a), Some(b)) => (a.most, a.way) == (b.most, b.way),
            (None, _) => true,
            _ => false,
        };
        Found {
            cost: Cost {
                most: peak.map_or(Most::ZERO, |peak| peak.most),
                returns: returned.map(|returned| returned.most),
            },
            path: path(peak),
            returning: (!is_same).then(|| path(returned)),
            gaps: self.gaps,
        }
    }
}

/// Whether a run, or the call of the function, may end with an operator that is no call: by a trap, by exhaustion or by an exception.
fn may_end(opcode: Opcode) -> bool {
    use Opcode as O;
    opcode.may_trap()
        || opcode.is_dynamic()
        || matches!(opcode, O::Throw | O::ThrowRef | O::Rethrow)
}

fn label(catch: &Catch) -> u32 {
    match *catch {
        Catch::One { label, .. }
        | Catch::OneRef { label, .. }
        | Catch::All { label }
        | Catch::AllRef { label } => label,
    }
}
