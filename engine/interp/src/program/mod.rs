//! The program of a store: the operations of all prepared functions, one after the other.

mod op;

pub(crate) use op::{Bin, Cmp, Load, Op, Shape, Slow, Store, Un};

use etalon_module::{RefType, TypeId};
use etalon_runtime::{FuncAddr, MemoryAddr, Site, TableAddr, TagAddr};

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
    /// The first memory of its instance.
    pub(crate) home: u32,
    /// Slots of its frame.
    pub(crate) frame_slots: u32,
    /// Slots of its parameters.
    pub(crate) params: u32,
    /// Slots of its parameters and locals.
    pub(crate) locals: u32,
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
        home: NO_MEMORY,
        frame_slots: 0,
        params: 0,
        locals: 0,
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

/// The table and the type of a `call_indirect`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    /// The table.
    pub(crate) table: TableAddr,
    /// The type that the function must match.
    pub(crate) ty: TypeId,
}

/// The immediate of an access that is not to the instance's first memory with 32-bit addresses, or that must ask its regions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FarArg {
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
    far_args: usize,
    casts: usize,
    vectors: usize,
    catches: usize,
    handlers: usize,
    unplaced: usize,
}

/// An operation, with the cost of entering it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The operation.
    pub(crate) op: Op,
    /// If control may jump here: the cost of the gas segment that begins here.
    pub(crate) cost: u64,
}

/// The program. Positions in it stay valid as long as the functions are in the store.
#[derive(Debug)]
pub(crate) struct Program {
    /// The operations; branches hold positions in this vector.
    pub(crate) ops: Vec<Step>,
    /// For each operation: the offset of its instruction in the module's bytes.
    offsets: Vec<u32>,
    /// What calls need to know, by function address.
    pub(crate) codes: Vec<Code>,
    /// Labels of `br_table` and of branches that move values.
    pub(crate) labels: Vec<Label>,
    /// Rows of `call_indirect`.
    pub(crate) signatures: Vec<Signature>,
    /// Immediates of accesses that do not fit into an operation.
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
    /// Positions at which a collection may happen, in ascending order, each with the slot of an operand that is not
    /// in the slot but in a local, or constant.
    unplaced: Vec<(u32, u32)>,
}

impl Program {
    /// A program without functions.
    pub(crate) fn new() -> Program {
        Program {
            ops: vec![Step { op: Op::Exit, cost: 0 }],
            offsets: vec![0],
            codes: Vec::new(),
            labels: Vec::new(),
            signatures: Vec::new(),
            far_args: Vec::new(),
            casts: Vec::new(),
            vectors: Vec::new(),
            catches: Vec::new(),
            handlers: Vec::new(),
            ranges: Vec::new(),
            unplaced: Vec::new(),
        }
    }

    /// The position of the next operation.
    pub(crate) fn pc(&self) -> u32 {
        self.ops.len() as u32
    }

    /// Appends an operation; returns its position.
    pub(crate) fn push(&mut self, op: Op, cost: u64, offset: u32) -> u32 {
        self.ops.push(Step { op, cost });
        self.offsets.push(offset);
        self.pc() - 1
    }

    /// Removes the last operation.
    pub(crate) fn pop(&mut self) -> Option<(Op, u64, u32)> {
        let Step { op, cost } = self.ops.pop()?;
        Some((op, cost, self.offsets.pop()?))
    }

    /// Begins the operations of a function.
    pub(crate) fn begin_function(&mut self, addr: FuncAddr, index: u32) {
        let rows = Rows {
            labels: self.labels.len(),
            signatures: self.signatures.len(),
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
        self.offsets.truncate(start as usize);
        self.labels.truncate(rows.labels);
        self.signatures.truncate(rows.signatures);
        self.far_args.truncate(rows.far_args);
        self.casts.truncate(rows.casts);
        self.vectors.truncate(rows.vectors);
        self.catches.truncate(rows.catches);
        self.handlers.truncate(rows.handlers);
        self.unplaced.truncate(rows.unplaced);
    }

    /// Records that at the last position an operand is not in its slot.
    pub(crate) fn note_unplaced(&mut self, pc: u32, slot: u32) {
        self.unplaced.push((pc, slot));
    }

    /// The operands that are not in their slots at a position: pairs of the position and the slot.
    pub(crate) fn unplaced_at(&self, pc: u32) -> &[(u32, u32)] {
        let first = self.unplaced.partition_point(|(at, _)| *at < pc);
        let rest = &self.unplaced[first..];
        &rest[..rest.partition_point(|(at, _)| *at == pc)]
    }

    /// The cost of the gas segment that begins at an operation that control may jump to.
    pub(crate) fn cost_at(&self, pc: u32) -> u64 {
        self.ops.get(pc as usize).map_or(0, |step| step.cost)
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
