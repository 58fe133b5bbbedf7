//! The program of a store: the operations of all prepared functions, one after the other.

mod step;

pub(crate) use step::Step;

use crate::execution;
use etalon_gas::Rate;
use etalon_module::{Opcode, RefType, TypeId};
use etalon_runtime::{FuncAddr, MemoryAddr, Site, TableAddr, TagAddr};
use std::cell::Cell;

/// The first memory of an instance without memories: no valid address.
pub(crate) const NO_MEMORY: u32 = u32::MAX;

/// The position at which the loop ends: the first operation of every program.
pub(crate) const EXIT_PC: u32 = 0;

/// What calls need to know about a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    /// Its first operation; [`EXIT_PC`] if it is not prepared.
    pub(crate) entry: u32,
    /// Whether this tier runs it.
    pub(crate) own: bool,
    /// Its type, if this tier runs it.
    pub(crate) ty: TypeId,
    /// The first memory of its instance.
    pub(crate) home: u32,
    /// Slots of its frame.
    pub(crate) frame_slots: u32,
    /// Slots of its parameters.
    pub(crate) params: u32,
    /// Slots of its parameters and locals, and of what preparation puts between and behind them.
    pub(crate) locals: u32,
    /// Slots between the parameters and the other locals.
    pub(crate) gap: u32,
    /// frame(f) of gas-1, in slots.
    pub(crate) depth: u64,
    /// E(f) of gas-1 and the cost of its first gas segment.
    pub(crate) entry_cost: u64,
}

impl Code {
    /// A function that this tier does not run.
    pub(crate) const FOREIGN: Code = Code {
        entry: EXIT_PC,
        own: false,
        ty: TypeId(u32::MAX),
        home: NO_MEMORY,
        frame_slots: 0,
        params: 0,
        locals: 0,
        gap: 0,
        depth: 0,
        entry_cost: 0,
    };
}

/// A label, for a branch that moves the label's values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    /// The operation at which control continues.
    pub(crate) target: u32,
    /// Slots of the label's values.
    pub(crate) keep: u32,
    /// Where the values are.
    pub(crate) from: u32,
    /// Where the label expects them.
    pub(crate) to: u32,
}

/// Any operator without a handler of its own: where its operands begin, and two immediates, resolved to addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slow {
    pub(crate) opcode: Opcode,
    pub(crate) at: u32,
    pub(crate) x: u32,
    pub(crate) y: u32,
}

/// The table and the type of a `call_indirect`, and where its arguments begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    /// The table.
    pub(crate) table: TableAddr,
    /// The type that the function must match.
    pub(crate) ty: TypeId,
    pub(crate) at: u32,
}

/// An access outside of the loop: it must ask regions, or has a large offset, or is rare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FarArg {
    /// The instruction.
    pub(crate) opcode: Opcode,
    /// The memory.
    pub(crate) memory: MemoryAddr,
    /// The offset.
    pub(crate) offset: u64,
    /// Whether its addresses have 64 bits.
    pub(crate) wide: bool,
    /// The lane, for the vector instructions that have one.
    pub(crate) lane: u8,
}

/// A clause of a `try_table`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Catch {
    /// The tag that it catches; `None` catches every tag.
    pub(crate) tag: Option<TagAddr>,
    /// Whether it also passes the reference to the exception.
    pub(crate) with_ref: bool,
    /// The slot that keeps the exception for a `rethrow`: the clause is one of a `try`.
    pub(crate) keep: Option<u32>,
    /// Where control continues: a row of the labels, whose values begin at `to`.
    pub(crate) label: u32,
}

/// The instruction of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandlerKind {
    /// `try_table`
    TryTable,
    /// `try` of before version 3.0
    Try,
    /// A `try` that passes its exceptions on, past all handlers that are nested deeper than a block.
    Delegate { to: u32 },
}

/// A `try_table` or `try`: it catches exceptions while control is between two positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handler {
    pub(crate) kind: HandlerKind,
    /// How many blocks of the function enclose it, including the body.
    pub(crate) depth: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Its first clause, and the number of clauses.
    pub(crate) first: u32,
    pub(crate) count: u32,
}

/// The function of a range of operations.
#[derive(Clone, Copy, Debug)]
struct Range {
    start: u32,
    /// Its address.
    addr: FuncAddr,
    /// Its index in its module.
    index: u32,
    /// Where its rows begin.
    rows: Rows,
}

/// How many rows the tables beside the operations have.
#[derive(Clone, Copy, Debug)]
struct Rows {
    labels: usize,
    signatures: usize,
    slow: usize,
    rates: usize,
    far_args: usize,
    casts: usize,
    vectors: usize,
    catches: usize,
    handlers: usize,
    unplaced: usize,
}

/// The program. Positions in it stay valid as long as the functions are in the store.
#[derive(Debug)]
pub(crate) struct Program {
    /// The operations; branches hold positions in this vector.
    pub(crate) ops: Vec<Step>,
    /// For each operation, if control may jump there: the cost of the gas segment that begins there.
    pub(crate) costs: Vec<u64>,
    /// For each operation: the offset of its instruction in the module's bytes.
    offsets: Vec<u32>,
    /// What calls need to know, by function address.
    pub(crate) codes: Vec<Code>,
    /// How many entries and turns of loops are left before someone is asked about a function, by its address. The loop
    /// writes them, and has the program shared.
    pub(crate) counts: Vec<Cell<u32>>,
    /// Labels of `br_table` and of branches that move values.
    pub(crate) labels: Vec<Label>,
    /// Rows of `call_indirect`.
    pub(crate) signatures: Vec<Signature>,
    /// Operators without a handler of their own.
    pub(crate) slow: Vec<Slow>,
    /// Rates of dynamic charges.
    pub(crate) rates: Vec<Rate>,
    /// Accesses outside of the loop.
    pub(crate) far_args: Vec<FarArg>,
    /// Types of reference tests.
    pub(crate) casts: Vec<RefType>,
    /// Constants and shuffles of vectors.
    pub(crate) vectors: Vec<u128>,
    /// Clauses of `try_table`.
    pub(crate) catches: Vec<Catch>,
    /// Handlers, function by function, inner ones before outer ones.
    pub(crate) handlers: Vec<Handler>,
    ranges: Vec<Range>,
    /// Positions of tail calls, in ascending order.
    tail_calls: Vec<u32>,
    /// Positions at which a collection may happen, in ascending order, each with the slot of an operand that is not
    /// in the slot but in a local, or constant.
    unplaced: Vec<(u32, u32)>,
}

impl Program {
    /// A program without functions.
    pub(crate) fn new() -> Program {
        Program {
            ops: vec![Step::with_word(execution::exit(), 0)],
            costs: vec![0],
            offsets: vec![0],
            codes: Vec::new(),
            counts: Vec::new(),
            labels: Vec::new(),
            signatures: Vec::new(),
            slow: Vec::new(),
            rates: Vec::new(),
            far_args: Vec::new(),
            casts: Vec::new(),
            vectors: Vec::new(),
            catches: Vec::new(),
            handlers: Vec::new(),
            ranges: Vec::new(),
            tail_calls: Vec::new(),
            unplaced: Vec::new(),
        }
    }

    /// The position of the next operation.
    pub(crate) fn pc(&self) -> u32 {
        self.ops.len() as u32
    }

    /// Appends an operation.
    pub(crate) fn push(&mut self, step: Step, cost: u64, offset: u32) {
        self.ops.push(step);
        self.costs.push(cost);
        self.offsets.push(offset);
    }

    /// Begins the operations of a function.
    pub(crate) fn begin_function(&mut self, addr: FuncAddr, index: u32) {
        let rows = Rows {
            labels: self.labels.len(),
            signatures: self.signatures.len(),
            slow: self.slow.len(),
            rates: self.rates.len(),
            far_args: self.far_args.len(),
            casts: self.casts.len(),
            vectors: self.vectors.len(),
            catches: self.catches.len(),
            handlers: self.handlers.len(),
            unplaced: self.unplaced.len(),
        };
        self.ranges.push(Range { start: self.pc(), addr, index, rows });
    }

    /// Forgets the functions from an address on, of which none runs. Tells whether positions are used again.
    pub(crate) fn forget(&mut self, funcs: usize) -> bool {
        self.codes.truncate(funcs);
        self.counts.truncate(funcs);
        let Some(first) = self.ranges.iter().position(|range| range.addr.index() >= funcs) else {
            return false;
        };
        // Functions that stay and were first called after the first that goes are prepared again when they are called. None
        // of them runs either: they were called by the instantiation that failed.
        for range in self.ranges.split_off(first) {
            if let Some(code) = self.codes.get_mut(range.addr.index()) {
                code.entry = EXIT_PC;
            }
            if range.start < self.pc() {
                self.cut(range);
            }
        }
        true
    }

    /// Removes everything from the beginning of a function on.
    fn cut(&mut self, Range { start, rows, .. }: Range) {
        self.ops.truncate(start as usize);
        self.costs.truncate(start as usize);
        self.offsets.truncate(start as usize);
        self.tail_calls.truncate(self.tail_calls.partition_point(|pc| *pc < start));
        self.labels.truncate(rows.labels);
        self.signatures.truncate(rows.signatures);
        self.slow.truncate(rows.slow);
        self.rates.truncate(rows.rates);
        self.far_args.truncate(rows.far_args);
        self.casts.truncate(rows.casts);
        self.vectors.truncate(rows.vectors);
        self.catches.truncate(rows.catches);
        self.handlers.truncate(rows.handlers);
        self.unplaced.truncate(rows.unplaced);
    }

    /// Records that at a position an operand is not in its slot.
    pub(crate) fn note_unplaced(&mut self, pc: u32, slot: u32) {
        self.unplaced.push((pc, slot));
    }

    /// Records that a tail call is at a position.
    pub(crate) fn note_tail_call(&mut self, pc: u32) {
        self.tail_calls.push(pc);
    }

    /// Whether the operation at a position is a tail call.
    pub(crate) fn is_tail_call(&self, pc: u32) -> bool {
        self.tail_calls.binary_search(&pc).is_ok()
    }

    /// The operands that are not in their slots at a position: pairs of the position and the slot.
    pub(crate) fn unplaced_at(&self, pc: u32) -> &[(u32, u32)] {
        let first = self.unplaced.partition_point(|(at, _)| *at < pc);
        let rest = &self.unplaced[first..];
        &rest[..rest.partition_point(|(at, _)| *at == pc)]
    }

    /// The cost of the gas segment that begins at an operation that control may jump to.
    pub(crate) fn cost_at(&self, pc: u32) -> u64 {
        self.costs.get(pc as usize).copied().unwrap_or(0)
    }

    /// What calls need to know about a function.
    pub(crate) fn code(&self, func: FuncAddr) -> Code {
        self.codes.get(func.index()).copied().unwrap_or(Code::FOREIGN)
    }

    /// Sets what calls need to know about a function.
    pub(crate) fn set_code(&mut self, func: FuncAddr, code: Code) {
        if self.codes.len() <= func.index() {
            self.codes.resize(func.index() + 1, Code::FOREIGN);
        }
        self.codes[func.index()] = code;
    }

    /// Sets how much of a function is counted before someone is asked about it.
    pub(crate) fn set_count(&mut self, func: FuncAddr, count: u32) {
        if self.counts.len() <= func.index() {
            self.counts.resize(func.index() + 1, Cell::new(0));
        }
        self.counts[func.index()] = Cell::new(count);
    }

    /// Another tier runs a function from its next call on. Frames of it that are under way keep what they need.
    pub(crate) fn give_up(&mut self, func: FuncAddr) {
        if let Some(code) = self.codes.get_mut(func.index()) {
            (code.own, code.entry) = (false, EXIT_PC);
        }
    }

    fn range(&self, pc: u32) -> Option<Range> {
        let after = self.ranges.partition_point(|r| r.start <= pc);
        after.checked_sub(1).map(|i| self.ranges[i])
    }

    /// The handlers around an operation, innermost first.
    pub(crate) fn handlers_at(&self, pc: u32) -> impl Iterator<Item = Handler> {
        let after = self.ranges.partition_point(|r| r.start <= pc);
        let first = after.checked_sub(1).map_or(0, |i| self.ranges[i].rows.handlers);
        let end = self.ranges.get(after).map_or(self.handlers.len(), |r| r.rows.handlers);
        let around = move |h: &&Handler| (h.start..h.end).contains(&pc);
        self.handlers[first..end].iter().filter(around).copied()
    }

    /// The function of an operation.
    pub(crate) fn func_at(&self, pc: u32) -> Option<FuncAddr> {
        self.range(pc).map(|r| r.addr)
    }

    /// The place of an operation's instruction in its module.
    pub(crate) fn site(&self, pc: u32) -> Option<Site> {
        let func = self.range(pc)?.index;
        Some(Site { func, offset: *self.offsets.get(pc as usize)? })
    }

    /// The first memory of the instance whose code is at a position.
    pub(crate) fn home_at(&self, pc: u32) -> u32 {
        self.func_at(pc).map_or(NO_MEMORY, |f| self.code(f).home)
    }
}
